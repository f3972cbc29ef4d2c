"""Exports of several rounds as one."""

import json
import math
from pathlib import Path

import pytest

from app.foundation.errors import ExportError
from app.report.analysis.analysis import analyse
from app.report.charts.forest import forest_chart
from app.report.export.pool import pool_studies
from app.report.export.zip_file import read_zip, zip_files
from tests.report.simulated_round import frame_for, simulate_observations


def test_rounds_are_pooled_by_their_neurons(two_exports: tuple[Path, Path]) -> None:
    pooled = pool_studies(two_exports)
    estimates = [study.estimate for study in pooled.studies if study.estimate is not None]
    widths = [study.interval.width for study in pooled.studies if study.interval is not None]
    assert pooled.difference.estimate == pytest.approx(sum(estimates) / 2)
    assert pooled.difference.interval is not None
    assert pooled.difference.interval.width == pytest.approx(math.hypot(*widths) / 2, rel=0.1)
    assert pooled.heterogeneity is not None
    assert pooled.heterogeneity.degrees == 1
    assert pooled.difference.strata == 2


def test_pooled_rounds_have_a_forest_plot(two_exports: tuple[Path, Path]) -> None:
    pooled = pool_studies(two_exports)
    chart = forest_chart(pooled)
    assert chart is not None
    assert "pooled" in chart.svg
    assert [line.json_path for line in chart.lines] == ["strata.0", "strata.1", "difference"]


def test_a_pooled_result_can_be_written_as_json(two_exports: tuple[Path, Path]) -> None:
    content = pool_studies(two_exports).content()
    assert list(content) == [
        "treatment",
        "reference",
        "headline",
        "difference",
        "ratio",
        "heterogeneity",
        "studies",
        "strata",
    ]
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_a_single_export_is_not_pooled(two_exports: tuple[Path, Path]) -> None:
    with pytest.raises(ExportError, match="at least two"):
        pool_studies(two_exports[:1])


def test_the_same_round_twice_is_not_pooled(two_exports: tuple[Path, Path]) -> None:
    with pytest.raises(ExportError, match="same round"):
        pool_studies([two_exports[0], two_exports[0]])


def test_a_damaged_export_is_not_pooled(two_exports: tuple[Path, Path], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(two_exports[1].read_bytes()[:-200])
    with pytest.raises(ExportError, match="cannot be read"):
        pool_studies([two_exports[0], damaged])


def test_an_export_of_another_contrast_is_refused(two_exports: tuple[Path, Path], tmp_path: Path) -> None:
    observations = simulate_observations(2, strata=("1L/0",))
    frame = frame_for(observations, treatment="baseline", reference="solu")
    files = read_zip(two_exports[1])
    del files["digests.json"]
    files["frame.json"] = json.dumps(frame.content()).encode()
    files["analysis.json"] = json.dumps(analyse(observations, frame).content()).encode()
    turned = tmp_path / "turned.zip"
    turned.write_bytes(zip_files(files))
    with pytest.raises(ExportError, match="same contrast"):
        pool_studies([two_exports[0], turned])
