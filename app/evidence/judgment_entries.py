"""Judgments as entries of version 2: which times count, and what a revision keeps of the judgment before it. Pure.

Every time that decides something is the server's own. What the browser reports stays beside it, as reported, and the
seconds that are analysed are never more than the server's times allow.
"""

from datetime import datetime

from app.evidence.entries import EntryBase, JudgmentEntry, ReportedTimes, canonical_time
from app.judging.answer import Answer, PageTiming
from app.judging.judgment import Judgment, Verdict


def verdict_entry(
    base: EntryBase,
    answer: Answer,
    verdict: Verdict,
    position: int,
    timing: PageTiming,
    shown_at: datetime,
    previous: Judgment | None,
) -> JudgmentEntry:
    """A first or changed verdict; a changed one keeps the texts, so that the hypothesis step can offer them again."""
    answered_at = datetime.fromisoformat(base["at"])
    return {
        **base,
        "key": answer.answer_id,
        "step": answer.step,
        "verdict": verdict,
        "hypothesis": previous.hypothesis if previous else "",
        "confidence": previous.confidence if previous else None,
        "comment": previous.comment if previous else "",
        "revision": previous.revision + 1 if previous else 0,
        "position": position,
        "shown_at": canonical_time(shown_at),
        "active_seconds": timing.active_seconds(shown_at, answered_at),
        "unfolded": timing.unfolded,
        "fixed_width": timing.fixed_width,
        "reported": reported_times(timing),
    }


def hypothesis_entry(
    base: EntryBase, answer: Answer, position: int, timing: PageTiming, previous: Judgment
) -> JudgmentEntry:
    """What was written after a verdict; verdict, times and reading tools are those of the judgment before it."""
    return {
        **base,
        "key": answer.answer_id,
        "step": answer.step,
        "verdict": previous.verdict,
        "hypothesis": answer.hypothesis,
        "confidence": answer.confidence,
        "comment": answer.comment,
        "revision": previous.revision + 1,
        "position": position,
        "shown_at": canonical_time(previous.shown_at),
        "active_seconds": previous.active_seconds,
        "unfolded": previous.unfolded,
        "fixed_width": previous.fixed_width,
        "reported": reported_times(timing),
    }


def reported_times(timing: PageTiming) -> ReportedTimes:
    """The times as the browser reported them."""
    return {
        "elapsed_seconds": timing.elapsed_seconds,
        "attentive_seconds": timing.attentive_seconds,
        "delay_seconds": timing.delay_seconds,
    }
