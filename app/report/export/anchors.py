"""What a verifier knows from outside an export, and whether the export agrees with it.

Whoever owns the server can rewrite a round so that everything in it agrees. What was published, handed out or stamped
before cannot be rewritten: it anchors the round.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from app.evidence.authority_certificates import TrustedCertificates, read_trusted_certificates
from app.evidence.checks import Check
from app.evidence.draw_checks import find_sealed_draw
from app.evidence.draws import steps_of_log
from app.evidence.entries import RESULT_ACTIONS, entry_time
from app.evidence.event_details import DrawDetail
from app.evidence.receipt_findings import ReceiptFinding
from app.evidence.round_evidence import BlindedEvidence
from app.evidence.stamp_checks import FOLDER, StampFinding, check_timestamps, stamp_targets
from app.evidence.timestamps import is_time_stamp_of
from app.foundation.digest import short_digest
from app.foundation.errors import ArchiveError, ExportError, SealError
from app.foundation.files import read_small_file
from app.foundation.typography import visible_text
from app.report.export.exported_round import ExportedRound
from app.report.export.receipt_file import judge_receipt_file, read_receipt_file
from app.report.export.redraw import redraw_problems
from app.rounds.redraw import left_out_reservation
from app.rounds.unit_words import UnitWords

AnchorKind = Literal["announcement", "commitment", "lock", "result", "receipt", "time stamp", "archives"]
Covered = Literal["draw", "commitment", "entries", "lock", "result", "date"]
"""What is covered: the announcement of the draw; what the seal fixed; one chain; all until the lock; the whole log; or
only when something existed: a stamp lies in the export, so a rewritten round can have another one."""


@dataclass(frozen=True)
class Anchors:
    """What a verifier gives; everything may be left out."""

    commitment: str | None = None
    """The commitment as it was published at the seal."""
    lock: str | None = None
    """The lock's digest as it was published at the lock."""
    result: str | None = None
    """The result's digest as it was published at the unblinding, or at a correction."""
    receipts: tuple[Path, ...] = ()
    """Files that evaluators kept."""
    roots: Path | None = None
    """PEM file with the certificates of authorities whose time stamps the verifier trusts."""
    archive_folder: Path | None = None
    """Folder of the archives that the neurons were drawn from."""
    announcement: str | None = None
    """The digest of the draw's announcement as it was published before the public value was out."""


@dataclass(frozen=True)
class AnchorFinding:
    """What comparing an export with one anchor gave."""

    anchor_kind: AnchorKind
    agrees: bool
    covers: tuple[Covered, ...]
    """What the anchor proves; nothing if the export differs from it, or if it is not worth anything."""
    sentence: str
    confirmed_entries: int = 0
    """How many entries of the log the digest of a result confirms that was corrected since."""
    is_undecided: bool = False
    """Whether only the evaluator can say if all is well: the log says that somebody had everything deleted."""

    def check(self) -> Check:
        """The finding as a check."""
        problem = "" if self.agrees else self.sentence
        return Check(
            f"anchor: {self.anchor_kind}", self.agrees, "agrees", "agrees" if self.agrees else "differs", problem
        )


def compare_anchors(export: ExportedRound, anchors: Anchors) -> list[AnchorFinding]:
    """Compare an export with everything that the verifier gave.

    Raises ExportError or TimestampError if a file that the verifier gave cannot be read.
    """
    return [*_compare(export, anchors)]


def _compare(export: ExportedRound, anchors: Anchors) -> Iterator[AnchorFinding]:
    evidence = export.evidence
    yield from _compare_digests(evidence, anchors)
    yield from _compare_receipts(export, anchors.receipts)
    if anchors.roots is None and export.stamp_files:
        count = len(export.stamp_files)
        stamps, them = ("1 time stamp", "it") if count == 1 else (f"{count} time stamps", "them")
        yield AnchorFinding(
            "time stamp", True, (), f"The export has {stamps}. Give --timestamp ROOTS.pem to check {them}."
        )
    if anchors.roots is None:
        yield from _refuse_strange_stamps(export)
    if anchors.roots is not None:
        yield from _compare_stamps(export, _read_roots(anchors.roots))
    if anchors.archive_folder is not None:
        yield _compare_archives(export, anchors.archive_folder)


def _compare_digests(evidence: BlindedEvidence, anchors: Anchors) -> Iterator[AnchorFinding]:
    """Compare what was published, in the order in which it was published."""
    if anchors.announcement is not None:
        yield _compare_announcement(evidence, anchors.announcement)
    if anchors.commitment is not None:
        yield _compare_commitment(evidence, anchors.commitment)
    if anchors.lock is not None:
        yield _compare_lock(evidence, anchors.lock)
    if anchors.result is not None:
        yield _compare_result(evidence, anchors.result)


