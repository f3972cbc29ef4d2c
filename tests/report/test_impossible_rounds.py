"""Evidence that no round can have: it is named in a sentence, also where all digests were made to fit it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.evidence.checks import check_evidence
from app.evidence.entries import EventLink
from app.evidence.round_evidence import Evidence
from app.foundation.errors import ExportError
from app.report.export.verify import verify_export
from app.report.export.zip_file import json_bytes, read_zip
from app.rounds.allocation import Allocation
from tests.report.simulated_evidence import RoundFacts, evidence_of, facts_for, relinked
from tests.report.simulated_round import frame_for, simulate_observations
from tests.report.tampering import replace_file, verify_without_figures


@pytest.fixture(scope="module")
def facts() -> RoundFacts:
    observations = simulate_observations(shown=4)
    return facts_for(observations, frame_for(observations))


@pytest.fixture(scope="module")
def honest(facts: RoundFacts) -> Evidence:
    return evidence_of(facts)


def problems_of(evidence: Evidence) -> str:
    return " ".join(check.problem for check in check_evidence(evidence) if not check.ok)


def test_an_honest_round_has_no_problem(honest: Evidence) -> None:
    assert problems_of(honest) == ""


def test_an_item_that_is_listed_twice_is_named_although_its_second_copy_is_genuine(honest: Evidence) -> None:
    forged = json.loads(json.dumps(honest.item_contents))
    for item in forged:
        item["passages"][0]["levels"][0] = 3
    code = forged[0]["code"]
    problems = problems_of(replace(honest, item_contents=[*forged, *honest.item_contents]))
    assert "there more than once" in problems
    assert "Items changed after the commitment" in problems
    assert code in problems


def test_an_item_that_is_missing_is_named(honest: Evidence) -> None:
    problems = problems_of(replace(honest, item_contents=honest.item_contents[1:]))
    assert f"there more than once: {honest.item_contents[0]['code']}" in problems


def with_cell(facts: RoundFacts, **changes: Any) -> Allocation:
    first, *others = facts.allocation.cells
    return replace(facts.allocation, cells=(replace(first, **changes), *others))


@pytest.mark.parametrize(
    "increments",
    [
        {"shown": -1000},
        {"suppressed": -1000},
        {"excluded": -1000},
        {"drawn": 1},
        {"drawn": 1, "dead": 1},
        {"eligible": -2047},
        {"shown": 1, "drawn": 1},
    ],
    ids=str,
)
def test_counts_that_no_draw_gives_are_named(facts: RoundFacts, increments: dict[str, int]) -> None:
    cell = facts.allocation.cells[0]
    changes = {name: getattr(cell, name) + increment for name, increment in increments.items()}
    evidence = evidence_of(replace(facts, allocation=with_cell(facts, **changes)))
    assert "contradict one another" in problems_of(evidence)


def test_an_item_that_is_allocated_twice_and_a_cell_that_is_there_twice_are_named(facts: RoundFacts) -> None:
    allocation = facts.allocation
    twice = replace(allocation, items=(*allocation.items, allocation.items[0]))
    assert "these items more than once" in problems_of(evidence_of(replace(facts, allocation=twice)))
    twice = replace(allocation, cells=(*allocation.cells, allocation.cells[0]))
    assert "these cells more than once" in problems_of(evidence_of(replace(facts, allocation=twice)))


def test_counts_too_large_to_compute_with_end_with_a_sentence(exported: Path, tmp_path: Path) -> None:
    content = json.loads(read_zip(exported)["allocation.json"])
    content["allocation"]["cells"][0] |= {"dead": 10**12, "shown": 10**12}
    path = replace_file(exported, "allocation.json", json_bytes(content), tmp_path)
    verification = verify_without_figures(path)
    assert "more neurons than any draw has" in " ".join(verification.differences)


def with_events(evidence: Evidence, change: Callable[[list[dict[str, Any]]], None]) -> Evidence:
    log = json.loads(json.dumps(evidence.log))
    change(log)
    return replace(evidence, log=relinked(cast("list[EventLink]", log)))


def without_key_read(log: list[dict[str, Any]]) -> None:
    del log[-2]


def with_an_old_form_last(log: list[dict[str, Any]]) -> None:
    del log[-1]["event"]["v"], log[-1]["event"]["program"]


def with_a_fraction(log: list[dict[str, Any]]) -> None:
    log[-2]["event"]["detail"]["keys"] = 1.0


def carried_over_late(log: list[dict[str, Any]]) -> None:
    log.insert(-1, {**log[-2], "event": {**log[-2]["event"], "action": "carried over", "detail": {}}})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without_key_read, "no entry “key read” between the lock and the unblinding"),
        (with_an_old_form_last, "in the form of version 0.1 after events of a later version"),
        (with_a_fraction, "write whole numbers in another way"),
        (carried_over_late, "“carried over” after events of this version"),
    ],
)
def test_a_log_that_no_program_writes_is_named(
    honest: Evidence, change: Callable[[list[dict[str, Any]]], None], sentence: str
) -> None:
    assert sentence in problems_of(with_events(honest, change))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "yesterday"),
        ("at", "2030-01-01"),
        ("at", "2026-13-01T09:00:00.000000+00:00"),
        ("at", "2026-03-01T09:00:00.000000+01:00"),
        ("action", "x)\n\nAnchored, and all agree.\n("),
        ("program", "0.2.0\n\nAnchored, and all agree."),
    ],
    ids=ascii,
)
def test_an_event_of_another_form_is_refused_with_a_sentence(
    exported: Path, tmp_path: Path, field: str, value: str
) -> None:
    log = json.loads(read_zip(exported)["events.json"])
    log[-2]["event"][field] = value
    path = replace_file(exported, "events.json", json_bytes(relinked(log)), tmp_path)
    with pytest.raises(ExportError, match=r"events\.json in the export has another form"):
        verify_export(path)


@pytest.mark.parametrize("field", ["at", "shown_at"])
def test_an_answer_at_a_time_in_another_form_is_refused_with_a_sentence(
    exported: Path, tmp_path: Path, field: str
) -> None:
    links = json.loads(read_zip(exported)["chains.json"])
    links[0]["entry"][field] = links[0]["entry"][field].replace("+00:00", "Z")
    path = replace_file(exported, "chains.json", json_bytes(links), tmp_path)
    with pytest.raises(ExportError, match=r"chains\.json in the export has another form"):
        verify_export(path)
