"""What the trainer's pairing certificate says of the models that a stratum compares. Pure.

A certificate is quoted only if it is the same for every arm of the stratum and names the very weights that each
arm's archive was harvested from; otherwise the report says that nothing proves the models a pair.
"""

from collections.abc import Sequence
from typing import Any

from app.report.analysis.frame import AnalysisFrame, CellCounts

SHORT = 12  # digits of a digest in a sentence; the whole of it is in the export


def pairing_sentences(frame: AnalysisFrame) -> list[str]:
    """A paragraph for each stratum whose models are known, in order of strata."""
    found = []
    for stratum in frame.strata:
        cells = [one for arm in frame.arms if (one := frame.cell(arm, stratum))]
        if len(cells) > 1 and all(one.model for one in cells):
            found.append(f"Models of {stratum}: {_sentence(cells)}")
    return found


def _sentence(cells: Sequence[CellCounts]) -> str:
    certificate = cells[0].model.get("certificate")
    names = ", ".join(f"{one.arm} is {one.model['name']} ({one.model['activation'] or 'unknown'})" for one in cells)
    if not certificate or not all(_covers(certificate, one) for one in cells):
        return f"{names}. No pairing certificate covers them, so they may differ in more than the activation."
    losses = ", ".join(_loss(certificate, one) for one in cells)
    return (
        f"{names}. A pairing certificate states that they have the same sizes, recipe, initial weights "
        f"({certificate['initial_sha256'][:SHORT]}…), data order ({certificate['order_sha256'][:SHORT]}…) and text "
        f"({certificate['corpus_sha256'][:SHORT]}…), {certificate['tokens']:,} tokens each, and differ in the "
        f"activation alone. Validation losses in nats per token: {losses}."
    )


def _covers(certificate: dict[str, Any], cell: CellCounts) -> bool:
    """Whether this arm brought the same certificate, and it names this arm's weights."""
    named = certificate.get("weights_sha256", {}).get(cell.model["activation"])
    return bool(cell.model.get("certificate") == certificate and named == cell.model["weights_sha256"])


def _loss(certificate: dict[str, Any], cell: CellCounts) -> str:
    activation = cell.model["activation"]
    loss, difference = certificate["validation_loss"][activation], certificate["difference"][activation]
    share = certificate["relative_difference"].get(activation, 0.0)
    return f"{cell.arm} {loss:.3f}" + (f" ({difference:+.3f}, {share:+.2%})" if difference else "")
