"""What a receipt proves about an export: is it genuine, and has the export what it covers. Pure.

A genuine receipt is an anchor: whoever rewrites the chain, the log or the commitment cannot rewrite it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.evidence.entries import ChainLink
from app.evidence.own_answers import OwnAnswers, difference_from_export, uncovered_reason
from app.evidence.receipts import (
    CommittedRound,
    Receipt,
    ReceiptV1,
    digest_of_entries,
    entry_count,
    expected_head,
)
from app.evidence.signing import is_signed
from app.foundation.digest import short_digest
from app.foundation.typography import visible_text

ReceiptCase = Literal[
    "genuine", "unsigned", "not comparable", "perhaps erased", "forged", "file changed", "other round",
    "other commitment", "entries missing", "entries differ", "lock differs",
]  # fmt: skip
"""What a receipt turns out to be: "not comparable" with an export from before the lock, which has no entries by design;
"perhaps erased" if the log says that somebody had all their entries deleted, and it can have been this evaluator."""
AGREEING: tuple[ReceiptCase, ...] = ("genuine", "unsigned", "not comparable", "perhaps erased")
"""The cases in which the export does not contradict the receipt."""

UNSIGNED = "The receipt is not signed, so it cannot be told from a forged one."
UNCOUNTED = "The receipt is not signed: anyone could have written it, so it is not counted."


@dataclass(frozen=True)
class ReceiptFinding:
    """The judgment on one receipt."""

    case: ReceiptCase
    sentence: str
    evaluator: str
    """The pseudonym on the receipt."""
    entries: int
    """How many entries the receipt covers."""
    is_genuine: bool
    """Whether the key that the commitment names signed the receipt, and the receipt covers its file's own answers."""
    counts: bool
    """Whether the finding says anything: a receipt without a signature proves nothing if the round has a key."""
    lock: str | None
    """The lock's digest on the receipt; None if it is from before the lock, or not signed."""

    @property
    def agrees(self) -> bool:
        """Whether the export does not contradict the receipt; also of an unsigned one, which proves nothing."""
        return self.case in AGREEING

    @property
    def anchors_commitment(self) -> bool:
        """Whether the receipt proves the commitment: the key that the commitment names signed it."""
        return self.is_genuine and self.agrees

    @property
    def anchors_entries(self) -> bool:
        """Whether the receipt proves the evaluator's entries that it covers."""
        return self.case == "genuine"

    @property
    def anchors_lock(self) -> bool:
        """Whether the receipt proves the lock, and so everything that the lock covers."""
        return self.case == "genuine" and self.lock is not None


def judge_receipt(
    receipt: Receipt | ReceiptV1,
    committed_round: CommittedRound,
    links: Sequence[ChainLink],
    own_answers: OwnAnswers | None = None,
    *,
    is_enrolled: bool = True,
    erasure_times: Sequence[str] = (),
) -> ReceiptFinding:
    """Judge a receipt against an export, which gives the round and the evaluator's links in order.

    `own_answers` are the answers that the evaluator's own file has beside the receipt: the receipt must cover exactly
    these, and the finding names the first that differs. `is_enrolled` is false if the export does not know the
    evaluator. `erasure_times` say when evaluators had everything deleted, if this one can be among them: the log does
    not name them. Whether the links are a chain at all is checked elsewhere.
    """
    signature_finding = _find_false_signature(receipt, committed_round)
    if signature_finding is not None:
        return _finding(receipt, *signature_finding, is_genuine=False)
    is_genuine = isinstance(receipt, Receipt) and receipt.signature is not None
    exported = _ExportedChain(links, is_enrolled, tuple(erasure_times))
    case, sentence = (
        _find_other_round(receipt, committed_round)
        or _find_changed_file(receipt, committed_round, exported, own_answers)
        or _find_nothing_to_compare(receipt, committed_round, exported)
        or _find_difference(receipt, committed_round, exported, own_answers)
        or _agreement(receipt, exported, own_answers)
    )
    if is_genuine:
        return _finding(receipt, case, sentence, is_genuine=case != "file changed")
    if committed_round.receipt_key is None:
        return _finding(receipt, case, f"{sentence} {UNSIGNED}", is_genuine=False)
    return _finding(receipt, case, _uncounted_sentence(receipt, case, sentence), is_genuine=False, counts=False)


@dataclass(frozen=True)
class _ExportedChain:
    """What the export has of the evaluator."""

    links: Sequence[ChainLink]
    is_enrolled: bool
    """Whether the export names the evaluator at all."""
    erasure_times: Sequence[str]
    """When evaluators had everything deleted, if this one can be among them."""


def _finding(
    receipt: Receipt | ReceiptV1, case: ReceiptCase, sentence: str, *, is_genuine: bool, counts: bool = True
) -> ReceiptFinding:
    lock = receipt.lock if is_genuine and isinstance(receipt, Receipt) else None
    printable = visible_text(sentence)  # names and digests are whatever the file says
    return ReceiptFinding(case, printable, receipt.evaluator, entry_count(receipt), is_genuine, counts, lock)


