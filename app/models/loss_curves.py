"""The loss curves of a size: the training and validation loss of each arm over the tokens it was trained on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from app.foundation.typed_text import show_unseen_characters
from app.models.training_checkpoint import TrainingLogLine, read_training_log

STYLES = (("#1b6ca8", "o"), ("#c1440e", "s"), ("#3a7d44", "^"), ("#6b4e9b", "D"), ("#8a6d1f", "v"), ("#555555", "x"))
"""Colour and marker of each arm, so that arms also differ without colour."""


def draw_loss_curves(folders: Mapping[str, Path]) -> Figure:
    """Draw the logs in `folders`, by arm, in nats per token: thin lines for training, markers for validation."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for (name, folder), (colour, marker) in zip(folders.items(), STYLES, strict=False):
        lines = read_training_log(folder)
        validated = [line for line in lines if "valid" in line]
        axes.plot(_millions_of_tokens(lines), [line["loss"] for line in lines], color=colour, linewidth=0.6, alpha=0.6)
        axes.plot(
            _millions_of_tokens(validated),
            [line["valid"] for line in validated],
            color=colour,
            linewidth=1.2,
            marker=marker,
            markersize=3.5,
            label=show_unseen_characters(f"{name}: {validated[-1]['valid']:.3f}" if validated else name),
        )
    axes.set_xlabel("tokens seen, millions")
    axes.set_ylabel("loss, nats per token")
    axes.legend(title="validation (training is thin)", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def write_loss_curves(folders: Mapping[str, Path], path: Path) -> None:
    """Write the curves of the logs in `folders`, by arm, as SVG; the same logs give the same bytes."""
    with mpl.rc_context({"svg.hashsalt": "first glance", "svg.fonttype": "none", "text.parse_math": False}):
        draw_loss_curves(folders).savefig(path, format="svg", metadata={"Date": None})


def _millions_of_tokens(lines: Sequence[TrainingLogLine]) -> list[float]:
    return [line["tokens"] / 1e6 for line in lines]
