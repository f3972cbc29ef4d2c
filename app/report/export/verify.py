"""Recomputes every digest, chain and number of an export and names what differs. Needs no server and no database."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.evidence.chains import START_OF_LOG, first_break
from app.evidence.entries import AnyJudgmentEntry, ChainEntry, LogEntry, is_judgment
from app.evidence.event_details import ChainHead, Enrolment, LockedDetailV1, SealedDetail, locked_detail
from app.foundation.digest import sha256_of_json
from app.foundation.json_types import JsonObject
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.headline import PLAN_NOT_IN_DESIGN, headline_of_version_0_1_0
from app.report.export.exported_round import ExportedRound, UnblindedPart, read_export
from app.report.export.json_differences import count_values, json_differences
from app.report.export.receipt_file import judge_receipt_file, read_receipt_file
from app.report.export.zip_file import DIGESTS_FILE
from app.rounds.allocation import AllocatedItem
from app.rounds.commitment import commitment_digest, item_digest, seal_digest
from app.unblinding.observations import Observation

JudgmentKey = tuple[str, str]
"""(evaluator, code of the item as shown)"""


@dataclass(frozen=True)
class Check:
    """One part of an export that was recomputed."""

    name: str
    ok: bool
    exported: str
    """What the export says."""
    recomputed: str
    """What recomputing gives."""
    problem: str = ""
    """A sentence that says what differs; empty if nothing does."""


@dataclass(frozen=True)
class Verification:
    """All checks of an export."""

    checks: tuple[Check, ...]
    blinded: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return all(check.ok for check in self.checks)

    @property
    def commitment_verified(self) -> bool:
        """Whether the commitment follows from design, items and seal as they are in the export."""
        names = ("commitment", "design", "allocation", "items")
        checks = [check for check in self.checks if check.name in names]
        return all(check.ok for check in checks) and any(check.name == "commitment" for check in checks)

    @property
    def differences(self) -> list[str]:
        """One sentence for each check that failed."""
        return [check.problem for check in self.checks if not check.ok]


def verify_export(path: Path) -> Verification:
    """Recompute everything in the zip at `path`. Raises ExportError if it cannot be read as an export."""
    return verify_round(read_export(path))


def verify_round(export: ExportedRound) -> Verification:
    """Recompute every digest, chain and number of an export."""
    checks = [*_check_file_digests(export), *_check_commitment(export), *_check_chains(export)]
    if export.unblinded is not None:
        checks += [*_check_observations(export, export.unblinded), *_check_numbers(export.unblinded)]
    return Verification(tuple(checks), blinded=export.unblinded is None)


def verify_receipt(path: Path, receipt_path: Path) -> Verification:
    """Check whether an export has everything that the receipt in an evaluator's file covers.

    Raises ExportError if the zip at `path` cannot be read as an export, or the file at `receipt_path` has no receipt.
    """
    finding = judge_receipt_file(read_receipt_file(receipt_path), read_export(path))
    name = f"receipt of {finding.evaluator}"
    problem = "" if finding.agrees else finding.sentence
    return Verification((Check(name, finding.agrees, "agrees", finding.case, problem),))


def _expect_equal(name: str, exported: str, recomputed: str, problem: str) -> Check:
    """A check that passes if both texts are equal; `problem` is the sentence for the case that they are not."""
    ok = exported == recomputed
    return Check(name, ok, exported, recomputed, "" if ok else problem)


def _expect_none(name: str, expectation: str, offenders: Iterable[str], problem: str) -> Check:
    """A check that passes if `offenders` is empty and otherwise names them, in the place of {} in `problem`."""
    names = ", ".join(sorted(offenders))
    return _expect_equal(name, expectation, f"not {names}" if names else expectation, problem.format(names))


def _check_file_digests(export: ExportedRound) -> Iterator[Check]:
    """Check that every file has the digest that digests.json lists for it."""
    listed, actual = export.listed_digests, export.file_digests
    if listed is None:
        problem = f"The export has no {DIGESTS_FILE}, so no file can be compared with its digest."
        yield _expect_equal(DIGESTS_FILE, "a digest of every file", "absent", problem)
        return
    changed = sorted(name for name in listed.keys() | actual.keys() if listed.get(name) != actual.get(name))
    for name in changed:
        listed_digest, actual_digest = listed.get(name, "no file"), actual.get(name, "absent")
        problem = f"{name} does not have the digest that {DIGESTS_FILE} lists for it."
        yield _expect_equal(f"digest of {name}", listed_digest, actual_digest, problem)
    if not changed:
        yield Check("digests of files", True, f"{len(actual)} files", f"{len(actual)} unchanged")


def _check_commitment(export: ExportedRound) -> Iterator[Check]:
    """Check that design, seal and items have the digests that were published, and that these give the commitment."""
    published, unblinded = export.commitment, export.unblinded
    design_sha256, sealed_sha256, digests = published.design_sha256, published.sealed_sha256, published.item_digests
    if unblinded is not None:
        design_sha256, sealed_sha256 = sha256_of_json(unblinded.design_content), seal_digest(unblinded.seal)
        problem = "The design was changed after the commitment."
        yield _expect_equal("design", published.design_sha256, design_sha256, problem)
        problem = "The allocation, the seed or the nonce was changed after the commitment."
        yield _expect_equal("allocation", published.sealed_sha256, sealed_sha256, problem)
        committed = digests
        digests = {item["code"]: item_digest(item, unblinded.seal.nonce) for item in export.item_contents}
        changed = [code for code in digests.keys() | committed.keys() if digests.get(code) != committed.get(code)]
        yield _expect_none("items", "all as committed", changed, "Items {} were changed after the commitment.")
    recomputed = commitment_digest(design_sha256, digests, sealed_sha256, published.receipt_key)
    problem = "Design, items and seal do not give the commitment that was published."
    yield _expect_equal("commitment", published.commitment, recomputed, problem)


def _check_chains(export: ExportedRound) -> Iterator[Check]:
    """Check that every chain is unbroken and ends as the log's entry of the lock says."""
    for evaluator, links in export.chains.items():
        numbered = [(link["number"], link["entry"], link["chain"]) for link in links]
        chain = f"chain of {evaluator}"
        yield _check_chain(f"judgments of {evaluator}", chain, export.commitment.commitment, numbered)
    events = [(link["number"], link["event"], link["chain"]) for link in export.events]
    yield _check_chain("log", "chain of the log", START_OF_LOG, events)
    locked = export.last_event("locked")
    if locked is not None and export.chains:
        locked_heads = _heads(locked["detail"])
        expected = {evaluator: head.head for evaluator, head in locked_heads.items()}
        actual = {evaluator: links[-1]["chain"] for evaluator, links in export.chains.items()}
        changed = [name for name in expected.keys() | actual.keys() if expected.get(name) != actual.get(name)]
        problem = "The chain of {} does not end with the head that the log's entry of the lock lists."
        yield _expect_none("chain heads at the lock", "as the log has them", changed, problem)