def _uncounted_sentence(receipt: Receipt | ReceiptV1, case: ReceiptCase, sentence: str) -> str:
    """What to say of a receipt without a signature if the round has a key, which signs every receipt."""
    not_made = " The round has a key, so it never made a receipt in the form of version 0.1."
    uncounted = f"{UNCOUNTED}{not_made if isinstance(receipt, ReceiptV1) else ''}"
    if case in AGREEING:
        return f"{sentence} {uncounted}"
    return f"{uncounted} It does not agree with the export: {sentence[0].lower()}{sentence[1:]}"


def _find_false_signature(
    receipt: Receipt | ReceiptV1, committed_round: CommittedRound
) -> tuple[ReceiptCase, str] | None:
    """Why the signature is not one of the round's key; None if it is one, or if the receipt has none."""
    if isinstance(receipt, ReceiptV1) or receipt.signature is None:
        return None
    content, receipt_key = receipt.model_dump(), committed_round.receipt_key
    if receipt_key is not None and receipt.key == receipt_key and is_signed(content, receipt_key):
        return None
    if not is_signed(content, receipt.key):
        return "forged", "The signature does not fit the receipt: the receipt is forged, or it was changed."
    if receipt.commitment != committed_round.commitment:
        return _other_commitment(receipt, committed_round)
    if receipt_key is None:
        return "forged", (
            "The receipt is forged: it is signed, but the round was sealed by version 0.1, which had no key."
        )
    return "forged", (
        "The receipt does not count: another key signed it than the one that the commitment names. Somebody forged it, "
        "or the server that handed it out used a wrong key."
    )


def _find_other_round(receipt: Receipt | ReceiptV1, committed_round: CommittedRound) -> tuple[ReceiptCase, str] | None:
    """Whether the receipt names another round; a round's key signs for one round and one commitment only."""
    is_same_round = isinstance(receipt, ReceiptV1) or receipt.round == committed_round.round_id
    if is_same_round and receipt.commitment == committed_round.commitment:
        return None
    if isinstance(receipt, ReceiptV1) or receipt.signature is None:
        return _other_commitment(receipt, committed_round)
    return "other commitment", (
        f"The receipt is genuine, but it names round {receipt.round} and commitment "
        f"{short_digest(receipt.commitment)}, and the export has round {committed_round.round_id} and commitment "
        f"{short_digest(committed_round.commitment)}: the round was sealed anew with the same key "
        "after the receipt was made."
    )


def _find_changed_file(
    receipt: Receipt | ReceiptV1,
    committed_round: CommittedRound,
    exported: _ExportedChain,
    own_answers: OwnAnswers | None,
) -> tuple[ReceiptCase, str] | None:
    """Whether the answers in the file are others than those that its receipt covers."""
    reason = uncovered_reason(receipt, own_answers) if own_answers is not None else ""
    if own_answers is None or not reason:
        return None
    return "file changed", _join(
        f"The answers in the file are not those that its receipt covers: {reason}. The file was changed after it was "
        "downloaded, unless the server's records were changed before.",
        difference_from_export(own_answers, exported.links) if exported.links else "",
        _verdict_on_receipt_alone(receipt, committed_round, exported),
    )


def _verdict_on_receipt_alone(
    receipt: Receipt | ReceiptV1, committed_round: CommittedRound, exported: _ExportedChain
) -> str:
    """What the export says to the receipt in a changed file."""
    if _find_nothing_to_compare(receipt, committed_round, exported) is not None:
        return "The receipt by itself can be compared with an export from the lock on."
    difference = _find_difference(receipt, committed_round, exported, None)
    if difference is not None and difference[0] == "perhaps erased":
        return difference[1]
    return f"The receipt by itself {'agrees' if difference is None else 'does not agree'} with the export."


def _find_nothing_to_compare(
    receipt: Receipt | ReceiptV1, committed_round: CommittedRound, exported: _ExportedChain
) -> tuple[ReceiptCase, str] | None:
    """Whether the export is from before the lock, so that it has nobody's entries."""
    if committed_round.lock is not None or exported.links:
        return None
    return "not comparable", (
        f"{_signature_words(receipt)} The export is from before the lock and has nobody's entries; the "
        f"{entry_count(receipt)} entries of “{receipt.evaluator}” that the receipt covers can be compared with an "
        "export from the lock on."
    )


def _signature_words(receipt: Receipt | ReceiptV1) -> str:
    if isinstance(receipt, ReceiptV1) or receipt.signature is None:
        return "The receipt is of this round."
    return "The receipt is genuine: the round's key, which the commitment names, signed it."


def _find_difference(
    receipt: Receipt | ReceiptV1,
    committed_round: CommittedRound,
    exported: _ExportedChain,
    own_answers: OwnAnswers | None,
) -> tuple[ReceiptCase, str] | None:
    """What the export has otherwise than the receipt says."""
    return _find_other_entries(receipt, committed_round, exported, own_answers) or _find_other_lock(
        receipt, committed_round, exported
    )


