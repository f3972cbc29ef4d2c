"""Exports of several rounds as one."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.main import cli
from app.foundation.errors import ExportError
from app.report.charts.forest import forest_chart
from app.report.export.bundle import unblinded_zip
from app.report.export.pool import pool_studies
from tests.conftest import without_figures
from tests.report.simulated_evidence import SIGNING_KEY, bundle_for
from tests.report.simulated_round import frame_for, simulate_observations


@pytest.fixture(autouse=True)
def figures_are_not_drawn() -> Iterator[None]:
    with without_figures():
        yield


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
    turned = tmp_path / "turned.zip"
    turned.write_bytes(unblinded_zip(bundle_for(observations, frame), SIGNING_KEY))
    with pytest.raises(ExportError, match="same contrast"):
        pool_studies([two_exports[0], turned])


def test_a_pooled_export_of_version_0_1_is_named_as_such(two_exports: tuple[Path, Path]) -> None:
    released = Path(__file__).parents[1] / "data" / "released" / "0.1.0" / "exports" / "unblinded.zip"
    studies = pool_studies([two_exports[0], released]).studies
    assert [study.is_of_version_0_1 for study in studies] == [False, True]
    printed = CliRunner().invoke(cli, ["report", str(two_exports[0]), str(released)]).output
    assert f"{studies[1].title} is of version 0.1: its flags, erasures and frame were not bound." in printed
