"""What every part of a design has in common. Pure."""

from pydantic import BaseModel, ConfigDict


class DesignPart(BaseModel):
    """A part of a design: frozen, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
