"""Forged results: numbers that nothing in the evidence gives, and evidence that was rewritten so that all agrees."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import pytest

from app.evidence.entries import EventLink
from app.evidence.round_evidence import Evidence
from app.evidence.signing import SigningKey
from app.foundation.json_types import JsonObject
from app.report.analysis.frame import AnalysisFrame, EnrolledEvaluator, FlaggedItem
from app.report.export.anchors import Anchors
from app.report.export.bundle import UnblindedBundle, unblinded_zip
from app.report.export.zip_file import read_zip
from app.rounds.exclusions import Exclusions
from app.unblinding.observations import Observation
from tests.conftest import without_figures
from tests.report.simulated_evidence import (
    SIGNING_KEY,
    RoundFacts,
    bundle_of,
    evidence_of,
    facts_for,
    relinked,
)
from tests.report.simulated_round import frame_for, simulate_observations, with_verdict
from tests.report.tampering import forge_views, verify_without_figures, with_item_kind

Views = tuple[Sequence[Observation], AnalysisFrame]
OTHER_ARM = {"baseline": "solu", "solu": "baseline"}


def without_dead_neurons(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    cells = tuple(replace(cell, dead=0) if cell.arm == "solu" else cell for cell in frame.cells)
    return observations, replace(frame, cells=cells)


def with_judgments_flagged(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    unwanted = [
        observation for observation in observations if (observation.allocated.arm == "solu") != observation.counts
    ][:30]
    flags = tuple(FlaggedItem(observation.evaluator, observation.judgment.item, "fault") for observation in unwanted)
    return [observation for observation in observations if observation not in unwanted], replace(frame, flagged=flags)


def with_judgments_as_repeats(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    relabelled = [
        with_item_kind(observation, "repeat") if observation.allocated.arm == "baseline" and index % 5 else observation
        for index, observation in enumerate(observations)
    ]
    return relabelled, frame


def with_duplicated_rows(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    wanted = [observation for observation in observations if observation.counts]
    return [*observations, *wanted[:20]], frame


def with_an_evaluator_erased(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    evaluators = tuple(replace(enrolled, erased=enrolled.evaluator == "Ash") for enrolled in frame.evaluators)
    kept = [observation for observation in observations if observation.evaluator != "Ash"]
    return kept, replace(frame, evaluators=evaluators)


def with_arms_exchanged(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    exchanged = [
        replace(observation, allocated=replace(observation.allocated, arm=OTHER_ARM[observation.allocated.arm]))
        for observation in observations
    ]
    return exchanged, frame


def with_another_seed(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    return observations, replace(frame, seed="5e" * 32)


def with_invented_rules(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    return observations, replace(frame, exclusions=Exclusions(shortest_median_seconds=49))


def with_faked_stimuli(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    stimuli = tuple(replace(counts, marked=counts.marked + index) for index, counts in enumerate(frame.stimuli))
    return observations, replace(frame, stimuli=stimuli)


def with_other_seconds(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    faster = [
        replace(observation, judgment=replace(observation.judgment, active_seconds=99.0))
        for observation in observations
    ]
    return faster, frame


def with_other_hypotheses(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    wordy = [
        replace(observation, judgment=replace(observation.judgment, hypothesis="It fires on names."))
        for observation in observations
    ]
    return wordy, frame


def with_an_invented_evaluator(observations: Sequence[Observation], frame: AnalysisFrame) -> Views:
    invented = [replace(observation, evaluator="Zelkova") for observation in observations[:9]]
    return [*observations, *invented], replace(
        frame, evaluators=(*frame.evaluators, EnrolledEvaluator("Zelkova", True))
    )


@pytest.mark.parametrize(
    ("forge", "differing"),
    [
        (without_dead_neurons, {"frame.json", "analysis.json", "report.md"}),
        (with_judgments_flagged, {"frame.json", "analysis.json", "observations.csv", "neurons.csv", "report.md"}),
        (with_judgments_as_repeats, {"analysis.json", "observations.csv", "report.md"}),
        (with_duplicated_rows, {"observations.csv", "neurons.csv", "analysis.json"}),
        (with_an_evaluator_erased, {"frame.json", "analysis.json", "observations.csv", "report.md"}),
        (with_arms_exchanged, {"observations.csv", "analysis.json", "report.md"}),
        (with_another_seed, {"frame.json", "analysis.json"}),
        (with_invented_rules, {"frame.json", "analysis.json", "methods.json"}),
        (with_faked_stimuli, {"frame.json", "analysis.json", "report.md"}),
        (with_other_seconds, {"observations.csv", "analysis.json", "report.md"}),
        (with_other_hypotheses, {"observations.csv"}),
        (with_an_invented_evaluator, {"frame.json", "analysis.json", "observations.csv", "report.md"}),
    ],
)
def test_numbers_that_the_evidence_does_not_give_are_found_in_every_view(
    bundle: UnblindedBundle, tmp_path: Path, forge: Callable[..., Views], differing: set[str]
) -> None:
    """Each view, from the tables to the report, is made of the same forged numbers; digests and signature fit."""
    path = forge_views(bundle, *forge(bundle.result.observations, bundle.result.frame), tmp_path)
    verification = verify_without_figures(path)
    failed = {check.name for check in verification.checks if not check.ok}
    assert differing <= failed
    assert verification.statement.conclusion == "differs"
    assert any(
        sentence.startswith("observations.csv") or "frame.json" in sentence for sentence in verification.differences
    )


@pytest.fixture(scope="module")
def facts() -> RoundFacts:
    observations = simulate_observations(shown=8)
    return facts_for(observations, frame_for(observations))


@pytest.fixture(scope="module")
def honest(facts: RoundFacts) -> Evidence:
    return evidence_of(facts)


class ForgedExport(NamedTuple):
    """The export of a round that was rewritten as a whole."""

    path: Path
    is_changed_at_the_seal: bool


def changed_verdict(facts: RoundFacts) -> RoundFacts:
    first, *others = facts.entries["Ash"]
    verdict = "cannot_judge" if first["verdict"] != "cannot_judge" else "interpretable"
    return replace(facts, entries=facts.entries | {"Ash": [first | {"verdict": verdict}, *others]})  # type: ignore[operator]


def added_flag(facts: RoundFacts) -> RoundFacts:
    own = facts.entries["Ash"]
    flag: JsonObject = {"kind": "flag", "at": own[-1]["at"], "item": own[0]["item"], "reason": "fault", "comment": ""}
    return replace(facts, entries={**facts.entries, "Ash": [*own, flag]})


def removed_judgments(facts: RoundFacts) -> RoundFacts:
    return replace(facts, entries={**facts.entries, "Ash": facts.entries["Ash"][:-4]})


def removed_evaluator(facts: RoundFacts) -> RoundFacts:
    entries = {name: own for name, own in facts.entries.items() if name != "Ash"}
    return replace(facts, entries=entries, erased=frozenset({"ac46eggnba"}))


def other_exposure(facts: RoundFacts) -> RoundFacts:
    return replace(facts, exposed=frozenset({"Ash"}))


def broken_blind(facts: RoundFacts) -> RoundFacts:
    return replace(facts, events_before_lock=("archives browsed",))


def stopped_early(facts: RoundFacts) -> RoundFacts:
    return replace(facts, stopped_early=True)


def other_audit(facts: RoundFacts) -> RoundFacts:
    return replace(facts, audit=None, signing_key=SIGNING_KEY, events_before_lock=("audited",))


def no_dead_neurons(facts: RoundFacts) -> RoundFacts:
    cells = tuple(replace(cell, drawn=cell.shown, dead=0, dead_neurons=()) for cell in facts.allocation.cells)
    return replace(facts, allocation=replace(facts.allocation, cells=cells))


def exchanged_arms(facts: RoundFacts) -> RoundFacts:
    items = tuple(replace(item, arm=OTHER_ARM[item.arm]) for item in facts.allocation.items)
    return replace(facts, allocation=replace(facts.allocation, items=items))


def other_seed(facts: RoundFacts) -> RoundFacts:
    return replace(facts, seed="0c" * 32)


def other_rules(facts: RoundFacts) -> RoundFacts:
    return replace(facts, design=facts.design.with_changes(exclusions=Exclusions(shortest_median_seconds=49)))


def other_marks(facts: RoundFacts) -> RoundFacts:
    contents = json.loads(json.dumps(facts.item_contents))
    contents[0]["passages"][0]["levels"][0] = 3
    return replace(facts, item_contents=contents)


def other_key(facts: RoundFacts) -> RoundFacts:
    return replace(facts, signing_key=SigningKey.from_text("6f" * 32))


AFTER_THE_SEAL = (
    changed_verdict, added_flag, removed_judgments, removed_evaluator, other_exposure, broken_blind, stopped_early,
    other_audit,
)  # fmt: skip
AT_THE_SEAL = (no_dead_neurons, exchanged_arms, other_seed, other_rules, other_marks, other_key)


@pytest.fixture(scope="module", params=[*AFTER_THE_SEAL, *AT_THE_SEAL])
def forged(request: pytest.FixtureRequest, facts: RoundFacts, tmp_path_factory: pytest.TempPathFactory) -> ForgedExport:
    """The export of a round in which other facts hold, so that everything agrees."""
    rewritten = request.param(facts)
    path = tmp_path_factory.mktemp("forged") / "forged.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(bundle_of(evidence_of(rewritten)), rewritten.signing_key))
    return ForgedExport(path, is_changed_at_the_seal=request.param in AT_THE_SEAL)


def test_a_round_rewritten_as_a_whole_is_called_consistent_at_most(forged: ForgedExport) -> None:
    verification = verify_without_figures(forged.path)
    assert verification.differences == []
    assert (verification.statement.conclusion, verification.statement.exit_status) == ("not anchored", 3)


def test_a_round_rewritten_as_a_whole_is_refused_with_the_lock_s_digest(forged: ForgedExport, honest: Evidence) -> None:
    anchors = Anchors(commitment=honest.published.commitment, lock=honest.lock_digest)
    verification = verify_without_figures(forged.path, anchors)
    assert verification.statement.exit_status == 1
    assert any("lock's digest" in text for text in verification.differences)


def test_the_commitment_alone_anchors_the_seal_and_nothing_that_came_later(
    forged: ForgedExport, honest: Evidence
) -> None:
    verification = verify_without_figures(forged.path, Anchors(commitment=honest.published.commitment))
    if forged.is_changed_at_the_seal:
        assert [check.name for check in verification.checks if not check.ok] == ["anchor: commitment"]
        assert honest.published.commitment[:12] in verification.differences[0]
        return
    assert (verification.statement.conclusion, verification.statement.exit_status) == ("anchored in part", 3)
    assert "Nothing outside the export confirms judgments, flags, erasures" in " ".join(
        verification.statement.sentences
    )


LATER_EVENTS: list[JsonObject] = [
    {"action": "archives browsed", "detail": {}},
    {"action": "seal begun", "detail": {"number": 2}},
    {
        "action": "carried over",
        "detail": {
            "evaluators": {"Ash": {"exposed": True, "erased": True}},
            "flags": [{"evaluator": "Birch", "item": "x", "reason": "fault", "comment": ""}],
        },
    },
]


@pytest.mark.parametrize("event", LATER_EVENTS)
def test_no_entry_of_the_log_after_the_lock_changes_the_result(
    honest: Evidence, tmp_path: Path, event: JsonObject
) -> None:
    """The lock's digest does not cover what comes after it, so nothing after it may decide anything."""
    last = honest.log[-1]
    added = cast("EventLink", {**last, "event": {**last["event"], **event}})
    evidence = replace(honest, log=relinked([*honest.log[:-1], added, last]))
    path = tmp_path / "added.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(bundle_of(evidence), SIGNING_KEY))
    verification = verify_without_figures(path, Anchors(lock=honest.lock_digest))
    assert verification.result is not None
    assert verification.result == bundle_of(honest).result
    named = " ".join([*verification.statement.sentences, *verification.differences])
    assert "The round's key did not sign the log's event" in named
    usual = event["action"] == "archives browsed"
    assert usual or f"After the lock the log has “{event['action']}”" in named


