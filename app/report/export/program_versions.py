"""program.json: which versions of First Glance and of the libraries wrote an export.

Words and figures are the same bytes only under the same versions. Numbers are the same under any, to nine digits.
"""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app import __version__
from app.evidence.entries import PROGRAM_VERSION
from app.foundation.json_types import JsonValue

NUMBER_LIBRARIES = ("numpy", "scipy", "statsmodels")
FIGURE_LIBRARIES = (*NUMBER_LIBRARIES, "matplotlib")
PDF_LIBRARIES = (*FIGURE_LIBRARIES, "typst")
TABLE_LIBRARIES = ("pyarrow",)
LIBRARIES = (*PDF_LIBRARIES, *TABLE_LIBRARIES)
LibraryName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,40}$")]
VersionText = Annotated[str, Field(pattern=PROGRAM_VERSION)]


class ProgramVersions(BaseModel):
    """The content of program.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    v: Literal[2] = 2
    program: VersionText
    """The version of First Glance."""
    libraries: dict[LibraryName, VersionText | None]
    """{library: its version; None if it is not installed}"""

    def describe(self, names: Sequence[str]) -> str:
        """The version of First Glance and of these libraries, in words."""
        return ", ".join([f"First Glance {self.program}", *(f"{name} {self.libraries.get(name)}" for name in names)])

    def agree(self, other: "ProgramVersions", names: Sequence[str]) -> bool:
        """Whether both have the same version of First Glance and of these libraries."""
        return self.describe(names) == other.describe(names)


def read_program_versions(json_value: JsonValue) -> ProgramVersions:
    """Read the content of program.json. Raises ValueError if it has another form."""
    return ProgramVersions.model_validate(json_value)


@cache
def installed_versions() -> ProgramVersions:
    """The versions of this program and of the libraries that it uses here."""
    return ProgramVersions(program=__version__, libraries={name: _installed_version(name) for name in LIBRARIES})


def _installed_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
