"""What a receipt proves about an export: is it genuine, and has the export what it covers. Pure.

A genuine receipt is an anchor: whoever rewrites the chain, the log or the commitment cannot rewrite it too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.evidence.entries import ChainLink
from app.evidence.receipts import NO_HEAD, CommittedRound, Receipt, ReceiptV1, digest_of_entries
from app.evidence.signing import is_signed

ReceiptCase = Literal[
    "genuine", "unsigned", "forged", "other round", "other commitment", "entries missing", "entries differ",
    "lock differs",
]  # fmt: skip
"""What a receipt turns out to be; in the first two cases the export agrees with it."""


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
    """Whether the key that the commitment names signed the receipt."""
    lock: str | None
    """The lock's digest on the receipt; None if it is from before the lock, or not signed."""

    @property
    def agrees(self) -> bool:
        """Whether the export has what the receipt covers; also of an unsigned one, which proves nothing."""
        return self.case in ("genuine", "unsigned")

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
    own_chain: Mapping[int, str] | None = None,
) -> ReceiptFinding:
    """Judge a receipt against an export, which gives the round and the evaluator's links in order.

    `own_chain` is {number of an entry: its chain digest} from the evaluator's own file, if the file has them: with it
    the finding names the first entry that differs. Whether the links are a chain at all is checked elsewhere.
    """
    signature_finding = _find_false_signature(receipt, committed_round)
    if signature_finding is not None:
        return _finding(receipt, *signature_finding, is_genuine=False)
    is_genuine = isinstance(receipt, Receipt) and receipt.signature is not None
    case, sentence = (
        _find_other_round(receipt, committed_round)
        or _find_other_entries(receipt, committed_round, links, own_chain or {})
        or _find_other_lock(receipt, committed_round, links)
        or _agreement(receipt)
    )
    if not is_genuine:
        sentence += " The receipt is not signed, so it cannot be told from a forged one."
    return _finding(receipt, case, sentence, is_genuine=is_genuine)


def _finding(receipt: Receipt | ReceiptV1, case: ReceiptCase, sentence: str, *, is_genuine: bool) -> ReceiptFinding:
    lock = receipt.lock if is_genuine and isinstance(receipt, Receipt) else None
    return ReceiptFinding(case, sentence, receipt.evaluator, _entry_count(receipt), is_genuine, lock)


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
        return "other round", _other_round_sentence(receipt, committed_round)
    if receipt_key is None:
        return "forged", (
            "The receipt is forged: it is signed, but the round was sealed by version 0.1, which had no key."
        )
    return "forged", "The receipt is forged: another key signed it than the one that the commitment names."


def _find_other_round(receipt: Receipt | ReceiptV1, committed_round: CommittedRound) -> tuple[ReceiptCase, str] | None:
    """Whether the receipt names another round; a round's key signs for one round and one commitment only."""
    is_same_round = isinstance(receipt, ReceiptV1) or receipt.round == committed_round.round_id
    if is_same_round and receipt.commitment == committed_round.commitment:
        return None
    if isinstance(receipt, ReceiptV1) or receipt.signature is None:
        return "other round", _other_round_sentence(receipt, committed_round)
    return "other commitment", (
        f"The receipt is genuine, but it names round {receipt.round} and commitment {_shortened(receipt.commitment)}, "
        f"and the export has round {committed_round.round_id} and commitment {_shortened(committed_round.commitment)}: "
        "the round was sealed anew with the same key after the receipt was made."
    )


def _find_other_entries(
    receipt: Receipt | ReceiptV1,
    committed_round: CommittedRound,
    links: Sequence[ChainLink],
    own_chain: Mapping[int, str],
) -> tuple[ReceiptCase, str] | None:
    """Whether the export's chain has fewer entries than the receipt covers, or other ones."""
    count, name = _entry_count(receipt), receipt.evaluator
    if len(links) < count:
        hint = (
            "An export from before the lock has no entries; take a later one."
            if committed_round.lock is None
            else "They were removed, unless the log says that the evaluator had them deleted before the lock."
        )
        sentence = f"The receipt covers {count} entries of “{name}”, but the export has only {len(links)}. {hint}"
        return "entries missing", sentence
    covered = links[:count]
    if receipt.head == _head(receipt, covered) and receipt.digest == digest_of_entries(covered):
        return None
    sentence = f"The export's chain of “{name}” differs from the receipt within its first {count} entries"
    differing = next((number for number in range(count) if own_chain.get(number) != covered[number]["chain"]), None)
    # The file's own digests say where, if they lead to the head on the receipt.
    if count and own_chain.get(count - 1) == receipt.head and differing is not None:
        sentence += f": entry {differing} is the first that differs from the evaluator's file"
    return "entries differ", f"{sentence}."


def _find_other_lock(
    receipt: Receipt | ReceiptV1, committed_round: CommittedRound, links: Sequence[ChainLink]
) -> tuple[ReceiptCase, str] | None:
    """Whether a receipt from after the lock knows another lock, or an end of the chain that is not the export's."""
    if isinstance(receipt, ReceiptV1) or receipt.lock is None:
        return None
    if committed_round.lock is None:
        sentence = f"The receipt names the lock {_shortened(receipt.lock)}, but the export is from before the lock."
        return "lock differs", sentence
    if receipt.lock != committed_round.lock:
        return "lock differs", (
            f"The receipt names the lock {_shortened(receipt.lock)}, but the export has the lock "
            f"{_shortened(committed_round.lock)}: the log, or what the lock covers, was changed."
        )
    if len(links) != receipt.entries:
        return "entries differ", (
            f"The export has {len(links)} entries of “{receipt.evaluator}”, but there were {receipt.entries} at the "
            "lock: entries were added."
        )
    return None


def _agreement(receipt: Receipt | ReceiptV1) -> tuple[ReceiptCase, str]:
    has = f"the export has the {_entry_count(receipt)} entries of “{receipt.evaluator}” that it covers"
    if isinstance(receipt, ReceiptV1) or receipt.signature is None:
        return "unsigned", f"The receipt agrees: {has}."
    if receipt.lock is None:
        sentence = f"The receipt is genuine: {has}. It is from before the lock, so it does not prove the lock."
        return "genuine", sentence
    return "genuine", f"The receipt is genuine: {has}, and the lock that it names."


def _other_round_sentence(receipt: Receipt | ReceiptV1, committed_round: CommittedRound) -> str:
    return (
        f"The receipt is of another round: it names the commitment {_shortened(str(receipt.commitment))}, and the "
        f"export has {_shortened(committed_round.commitment)}. Check it against the export of its own round."
    )


def _head(receipt: Receipt | ReceiptV1, covered: Sequence[ChainLink]) -> str:
    """The head that the receipt must name if it covers these links."""
    if covered:
        return covered[-1]["chain"]
    return NO_HEAD if isinstance(receipt, ReceiptV1) else receipt.commitment


def _entry_count(receipt: Receipt | ReceiptV1) -> int:
    return receipt.judgments if isinstance(receipt, ReceiptV1) else receipt.entries


def _shortened(digest: str) -> str:
    return f"{digest[:12]}…"