def test_two_locks_in_a_log_are_refused(honest: Evidence, tmp_path: Path) -> None:
    actions = [link["event"]["action"] for link in honest.log]
    lock = honest.log[actions.index("locked")]
    evidence = replace(honest, log=relinked([*honest.log[:-1], lock, honest.log[-1]]))
    path = tmp_path / "twice.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(bundle_of(evidence), SIGNING_KEY))
    verification = verify_without_figures(path, Anchors(lock=honest.lock_digest))
    assert any("a round takes each step once" in sentence for sentence in verification.differences)


def test_a_verdict_of_an_honest_round_changes_with_its_observation(facts: RoundFacts) -> None:
    """The helper that forges rounds does what it says."""
    before, after = bundle_of(evidence_of(facts)).result, bundle_of(evidence_of(changed_verdict(facts))).result
    changed = [
        index
        for index, pair in enumerate(zip(before.observations, after.observations, strict=True))
        if pair[0] != pair[1]
    ]
    assert len(changed) == 1
    assert after.observations[changed[0]] == with_verdict(before.observations[changed[0]], "cannot_judge")


def test_the_evidence_of_an_export_gives_the_result_of_the_round(bundle: UnblindedBundle, exported: Path) -> None:
    verification = verify_without_figures(exported)
    assert verification.result == bundle.result
    analysis = json.loads(read_zip(exported)["analysis.json"])
    assert analysis == json.loads(json.dumps(bundle.result.analysis.content()))
