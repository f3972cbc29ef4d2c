"""`firstglance train` and `firstglance model`."""

import json
from pathlib import Path
from typing import Any, get_args

import click

from app.cli.common import EXISTING, as_json, print_json, print_pairs, print_table
from app.foundation.errors import ModelError
from app.foundation.paths import resource
from app.models.config import Activation, ModelConfig

PLAIN_BATCH = 32


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
    "--vocabulary", type=click.IntRange(258), default=4096, show_default=True, help="Tokens of the tokenizer."
)
@click.option("--context", type=click.IntRange(8), default=256, show_default=True, help="Tokens in a window.")
@click.option(
    "--steps", type=click.IntRange(1), default=2000, show_default=True, help=f"Steps of {PLAIN_BATCH} windows."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the initial weights and the data order.")
@click.option(
    "--bfloat16/--float32", "autocast", default=True, show_default=True, help="Arithmetic of the forward pass."
)
def train_command(text: Path, out: Path, activations: tuple[Activation, ...], autocast: bool, **sizes: int) -> None:
    """Train models on the files of TEXT that share seed, weights, data order and sizes; only the activation differs."""
    from app.models.recipe import Recipe
    from app.models.training import train_arms

    recipe = Recipe(steps=sizes["steps"], batch=PLAIN_BATCH, seed=sizes["seed"], autocast=autocast)
    certificate = train_arms(text, out, _config(sizes, activations[0]), tuple(activations), recipe)
    print_table(
        ["activation", "validation loss", "difference", "folder"],
        [
            [name, f"{loss:.4f}", f"{certificate.difference[name]:+.4f}", out / name]
            for name, loss in certificate.validation_loss.items()
        ],
    )


def _config(sizes: dict[str, int], activation: Activation) -> ModelConfig:
    """Heads of 64 where the width allows; an MLP four times as wide as the residual stream."""
    width = sizes["d_model"]
    heads = max(1, width // 64)
    return ModelConfig(
        activation=activation,
        n_layers=sizes["layers"],
        d_model=width,
        n_heads=heads,
        d_head=width // heads,
        d_mlp=4 * width,
        d_vocab=sizes["vocabulary"],
        n_ctx=sizes["context"],
    )


@click.group("model")
def model_command() -> None:
    """List and show models."""


@model_command.command("list")
@click.argument("folder", type=EXISTING, required=False)
@as_json
def list_models(folder: Path | None, json_wanted: bool) -> None:
    """Print the models at or below FOLDER (default: those that come with First Glance)."""
    source = folder or resource("demo")
    found = [_facts(path.parent) for path in sorted(source.rglob("config.json"))]
    if not found:
        msg = f"{source} holds no model; train one with `firstglance train` or name another folder"
        raise ModelError(msg)
    if json_wanted:
        print_json(found)
        return
    keys = ["activation", "n_layers", "d_model", "d_mlp", "validation_loss", "folder"]
    print_table(keys, [["" if one[key] is None else one[key] for key in keys] for one in found])


@model_command.command("show")
@click.argument("model", type=EXISTING)
@as_json
def show_model(model: Path, json_wanted: bool) -> None:
    """Read the MODEL folder whole and print what identifies it."""
    from app.models.checkpoints import load_model

    loaded = load_model(model)
    facts = _facts(model) | {
        "parameters": sum(one.numel() for one in loaded.transformer.parameters()),
        "sites": list(loaded.config.sites),
        "weights_sha256": loaded.weights_sha256,
        "tokenizer_sha256": loaded.tokenizer.digest,
    }
    if json_wanted:
        print_json(facts)
        return
    print_pairs({name: ", ".join(map(str, one)) if isinstance(one, list) else one for name, one in facts.items()})


def _facts(folder: Path) -> dict[str, Any]:
    """Config and, if it was trained here, what training came to. Raises ModelError on a config that cannot be read."""
    from app.models.checkpoints import load_config

    config = load_config(folder).model_dump(mode="json")
    summary = folder / "summary.json"
    trained = json.loads(summary.read_text(encoding="utf-8")) if summary.is_file() else {}
    kept = {name: trained.get(name) for name in ("validation_loss", "tokens", "steps", "finished")}
    return {"folder": str(folder), **config, **kept}
