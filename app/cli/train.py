"""`firstglance train`: trains models that differ only in their activation.

The trainer loads torch, so it is imported in the function that needs it: help and wrong options answer at once.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack, get_args

import click
from pydantic import ValidationError

from app.cli.options import PATH, json_option
from app.cli.printing import print_json, print_table
from app.foundation.errors import ModelError, first_problem
from app.harvest.options import LARGEST_SEED
from app.models.config import LARGEST_SIZE, MOST_LAYERS, Activation, ModelConfig
from app.models.recipe import Recipe

if TYPE_CHECKING:
    from app.models.pairing_certificate import PairingCertificate

WIDTH_OF_A_HEAD = 64


class TrainingChoices(TypedDict):
    """The options of the model's sizes and of the training."""

    layer_count: int
    d_model: int
    blocks: int
    vocabulary: int
    context: int
    steps: int
    batch: int
    seed: int
    replicates: int | None
    autocast: bool
    compiled: bool
    device: str


@click.command("train")
@click.argument("text", type=PATH)
@click.option(
    "--out", type=PATH, required=True, help="Folder to train into; a run that was stopped goes on from there."
)
@click.option(
    "--activation",
    "activations",
    type=click.Choice(get_args(Activation)),
    multiple=True,
    default=["gelu", "solu_ln"],
    help="One model for each; the first is the baseline (default: gelu and solu_ln).",
)
@click.option("--layers", "layer_count", type=click.IntRange(1, MOST_LAYERS), default=1, show_default=True)
@click.option(
    "--d-model",
    type=click.IntRange(8, LARGEST_SIZE // 4),
    default=256,
    show_default=True,
    help="Width of the residual stream.",
)
@click.option(
    "--blocks",
    type=click.IntRange(1, LARGEST_SIZE),
    default=1,
    show_default=True,
    help="Split the MLP's hidden dimension into this many blocks for softmax and LayerNorm.",
)
@click.option(
    "--vocabulary",
    type=click.IntRange(258, LARGEST_SIZE),
    default=4096,
    show_default=True,
    help="Tokens in the vocabulary.",
)
@click.option(
    "--context", type=click.IntRange(8, LARGEST_SIZE), default=256, show_default=True, help="Tokens per window."
)
@click.option("--steps", type=click.IntRange(1, 1_000_000_000), default=2000, show_default=True)
@click.option(
    "--batch", type=click.IntRange(1, 100_000), default=32, show_default=True, help="Windows per training step."
)
@click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    default=0,
    show_default=True,
    help="Seed of the initial weights and the data order.",
)
@click.option(
    "--seeds",
    "replicates",
    type=click.IntRange(2, 1_000),
    help="Train this many replicates, with seeds from --seed on.",
)
@click.option("--bfloat16/--float32", "autocast", default=False, show_default=True, help="Type of matrix products.")
@click.option("--compile/--no-compile", "compiled", default=False, help="Use torch.compile.")
@click.option("--device", default="cpu", show_default=True)
@json_option
def train_command(
    text: Path,
    out: Path,
    activations: tuple[Activation, ...],
    json_wanted: bool,
    **training_choices: Unpack[TrainingChoices],
) -> None:
    """Train models on the files of TEXT. They share seed, weights, data order and sizes, but not the activation."""
    certificates = _train(text, out, activations, training_choices)
    if json_wanted:
        print_json({str(folder): certificate.model_dump(mode="json") for folder, certificate in certificates.items()})
    else:
        _print_losses(certificates)


def _train(
    text: Path, out: Path, activations: tuple[Activation, ...], training_choices: TrainingChoices
) -> "dict[Path, PairingCertificate]":
    """Train, and return the certificate of each replicate by its folder."""
    from app.models.training import train_arms, train_replicates

    config, recipe = _model_config(training_choices, activations[0]), _recipe(training_choices)
    if training_choices["replicates"] is None:
        return {out: train_arms(text, out, config, activations, recipe)}
    recipes = [replace(recipe, seed=recipe.seed + index) for index in range(training_choices["replicates"])]
    certificates = train_replicates(text, out, config, activations, recipes)
    return {out / recipe.replicate_name: certificate for recipe, certificate in zip(recipes, certificates, strict=True)}


def _print_losses(certificates: "Mapping[Path, PairingCertificate]") -> None:
    lines = [
        [
            name,
            f"{loss:.4f}",
            f"{certificate.difference[name]:+.4f}",
            f"{certificate.relative_difference[name]:+.2%}",
            folder / name,
        ]
        for folder, certificate in certificates.items()
        for name, loss in certificate.validation_loss.items()
    ]
    print_table(["activation", "validation loss", "difference", "", "folder"], lines)


def _recipe(training_choices: TrainingChoices) -> Recipe:
    return Recipe(
        steps=training_choices["steps"],
        batch=training_choices["batch"],
        seed=training_choices["seed"],
        autocast=training_choices["autocast"],
        compiled=training_choices["compiled"],
        device=training_choices["device"],
    )


def _model_config(training_choices: TrainingChoices, activation: Activation) -> ModelConfig:
    """Heads of 64 where the width allows; an MLP four times as wide as the residual stream.

    Raises ModelError if no model has these sizes.
    """
    width = training_choices["d_model"]
    head_count = max(1, width // WIDTH_OF_A_HEAD)
    try:
        return ModelConfig(
            activation=activation,
            n_layers=training_choices["layer_count"],
            d_model=width,
            n_heads=head_count,
            d_head=width // head_count,
            d_mlp=4 * width,
            d_vocab=training_choices["vocabulary"],
            n_ctx=training_choices["context"],
            blocks=training_choices["blocks"],
        )
    except ValidationError as error:
        msg = f"no model has these sizes: {first_problem(error)[1]}"
        raise ModelError(msg) from error
