"""`firstglance train` and `firstglance model`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
from pydantic import ValidationError

from app.cli.common import EXISTING, as_json, print_json, print_table
from app.foundation.errors import ModelError
from app.foundation.paths import resource_folder
from app.models.config import Activation, ModelConfig
from app.models.recipe import Recipe

if TYPE_CHECKING:
    from app.models.model_card import ModelCard
    from app.models.pairing_certificate import PairingCertificate

LISTED = ("name", "activation", "n_layers", "d_model", "d_mlp", "parameters")
gelu_option = click.option(
    "--gelu",
    type=click.Choice(["tanh", "exact"]),
    default="tanh",
    show_default=True,
    help="What 'gelu' means in a checkpoint of the NeelNanda repositories, which were trained with tanh.",
)


@click.command("train")
@click.argument("text", type=EXISTING)
@click.option(
    "--out", type=EXISTING, required=True, help="Folder to train into; begun runs go on from where they stopped."
)
@click.option(
    "--activation",
    "activations",
    type=click.Choice(get_args(Activation)),
    multiple=True,
    default=["gelu", "solu_ln"],
    help="One model for each; the first is the baseline (default: gelu and solu_ln).",
)
@click.option("--layers", type=click.IntRange(1), default=1, show_default=True)
@click.option("--d-model", type=click.IntRange(8), default=256, show_default=True, help="Width of the residual stream.")
@click.option(
    "--blocks", type=click.IntRange(1), default=1, show_default=True, help="Parts that softmax and LN run in."
)
@click.option("--vocabulary", type=click.IntRange(258), default=4096, show_default=True, help="Tokens known.")
@click.option("--context", type=click.IntRange(8), default=256, show_default=True, help="Tokens in a window.")
@click.option("--steps", type=click.IntRange(1), default=2000, show_default=True)
@click.option("--batch", type=click.IntRange(1), default=32, show_default=True, help="Windows of a step.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the initial weights and the data order.")
@click.option("--seeds", type=click.IntRange(2), help="Train this many replicates, with seeds from --seed on.")
@click.option("--bfloat16/--float32", "autocast", default=False, show_default=True, help="Type of matrix products.")
@click.option("--compile/--no-compile", "compiled", default=False, help="Use torch.compile.")
@click.option("--device", default="cpu", show_default=True)
@as_json
def train_command(text: Path, out: Path, activations: tuple[Activation, ...], json_wanted: bool, **chosen: Any) -> None:  # noqa: ANN401
    """Train models on the files of TEXT that share seed, weights, data order and sizes; only the activation differs."""
    from app.models.training import train_arms, train_replicates

    config, seeds = _config(chosen, activations[0]), chosen["seeds"]
    recipe = Recipe(**{key: chosen[key] for key in ("steps", "batch", "seed", "autocast", "compiled", "device")})
    if seeds is None:
        found = {out: train_arms(text, out, config, activations, recipe)}
    else:
        seeded = [replace(recipe, seed=recipe.seed + index) for index in range(seeds)]
        certificates = train_replicates(text, out, config, activations, seeded)
        found = {out / f"seed-{one.seed}": got for one, got in zip(seeded, certificates, strict=True)}
    if json_wanted:
        print_json({str(folder): one.model_dump(mode="json") for folder, one in found.items()})
        return
    _print_losses(found)


def _print_losses(found: "dict[Path, PairingCertificate]") -> None:
    rows = [
        [name, f"{loss:.4f}", f"{one.difference[name]:+.4f}", f"{one.relative_difference[name]:+.2%}", folder / name]
        for folder, one in found.items()
        for name, loss in one.validation_loss.items()
    ]
    print_table(["activation", "validation loss", "difference", "", "folder"], rows)


def _config(chosen: dict[str, Any], activation: Activation) -> ModelConfig:
    """Heads of 64 where the width allows; an MLP four times as wide as the residual stream. Raises ModelError."""
    width = chosen["d_model"]
    heads = max(1, width // 64)
    try:
        return ModelConfig(
            activation=activation,
            n_layers=chosen["layers"],
            d_model=width,
            n_heads=heads,
            d_head=width // heads,
            d_mlp=4 * width,
            d_vocab=chosen["vocabulary"],
            n_ctx=chosen["context"],
            blocks=chosen["blocks"],
        )
    except ValidationError as error:
        msg = f"no model has these sizes: {error.errors()[0]['msg']}"
        raise ModelError(msg) from error


@click.group("model")
def model_command() -> None:
    """List and show models."""


@model_command.command("list")
@click.argument("folder", type=EXISTING, required=False)
@as_json
def list_models(folder: Path | None, json_wanted: bool) -> None:
    """Print the models at or below FOLDER (default: those that come with First Glance)."""
    from app.models.model_card import describe_models

    found = describe_models(folder or resource_folder("demo"))
    if json_wanted:
        print_json([one.as_dict() for one in found])
        return
    print_table([*LISTED, "validation loss", "warnings"], [_row(one) for one in found])


def _row(one: "ModelCard") -> Sequence[object]:
    loss = one.training.get("validation_loss")
    return [*(getattr(one, key) for key in LISTED), "" if loss is None else f"{loss:.4f}", len(one.warnings)]


@model_command.command("show")
@click.argument("model")
@gelu_option
@as_json
def show_model(model: str, gelu: str, json_wanted: bool) -> None:
    """Read MODEL whole and print its card: a folder, a model that comes with First Glance, or OWNER/NAME on the hub."""
    from app.models.loading import load_any_model
    from app.models.model_card import describe_model

    found = describe_model(load_any_model(model, gelu="exact" if gelu == "exact" else "tanh"), Path(model).name)
    if json_wanted:
        print_json(found.as_dict())
        return
    click.echo(found.markdown(), nl=False)
