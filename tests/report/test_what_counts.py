"""A round counts what its task counts, and says so: in preregistration and report, and as a check of the evidence."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.report.export.bundle import unblinded_zip
from app.report.export.zip_file import read_zip
from app.report.preregistration import write_preregistration
from app.rounds.design import Design
from tests.conftest import without_figures
from tests.report.simulated_evidence import SIGNING_KEY, RoundFacts, bundle_of, evidence_of, facts_for
from tests.report.simulated_round import frame_for, simulate_observations
from tests.report.tampering import verify_without_figures
from tests.report.test_preregistration import SEALED


@pytest.fixture(scope="module")
def facts() -> RoundFacts:
    observations = simulate_observations(shown=4)
    return facts_for(observations, frame_for(observations))


def counting_another_answer(design: Design) -> Design:
    """The design with the words of its task, but for what counts."""
    outcome = design.outcome.model_copy(update={"counted_answers": ("not_interpretable",)})
    return design.with_changes(analysis=design.analysis.model_copy(update={"outcome": outcome}))


def verified(facts: RoundFacts, folder: Path) -> tuple[list[str], str]:
    """The differences that a verification finds, and the report."""
    path = folder / "export.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(bundle_of(evidence_of(facts)), SIGNING_KEY))
    return verify_without_figures(path).differences, read_zip(path)["report.md"].decode()


def test_a_round_committed_to_another_outcome_than_its_task_has_does_not_verify(
    facts: RoundFacts, tmp_path: Path
) -> None:
    assert verified(facts, tmp_path)[0] == []
    forged = replace(facts, design=counting_another_answer(facts.design))
    differences, _ = verified(forged, tmp_path)
    assert [sentence for sentence in differences if "counts other answers than the task first-glance does" in sentence]


def test_the_preregistration_and_the_report_say_which_answers_count(facts: RoundFacts, tmp_path: Path) -> None:
    assert "**Counted as 1.** INTERPRETABLE. Every other answer" in write_preregistration(facts.design, SEALED)
    forged = counting_another_answer(facts.design)
    assert "**Counted as 1.** NOT INTERPRETABLE. Every other" in write_preregistration(forged, SEALED)
    _, report = verified(facts, tmp_path)
    assert "As 1 counts the answer interpretable, and every other one as 0." in report
