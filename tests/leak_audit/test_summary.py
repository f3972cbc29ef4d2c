"""An audit's summary: the JSON that rounds of all versions have in their logs, and the complaint about a leak."""

import json
from dataclasses import replace

import pytest

from app.leak_audit.permutation_test import REFUSAL_P, PermutationTest
from app.leak_audit.summary import (
    LOOK,
    RENAME,
    REPORT_IT,
    REPORT_LENGTHS,
    AuditSummary,
    PositionSummary,
    stored_warning,
    summarise_gate,
)

QUIET = PermutationTest(0.47619004, 499, "code", item_count=24, feature_count=2, plain_leak_p=0.00005)
LOUD = PermutationTest(0.0001, 19999, "code", item_count=24, feature_count=1, plain_leak_p=0.00005)
STORED = (
    '{"passed": true, "responses": 6, "gate": {"swap": {"count": 0, "first": []}, "scan": {"count": 0, "first": []}, '
    '"transport": {"p": 0.47619, "permutations": 499, "items": 24, "features": 2, "leaks": false, "thresholds": '
    '{"refusal_p": 0.0005, "warning_p": 0.02, "plain_leak_p": 5e-05}}, "lengths": {"count": 0, "first": []}}, '
    '"positions": {"neuron": {"items": 24, "mean": 0.5}}}'
)
STORED_BY_VERSION_0_1 = (
    '{"passed": true, "responses": 6, "gate": {"swap": {"count": 0, "first": []}, "scan": {"count": 0, "first": []}, '
    '"transport": {"aucs": {"logistic regression": 0.5123, "gradient boosting": 0.49}, "p": 0.01, "permutations": 49,'
    ' "detectable": 0.7125, "items": 24, "features": 2, "leaks": false}}, '
    '"stimulus": {"aucs": {"logistic regression": 1.0}, "p": 0.0001, "permutations": 19999, "detectable": 0.7125, '
    '"items": 24, "features": 1}, "positions": {"neuron": {"items": 24, "mean": 0.5}}}'
)


def summarise(
    swap: list[str], scan: list[str], transport: PermutationTest, lengths: tuple[str, ...] = ()
) -> AuditSummary:
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


def test_what_a_log_of_version_0_1_says_stays_readable_and_warns_of_nothing() -> None:
    """Its classifiers decided by their AUCs: its p had another meaning."""
    summary = AuditSummary.model_validate_json(STORED_BY_VERSION_0_1)
    assert json.dumps(summary.model_dump(mode="json")) == STORED_BY_VERSION_0_1
    assert (summary.gate.transport.largest_auc, summary.warning, summary.complaint) == (0.5123, "", "")


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
    assert (rare.passed, rare.complaint) == (True, "")
    assert "(p = 0.01). It stops no seal before p = 0.0005" in rare.warning
    assert stored_warning(rare.model_dump(mode="json")) == rare.warning
    assert summarise([], [], QUIET).warning == summarise([], [], LOUD).warning == ""


def test_a_summary_that_somebody_changed_in_the_log_warns_of_nothing() -> None:
    assert stored_warning({"passed": "perhaps"}) == ""


@pytest.mark.parametrize(("plain_leak_p", "is_sure"), [(0.00005, True), (0.00025, True), (0.0005, False)])
def test_with_few_items_a_plain_leak_is_not_sure_to_stop_a_seal(plain_leak_p: float, is_sure: bool) -> None:
    thresholds = summarise([], [], replace(QUIET, plain_leak_p=plain_leak_p)).gate.transport.thresholds
    assert thresholds is not None
    assert thresholds.is_sure_to_refuse == is_sure


def test_a_summary_counts_all_findings_and_names_the_first_five() -> None:
    findings = summarise([f"GET /judge (item {index})" for index in range(7)], [], QUIET).gate.swap
    assert (findings.count, len(findings.first)) == (7, 5)
