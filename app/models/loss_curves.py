"""The loss curves of a size: every arm's training and validation loss over the tokens it has seen."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from app.models.progress import read_training_log

STYLES = (("#1b6ca8", "o"), ("#c1440e", "s"), ("#3a7d44", "^"), ("#6b4e9b", "D"), ("#8a6d1f", "v"), ("#555555", "x"))
"""Colour and marker of each arm, so that neither alone tells them apart."""


def draw_loss_curves(folders: Mapping[str, Path]) -> Figure:
    """Curves from the logs in `folders`, by arm: thin for training, marked for validation; nats per token."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for (name, folder), (colour, marker) in zip(folders.items(), STYLES, strict=False):
        lines = read_training_log(folder)
        checked = [line for line in lines if "valid" in line]
        axes.plot(_millions(lines), [line["loss"] for line in lines], color=colour, linewidth=0.6, alpha=0.6)
        label = f"{name}: {checked[-1]['valid']:.3f}" if checked else name
        valid = [line["valid"] for line in checked]
        axes.plot(_millions(checked), valid, color=colour, linewidth=1.2, marker=marker, markersize=3.5, label=label)
    axes.set_xlabel("tokens seen, millions")
    axes.set_ylabel("loss, nats per token")
    axes.legend(title="validation (training is thin)", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def write_loss_curves(folders: Mapping[str, Path], path: Path) -> None:
    """Write the curves as SVG; the same logs give the same bytes."""
    with mpl.rc_context({"svg.hashsalt": "first glance", "svg.fonttype": "none"}):
        draw_loss_curves(folders).savefig(path, format="svg", metadata={"Date": None})


def _millions(lines: list[dict[str, float]]) -> list[float]:
    return [line["tokens"] / 1e6 for line in lines]
