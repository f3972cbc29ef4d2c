"""Recomputes an export: every digest, chain and number, and names what differs. Needs no server and no database."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.evidence.chains import START_OF_LOG, chains_by_evaluator, first_break
from app.evidence.entries import ChainEntry
from app.evidence.receipts import Receipt, recomputed_receipt
from app.foundation.digest import sha256, sha256_of_json
from app.foundation.errors import ExportError
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import read_frame
from app.report.export.bundle import DIGESTS
from app.report.export.read_zip import read_json, read_text, read_zip
from app.report.export.tables import read_observations
from app.rounds.allocation import AllocatedItem, SealContent
from app.rounds.commitment import commitment_digest, item_digest, seal_digest
from app.unblinding.observations import Observation

TOLERANCE = 1e-9
"""How far a recomputed number may be from the printed one: rounding on another machine."""
ChainLink = tuple[int, ChainEntry, str]
"""Number, entry and chain digest."""
NEEDED = ("commitment.json", "items.json", "judgments.json", "events.json")


@dataclass(frozen=True)
class Check:
    """One thing recomputed."""

    name: str
    ok: bool
    expected: str
    """What the export says."""
    found: str
    """What came out."""


@dataclass(frozen=True)
class Verification:
    """Everything that was recomputed."""

    checks: tuple[Check, ...]
    blinded: bool = False

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return all(one.ok for one in self.checks)

    @property
    def commitment_verified(self) -> bool:
        """The commitment follows from design, items and seal as they are in the export."""
        about = [one for one in self.checks if one.name in ("commitment", "design", "allocation", "items")]
        return all(one.ok for one in about) and any(one.name == "commitment" for one in about)

    @property
    def differences(self) -> list[str]:
        """One sentence for each check that failed."""
        failed = (one for one in self.checks if not one.ok)
        return [f"{one.name}: the export says {one.expected}, but it is {one.found}." for one in failed]


def verify_export(path: Path) -> Verification:
    """Recompute everything in the zip at `path`. Raises ExportError if it cannot be read as an export."""
    files = read_zip(path)
    missing = [name for name in NEEDED if name not in files]
    if missing:
        msg = f"{path} has no {missing[0]}, so it is not a First Glance export; take the zip as it was downloaded"
        raise ExportError(msg)
    try:
        return Verification(tuple(_checks(files)), "allocation.json" not in files)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration) as error:
        msg = f"{path} has a part of another form than an export ({error!r}); download it again"
        raise ExportError(msg) from error


def _checks(files: dict[str, bytes]) -> Iterator[Check]:
    yield from _digests(files)
    yield from _commitment(files)
    yield from _chains(files)
    if "allocation.json" in files:
        yield from _observations(files)
        yield from _numbers(files)


def verify_receipt(path: Path, receipt: dict[str, Any]) -> Verification:
    """Hold an evaluator's receipt against an export: same commitment, and every judgment that the receipt covers.

    A receipt is {"commitment", "evaluator", "judgments" (how many), "head" (the chain digest after them),
    "digest" (SHA-256 of the canonical list of their entries)}. Raises ExportError if either cannot be read.
    """
    files = read_zip(path)
    try:
        expected = Receipt.model_validate(receipt)
        links = chains_by_evaluator(read_json(files, "judgments.json")).get(expected.evaluator, [])
        actual = recomputed_receipt(expected, read_json(files, "commitment.json")["commitment"], links)
        return Verification(
            (
                _check("commitment", str(expected.commitment), str(actual.commitment)),
                _check("judgments", str(expected.judgments), str(actual.judgments)),
                _check("chain head", expected.head, actual.head),
                _check("digest of judgments", expected.digest, actual.digest),
            )
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = f"The receipt or {path} has another form ({error!r}); take both as they were given"
        raise ExportError(msg) from error


def differing(expected: Any, found: Any, where: str = "") -> Iterator[tuple[str, str, str]]:  # noqa: ANN401 - JSON
    """(path, expected, found) of every leaf in which two JSON values differ by more than rounding."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            yield from differing(expected.get(key), found.get(key), f"{where}.{key}" if where else key)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for place, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differing(one, other, f"{where}.{place}")
    elif not _same(expected, found):
        yield where, json.dumps(expected), json.dumps(found)


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401 - JSON leaves
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE) if numbers else bool(one == other)


def _digests(files: dict[str, bytes]) -> Iterator[Check]:
    if DIGESTS not in files:
        yield Check(DIGESTS, ok=False, expected="a digest of every file", found="absent")
        return
    listed = read_json(files, DIGESTS)
    found = {name: sha256(content) for name, content in files.items() if name != DIGESTS}
    wrong = sorted(name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name))
    for name in wrong:
        yield Check(
            f"digest of {name}", ok=False, expected=listed.get(name, "no file"), found=found.get(name, "absent")
        )
    if not wrong:
        yield Check("digests of files", ok=True, expected=f"{len(found)} files", found=f"{len(found)} unchanged")


def _commitment(files: dict[str, bytes]) -> Iterator[Check]:
    given = read_json(files, "commitment.json")
    design = given["design_sha256"]
    if "allocation.json" in files:
        design = sha256_of_json(read_json(files, "design.json"))
        yield _check("design", given["design_sha256"], design)
    items, sealed = dict(given["items"]), given["sealed_sha256"]
    if "allocation.json" in files:
        opened = SealContent.from_content(read_json(files, "allocation.json"))
        sealed = seal_digest(opened)
        yield _check("allocation", given["sealed_sha256"], sealed)
        items = {one["code"]: item_digest(one, opened.nonce) for one in read_json(files, "items.json")}
        committed = dict(given["items"])
        changed = sorted(code for code in items.keys() | committed.keys() if items.get(code) != committed.get(code))
        yield _check("items", "all as committed", f"changed: {', '.join(changed)}" if changed else "all as committed")
    yield _check("commitment", given["commitment"], commitment_digest(design, items, sealed))


