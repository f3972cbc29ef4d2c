"""Lets the program judge a forgery: unblinding, export and verification with what was published. Nothing is mocked."""

import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, cast

from app.foundation.csv_table import read_table
from app.foundation.errors import FirstGlanceError
from app.foundation.json_types import JsonObject, JsonValue
from app.report.export import bundle as bundles
from app.report.export.anchors import Anchors
from app.report.export.bundle import Files
from app.report.export.exported_round import read_export
from app.report.export.verify import Verification, verify_round
from app.report.export.zip_file import DIGESTS_FILE, SIGNATURE_FILE, read_zip
from app.services import exports
from app.services.unblinding import unblind_round
from app.store.engine import Database
from bench.honest_round import ADMIN, HonestRound

Judgement = Literal["refused", "not certified", "harmless", "after the lock", "harmful", "crashed"]
"""Refused: verification or a step before it says that something differs. Not certified: consistent at most. Harmless:
certified, and every file says the same. After the lock: certified but for log entries after the lock, which decide no
number, which the statement names, and which the result's digest shows. Harmful: certified, and a reader sees something
else. Crashed: a traceback instead of a refusal."""
REASON = "everyone has finished"
ANCHOR_CHECK = "anchor: "
AFTER_THE_LOCK = {"events.json", "events.csv", "datapackage.json"}
"""The files in which log entries after the lock stand; the statement of a verification says what binds these."""
TOLERANCE = 1e-9


class Ruling(NamedTuple):
    """What the program made of a forgery."""

    judgement: Judgement
    is_named: bool
    """Whether a refusal names the part that was changed."""
    reason: str
    """What the program said, or which files differ."""


class ForgeryOutcome(NamedTuple):
    """A forgery, and what became of it."""

    target: str
    """`export` or `database`."""
    part: str
    """The file or table that was changed."""
    depth: str
    where: str
    ruling: Ruling


@dataclass(frozen=True)
class HonestExport:
    """What the honest round's export holds, with and without figures."""

    files: Files
    files_with_figures: Files


@contextmanager
def without_figures() -> Iterator[None]:
    """Make and verify exports without figures and PDF, which take most of the time and are views like all others."""
    originals = {name: getattr(bundles, name) for name in ("draw_figures", "pdf_available")}
    _set_functions({"draw_figures": lambda _analysis: {}, "pdf_available": lambda: False})
    try:
        yield
    finally:
        _set_functions(originals)


def _set_functions(functions: Mapping[str, Callable[..., Files] | Callable[[], bool]]) -> None:
    for name, function in functions.items():
        setattr(bundles, name, function)


def unblinded_export(honest: HonestRound, path: Path) -> bytes:
    """Unblind the round in the database at `path` with the keyholder's key, and return its signed export."""
    with closing(Database(f"sqlite:///{path}")) as database:
        with database.writing() as session:
            unblind_round(
                session, honest.round_id, [honest.identity], ADMIN, REASON, honest.locked_at, honest.signing_key
            )
        with database.reading() as session:
            bundle = exports.unblinded_bundle(session, honest.round_id)
    return bundles.unblinded_zip(bundle, honest.signing_key)


def honest_export(honest: HonestRound, folder: Path) -> HonestExport:
    """The export of the honest round, with and without figures; it must be certified."""
    contents = []
    for make in (without_figures, _with_figures):
        with make():
            path = folder / "honest.db"
            shutil.copyfile(honest.database, path)
            (folder / "honest.zip").write_bytes(unblinded_export(honest, path))
            verification = verify_round(read_export(folder / "honest.zip"), published_anchors(honest))
            assert verification.statement.exit_status == 0, (verification.differences, verification.statement)
            contents.append(read_zip(folder / "honest.zip"))
    return HonestExport(contents[0], contents[1])


def published_anchors(honest: HonestRound) -> Anchors:
    """The commitment and the lock's digest, as they were published."""
    return Anchors(commitment=honest.commitment, lock=honest.lock)


