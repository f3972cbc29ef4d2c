"""What every part of a design has in common. Pure."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

LONGEST_NAME = 60
"""Most characters of the name of an arm or of a stratum."""

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^\S(.*\S)?$")]


class DesignPart(BaseModel):
    """A part of a design: frozen, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