def _chains(files: dict[str, bytes]) -> Iterator[Check]:
    start = read_json(files, "commitment.json")["commitment"]
    chains = chains_by_evaluator(read_json(files, "judgments.json"))
    for evaluator, links in chains.items():
        yield _unbroken(
            f"judgments of {evaluator}", start, [(one["number"], one["judgment"], one["chain"]) for one in links]
        )
    events = sorted(read_json(files, "events.json"), key=lambda link: int(link["number"]))
    yield _unbroken("log", START_OF_LOG, [(one["number"], one["event"], one["chain"]) for one in events])
    locked = [link["event"]["detail"]["heads"] for link in events if link["event"]["action"] == "locked"]
    if locked and chains:
        written = {name: one["head"] for name, one in locked[-1].items()}
        heads = {name: links[-1]["chain"] for name, links in chains.items()}
        other = sorted(name for name in written.keys() | heads.keys() if written.get(name) != heads.get(name))
        yield _check(
            "chain heads at the lock", "as the log has them", _listed("other for", other) or "as the log has them"
        )


def _unbroken(name: str, start: str, links: list[ChainLink]) -> Check:
    broken = first_break(start, [(entry, digest) for _, entry, digest in links])
    numbered = [number for number, _, _ in links] == list(range(len(links)))
    if broken is None and not numbered:
        return Check(name, ok=False, expected="every entry", found="entries missing")
    return _check(name, "unbroken", "unbroken" if broken is None else f"broken at entry {broken}")


def _observations(files: dict[str, bytes]) -> Iterator[Check]:
    """The CSV says what chains and allocation say, and leaves out only what was flagged or erased."""
    allocated = SealContent.from_content(read_json(files, "allocation.json")).allocation.by_code
    seen = read_observations(read_text(files, "observations.csv"))
    moved = [one.judgment.item for one in seen if not _as_allocated(one, allocated)]
    yield _check("arms in observations.csv", "as allocated", _listed("different for", moved) or "as allocated")
    final: dict[tuple[str, str], dict[str, Any]] = {}
    for link in sorted(read_json(files, "judgments.json"), key=lambda link: int(link["number"])):
        final[link["evaluator"], link["judgment"]["item"]] = link["judgment"]
    told = {(one.evaluator, one.judgment.item): one.judgment.verdict for one in seen}
    changed = [
        f"{who} on {item}" for (who, item), said in told.items() if final.get((who, item), {}).get("verdict") != said
    ]
    yield _check("verdicts in observations.csv", "as judged", _listed("different for", changed) or "as judged")
    frame = read_frame(read_json(files, "frame.json"))
    sealed = [link["event"] for link in read_json(files, "events.json") if link["event"]["action"] == "sealed"]
    yield _check("leak audit in frame.json", json.dumps(sealed[-1]["detail"]["audit"]), json.dumps(frame.audit))
    gone = {one.evaluator for one in frame.evaluators if one.erased}
    left_out = {(one.evaluator, one.item) for one in frame.flagged}
    absent = [f"{who} on {item}" for who, item in final.keys() - told.keys() - left_out if who not in gone]
    yield _check("judgments in observations.csv", "all of them", _listed("without", absent) or "all of them")


def _verdict(final: dict[tuple[str, str], dict[str, Any]], who: str, item: str) -> str | None:
    return final[who, item]["verdict"] if (who, item) in final else None


def _as_allocated(one: Observation, allocated: dict[str, AllocatedItem]) -> bool:
    """Item and shown code are of one neuron, which is where the allocation has it."""
    shown, counted = allocated.get(one.judgment.item), allocated.get(one.allocated.item)
    if shown is None or counted is None:
        return False
    places = ("arm", "stratum", "layer", "n_layers", "neuron", "same_token_share", "purity")
    same = all(getattr(one.allocated, name) == getattr(entry, name) for name in places for entry in (shown, counted))
    kind = one.allocated.kind == counted.kind
    return same and (kind or (one.allocated.kind == "repeat" and one.allocated.repeats is not None))


def _listed(why: str, names: list[str]) -> str:
    return f"{why} {', '.join(sorted(names))}" if names else ""


def _numbers(files: dict[str, bytes]) -> Iterator[Check]:
    printed = read_json(files, "analysis.json")
    frame = read_frame(read_json(files, "frame.json"))
    again: dict[str, Any] = analyse(read_observations(read_text(files, "observations.csv")), frame).content()
    for one in (printed, again):
        one["methods"].pop("libraries", None)
    wrong = list(differing(printed, again))
    for where, expected, found in wrong:
        yield Check(f"analysis.json {where}", ok=False, expected=expected, found=found)
    if not wrong:
        count = sum(1 for _ in _leaves(printed))
        yield Check("numbers of analysis.json", ok=True, expected=f"{count} values", found=f"{count} recomputed")


def _leaves(value: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    else:
        yield value


def _check(name: str, expected: str, found: str) -> Check:
    return Check(name, expected == found, expected, found)
