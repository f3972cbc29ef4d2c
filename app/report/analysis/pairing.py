"""The report's sentences on the models of a stratum, which quote the trainer's pairing certificate. Pure.

A certificate is quoted only if it is the same for every arm of the stratum and names the very weights that each
arm's archive was harvested from; otherwise the report says that no certificate covers the models.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from app.foundation.digest import short_digest
from app.foundation.json_types import JsonObject
from app.report.analysis.frame import AnalysisFrame
from app.rounds.allocation import CellModel


@dataclass(frozen=True)
class QuotedCertificate:
    """What the report quotes of a pairing certificate; the mappings are by activation."""

    weights_sha256: dict[str, str]
    initial_sha256: str
    order_sha256: str
    corpus_sha256: str
    tokens: int
    validation_loss: dict[str, float]
    loss_difference: Annotated[dict[str, float], Field(alias="difference")]
    relative_difference: dict[str, float] = field(default_factory=dict)


_CERTIFICATE = TypeAdapter(QuotedCertificate)


def pairing_sentences(frame: AnalysisFrame) -> list[str]:
    """A paragraph for each stratum whose models are recorded, in order of strata."""
    sentences = []
    for stratum in frame.strata:
        cells = [cell for arm in frame.arms if (cell := frame.cell(arm, stratum))]
        models = {cell.arm: cell.model for cell in cells if cell.model is not None}
        if len(cells) > 1 and len(models) == len(cells):
            sentences.append(f"Models of {stratum}: {_describe_models(models)}")
    return sentences


def _describe_models(models: dict[str, CellModel]) -> str:
    """The names of the models, given by arm, and what their certificate says."""
    names = ", ".join(f"{arm} is {model.name} ({model.activation or 'unknown'})" for arm, model in models.items())
    certificate = _common_certificate(list(models.values()))
    if certificate is None:
        return f"{names}. No pairing certificate covers them, so they may differ in more than the activation."
    losses = ", ".join(_describe_loss(certificate, arm, model) for arm, model in models.items())
    return (
        f"{names}. A pairing certificate states that they have the same sizes, recipe, initial weights "
        f"({short_digest(certificate.initial_sha256)}), data order ({short_digest(certificate.order_sha256)}) "
        f"and text ({short_digest(certificate.corpus_sha256)}), {certificate.tokens:,} tokens each, and differ in "
        f"the activation alone. Validation losses in nats per token: {losses}."
    )


def _common_certificate(models: Sequence[CellModel]) -> QuotedCertificate | None:
    """The models' certificate; None unless they all have the same one and it names the weights of each."""
    stated = models[0].certificate
    certificate = _read_certificate(stated)
    if certificate is None:
        return None
    covered = all(
        model.certificate == stated and certificate.weights_sha256.get(model.activation or "") == model.weights_sha256
        for model in models
    )
    return certificate if covered else None


def _read_certificate(stated: JsonObject | None) -> QuotedCertificate | None:
    try:
        return _CERTIFICATE.validate_python(stated) if stated else None
    except ValidationError:
        return None


def _describe_loss(certificate: QuotedCertificate, arm: str, model: CellModel) -> str:
    activation = model.activation or ""
    loss, difference = certificate.validation_loss[activation], certificate.loss_difference[activation]
    share = certificate.relative_difference.get(activation, 0.0)
    return f"{arm} {loss:.3f}" + (f" ({difference:+.3f}, {share:+.2%})" if difference else "")