def _compare_announcement(evidence: BlindedEvidence, published: str) -> AnchorFinding:
    targets = [target for target in stamp_targets(None, evidence.log, None) if target.of == "draw"]
    announcements = {target.digest: target.superseded for target in targets}
    if published not in announcements:
        sentence = (
            f"The export's log has no announcement of a draw with the digest {short_digest(published)} as you gave it."
        )
        return AnchorFinding("announcement", False, (), sentence)
    if announcements[published]:
        sentence = "The announcement that you gave is in the log, but the sealed draw is from another one."
        return AnchorFinding("announcement", False, (), sentence)
    try:
        draw = find_sealed_draw(steps_of_log(evidence.log))
    except SealError as error:
        sentence = f"The announcement cannot be compared with the sealed draw: {error}"
        return AnchorFinding("announcement", False, (), sentence)
    sentence = (
        "The sealed draw is from the announcement that you gave, which fixed the design with its archives, the "
        "server's half of the seed, the public value's name and length, and the neurons that are left out."
    )
    if draw is not None:
        sentence += f" {_look_up_sentence(draw)}"
    return AnchorFinding("announcement", True, ("draw",), sentence)


def _look_up_sentence(draw: DrawDetail) -> str:
    """What only the reader can compare: any value of the announced length completes the seed."""
    name, value = visible_text(draw.public_name or ""), visible_text(draw.public_value or "")
    return (
        f"Look the public value up where it was published, under its name “{name}”: the round has “{value}”, and "
        "nothing in the export shows that this is the value that came out."
    )


def _compare_commitment(evidence: BlindedEvidence, published: str) -> AnchorFinding:
    commitment = evidence.published.commitment
    if commitment == published:
        return AnchorFinding("commitment", True, ("commitment",), "The export has the commitment that you gave.")
    sentence = (
        f"The export has the commitment {short_digest(commitment)}, not {short_digest(published)} as you gave it."
    )
    return AnchorFinding("commitment", False, (), sentence)


def _compare_lock(evidence: BlindedEvidence, published: str) -> AnchorFinding:
    digest = evidence.lock_digest
    if digest == published:
        return AnchorFinding("lock", True, ("commitment", "lock"), "The export has the lock's digest that you gave.")
    if digest is None:
        sentence = "The export's log has no lock, so it has not the digest that you gave. Take an export from after it."
        return AnchorFinding("lock", False, (), sentence)
    sentence = f"The export has the lock's digest {short_digest(digest)}, not {short_digest(published)} as you gave it."
    return AnchorFinding("lock", False, (), sentence)


def _compare_result(evidence: BlindedEvidence, published: str) -> AnchorFinding:
    digest = evidence.result_digest
    if digest == published:
        covers: tuple[Covered, ...] = ("commitment", "lock", "result")
        return AnchorFinding("result", True, covers, "The export has the result's digest that you gave.")
    chains = [link["chain"] for link in evidence.log if link["event"]["action"] in RESULT_ACTIONS]
    if published in chains:
        return _earlier_result(evidence, published, chains)
    if digest is None:
        sentence = "The export's log has no result, so it has not the digest you gave. Take an export from after it."
        return AnchorFinding("result", False, (), sentence)
    sentence = (
        f"The export has the result's digest {short_digest(digest)}, not {short_digest(published)} as you gave it. "
        "An export from before a correction has not the correction's digest; take the newest."
    )
    return AnchorFinding("result", False, (), sentence)


def _earlier_result(evidence: BlindedEvidence, published: str, chains: Sequence[str]) -> AnchorFinding:
    """The finding on the digest of a result that was corrected since: it confirms the log until that result."""
    position = [link["chain"] for link in evidence.log].index(published)
    step = "unblinding" if evidence.log[position]["event"]["action"] == "unblinded" else "correction"
    later_count = len(chains) - 1 - chains.index(published)
    corrected = "1 correction" if later_count == 1 else f"{later_count} corrections"
    sentence = (
        f"The digest that you gave is that of an earlier result, of the {step} on "
        f"{evidence.log[position]['event']['at'][:10]}. It confirms the log until then; {corrected} came after "
        "it. Give the digest that was published at the newest one to confirm all of the log."
    )
    return AnchorFinding("result", True, ("commitment", "lock"), sentence, confirmed_entries=position + 1)


