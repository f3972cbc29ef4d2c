"""A cell of a design: one arm in one stratum. Pure."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from app.archive.site import require_site
from app.rounds.design_part import DesignPart, Name
from app.rounds.harvest_facts import HarvestFacts

LONGEST_UNIT = 30
"""Most letters of the word for a unit."""


def _require_digest(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        msg = "a digest is 64 hexadecimal digits; `archive show` prints the archive's"
        raise ValueError(msg)
    return text


Sha256 = Annotated[str, AfterValidator(_require_digest)]
Site = Annotated[str, AfterValidator(require_site)]
UnitWord = Annotated[str, Field(pattern=r"^[a-z]+$", max_length=LONGEST_UNIT)]


class Cell(DesignPart):
    """One arm in one stratum, and the archive its neurons come from."""

    arm: Name
    """What the model stands for in the comparison: a name of up to 60 characters that evaluators never see."""
    stratum: Name = "1L/0"
    """Arms are compared within a stratum, named by size and replicate in up to 60 characters."""
    archive_sha256: Sha256
    """Digest of the archive, 64 hexadecimal digits: `firstglance archive show` prints it."""
    unit: UnitWord = Field(default="neuron", examples=["latent"])
    """What one of the arm's units is called in the report, in the singular: up to 30 small letters, a to z."""
    site: Site | None = Field(default=None, examples=["sae:NAME"])
    """Where this archive reads the activation. Without this line it is the site of the design."""
    harvest: HarvestFacts | None = None
    """How the archive was harvested; First Glance writes this when the round is created."""
