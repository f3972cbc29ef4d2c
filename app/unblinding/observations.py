"""Observations: judgments joined with the opened allocation. They exist only after unblinding. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.judging.judgment import Judgment
from app.rounds.allocation import AllocatedItem
from app.tasks.outcome import Outcome


@dataclass(frozen=True)
class Observation:
    """One evaluator's final judgment on one item, with the item's allocation."""

    evaluator: str
    """The evaluator's pseudonym."""
    exposed: bool
    """The evaluator knew the models before, created the round or held a key."""
    judgment: Judgment
    allocated: AllocatedItem
    outcome: Outcome
    """Which answers count, by the round's design."""
    revisions: int = 0
    """How often the verdict was changed."""

    @property
    def counts(self) -> bool:
        """Whether the answer counts as 1; otherwise it counts as 0."""
        return self.outcome.counts(self.judgment.verdict, self.allocated.right_answer)


@dataclass(frozen=True)
class EvaluatorJudgments:
    """All answers of one evaluator, in the order in which they were given."""

    evaluator: str
    exposed: bool
    all_judgments: Sequence[Judgment]
    missing: frozenset[str] = frozenset()
    """Items that they flagged as faulty or distressing: these are missing and have no verdict."""


def final_observations(
    histories: Sequence[EvaluatorJudgments], allocated: Mapping[str, AllocatedItem], outcome: Outcome
) -> list[Observation]:
    """The final judgment of each evaluator on each item, by pseudonym and position in the evaluator's order."""
    return [
        observation for history in histories for observation in _evaluator_observations(history, allocated, outcome)
    ]


def _evaluator_observations(
    history: EvaluatorJudgments, allocated: Mapping[str, AllocatedItem], outcome: Outcome
) -> list[Observation]:
    by_item: dict[str, list[Judgment]] = {}
    for judgment in history.all_judgments:
        if judgment.item not in history.missing:
            by_item.setdefault(judgment.item, []).append(judgment)
    shown_originals: set[str] = set()
    observations = []
    for judgments in sorted(by_item.values(), key=lambda judgments: judgments[-1].position):
        final = judgments[-1]
        allocated_item = _original_or_repeat(allocated[final.item], allocated, shown_originals)
        revisions = sum(before.verdict != after.verdict for before, after in pairwise(judgments))
        observations.append(Observation(history.evaluator, history.exposed, final, allocated_item, outcome, revisions))
    return observations


def _original_or_repeat(
    allocated_item: AllocatedItem, allocated: Mapping[str, AllocatedItem], shown_originals: set[str]
) -> AllocatedItem:
    """An item that was shown twice: as the original where this evaluator saw it first, as a repeat the second time.

    `shown_originals` are the codes of the originals that this evaluator saw earlier; the function adds this one.
    """
    original = allocated_item.repeats or allocated_item.item
    if original in shown_originals:
        return replace(allocated_item, kind="repeat", repeats=original)
    shown_originals.add(original)
    return replace(allocated[original], right_answer=allocated_item.right_answer)  # it may depend on what was shown
