"""Chains of judgments as an export holds them."""

from datetime import UTC, datetime
from types import SimpleNamespace

from app.evidence.chains import chain_digest
from app.evidence.entries import JudgmentLink, judgment_entry, judgment_link

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
COMMITMENT = "c0" * 32


def chained_judgments(evaluator: str, count: int) -> list[JudgmentLink]:
    """An evaluator's first judgments, one on each item."""
    links: list[JudgmentLink] = []
    digest = COMMITMENT
    for number in range(count):
        row = SimpleNamespace(
            number=number,
            key=f"i{number}.0",
            item=f"i{number}",
            step="verdict",
            verdict="interpretable",
            hypothesis="",
            confidence=None,
            comment="",
            revision=0,
            position=number,
            active_seconds=30.0,
            unfolded=False,
            fixed_width=False,
            shown_at=NOON,
            judged_at=NOON,
            chain="",
        )
        digest = row.chain = chain_digest(digest, judgment_entry(evaluator, row))
        links.append(judgment_link(evaluator, row))
    return links
