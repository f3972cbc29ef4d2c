"""How many items of known truth a design has. Pure."""

from typing import Annotated

from pydantic import Field

from app.rounds.design_part import DesignPart

Share = Annotated[float, Field(gt=0.5, lt=1.0)]


class Controls(DesignPart):
    """Items of known truth, blinded like all others and never in a fraction."""

    planted: int = Field(default=0, ge=0, le=100)
    """Items whose passages all follow one exact rule, 0 to 100."""
    ladder: tuple[Share, ...] = ()
    """Purity steps, each above 0.5 and below 1: the share of passages from the first of two neurons in one item."""
    per_step: int = Field(default=0, ge=0, le=20)
    """Items per purity step and cell, 0 to 20."""
