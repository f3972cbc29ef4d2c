"""frame.json: what the analysis reads beside the observations."""

import json
import zipfile
from dataclasses import replace

from app.report.analysis.frame import (
    AnalysisFrame,
    CellCounts,
    FlaggedItem,
    Guess,
    MarkCounts,
    PiledItem,
    read_frame,
)
from app.rounds.allocation import CellModel
from app.rounds.exclusions import Exclusions
from tests.report.simulated_round import frame_for, simulate_observations
from tests.report.test_analysis import RELEASED_EXPORT


def test_a_frame_is_read_back_unchanged_from_its_json() -> None:
    frame = frame_for(
        simulate_observations(),
        guesses=(Guess("Ash", True, None, "x"),),
        piles=(PiledItem("Ash", "x", "A"),),
        stimuli=(MarkCounts("x", 1, 2, 3),),
        flagged=(FlaggedItem("Ash", "x"),),
        contrasts=(("layernorm-only", "baseline"),),
        exclusions=Exclusions(largest_cannot_judge=0.3),
        audit={"responses": 640, "gate": {"swap": {"count": 0, "first": []}}},
    )
    assert read_frame(json.loads(json.dumps(frame.content()))) == frame


def test_models_are_read_back_unchanged_and_an_unrecorded_one_is_an_empty_object() -> None:
    cell = CellCounts("solu", "1L/0", eligible=10, drawn=5, dead=0, shown=5)
    model = CellModel(activation="solu_ln", certificate={"difference": {"gelu": 0}}, name="a", weights_sha256=None)
    frame = AnalysisFrame((cell, replace(cell, arm="baseline", model=model)), "baseline", "solu", "s")
    text = json.dumps(frame.content())
    assert '"model": {}' in text
    assert '"difference": {"gelu": 0}' in text
    assert read_frame(json.loads(text)) == frame


def test_a_frame_of_version_0_1_0_is_read_and_written_with_the_same_bytes() -> None:
    with zipfile.ZipFile(RELEASED_EXPORT) as archive:
        text = archive.read("frame.json").decode()
    assert json.dumps(read_frame(json.loads(text)).content(), ensure_ascii=False, indent=1) + "\n" == text
