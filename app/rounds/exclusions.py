"""The rules of a design that leave evaluators out of a second result. Pure."""

from pydantic import Field

from app.rounds.design_part import DesignPart


class Exclusions(DesignPart):
    """Rules, fixed in advance, that leave an evaluator out of the second of two results; None means no rule."""

    shortest_median_seconds: float | None = Field(default=None, gt=0, examples=[5.0])
    """Leave out evaluators with a shorter median time per verdict, in seconds. Without this line it does not apply."""
    largest_cannot_judge: float | None = Field(default=None, ge=0, le=1, examples=[0.3])
    """Leave out evaluators with a larger share of "cannot judge", 0 to 1. Without this line it does not apply."""
    smallest_completed: float | None = Field(default=None, ge=0, le=1, examples=[0.5])
    """Leave out evaluators who judged a smaller share of their items, 0 to 1. Without this line it does not apply."""
    smallest_planted: float | None = Field(default=None, ge=0, le=1, examples=[0.6])
    """Leave out evaluators whose answers count on fewer planted items, as a share. Without it no such rule applies."""
