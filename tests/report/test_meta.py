import math
from pathlib import Path
from typing import Any

import pytest

from app.foundation.errors import ExportError
from app.report.charts import charts
from app.report.export import export_zip
from app.report.forest_charts import forest_chart
from app.report.meta import pool

Making = Any


@pytest.fixture(scope="module")
def exports(making: Making, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    paths = []
    for seed in (1, 2):
        observations = making.simulated(seed, strata=("1L/0",))
        path = tmp_path_factory.mktemp("exports") / f"round{seed}.zip"
        path.write_bytes(export_zip(making.bundle_of(observations, making.frame_of(observations))))
        paths.append(path)
    return paths


def test_rounds_are_pooled_by_their_neurons(exports: list[Path]) -> None:
    found = pool(exports)
    own = found["studies"]
    assert found["difference"]["estimate"] == pytest.approx((own[0]["estimate"] + own[1]["estimate"]) / 2)
    widths = [one["interval"][1] - one["interval"][0] for one in own]
    pooled = found["difference"]["interval"][1] - found["difference"]["interval"][0]
    assert pooled == pytest.approx(math.hypot(*widths) / 2, rel=0.1)
    assert found["heterogeneity"]["degrees"] == 1
    assert found["difference"]["strata"] == 2
    chart = forest_chart(found)
    assert chart is not None
    assert "pooled" in chart.svg


def test_one_export_the_same_round_twice_and_a_changed_one_are_refused(exports: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="at least two"):
        pool(exports[:1])
    with pytest.raises(ExportError, match="same round"):
        pool([exports[0], exports[0]])
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(exports[1].read_bytes()[:-200])
    with pytest.raises(ExportError, match="cannot be read"):
        pool([exports[0], damaged])


def test_another_contrast_is_refused(making: Making, exports: list[Path], tmp_path: Path) -> None:
    observations = making.simulated(3, strata=("1L/0",))
    frame = making.frame_of(observations, treatment="baseline", reference="solu")
    other = tmp_path / "other.zip"
    other.write_bytes(export_zip(making.bundle_of(observations, frame)))
    with pytest.raises(ExportError, match="same contrast"):
        pool([exports[0], other])
    assert charts({**pool(exports), **making.bundle_of(observations, frame).analysis})