def _compare_receipts(export: ExportedRound, paths: Sequence[Path]) -> Iterator[AnchorFinding]:
    """Judge each receipt. More evaluators than were erased cannot all be the erased ones."""
    findings = [(path, judge_receipt_file(read_receipt_file(path), export)) for path in paths]
    missing = {finding.evaluator for _, finding in findings if finding.counts and finding.case == "perhaps erased"}
    erased_count = sum(link["event"]["action"] == "erased" for link in export.evidence.log_until_lock)
    for path, finding in findings:
        anchor_finding = _receipt_finding(finding, path)
        if anchor_finding.is_undecided and len(missing) > erased_count:
            sentence = (
                f"{anchor_finding.sentence} But you gave receipts of {len(missing)} evaluators whose entries are "
                f"missing, and the log has {erased_count} that were deleted."
            )
            anchor_finding = AnchorFinding("receipt", False, (), sentence)
        yield anchor_finding


def _receipt_finding(finding: ReceiptFinding, path: Path) -> AnchorFinding:
    covers: tuple[Covered, ...] = ()
    if finding.anchors_lock:
        covers = ("commitment", "entries", "lock")
    elif finding.anchors_entries:
        covers = ("commitment", "entries")
    elif finding.anchors_commitment:
        covers = ("commitment",)
    agrees = finding.agrees or not finding.counts
    is_undecided = finding.counts and finding.case == "perhaps erased"
    return AnchorFinding("receipt", agrees, covers, f"{path.name}: {finding.sentence}", is_undecided=is_undecided)


def _read_roots(path: Path) -> TrustedCertificates:
    try:
        return read_trusted_certificates(read_small_file(path))
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}); name the PEM file of the authority's root certificate"
        raise ExportError(msg) from error


def _compare_stamps(export: ExportedRound, trusted: TrustedCertificates) -> Iterator[AnchorFinding]:
    if not export.stamp_files:
        yield AnchorFinding("time stamp", True, (), "The export has no time stamp to compare.")
    evidence = export.evidence
    targets = stamp_targets(evidence.published.commitment, evidence.log, first_entry_at(evidence))
    for finding in check_timestamps(export.stamp_files, trusted, targets):
        yield _stamp_finding(finding)


def _refuse_strange_stamps(export: ExportedRound) -> Iterator[AnchorFinding]:
    """A difference for each file that is no time stamp of the round: that shows without any roots."""
    evidence = export.evidence
    targets = stamp_targets(evidence.published.commitment, evidence.log, first_entry_at(evidence))
    for name, content in export.stamp_files.items():
        digests = [target.digest for target in targets if name.startswith(f"{FOLDER}{target.of}-")]
        if not any(is_time_stamp_of(content, digest) for digest in digests):
            sentence = f"{name}: The file is no time stamp of this round, as its name says that it is."
            yield AnchorFinding("time stamp", False, (), sentence)


def _stamp_finding(finding: StampFinding) -> AnchorFinding:
    if finding.problem or finding.of is None or finding.moment is None:
        return AnchorFinding("time stamp", False, (), f"{finding.file}: {finding.problem}")
    if finding.superseded:
        sentence = f"{finding.file}: of another announcement, not of the sealed draw; it says nothing about the draw."
        return AnchorFinding("time stamp", True, (), sentence)
    name = "announcement of the draw" if finding.of == "draw" else finding.of
    sentence = f"{finding.file}: the {name} existed on {finding.moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC."
    return AnchorFinding("time stamp", True, ("date",), sentence)


def first_entry_at(evidence: BlindedEvidence) -> datetime | None:
    """When the first entry of any chain was made; None if there is none."""
    times = [entry_time(link["entry"]) for links in evidence.chains.values() for link in links]
    return datetime.fromisoformat(min(times)) if times else None


def _compare_archives(export: ExportedRound, folder: Path) -> AnchorFinding:
    evidence = export.unblinded
    if evidence is None:
        return AnchorFinding("archives", True, (), "A blinded export does not say what was drawn from the archives.")
    try:
        problems = redraw_problems(evidence, folder)
    except ArchiveError as error:
        raise ExportError(str(error)) from error
    except SealError as error:
        return AnchorFinding("archives", False, (), f"The draw cannot be compared with its log: {error}")
    unit_words = evidence.design.unit_words
    return _archives_finding(problems, left_out_reservation(evidence.design, evidence.seal), unit_words)


def _archives_finding(problems: Sequence[str], reservation: str, unit_words: UnitWords) -> AnchorFinding:
    if problems:
        return AnchorFinding("archives", False, (), f"The draw differs from the archives: {' '.join(problems)}")
    sentence = unit_words.say("Drawing again from the archives gives the same neurons and the same items.")
    if reservation:
        sentence = f"The draw is confirmed in part: {sentence[0].lower()}{sentence[1:]} But {reservation}"
    return AnchorFinding("archives", True, (), sentence)