def _heads(detail: JsonObject) -> Mapping[str, Enrolment] | Mapping[str, ChainHead]:
    locked = locked_detail(detail)
    if isinstance(locked, LockedDetailV1):
        return locked.heads
    return {name: enrolment for name, enrolment in locked.roster.items() if enrolment.entries}


def _check_chain(
    name: str, chain: str, start: str, numbered_links: Sequence[tuple[int, ChainEntry | LogEntry, str]]
) -> Check:
    """Check that no entry of a chain was changed or left out; a link is (number, entry, chain digest)."""
    broken = first_break(start, [(entry, digest) for _, entry, digest in numbered_links])
    if broken is not None:
        problem = f"The {chain} is broken: its entry {broken} was changed, or an entry before it was left out."
        return _expect_equal(name, "unbroken", f"broken at entry {broken}", problem)
    if [number for number, _, _ in numbered_links] != list(range(len(numbered_links))):
        return _expect_equal(name, "every entry", "entries missing", f"The {chain} lacks entries.")
    return _expect_equal(name, "unbroken", "unbroken", problem="")


def _check_observations(export: ExportedRound, unblinded: UnblindedPart) -> Iterator[Check]:
    """Check that observations.csv agrees with chains and allocation and lacks only what was flagged or erased."""
    item_by_code, observations, frame = unblinded.seal.allocation.by_code, unblinded.observations, unblinded.frame
    changed_items = [
        observation.judgment.item
        for observation in observations
        if not _has_allocated_neuron(observation, item_by_code)
    ]
    problem = "observations.csv gives items {} another neuron than the allocation does."
    yield _expect_none("arms in observations.csv", "as allocated", changed_items, problem)
    final = _final_judgments(export)
    verdicts = {(observed.evaluator, observed.judgment.item): observed.judgment.verdict for observed in observations}
    changed = [key for key, verdict in verdicts.items() if key not in final or final[key]["verdict"] != verdict]
    problem = "observations.csv has another verdict than the chain of {}."
    yield _expect_none("verdicts in observations.csv", "as judged", map(_describe_key, changed), problem)
    problem = "frame.json has another leak audit than the log's entry of the seal."
    yield _expect_equal("leak audit in frame.json", _logged_audit(export), json.dumps(frame.audit), problem)
    absent = final.keys() - verdicts.keys() - _left_out_keys(frame, final)
    problem = "observations.csv lacks the judgment of {}."
    yield _expect_none("judgments in observations.csv", "all of them", map(_describe_key, absent), problem)


