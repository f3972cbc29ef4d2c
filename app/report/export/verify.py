"""Checks an export: its evidence, every file against the same file made again, and anchors from outside.

Needs no server and no database. No number, text or table of the export is an input: they are what is checked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.evidence.checks import Check, check_blinded_evidence, check_evidence
from app.evidence.round_evidence import BlindedEvidence, Evidence
from app.foundation.errors import ExportError, FirstGlanceError, error_summary
from app.report.export.anchors import AnchorFinding, Anchors, compare_anchors
from app.report.export.exported_round import ExportedRound, read_export
from app.report.export.rebuilt_files import FileComparison, UncheckedFile, compare_files, rebuild_files
from app.report.export.signed_digests import check_digests, check_signature, signature_state
from app.report.export.statement import Findings, Statement, make_statement
from app.report.result import RoundResult, result_of

FROM_FORGED_EVIDENCE = (
    FirstGlanceError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError, MemoryError, RecursionError,
)  # fmt: skip
"""What computing with evidence that no round can have raises."""
NO_ANCHORS = Anchors()
MOST_NEURONS = 1_000_000
"""The most neurons of one cell; a design can ask for a hundredth of it. Nobody should compute with more."""


@dataclass(frozen=True)
class Verification:
    """Everything that a verification found."""

    checks: tuple[Check, ...]
    unchecked: tuple[UncheckedFile, ...]
    """Files that could not be made again here."""
    anchor_findings: tuple[AnchorFinding, ...]
    statement: Statement
    blinded: bool
    result: RoundResult | None
    """The result that follows from the evidence; None if the export is blinded, or if none follows."""

    @property
    def ok(self) -> bool:
        """Whether nothing differs. It says nothing about anchors: see `statement`."""
        return all(check.ok for check in self.checks)

    @property
    def commitment_verified(self) -> bool:
        """Whether the commitment follows from design, items and seal as they are in the export."""
        names = ("commitment", "design", "allocation", "items")
        checks = [check for check in self.checks if check.name in names]
        return all(check.ok for check in checks) and any(check.name == "commitment" for check in checks)

    @property
    def differences(self) -> list[str]:
        """One sentence for each check that failed."""
        return [check.problem for check in self.checks if not check.ok]


def verify_export(path: Path, anchors: Anchors = NO_ANCHORS) -> Verification:
    """Check the export in the zip at `path`. Raises ExportError if it, or a file among the anchors, cannot be read."""
    return verify_round(read_export(path), anchors)


def verify_round(export: ExportedRound, anchors: Anchors = NO_ANCHORS) -> Verification:
    """Check an export that was read. Raises ExportError if a file among the anchors cannot be read."""
    evidence = export.evidence
    checks = [*check_digests(export.files), *check_signature(export.files, evidence.published.receipt_key)]
    checks += _evidence_checks(evidence)
    result, comparison = _compare_with_evidence(export)
    checks += comparison.checks
    anchor_findings = compare_anchors(export, anchors)
    checks += [finding.check() for finding in anchor_findings]
    findings = Findings(
        evidence=evidence,
        version=export.version,
        failed_checks=[check for check in checks if not check.ok],
        unchecked=comparison.unchecked,
        anchor_findings=anchor_findings,
        signature=signature_state(export.files, evidence.published.receipt_key),
    )
    return Verification(
        checks=tuple(checks),
        unchecked=comparison.unchecked,
        anchor_findings=tuple(anchor_findings),
        statement=make_statement(findings),
        blinded=export.unblinded is None,
        result=result,
    )


def _evidence_checks(evidence: BlindedEvidence) -> Iterator[Check]:
    checks = check_evidence(evidence) if isinstance(evidence, Evidence) else check_blinded_evidence(evidence)
    yield from checks_until_one_breaks(checks)


def checks_until_one_breaks(checks: Iterable[Check]) -> Iterator[Check]:
    """The checks of evidence; evidence that no round can have breaks them off with a check that fails."""
    try:
        yield from checks
    except FROM_FORGED_EVIDENCE as error:
        problem = f"The evidence cannot be checked, because no round can have it: {error_summary(error)}."
        yield Check("evidence", False, "that of a round", "something else", problem)


def _compare_with_evidence(export: ExportedRound) -> tuple[RoundResult | None, FileComparison]:
    try:
        result = None if export.unblinded is None else result_of(_require_computable(export.unblinded))
        return result, compare_files(export, rebuild_files(export, result))
    except FROM_FORGED_EVIDENCE as error:
        problem = f"The files cannot be made again, because no round can have this evidence: {error_summary(error)}."
        return None, FileComparison((Check("files", False, "made again", "impossible", problem),), ())


def _require_computable(evidence: Evidence) -> Evidence:
    """The evidence. Raises ExportError if it counts more neurons than memory holds."""
    counts = [count for cell in evidence.seal.allocation.cells for count in (cell.drawn, cell.dead, cell.shown)]
    if max(map(abs, counts), default=0) > MOST_NEURONS:
        msg = "the allocation counts more neurons than any draw has"
        raise ExportError(msg)
    return evidence
