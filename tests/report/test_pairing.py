"""What the methods say of the models that a stratum compares."""

from dataclasses import replace

import pytest

from app.foundation.json_types import JsonObject
from app.foundation.paths import resource_folder
from app.models.pairing_certificate import PairingCertificate
from app.report.analysis.frame import AnalysisFrame, CellCounts
from app.report.analysis.pairing import pairing_sentences
from app.rounds.allocation import CellModel

ACTIVATIONS = {"baseline": "gelu", "solu": "solu_ln"}


@pytest.fixture
def certificate() -> PairingCertificate:
    certificate = PairingCertificate.read(resource_folder("demo") / "1L-solu_ln")
    assert certificate is not None
    return certificate


@pytest.fixture
def frame(certificate: PairingCertificate) -> AnalysisFrame:
    """A stratum of two models with one certificate."""
    cells = tuple(
        CellCounts(arm, "1L/0", eligible=10, drawn=5, dead=0, shown=5, model=certified_model(activation, certificate))
        for arm, activation in ACTIVATIONS.items()
    )
    return AnalysisFrame(cells, reference="baseline", treatment="solu", seed="s")


def certified_model(activation: str, certificate: PairingCertificate) -> CellModel:
    return CellModel(
        activation=activation,
        certificate=certificate.model_dump(mode="json"),
        name=f"1L-{activation}",
        weights_sha256=dict(certificate.weights_sha256)[activation],
    )


def with_models(frame: AnalysisFrame, *models: CellModel | None) -> AnalysisFrame:
    cells = zip(frame.cells, models, strict=True)
    return replace(frame, cells=tuple(replace(cell, model=model) for cell, model in cells))


def test_the_sentence_has_the_digests_and_both_losses(frame: AnalysisFrame, certificate: PairingCertificate) -> None:
    (sentence,) = pairing_sentences(frame)
    for digest in (certificate.initial_sha256, certificate.order_sha256, certificate.corpus_sha256):
        assert digest[:12] in sentence
    assert "baseline is 1L-gelu (gelu), solu is 1L-solu_ln (solu_ln)" in sentence
    assert f"baseline {certificate.validation_loss['gelu']:.3f}, solu" in sentence
    assert f"{certificate.relative_difference['solu_ln']:+.2%}" in sentence
    assert "differ in the activation alone" in sentence


@pytest.mark.parametrize("certificate_of_solu", [None, {"arms": []}])
def test_a_certificate_that_one_arm_lacks_is_not_quoted(
    frame: AnalysisFrame, certificate_of_solu: JsonObject | None
) -> None:
    baseline, solu = (cell.model for cell in frame.cells)
    assert solu is not None
    (sentence,) = pairing_sentences(with_models(frame, baseline, replace(solu, certificate=certificate_of_solu)))
    assert "No pairing certificate covers them, so they may differ in more than the activation" in sentence


def test_a_certificate_of_other_weights_is_not_quoted(frame: AnalysisFrame) -> None:
    baseline, solu = (cell.model for cell in frame.cells)
    assert solu is not None
    (sentence,) = pairing_sentences(with_models(frame, baseline, replace(solu, weights_sha256="0" * 64)))
    assert "No pairing certificate covers them, so they may differ in more than the activation" in sentence


def test_models_that_were_not_recorded_get_no_sentence(frame: AnalysisFrame) -> None:
    assert pairing_sentences(with_models(frame, None, None)) == []
    assert pairing_sentences(replace(frame, cells=frame.cells[:1])) == []