def _final_judgments(export: ExportedRound) -> dict[JudgmentKey, AnyJudgmentEntry]:
    """The last judgment of each evaluator on each item."""
    return {
        (evaluator, link["entry"]["item"]): link["entry"]
        for evaluator, links in export.chains.items()
        for link in links
        if is_judgment(link["entry"])
    }


def _logged_audit(export: ExportedRound) -> str:
    """The leak audit in the log's entry of the seal, as JSON."""
    sealed = export.last_event("sealed")
    return "no seal" if sealed is None else json.dumps(SealedDetail.model_validate(sealed["detail"]).audit)


def _left_out_keys(frame: AnalysisFrame, judgment_keys: Iterable[JudgmentKey]) -> set[JudgmentKey]:
    """Judgments that are no observations: those on flagged items, and all those of an evaluator who was erased."""
    erased = {evaluator.evaluator for evaluator in frame.evaluators if evaluator.erased}
    flagged = {(flag.evaluator, flag.item) for flag in frame.flagged}
    return flagged | {(evaluator, item) for evaluator, item in judgment_keys if evaluator in erased}


def _has_allocated_neuron(observation: Observation, item_by_code: dict[str, AllocatedItem]) -> bool:
    """Whether the observation names the neuron that the allocation lists for its item and for the code that was shown.

    The two codes differ if the item was shown a second time as a hidden repeat.
    """
    observed_item = observation.allocated
    shown_item, counted_item = item_by_code.get(observation.judgment.item), item_by_code.get(observed_item.item)
    if shown_item is None or counted_item is None:
        return False
    if not _neuron_identity(observed_item) == _neuron_identity(shown_item) == _neuron_identity(counted_item):
        return False
    is_repeat = observed_item.kind == "repeat" and observed_item.repeats is not None
    return is_repeat or observed_item.kind == counted_item.kind


def _neuron_identity(allocated: AllocatedItem) -> tuple[str | float | None, ...]:
    """Which neuron an item shows, and the properties of it that the analysis reads."""
    neuron = (allocated.arm, allocated.stratum, allocated.layer, allocated.n_layers, allocated.neuron)
    return (*neuron, allocated.same_token_share, allocated.purity)


def _describe_key(key: JudgmentKey) -> str:
    evaluator, item = key
    return f"{evaluator} on {item}"


def _check_numbers(unblinded: UnblindedPart) -> Iterator[Check]:
    """Check that the exported observations give the exported numbers, whichever versions the libraries have."""
    analysis = analyse(unblinded.observations, unblinded.frame)
    exported, recomputed = _without_libraries(unblinded.analysis_content), _without_libraries(analysis.content())
    if exported.get("headline") == headline_of_version_0_1_0(analysis, unblinded.frame):
        recomputed["headline"] = exported["headline"]
    if exported.get("notes") == [note for note in analysis.notes if note != PLAN_NOT_IN_DESIGN]:
        recomputed["notes"] = exported["notes"]
    differences = list(json_differences(exported, recomputed))
    for difference in differences:
        path, expected, actual = difference.path, difference.expected, difference.actual
        problem = f"analysis.json says {expected} for {path}, but recomputing gives {actual}."
        yield _expect_equal(f"analysis.json {path}", expected, actual, problem)
    if not differences:
        count = count_values(exported)
        yield Check("numbers of analysis.json", True, f"{count} values", f"{count} recomputed")


def _without_libraries(analysis_content: JsonObject) -> JsonObject:
    """The analysis as JSON, without the versions of the libraries that computed it."""
    methods = analysis_content.get("methods")
    if not isinstance(methods, dict):
        return analysis_content
    return analysis_content | {"methods": {name: value for name, value in methods.items() if name != "libraries"}}
