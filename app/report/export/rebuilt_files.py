"""Makes every file of an export again from its evidence, and compares.

Files that cannot be made again here are listed with the reason. They are no differences, but nothing is said for them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app import __version__
from app.evidence.checks import Check, expect_equal
from app.evidence.round_evidence import Evidence
from app.foundation.digest import in_key_order, sha256_of_json
from app.foundation.errors import ExportError
from app.foundation.typography import shortened
from app.report.export import evidence_forms as forms
from app.report.export.bundle import (
    PACKAGE_FILE,
    README_FILE,
    Files,
    blinded_files,
    describing_files,
    unblinded_files,
)
from app.report.export.exported_round import ExportedRound
from app.report.export.file_differences import file_difference, is_written_alike
from app.report.export.program_versions import (
    FIGURE_LIBRARIES,
    NUMBER_LIBRARIES,
    PDF_LIBRARIES,
    TABLE_LIBRARIES,
    ProgramVersions,
    installed_versions,
)
from app.report.export.released_0_1 import blinded_files_v1, has_words_of_version_0_1, unblinded_files_v1
from app.report.export.strict_json import read_strict_json
from app.report.export.zip_file import DIGESTS_FILE, SIGNATURE_FILE, json_bytes
from app.report.preregistration import PREREGISTRATION_FILE
from app.report.result import RoundResult
from app.rounds.unit_words import UnitWords

PDF_FILE = "report.pdf"
PROGRAM_FILE = "program.json"
ANALYSIS_FILE = "analysis.json"
SENTENCES = ("headline", "marks_alone", "wire_alone", "notes", "draws")
"""The keys of analysis.json that hold sentences, which another version of the program may word otherwise."""
WORDS: Mapping[str, tuple[str, ...]] = {
    README_FILE: (),
    PACKAGE_FILE: (),
    "verify.py": (),
    PREREGISTRATION_FILE: NUMBER_LIBRARIES,
    "report.md": NUMBER_LIBRARIES,
    "methods.json": NUMBER_LIBRARIES,
    "CITATION.cff": NUMBER_LIBRARIES,
    PDF_FILE: PDF_LIBRARIES,
}
"""{file: libraries} of the files that are the same only under the same versions of First Glance and these libraries."""
ITEMS_FILE = "items.json"
PUBLIC_DESIGN_FILE = "public_design.json"
WAITING_FOR_NONCE = "its digests need the nonce, which is secret until the unblinding"
WAITING_FOR_DESIGN = "it is a part of the design, which is secret until the unblinding"


@dataclass(frozen=True)
class UncheckedFile:
    """A file that could not be made again here, or only with other versions."""

    name: str
    reason: str


@dataclass(frozen=True)
class FileComparison:
    """What comparing every file with the one that was made again gave."""

    checks: tuple[Check, ...]
    unchecked: tuple[UncheckedFile, ...]


def rebuild_files(export: ExportedRound, result: RoundResult | None) -> Files:
    """Every file that follows from the evidence of an export; `result` is that of an unblinded one."""
    evidence = export.evidence
    if isinstance(evidence, Evidence):
        assert result is not None  # it follows from this evidence
        if export.version == 1:
            return unblinded_files_v1(evidence, result)
        rebuilt = unblinded_files(evidence, result, export.stamp_files)
        title, unit_words = evidence.design.title, evidence.design.unit_words
    else:
        if export.version == 1:
            return blinded_files_v1(evidence)
        public_design = export.public_design or {}
        rebuilt = blinded_files(evidence, public_design, export.stamp_files)
        title, unit_words = str(public_design.get("title")), UnitWords({})
    described = _described_files(export.files, rebuilt)
    is_blinded = export.unblinded is None
    return rebuilt | describing_files(described, title, evidence.round_id, unit_words, blinded=is_blinded)


def _described_files(exported_files: Mapping[str, bytes], rebuilt: Files) -> Files:
    """The files of an export whose sizes and columns datapackage.json states.

    A table with other columns than its own is described as it was made again: nobody can describe unknown columns.
    """
    described = {name: content for name, content in exported_files.items() if name in rebuilt or name == PDF_FILE}
    for name, content in described.items():
        if name.endswith(".csv") and content.partition(b"\n")[0] != rebuilt[name].partition(b"\n")[0]:
            described[name] = rebuilt[name]
    return described


def compare_files(export: ExportedRound, rebuilt: Files) -> FileComparison:
    """Compare every file of an export, but the list of digests and its signature, with the one made again."""
    compared = [*_compare_all(export, rebuilt)]
    return FileComparison(
        checks=tuple(finding for finding in compared if isinstance(finding, Check)),
        unchecked=tuple(finding for finding in compared if isinstance(finding, UncheckedFile)),
    )


def _compare_all(export: ExportedRound, rebuilt: Files) -> Iterator[Check | UncheckedFile]:
    names = export.files.keys() - {DIGESTS_FILE, SIGNATURE_FILE}
    for name in sorted(names | rebuilt.keys()):
        if name == PROGRAM_FILE:
            yield _compare_versions(export)
        elif export.version == 1 and name not in rebuilt and has_words_of_version_0_1(name):
            yield UncheckedFile(name, f"version 0.1 of First Glance wrote it, and this is version {__version__}")
        elif name not in rebuilt:
            yield _surplus_file(export, name)
        elif name not in names:
            yield from _missing_file(export, name)
        elif export.unblinded is None and name == ITEMS_FILE:
            yield UncheckedFile(name, WAITING_FOR_NONCE)
        elif export.unblinded is None and name == PUBLIC_DESIGN_FILE:
            yield _compare_public_design(export)
        else:
            yield from _compare_file(export, name, rebuilt[name])


def _compare_versions(export: ExportedRound) -> Check | UncheckedFile:
    """The versions that wrote the export are what it says; they decide which bytes can be compared."""
    here = installed_versions()
    if export.versions is not None and export.files[PROGRAM_FILE] != json_bytes(export.versions.model_dump()):
        problem = f"{PROGRAM_FILE} is written in another way than First Glance writes it."
        return Check(PROGRAM_FILE, False, "other bytes", "as written", problem)
    if export.versions == here:
        return Check(PROGRAM_FILE, True, "these versions", "these versions")
    return UncheckedFile(PROGRAM_FILE, "nothing but the export says which versions wrote it")


def _compare_public_design(export: ExportedRound) -> Check | UncheckedFile:
    """The public part of the design has a digest in the log's entry of the seal."""
    logged = export.evidence.sealed.public_design_sha256
    if logged is None:
        return UncheckedFile(PUBLIC_DESIGN_FILE, WAITING_FOR_DESIGN)
    if export.files[PUBLIC_DESIGN_FILE] != json_bytes(in_key_order(export.public_design)):
        problem = f"{PUBLIC_DESIGN_FILE} is written in another way than First Glance writes it."
        return Check(PUBLIC_DESIGN_FILE, False, "other bytes", "as written", problem)
    problem = f"{PUBLIC_DESIGN_FILE} does not have the digest that the log has since the seal."
    return expect_equal(PUBLIC_DESIGN_FILE, logged, sha256_of_json(export.public_design), problem)


