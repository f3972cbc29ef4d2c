"""Recomputes an export: every digest, chain and number, and names what differs. Needs no server and no database."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.evidence.chains import START_OF_LOG, first_break
from app.evidence.entries import ChainEntry, JudgmentEntry
from app.evidence.event_details import LockedDetail, SealedDetail
from app.evidence.receipts import Receipt, recomputed_receipt
from app.foundation.digest import sha256_of_json
from app.foundation.errors import ExportError
from app.foundation.json_types import JsonObject
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import AnalysisFrame
from app.report.export.exported_round import ExportedRound, UnblindedPart, read_export
from app.report.export.json_differences import count_values, json_differences
from app.report.export.zip_file import DIGESTS_FILE
from app.rounds.allocation import AllocatedItem
from app.rounds.commitment import commitment_digest, item_digest, seal_digest
from app.unblinding.observations import Observation

JudgmentKey = tuple[str, str]
"""(evaluator, code of the item as shown)"""


@dataclass(frozen=True)
class Check:
    """One thing recomputed."""

    name: str
    ok: bool
    exported: str
    """What the export says."""
    recomputed: str
    """What came out."""


@dataclass(frozen=True)
class Verification:
    """Everything that was recomputed."""

    checks: tuple[Check, ...]
    blinded: bool = False

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return all(check.ok for check in self.checks)

    @property
    def commitment_verified(self) -> bool:
        """The commitment follows from design, items and seal as they are in the export."""
        names = ("commitment", "design", "allocation", "items")
        checks = [check for check in self.checks if check.name in names]
        return all(check.ok for check in checks) and any(check.name == "commitment" for check in checks)

    @property
    def differences(self) -> list[str]:
        """One sentence for each check that failed."""
        return [
            f"{check.name}: the export says {check.exported}, but it is {check.recomputed}."
            for check in self.checks
            if not check.ok
        ]


def verify_export(path: Path) -> Verification:
    """Recompute everything in the zip at `path`. Raises ExportError if it cannot be read as an export."""
    return verify_round(read_export(path))


def verify_round(export: ExportedRound) -> Verification:
    """Recompute everything that an export says."""
    checks = [*_check_file_digests(export), *_check_commitment(export), *_check_chains(export)]
    if export.unblinded is not None:
        checks += [*_check_observations(export, export.unblinded), *_check_numbers(export.unblinded)]
    return Verification(tuple(checks), blinded=export.unblinded is None)


def verify_receipt(path: Path, receipt: Receipt) -> Verification:
    """Hold an evaluator's receipt against an export: same commitment, and every judgment that the receipt covers.

    Raises ExportError if the zip at `path` cannot be read as an export.
    """
    export = read_export(path)
    links = export.chains.get(receipt.evaluator, [])
    recomputed = recomputed_receipt(receipt, export.commitment.commitment, links)
    return Verification(
        (
            _compare("commitment", str(receipt.commitment), str(recomputed.commitment)),
            _compare("judgments", str(receipt.judgments), str(recomputed.judgments)),
            _compare("chain head", receipt.head, recomputed.head),
            _compare("digest of judgments", receipt.digest, recomputed.digest),
        )
    )


def read_receipt(path: Path) -> Receipt:
    """The receipt in the file that an evaluator took along. Raises ExportError if there is none in it."""
    try:
        return Receipt.model_validate(json.loads(path.read_text(encoding="utf-8"))["receipt"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path} holds no receipt; use the file as the evaluator downloaded it from the last page"
        raise ExportError(msg) from error


def _compare(name: str, exported: str, recomputed: str) -> Check:
    return Check(name, exported == recomputed, exported, recomputed)


def _compare_all(name: str, expectation: str, problem: str, offenders: Iterable[str]) -> Check:
    """A check that nothing offends: `expectation` if so, else the problem with the names of what does."""
    names = sorted(offenders)
    return _compare(name, expectation, f"{problem} {', '.join(names)}" if names else expectation)


def _check_file_digests(export: ExportedRound) -> Iterator[Check]:
    """Every file has the digest that the list has for it."""
    listed, actual = export.listed_digests, export.file_digests
    if listed is None:
        yield _compare(DIGESTS_FILE, "a digest of every file", "absent")
        return
    changed = sorted(name for name in listed.keys() | actual.keys() if listed.get(name) != actual.get(name))
    for name in changed:
        yield _compare(f"digest of {name}", listed.get(name, "no file"), actual.get(name, "absent"))
    if not changed:
        yield Check("digests of files", True, f"{len(actual)} files", f"{len(actual)} unchanged")


def _check_commitment(export: ExportedRound) -> Iterator[Check]:
    """Design, seal and items have the digests that were published, and these give the commitment."""
    published, unblinded = export.commitment, export.unblinded
    design_sha256, sealed_sha256, digests = published.design_sha256, published.sealed_sha256, published.item_digests
    if unblinded is not None:
        design_sha256, sealed_sha256 = sha256_of_json(unblinded.design_content), seal_digest(unblinded.seal)
        yield _compare("design", published.design_sha256, design_sha256)
        yield _compare("allocation", published.sealed_sha256, sealed_sha256)
        committed = digests
        digests = {item["code"]: item_digest(item, unblinded.seal.nonce) for item in export.item_contents}
        changed = [code for code in digests.keys() | committed.keys() if digests.get(code) != committed.get(code)]
        yield _compare_all("items", "all as committed", "changed:", changed)
    recomputed = commitment_digest(design_sha256, digests, sealed_sha256)
    yield _compare("commitment", published.commitment, recomputed)


def _check_chains(export: ExportedRound) -> Iterator[Check]:
    """Every chain is unbroken, and ends as the log's entry of the lock says."""
    for evaluator, links in export.chains.items():
        numbered = [(link["number"], link["judgment"], link["chain"]) for link in links]
        yield _check_chain(f"judgments of {evaluator}", export.commitment.commitment, numbered)
    events = [(link["number"], link["event"], link["chain"]) for link in export.events]
    yield _check_chain("log", START_OF_LOG, events)
    locked = export.last_event("locked")
    if locked is not None and export.chains:
        locked_heads = LockedDetail.model_validate(locked["detail"]).heads
        expected = {evaluator: head.head for evaluator, head in locked_heads.items()}
        actual = {evaluator: links[-1]["chain"] for evaluator, links in export.chains.items()}
        changed = [name for name in expected.keys() | actual.keys() if expected.get(name) != actual.get(name)]
        yield _compare_all("chain heads at the lock", "as the log has them", "other for", changed)


