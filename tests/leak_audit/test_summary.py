"""An audit's summary: the JSON that rounds of all versions have in their logs, and the complaint about a leak."""

import json
from dataclasses import replace

from app.leak_audit.attackers import AttackResult
from app.leak_audit.permutation_test import REFUSAL_P
from app.leak_audit.summary import (
    LOOK,
    RENAME,
    REPORT_IT,
    REPORT_LENGTHS,
    AuditSummary,
    PositionSummary,
    summarise_attack,
    summarise_gate,
)

QUIET = AttackResult(
    {"logistic regression": 0.512345, "gradient boosting": 0.49}, 0.476190, 21, 0.71254, 24, ("a", "b")
)
LOUD = AttackResult({"logistic regression": 1.0}, 0.0001, 19999, 0.71254, 24, ("a",))
STORED = (
    '{"passed": true, "responses": 6, "gate": {"swap": {"count": 0, "first": []}, "scan": {"count": 0, "first": []}, '
    '"transport": {"aucs": {"logistic regression": 0.5123, "gradient boosting": 0.49}, "p": 0.4762, "permutations": 21,'
    ' "detectable": 0.7125, "items": 24, "features": 2, "leaks": false}, "lengths": {"count": 0, "first": []}}, '
    '"positions": {"neuron": {"items": 24, "mean": 0.5}}}'
)
STIMULUS_OF_VERSION_0_1 = (
    '"stimulus": {"aucs": {"logistic regression": 1.0}, "p": 0.0001, "permutations": 19999, "detectable": 0.7125, '
    '"items": 24, "features": 1}, '
)


def summarise(swap: list[str], scan: list[str], transport: AttackResult, lengths: tuple[str, ...] = ()) -> AuditSummary:
    return AuditSummary(
        passed=not (swap or scan or lengths) and transport.p > REFUSAL_P,
        responses=6,
        gate=summarise_gate(swap, scan, lengths, transport),
        positions={"neuron": PositionSummary(items=24, mean=0.5)},
    )


def test_a_summary_is_stored_under_its_keys_in_their_order() -> None:
    assert json.dumps(summarise([], [], QUIET).model_dump(mode="json")) == STORED


def test_a_stored_summary_is_read_again() -> None:
    assert AuditSummary.model_validate_json(STORED) == summarise([], [], QUIET)


def test_what_a_log_of_version_0_1_says_of_words_and_marks_stays_readable() -> None:
    stored = STORED.replace('"positions"', f'{STIMULUS_OF_VERSION_0_1}"positions"')
    stored = stored.replace(', "lengths": {"count": 0, "first": []}', "")
    summary = AuditSummary.model_validate_json(stored)
    assert summary.stimulus == summarise_attack(LOUD)
    assert json.dumps(summary.model_dump(mode="json")) == stored


def test_a_clean_audit_has_no_complaint() -> None:
    assert summarise([], [], QUIET).complaint == ""


def test_a_complaint_names_every_kind_of_leak() -> None:
    summary = summarise(["GET /judge (item abc)"], ["GET /judge says “quokka”"], LOUD, ("GET /judge has 9 bytes",))
    assert summary.complaint == (
        f"1 response changes when the arms are swapped ({REPORT_IT}); the response to GET /judge says “quokka” "
        f"({RENAME}); GET /judge has 9 bytes ({REPORT_LENGTHS}); "
        f"the arms can be told from what is sent beside words and marks, p = 0.0001 ({LOOK})"
    )


def test_figures_that_chance_gives_once_in_fifty_rounds_warn_and_stop_nothing() -> None:
    rare = summarise([], [], replace(QUIET, p=0.01))
    assert (rare.passed, rare.gate.transport.warns) == (True, True)
    assert not summarise([], [], QUIET).gate.transport.warns
    assert not summarise([], [], LOUD).gate.transport.warns


def test_a_summary_counts_all_findings_and_names_the_first_five() -> None:
    findings = summarise([f"GET /judge (item {index})" for index in range(7)], [], QUIET).gate.swap
    assert (findings.count, len(findings.first)) == (7, 5)