def _surplus_file(export: ExportedRound, name: str) -> Check | UncheckedFile:
    """A file that was not made again."""
    if name == PDF_FILE and export.unblinded and export.versions and export.versions.libraries.get("typst"):
        return UncheckedFile(name, "Typst, which sets it, is not installed here")
    problem = f"{shortened(name)} is in the export, but nothing in the evidence gives it."
    return Check(shortened(name), False, "a file", "no such file", problem)


def _missing_file(export: ExportedRound, name: str) -> Iterator[Check]:
    """A file that was made again, and that the export lacks."""
    without_typst = export.versions is not None and export.versions.libraries.get("typst") is None
    if name != PDF_FILE or not without_typst:
        yield Check(name, False, "absent", "a file", f"{name} is missing from the export.")


def _compare_file(export: ExportedRound, name: str, rebuilt_bytes: bytes) -> Iterator[Check | UncheckedFile]:
    exported_bytes, here = export.files[name], installed_versions()
    versions = export.versions or here  # an export of version 0.1 is made again in its own words
    if name == ANALYSIS_FILE:
        rebuilt_bytes = _in_the_words_of(exported_bytes, rebuilt_bytes, export.versions)
        if versions.program != here.program:
            yield UncheckedFile(f"the sentences of {name}", _name_versions(versions, here, ()))
    difference = file_difference(name, exported_bytes, rebuilt_bytes)
    libraries = FIGURE_LIBRARIES if name.startswith("figures/") else WORDS.get(name)
    if difference is None and is_written_alike(name, exported_bytes, rebuilt_bytes):
        yield Check(name, True, "as made again", "as made again")
    elif difference is None and name.endswith(".parquet") and not versions.agree(here, TABLE_LIBRARIES):
        yield UncheckedFile(
            name, f"its tokens agree, its other bytes are {_name_versions(versions, here, TABLE_LIBRARIES)}"
        )
    elif difference is None:
        problem = f"{name} has the content that the evidence gives, but not the bytes: it is written in another way."
        yield Check(name, False, "other bytes", "as made again", problem)
    elif libraries is not None and not versions.agree(here, libraries):
        yield UncheckedFile(name, _name_versions(versions, here, libraries))
    else:
        where = f" at {difference.path}" if difference.path else ""
        problem = f"{name} has {difference.expected}{where}, but the evidence gives {difference.actual}."
        yield Check(name, False, difference.expected, difference.actual, problem)


def _in_the_words_of(exported_bytes: bytes, rebuilt_bytes: bytes, versions: ProgramVersions | None) -> bytes:
    """The rebuilt analysis with the versions of the libraries, and of another program the sentences, as exported."""
    try:
        exported_content = forms.OBJECT.read(ANALYSIS_FILE, read_strict_json(exported_bytes))
        methods = forms.OBJECT.read(ANALYSIS_FILE, exported_content.get("methods"))
    except (ValueError, ExportError):
        return rebuilt_bytes
    content = json.loads(rebuilt_bytes)
    libraries = methods.get("libraries")
    if versions is not None:
        libraries = {name: versions.libraries.get(name) for name in content["methods"]["libraries"]}
    content["methods"]["libraries"] = libraries
    if versions is not None and versions.program != __version__:
        content |= {name: exported_content[name] for name in SENTENCES if name in exported_content}
    return json_bytes(content)


def _name_versions(versions: ProgramVersions, here: ProgramVersions, libraries: tuple[str, ...]) -> str:
    return f"written with {versions.describe(libraries)}; here is {here.describe(libraries)}"
