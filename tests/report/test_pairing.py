"""The report quotes the pairing certificate word for word of its numbers, and only if it is about these models."""

from dataclasses import replace
from typing import Any

import pytest

from app.foundation.paths import resource_folder
from app.models.pairing_certificate import PairingCertificate
from app.report.analysis.frame import AnalysisFrame, CellCounts
from app.report.analysis.pairing import pairing_sentences

ARMS = {"baseline": "gelu", "solu": "solu_ln"}


@pytest.fixture
def certificate() -> dict[str, Any]:
    found = PairingCertificate.read(resource_folder("demo") / "1L-solu_ln")
    assert found is not None
    return found.model_dump(mode="json")


@pytest.fixture
def frame(certificate: dict[str, Any]) -> AnalysisFrame:
    cells = tuple(_cell(arm, activation, certificate) for arm, activation in ARMS.items())
    return AnalysisFrame(cells=cells, reference="baseline", treatment="solu", seed="s")


def _cell(arm: str, activation: str, certificate: dict[str, Any]) -> CellCounts:
    model = {
        "name": f"1L-{activation}",
        "activation": activation,
        "weights_sha256": certificate["weights_sha256"][activation],
        "certificate": certificate,
    }
    return CellCounts(arm, "1L/0", eligible=10, drawn=5, dead=0, shown=5, model=model)


def _with(frame: AnalysisFrame, **changes: Any) -> AnalysisFrame:
    """The frame with the second arm's model changed."""
    first, second = frame.cells
    return replace(frame, cells=(first, replace(second, model=second.model | changes)))


def test_the_sentence_has_the_digests_and_both_losses(frame: AnalysisFrame, certificate: dict[str, Any]) -> None:
    (sentence,) = pairing_sentences(frame)
    for key in ("initial_sha256", "order_sha256", "corpus_sha256"):
        assert certificate[key][:12] in sentence
    assert "baseline is 1L-gelu (gelu), solu is 1L-solu_ln (solu_ln)" in sentence
    assert f"baseline {certificate['validation_loss']['gelu']:.3f}, solu" in sentence
    assert f"{certificate['relative_difference']['solu_ln']:+.2%}" in sentence
    assert "differ in the activation alone" in sentence


@pytest.mark.parametrize("change", [{"certificate": None}, {"certificate": {"arms": []}}, {"weights_sha256": "0" * 64}])
def test_a_certificate_of_other_weights_is_not_quoted(frame: AnalysisFrame, change: dict[str, Any]) -> None:
    (sentence,) = pairing_sentences(_with(frame, **change))
    assert "No pairing certificate covers them, so they may differ in more than the activation" in sentence


def test_nothing_is_said_of_models_nobody_recorded(frame: AnalysisFrame) -> None:
    assert pairing_sentences(replace(frame, cells=tuple(replace(one, model={}) for one in frame.cells))) == []
    assert pairing_sentences(replace(frame, cells=frame.cells[:1])) == []


def test_the_models_survive_the_export_of_the_frame(frame: AnalysisFrame) -> None:
    assert AnalysisFrame.from_content(frame.content()) == frame