def _find_other_entries(
    receipt: Receipt | ReceiptV1,
    committed_round: CommittedRound,
    exported: _ExportedChain,
    own_answers: OwnAnswers | None,
) -> tuple[ReceiptCase, str] | None:
    """Whether the export's chain has fewer entries than the receipt covers, or other ones."""
    count, covered = entry_count(receipt), exported.links[: entry_count(receipt)]
    if len(covered) == count and _covers(receipt, covered):
        return None
    if exported.erasure_times:
        return "perhaps erased", _erasure_sentence(receipt, exported.erasure_times)
    difference = difference_from_export(own_answers, covered) if own_answers is not None else ""
    if len(covered) < count:
        sentence = _missing_sentence(receipt, exported)
        hint = _missing_hint(receipt, committed_round)
        return "entries missing", _join(sentence, hint, difference if covered else "")
    sentence = f"The export's chain of “{receipt.evaluator}” differs from the receipt within its first {count} entries."
    return "entries differ", _join(sentence, difference)


def _covers(receipt: Receipt | ReceiptV1, links: Sequence[ChainLink]) -> bool:
    return receipt.head == expected_head(receipt, links) and receipt.digest == digest_of_entries(links)


def _missing_sentence(receipt: Receipt | ReceiptV1, exported: _ExportedChain) -> str:
    count, name = entry_count(receipt), receipt.evaluator
    if exported.is_enrolled:
        return f"The receipt covers {count} entries of “{name}”, but the export has only {len(exported.links)}."
    return f"The receipt covers {count} entries of “{name}”, but the export has no evaluator of this name."


def _missing_hint(receipt: Receipt | ReceiptV1, committed_round: CommittedRound) -> str:
    """How entries can be missing; nothing for a receipt that anyone could have written."""
    if committed_round.receipt_key is not None and (isinstance(receipt, ReceiptV1) or receipt.signature is None):
        return ""
    return "They were removed: the log does not say that the evaluator had them deleted before the lock."


def _erasure_sentence(receipt: Receipt | ReceiptV1, erasure_times: Sequence[str]) -> str:
    count, name = len(erasure_times), receipt.evaluator
    if count == 1:
        people = f"1 evaluator, whom it does not name, had everything deleted on {erasure_times[0]}"
        wish = f"If that was “{name}”"
    else:
        people = f"{count} evaluators, whom it does not name, had everything deleted on {', '.join(erasure_times)}"
        wish = f"If “{name}” was one of them"
    return (
        f"{_signature_words(receipt)} The export does not have the {entry_count(receipt)} entries of “{name}” that the "
        f"receipt covers. The log says that {people}. {wish}, nothing is wrong; if not, the entries were removed."
    )


def _find_other_lock(
    receipt: Receipt | ReceiptV1, committed_round: CommittedRound, exported: _ExportedChain
) -> tuple[ReceiptCase, str] | None:
    """Whether a receipt from after the lock knows another lock, or an end of the chain that is not the export's."""
    if isinstance(receipt, ReceiptV1) or receipt.lock is None:
        return None
    if committed_round.lock is None:
        sentence = f"The receipt names the lock {short_digest(receipt.lock)}, but the export is from before the lock."
        return "lock differs", sentence
    if receipt.lock != committed_round.lock:
        return "lock differs", (
            f"The receipt names the lock {short_digest(receipt.lock)}, but the export has the lock "
            f"{short_digest(committed_round.lock)}: the log, or what the lock covers, was changed."
        )
    if len(exported.links) != receipt.entries:
        return "entries differ", (
            f"The export has {len(exported.links)} entries of “{receipt.evaluator}”, but there were {receipt.entries} "
            "at the lock: entries were added."
        )
    return None


def _agreement(
    receipt: Receipt | ReceiptV1, exported: _ExportedChain, own_answers: OwnAnswers | None
) -> tuple[ReceiptCase, str]:
    has = f"the export has the {entry_count(receipt)} entries of “{receipt.evaluator}” that it covers"
    if not exported.is_enrolled:
        has = f"it covers no entry, and the export has no evaluator “{receipt.evaluator}”"
    elif own_answers is not None and own_answers.links:
        has += ", which are those in the file"
    if isinstance(receipt, ReceiptV1) or receipt.signature is None:
        return "unsigned", f"The receipt agrees: {has}."
    if receipt.lock is None:
        sentence = f"The receipt is genuine: {has}. It is from before the lock, so it does not prove the lock."
        return "genuine", sentence
    return "genuine", f"The receipt is genuine: {has}, and the lock that it names."


def _other_commitment(receipt: Receipt | ReceiptV1, committed_round: CommittedRound) -> tuple[ReceiptCase, str]:
    """The case and sentence of a receipt with another commitment that the round's key did not sign."""
    named, exported = short_digest(str(receipt.commitment)), short_digest(committed_round.commitment)
    if isinstance(receipt, Receipt) and receipt.round == committed_round.round_id:
        return "other commitment", (
            f"The receipt names this round, but the commitment {named}, and the export has {exported}: either the "
            "receipt is forged, or the round was sealed anew after it was made. Compare both with the commitment that "
            "was published."
        )
    return "other round", (
        f"The receipt is of another round: it names the commitment {named}, and the export has {exported}. Check it "
        "against the export of its own round."
    )


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
