from datetime import UTC, datetime

from app.judging.judgment import Judgment, Verdict
from app.rounds.allocation import AllocatedItem
from app.tasks.registry import DEFAULT_TASK, task_named
from app.unblinding.observations import EvaluatorJudgments, Observation, final_observations

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ORIGINAL = AllocatedItem("a", "quokka", "1L/0", layer=0, n_layers=1, neuron=3)
REPEAT = AllocatedItem("b", "quokka", "1L/0", layer=0, n_layers=1, neuron=3, kind="repeat", repeats="a")
OTHER = AllocatedItem("c", "axolotl", "1L/0", layer=0, n_layers=1, neuron=5)
ALLOCATED = {allocated.item: allocated for allocated in (ORIGINAL, REPEAT, OTHER)}


def judgment(item: str, position: int, verdict: Verdict = "interpretable", revision: int = 0) -> Judgment:
    return Judgment(item, verdict, "", None, "", revision, position, NOON, NOON, 30.0, False, False)


def observe(*judgments: Judgment, missing: frozenset[str] = frozenset()) -> list[Observation]:
    return final_observations(
        [EvaluatorJudgments("Ada", False, judgments, missing)], ALLOCATED, task_named(DEFAULT_TASK).outcome
    )


def test_the_last_judgment_on_an_item_is_final_and_changes_of_verdict_are_counted() -> None:
    (observation,) = observe(
        judgment("c", 0),
        judgment("c", 0, "not_interpretable", revision=1),
        judgment("c", 0, "not_interpretable", revision=2),
    )
    assert (observation.judgment.revision, observation.revisions) == (2, 1)
    assert observation.allocated == OTHER


def test_observations_are_in_the_evaluator_s_order() -> None:
    assert [observation.judgment.item for observation in observe(judgment("c", 7), judgment("a", 2))] == ["a", "c"]


def test_a_flagged_item_is_missing() -> None:
    observations = observe(judgment("a", 0), judgment("c", 1), missing=frozenset({"a"}))
    assert [observation.judgment.item for observation in observations] == ["c"]


def test_the_code_that_is_met_first_stands_for_the_neuron_and_the_second_is_the_repeat() -> None:
    for first, second in (("a", "b"), ("b", "a")):
        met_first, met_second = observe(judgment(first, 0), judgment(second, 1))
        assert met_first.allocated == ORIGINAL
        assert (met_second.allocated.kind, met_second.allocated.repeats) == ("repeat", "a")
