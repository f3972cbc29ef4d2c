"""The plot of the losses."""

from pathlib import Path

import numpy as np

from app.models.loss_curves import draw_loss_curves, write_loss_curves
from app.models.training_checkpoint import read_training_log
from tests.models.conftest import ARMS


def test_the_loss_plot_is_the_same_bytes_for_the_same_logs(trained: Path, tmp_path: Path) -> None:
    folders: dict[str, Path] = {arm: trained / arm for arm in ARMS}
    write_loss_curves(folders, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_bytes() == (trained / "losses.svg").read_bytes()
    (axes,) = draw_loss_curves(folders).axes
    lines = axes.get_lines()
    assert len(lines) == 2 * len(ARMS)
    assert np.asarray(lines[1].get_ydata()).tolist() == [
        line["valid"] for line in read_training_log(trained / "gelu") if "valid" in line
    ]
