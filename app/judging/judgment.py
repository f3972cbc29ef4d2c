"""A judgment: how an evaluator answered on an item, and how long it took. Appended, never overwritten. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.foundation.typed_text import show_unseen_characters

Verdict = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]
"""One of the answers that the round's task knows, or `cannot_judge`."""
Step = Literal["verdict", "hypothesis"]

LONGEST_TEXT = 10_000
"""Most characters of a hypothesis or comment."""
CONFIDENCES = range(1, 6)
"""How sure an evaluator can be of an answer: 1 is a guess, 5 is certain."""

NO_VERDICT = translatable(
    "That answer is not one of the choices. Nothing was stored; go back and choose one of the buttons."
)
TOO_LONG = translatable("The %(what)s has %(length)s characters; at most %(limit)s are possible. Please shorten it.")


@dataclass(frozen=True)
class Judgment:
    """One verdict of one evaluator on one item, or a revision of it."""

    item: str
    """The item's opaque code."""
    verdict: Verdict
    hypothesis: str
    confidence: int | None
    comment: str
    revision: int
    """0 for the first verdict on this item, then 1, 2, ..."""
    position: int
    """Where the item stands in this evaluator's order, from 0."""
    shown_at: datetime
    judged_at: datetime
    active_seconds: float
    """Time between display and verdict without idle stretches, as the page measured it."""
    unfolded: bool
    """The folded parts of the windows were opened before the verdict."""
    fixed_width: bool
    """The text was shown in a fixed-width font at the verdict."""
    step: Step = "verdict"
    """A judgment of step `hypothesis` repeats the verdict and adds the texts written after it."""


def parse_verdict(text: str, offered_answers: Collection[Verdict]) -> Verdict:
    """The verdict that a form sent. Raises JudgmentError if it is none of the answers that the design offers."""
    if text not in offered_answers:
        raise JudgmentError(NO_VERDICT)
    return text


def parse_written_text(text: str, field_label: str) -> str:
    """A hypothesis or comment, trimmed, with line feeds, and with a sign for every character that nobody sees.

    Raises JudgmentError if it is too long; nothing is cut silently.
    """
    trimmed = text.replace("\r\n", "\n").strip()
    if len(trimmed) > LONGEST_TEXT:
        raise JudgmentError(TOO_LONG, what=field_label, length=len(trimmed), limit=LONGEST_TEXT)
    return show_unseen_characters(trimmed)
