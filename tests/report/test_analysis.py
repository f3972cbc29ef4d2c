"""The analysis against plain recomputation and against its own mirror image."""

import json
from collections.abc import Callable
from typing import Any

from app.judging.observation import Observation
from app.report.analysis import analyse
from app.report.frame import Frame

Analysed = Callable[..., dict[str, Any]]


def test_an_analysis_is_json_without_nan(analysed: Analysed, observations: list[Observation]) -> None:
    json.dumps(analysed(observations), allow_nan=False)


def test_a_round_without_judgments_says_so() -> None:
    found = analyse([], Frame((), "baseline", "solu", "00"))
    assert "nothing to report" in found["headline"]
    json.dumps(found, allow_nan=False)
