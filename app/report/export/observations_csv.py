"""observations.csv: one row per evaluator and item, the final verdict with its arm."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.foundation.csv_table import CsvValue
from app.judging.judgment import Verdict
from app.report.export.tables import write_csv
from app.rounds.allocation import ItemKind
from app.unblinding.observations import Observation


@dataclass(frozen=True)
class ObservationRow:
    """One evaluator's final judgment on one item, as a row of the table."""

    evaluator: str
    exposed: bool
    revisions: int
    item: str
    arm: str
    stratum: str
    layer: int
    n_layers: int
    neuron: int
    kind: ItemKind
    same_token_share: float
    purity: float | None
    repeats: str | None
    rule: str | None
    shown_as: str
    """The code that the evaluator saw; it differs from `item` where the item is a repeat."""
    verdict: Verdict
    hypothesis: str
    confidence: int | None
    comment: str
    revision: int
    position: int
    shown_at: datetime
    judged_at: datetime
    active_seconds: float
    unfolded: bool
    fixed_width: bool


def write_observations(observations: Sequence[Observation], *, says_what_counts: bool) -> bytes:
    """The CSV of observations, by evaluator and item."""
    further: dict[str, list[CsvValue]] = {}
    if says_what_counts:
        ordered = sorted(observations, key=_sort_key)
        further["right_answer"] = [observation.allocated.right_answer for observation in ordered]
        further["counted"] = [observation.counts for observation in ordered]
    return write_csv(ObservationRow, observation_rows(observations), further=further)


def observation_rows(observations: Iterable[Observation]) -> Iterator[ObservationRow]:
    """The rows of the table, by evaluator and item."""
    for observation in sorted(observations, key=_sort_key):
        judgment, allocated = observation.judgment, observation.allocated
        yield ObservationRow(
            evaluator=observation.evaluator,
            exposed=observation.exposed,
            revisions=observation.revisions,
            item=allocated.item,
            arm=allocated.arm,
            stratum=allocated.stratum,
            layer=allocated.layer,
            n_layers=allocated.n_layers,
            neuron=allocated.neuron,
            kind=allocated.kind,
            same_token_share=allocated.same_token_share,
            purity=allocated.purity,
            repeats=allocated.repeats,
            rule=allocated.rule,
            shown_as=judgment.item,
            verdict=judgment.verdict,
            hypothesis=judgment.hypothesis,
            confidence=judgment.confidence,
            comment=judgment.comment,
            revision=judgment.revision,
            position=judgment.position,
            shown_at=judgment.shown_at,
            judged_at=judgment.judged_at,
            active_seconds=judgment.active_seconds,
            unfolded=judgment.unfolded,
            fixed_width=judgment.fixed_width,
        )


def _sort_key(observation: Observation) -> tuple[str, str, str]:
    return observation.evaluator, observation.allocated.item, observation.judgment.item