def _check_chain(name: str, start: str, numbered_links: Sequence[tuple[int, ChainEntry, str]]) -> Check:
    """No entry of a chain was changed or left out; a link is (number, entry, chain digest)."""
    broken = first_break(start, [(entry, digest) for _, entry, digest in numbered_links])
    if broken is not None:
        return _compare(name, "unbroken", f"broken at entry {broken}")
    if [number for number, _, _ in numbered_links] != list(range(len(numbered_links))):
        return _compare(name, "every entry", "entries missing")
    return _compare(name, "unbroken", "unbroken")


def _check_observations(export: ExportedRound, unblinded: UnblindedPart) -> Iterator[Check]:
    """The table of observations says what chains and allocation say, and leaves out only what was flagged or erased."""
    allocated, observations, frame = unblinded.seal.allocation.by_code, unblinded.observations, unblinded.frame
    moved = [observed.judgment.item for observed in observations if not _is_as_allocated(observed, allocated)]
    yield _compare_all("arms in observations.csv", "as allocated", "different for", moved)
    final = _final_judgments(export)
    verdicts = {(observed.evaluator, observed.judgment.item): observed.judgment.verdict for observed in observations}
    changed = [key for key, verdict in verdicts.items() if key not in final or final[key]["verdict"] != verdict]
    yield _compare_all("verdicts in observations.csv", "as judged", "different for", map(_describe_key, changed))
    yield _compare("leak audit in frame.json", _logged_audit(export), json.dumps(frame.audit))
    absent = final.keys() - verdicts.keys() - _left_out_keys(frame, final)
    yield _compare_all("judgments in observations.csv", "all of them", "without", map(_describe_key, absent))


def _final_judgments(export: ExportedRound) -> dict[JudgmentKey, JudgmentEntry]:
    """The last entry of each evaluator on each item."""
    return {
        (evaluator, link["judgment"]["item"]): link["judgment"]
        for evaluator, links in export.chains.items()
        for link in links
    }


def _logged_audit(export: ExportedRound) -> str:
    """The leak audit that the log's entry of the seal has, as JSON."""
    sealed = export.last_event("sealed")
    return "no seal" if sealed is None else json.dumps(SealedDetail.model_validate(sealed["detail"]).audit)


def _left_out_keys(frame: AnalysisFrame, judgment_keys: Iterable[JudgmentKey]) -> set[JudgmentKey]:
    """What is no observation although it was judged: flagged items, and all of an evaluator who was erased."""
    erased = {evaluator.evaluator for evaluator in frame.evaluators if evaluator.erased}
    flagged = {(flag.evaluator, flag.item) for flag in frame.flagged}
    return flagged | {(evaluator, item) for evaluator, item in judgment_keys if evaluator in erased}


def _is_as_allocated(observation: Observation, allocated: dict[str, AllocatedItem]) -> bool:
    """Item and shown code are of one neuron, which is where the allocation has it."""
    stated = observation.allocated
    shown, counted = allocated.get(observation.judgment.item), allocated.get(stated.item)
    if (
        shown is None
        or counted is None
        or not _neuron_identity(stated) == _neuron_identity(shown) == _neuron_identity(counted)
    ):
        return False
    return stated.kind == counted.kind or (stated.kind == "repeat" and stated.repeats is not None)


def _neuron_identity(allocated: AllocatedItem) -> tuple[str | float | None, ...]:
    """Which neuron an item shows, and what is known of it."""
    neuron = (allocated.arm, allocated.stratum, allocated.layer, allocated.n_layers, allocated.neuron)
    return (*neuron, allocated.same_token_share, allocated.purity)


def _describe_key(key: JudgmentKey) -> str:
    evaluator, item = key
    return f"{evaluator} on {item}"


def _check_numbers(unblinded: UnblindedPart) -> Iterator[Check]:
    """The exported observations give the exported numbers, whichever versions the libraries have."""
    exported = _without_libraries(unblinded.analysis)
    recomputed = _without_libraries(analyse(unblinded.observations, unblinded.frame).content())
    differences = list(json_differences(exported, recomputed))
    for difference in differences:
        yield _compare(f"analysis.json {difference.path}", difference.expected, difference.actual)
    if not differences:
        count = count_values(exported)
        yield Check("numbers of analysis.json", True, f"{count} values", f"{count} recomputed")


def _without_libraries(analysis: JsonObject) -> JsonObject:
    methods = analysis.get("methods")
    if not isinstance(methods, dict):
        return analysis
    return analysis | {"methods": {name: value for name, value in methods.items() if name != "libraries"}}
