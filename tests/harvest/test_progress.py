"""Progress for people and for scripts."""

import io
import json

import pytest

from app.harvest.progress import Progress, json_lines, progress_bar


def test_progress_can_be_printed_as_json_lines_and_as_a_bar(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = io.StringIO()
    progress = Progress(500, 1000, 7, 250.0, 2.0, 0.8, 0.15, 0.05)
    json_lines(lines)(progress)
    progress_bar()(progress)
    assert json.loads(lines.getvalue()) == {
        "tokens": 500,
        "total": 1000,
        "windows": 7,
        "tokens_per_second": 250.0,
        "eta_seconds": 2.0,
        "forward": 0.8,
        "reduction": 0.15,
        "reading": 0.05,
    }
    assert "500" in capsys.readouterr().err


def test_the_bar_shows_the_speed_of_the_harvest_and_not_that_of_its_own_updates(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A bar begins with the first report, when a whole shard has been read: by its own clock that took no time."""
    report = progress_bar()
    report(Progress(900_000, 1_000_000, 5000, 25_000.0, 4.0, 0.8, 0.15, 0.05))
    report(Progress(1_000_000, 1_000_000, 5500, 24_000.0, 0.0, 0.8, 0.15, 0.05))
    bar = capsys.readouterr().err
    rates = {part.split("tok/s")[0].split()[-1] for part in bar.split("\r") if "tok/s" in part}
    assert rates <= {"25.0k", "24.0k"}
    assert "24.0ktok/s, 00:00 left" in bar