def judge_export(path: Path, honest: HonestRound, files: Mapping[str, bytes], part_names: tuple[str, ...]) -> Ruling:
    """Verify an export with the published digests; `files` are those of the honest export."""
    try:
        export = read_export(path)
    except FirstGlanceError as error:
        return Ruling("refused", names_part(str(error), part_names), str(error))
    verification = verify_round(export, published_anchors(honest))
    differing, reason = differing_files(files, export.files), " ".join(verification.differences)
    only_anchors_differ = all(check.ok or check.name.startswith(ANCHOR_CHECK) for check in verification.checks)
    if only_anchors_differ and differing and verify_round(export).statement.exit_status == 0:
        return Ruling("harmful", False, "certified without an anchor")
    if verification.statement.exit_status == 1:
        return Ruling("refused", names_part(reason, part_names), reason)
    if verification.statement.exit_status != 0:
        return Ruling("not certified", True, " ".join(verification.statement.sentences))
    if not differing:
        return Ruling("harmless", True, "every file says the same")
    with_result = replace(published_anchors(honest), result=result_digest_in(files))
    if verify_round(export, with_result).statement.exit_status == 0:
        return Ruling("harmful", False, f"{', '.join(differing)}, also with the result's digest")
    if set(differing) <= AFTER_THE_LOCK and _names_the_tail(verification):
        return Ruling("after the lock", True, f"{', '.join(differing)}: only entries after the lock")
    return Ruling("harmful", False, ", ".join(differing))


def judge_database(path: Path, honest: HonestRound, files: Mapping[str, bytes], part_names: tuple[str, ...]) -> Ruling:
    """Unblind a forged database with the real key, export it, and verify the export."""
    try:
        exported = unblinded_export(honest, path)
    except FirstGlanceError as error:
        return Ruling("refused", names_part(str(error), part_names), str(error))
    except Exception as error:  # a traceback instead of a refusal, which the summary counts
        return Ruling("crashed", False, f"{type(error).__name__}: {error}")
    export_path = path.with_suffix(".zip")
    export_path.write_bytes(exported)
    return judge_export(export_path, honest, files, part_names)


def result_digest_in(files: Mapping[str, bytes]) -> str:
    """The result's digest as it was published: the chain digest of the unblinding, which is the log's last event."""
    return str(json.loads(files["events.json"])[-1]["chain"])


def names_part(text: str, part_names: tuple[str, ...]) -> bool:
    """Whether a refusal names the part that was changed, in one of the words that stand for it."""
    return any(name.lower() in text.lower() for name in part_names)


def differing_files(honest_files: Mapping[str, bytes], files: Mapping[str, bytes]) -> list[str]:
    """Names of the files that say something else to a reader, digests and signatures apart."""
    names = (honest_files.keys() | files.keys()) - {DIGESTS_FILE, SIGNATURE_FILE}
    return sorted(name for name in names if not _say_the_same(name, honest_files.get(name), files.get(name)))


def _say_the_same(name: str, honest_bytes: bytes | None, forged_bytes: bytes | None) -> bool:
    """Whether two files have the same values; numbers may differ in the tenth digit, JSON and CSV in their layout."""
    if honest_bytes is None or forged_bytes is None:
        return honest_bytes is forged_bytes
    if honest_bytes == forged_bytes:
        return True
    if name.endswith(".json"):
        return _same_values(_without_sizes(name, honest_bytes), _without_sizes(name, forged_bytes))
    if name.endswith(".csv"):
        return _same_values(_table_values(honest_bytes), _table_values(forged_bytes))
    return False


def _without_sizes(name: str, file_bytes: bytes) -> JsonValue:
    """The values of a JSON file; of datapackage.json without the sizes of files, which layout changes."""
    document: JsonValue = json.loads(file_bytes)
    if name == "datapackage.json" and isinstance(document, dict) and isinstance(document.get("resources"), list):
        for resource in cast("list[JsonObject]", document["resources"]):
            resource.pop("bytes", None)
    return document


def _table_values(file_bytes: bytes) -> JsonValue:
    """The cells of a CSV, those with numbers as numbers; None if it is no table any more."""
    try:
        return [[_number_in(cell) for cell in row] for row in read_table(file_bytes)]
    except ValueError:
        return None


def _number_in(cell: str) -> JsonValue:
    try:
        return float(cell)
    except ValueError:
        return cell


def _same_values(honest_value: JsonValue, forged_value: JsonValue) -> bool:
    if isinstance(honest_value, list) and isinstance(forged_value, list):
        return len(honest_value) == len(forged_value) and all(
            _same_values(*pair) for pair in zip(honest_value, forged_value, strict=True)
        )
    if isinstance(honest_value, dict) and isinstance(forged_value, dict):
        return honest_value.keys() == forged_value.keys() and all(
            _same_values(honest_value[name], forged_value[name]) for name in honest_value
        )
    if isinstance(honest_value, float | int) and isinstance(forged_value, float | int):
        return isinstance(honest_value, bool) == isinstance(forged_value, bool) and math.isclose(
            honest_value, forged_value, rel_tol=TOLERANCE
        )
    return honest_value == forged_value


def _names_the_tail(verification: Verification) -> bool:
    return any(sentence.startswith("After the lock the log has") for sentence in verification.statement.sentences)


@contextmanager
def _with_figures() -> Iterator[None]:
    yield
