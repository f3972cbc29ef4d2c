"""Chains of judgments as an export holds them."""

from datetime import UTC, datetime

from app.evidence.chains import chain_digest
from app.evidence.entries import ChainLink, EntryBase, JudgmentEntryV1
from app.evidence.judgment_entries import verdict_entry
from app.judging.answer import Answer, PageTiming

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
COMMITMENT = "c0" * 32


def chained_judgments(evaluator: str, count: int) -> list[ChainLink]:
    """An evaluator's first judgments, one on each item."""
    links: list[ChainLink] = []
    digest = COMMITMENT
    for number in range(count):
        at = f"2026-01-05T12:{number:02}:30.000000+00:00"
        base: EntryBase = {
            "v": 2,
            "kind": "judgment",
            "evaluator": evaluator,
            "number": number,
            "at": at,
            "item": f"i{number}",
        }
        answer = Answer(f"i{number}", f"i{number}.0", "verdict")
        entry = verdict_entry(base, answer, "interpretable", number, PageTiming(), NOON, previous=None)
        digest = chain_digest(digest, entry)
        links.append({"evaluator": evaluator, "number": number, "chain": digest, "entry": entry})
    return links


def judgment_v1(evaluator: str, number: int) -> JudgmentEntryV1:
    """A judgment as version 0.1.0 wrote it."""
    return {
        "number": number,
        "key": f"i{number}.0",
        "item": f"i{number}",
        "step": "verdict",
        "verdict": "interpretable",
        "hypothesis": "",
        "confidence": None,
        "comment": "",
        "revision": 0,
        "position": number,
        "active_seconds": 30.0,
        "unfolded": False,
        "fixed_width": False,
        "evaluator": evaluator,
        "shown_at": "2026-01-05T12:00:00.000000+00:00",
        "judged_at": "2026-01-05T12:00:30.000000+00:00",
    }
