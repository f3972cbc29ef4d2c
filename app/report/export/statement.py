"""What a verification comes to, in a few sentences: whether all agrees, and how far it is anchored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.evidence.checks import Check
from app.evidence.round_evidence import BlindedEvidence
from app.report.export.anchors import AnchorFinding
from app.report.export.rebuilt_files import UncheckedFile
from app.report.export.signed_digests import SignatureState
from app.report.result_text import UNSIGNED_RESULT

Conclusion = Literal["differs", "anchored", "anchored in part", "not anchored", "version 0.1"]
EXIT_STATUS: dict[Conclusion, int] = {
    "differs": 1,
    "anchored": 0,
    "anchored in part": 3,
    "not anchored": 3,
    "version 0.1": 3,
}
BINDING: dict[SignatureState, str] = {
    "signed": "The signature of the export by the round's key, which the commitment names, binds",
    "unsigned": "The export is not signed, so only digests.json binds",
    "no key": "The round has no key, so only digests.json, which anybody can rewrite, binds",
}


UNDECIDED = (
    "A receipt covers entries that the export does not have. Only its evaluator can say whether they had them deleted, "
    "as the log says of somebody."
)


@dataclass(frozen=True)
class Statement:
    """What a verification comes to."""

    conclusion: Conclusion
    sentences: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """0 if all agrees and is anchored, 1 if anything differs, 3 if all agrees but not all is anchored."""
        return EXIT_STATUS[self.conclusion]


@dataclass(frozen=True)
class Findings:
    """Everything that a statement is made of."""

    evidence: BlindedEvidence
    version: int
    """Version of the export's form."""
    failed_checks: Sequence[Check]
    unchecked: Sequence[UncheckedFile]
    anchor_findings: Sequence[AnchorFinding]
    signature: SignatureState

    @property
    def covered(self) -> set[str]:
        """What the anchors cover."""
        return {covered for finding in self.anchor_findings for covered in finding.covers}

    @property
    def is_log_bound(self) -> bool:
        """Whether the round's key signed the result in the log, or the round has no result yet."""
        return self.evidence.is_result_signed or self.evidence.result_digest is None

    @property
    def is_of_version_0_1(self) -> bool:
        """Whether flags, erasures and frame were bound to nothing: in the export, or when the round was locked."""
        return self.version == 1 or self.evidence.locked_by_version_0_1


def make_statement(findings: Findings) -> Statement:
    """What the findings come to."""
    conclusion = _conclude(findings)
    if conclusion == "differs":
        return Statement(conclusion, tuple(_differing_sentences(findings)))
    sentences = [_first_sentence(findings, conclusion)]
    if conclusion in ("anchored in part", "not anchored"):
        sentences += _open_sentences(findings)
    if "lock" in findings.covered:
        sentences += _after_the_lock(findings)
    if any(finding.is_undecided for finding in findings.anchor_findings):
        sentences.append(UNDECIDED)
    sentences += _unchecked_sentences(findings)
    if findings.signature == "unsigned" and not any(BINDING["unsigned"] in sentence for sentence in sentences):
        sentences.append("The commitment names a key of the round, but this key did not sign the export.")
    if findings.evidence.lacks_signature:
        sentences.append(UNSIGNED_RESULT)
    return Statement(conclusion, tuple(sentences))


def _differing_sentences(findings: Findings) -> list[str]:
    """How much differs, and whether only what stands beside the export's own content does."""
    count = len(findings.failed_checks)
    sentences = [f"{count} {'part differs' if count == 1 else 'parts differ'}, named above."]
    kinds = {check.name: "receipt" for check in findings.failed_checks if check.name == "anchor: receipt"}
    kinds |= {check.name: "time stamp" for check in findings.failed_checks if check.name == "anchor: time stamp"}
    if all(check.name in kinds for check in findings.failed_checks):
        several = len(findings.failed_checks) > 1
        names = " and ".join(f"the {kind}" for kind in sorted(kinds.values())) + (
            "s" if several and len(kinds) == 1 else ""
        )
        verb = "do" if several else "does"
        sentences.append(f"The export agrees with itself; {names} named above {verb} not agree with it.")
    return sentences


def _conclude(findings: Findings) -> Conclusion:
    if findings.failed_checks:
        return "differs"
    if findings.is_of_version_0_1:
        return "version 0.1"
    if not findings.covered:
        return "not anchored"
    whole = "lock" in findings.covered and not findings.unchecked and findings.signature != "unsigned"
    whole &= findings.is_log_bound or "result" in findings.covered
    whole &= not any(finding.is_undecided for finding in findings.anchor_findings)
    return "anchored" if whole else "anchored in part"


def _first_sentence(findings: Findings, conclusion: Conclusion) -> str:
    if conclusion == "version 0.1":
        return "Consistent under version 0.1; flags, erasures and frame were not bound then."
    if conclusion == "not anchored":
        return "Consistent, not anchored: everything agrees with everything else in the export."
    if conclusion == "anchored":
        return (
            "Anchored, and all agree. The lock's digest covers the commitment, the log until the lock, and every entry "
            "of every evaluator; the numbers, figures and texts follow from these."
        )
    if "lock" in findings.covered:
        return (
            "Consistent, anchored in part. The lock's digest covers the commitment, the log until the lock, and every "
            "entry of every evaluator, and what was made again from these."
        )
    parts = {
        "commitment": "the commitment, so design, items, allocation and seed",
        "entries": "the entries that the receipts cover",
        "draw": "the announcement of the draw",
        "date": "when the time stamps were made, though another version of the round could have been stamped as well",
    }
    names = "; ".join(text for covered, text in parts.items() if covered in findings.covered)
    return f"Consistent, anchored in part: {names}."


def _open_sentences(findings: Findings) -> list[str]:
    """What nothing outside the export confirms."""
    if "lock" in findings.covered:
        return []
    if not findings.covered:
        return [
            "Whoever owns the server can rewrite it all so that it agrees. Give what was published or kept elsewhere: "
            "--commitment, --lock, --receipt or --timestamp."
        ]
    if findings.evidence.lock_digest is None:
        return ["Nothing outside the export confirms the log since the seal; the round is not locked."]
    return [
        "Nothing outside the export confirms judgments, flags, erasures and the log until the lock: give --lock, or "
        "a receipt from after the lock."
    ]


def _after_the_lock(findings: Findings) -> list[str]:
    """The log's entries after the lock, or after an earlier result, which the given digests cannot cover."""
    log = findings.evidence.log
    until_lock = len(findings.evidence.log_until_lock)
    confirmed = max(until_lock, *(finding.confirmed_entries for finding in findings.anchor_findings))
    later = log[confirmed:]
    if not later or "result" in findings.covered:
        return []
    actions = ", ".join(link["event"]["action"] for link in later)
    count, them, decide = (
        ("1 entry", "it", "decides") if len(later) == 1 else (f"{len(later)} entries", "them", "decide")
    )
    binding = (
        f"The round's key signed {them}, so only its owner could have changed {them}: --result would show it."
        if findings.evidence.is_result_signed
        else f"Nothing that you gave confirms {them}: give --result."
    )
    since = "lock" if confirmed == until_lock else "result whose digest you gave"
    return [f"After the {since} the log has {count} ({actions}), which {decide} no number. {binding}"]


def _unchecked_sentences(findings: Findings) -> list[str]:
    count = len(findings.unchecked)
    if not count:
        return []
    parts = "1 part, listed above, was" if count == 1 else f"{count} parts, listed above, were"
    return [f"{parts} not made again here. {BINDING[findings.signature]} {'it' if count == 1 else 'them'}."]
