import json
import math
from pathlib import Path
from typing import Any

import pytest

from app.foundation.errors import ExportError
from app.report.analysis.analysis import analyse
from app.report.charts.all_charts import charts
from app.report.charts.forest import forest_chart
from app.report.export.bundle import zipped
from app.report.export.pool import pool
from app.report.export.read_zip import read_zip

Making = Any


def test_rounds_are_pooled_by_their_neurons(pair: tuple[Path, Path]) -> None:
    found = pool(pair)
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


def test_one_export_the_same_round_twice_and_a_changed_one_are_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="at least two"):
        pool(pair[:1])
    with pytest.raises(ExportError, match="same round"):
        pool([pair[0], pair[0]])
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(pair[1].read_bytes()[:-200])
    with pytest.raises(ExportError, match="cannot be read"):
        pool([pair[0], damaged])


def test_another_contrast_is_refused(making: Making, pair: tuple[Path, Path], tmp_path: Path) -> None:
    observations = making.simulated(2, strata=("1L/0",))
    frame = making.frame_of(observations, treatment="baseline", reference="solu")
    analysis = analyse(observations, frame)
    files = read_zip(pair[1])
    del files["digests.json"]
    said = {"frame.json": json.dumps(frame.content()), "analysis.json": json.dumps(analysis)}
    other = tmp_path / "other.zip"
    other.write_bytes(zipped(files | {name: text.encode() for name, text in said.items()}))
    with pytest.raises(ExportError, match="same contrast"):
        pool([pair[0], other])


def test_a_pooled_report_has_the_charts_of_its_rounds(making: Making, pair: tuple[Path, Path]) -> None:
    observations = making.simulated(1, strata=("1L/0",))
    analysis = analyse(observations, making.frame_of(observations))
    assert set(charts({**pool(pair), **analysis})) >= set(charts(analysis))
