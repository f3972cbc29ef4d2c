"""`firstglance model`: lists models and shows the card of each.

Modules that load torch are imported in the functions that need them, so that help and wrong options answer at once.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.options import PATH, gelu_option, json_option
from app.cli.printing import print_json, print_table, print_text
from app.foundation.paths import resource_folder
from app.models.config import GeluForm

if TYPE_CHECKING:
    from app.models.model_card import ModelCard

TABLE_COLUMNS = ("name", "activation", "n_layers", "d_model", "d_mlp", "parameters")
"""The facts of a model's card that the list shows."""


@click.group("model")
def model_command() -> None:
    """List and show models."""


@model_command.command("list")
@click.argument("folder", type=PATH, required=False)
@json_option
def list_models(folder: Path | None, json_wanted: bool) -> None:
    """Print the models at or below FOLDER (default: those that come with First Glance)."""
    from app.models.model_card import describe_models

    model_cards = describe_models(folder or resource_folder("demo"))
    if json_wanted:
        print_json([card.as_dict() for card in model_cards])
    else:
        print_table([*TABLE_COLUMNS, "validation loss", "warnings"], [_card_line(card) for card in model_cards])


def _card_line(card: "ModelCard") -> list[object]:
    loss = card.training["validation_loss"] if card.training else None
    fields = [getattr(card, name) for name in TABLE_COLUMNS]
    return [*fields, "" if loss is None else f"{loss:.4f}", len(card.warnings)]


@model_command.command("show")
@click.argument("model_name", metavar="MODEL")
@gelu_option
@json_option
def show_model(model_name: str, gelu_form: GeluForm, json_wanted: bool) -> None:
    """Read MODEL and print its card; MODEL is a folder, comes with First Glance, or is OWNER/NAME on the hub."""
    from app.models.loading import load_any_model
    from app.models.model_card import describe_model

    model_card = describe_model(load_any_model(model_name, gelu=gelu_form), Path(model_name).name)
    if json_wanted:
        print_json(model_card.as_dict())
    else:
        print_text(model_card.markdown(), nl=False)
