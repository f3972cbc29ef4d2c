"""observations.csv: one row per evaluator and item, the final verdict with its arm. Written and read back."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from app.foundation.errors import ExportError
from app.judging.judgment import Judgment, Verdict
from app.report.export.tables import write_csv
from app.rounds.allocation import AllocatedItem, ItemKind
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


COLUMNS = tuple(field.name for field in fields(ObservationRow))


def write_observations(observations: Iterable[Observation]) -> str:
    """The CSV of observations, by evaluator and item."""
    return write_csv(ObservationRow, _observation_rows(observations))


def observations_from_csv(text: str) -> list[Observation]:
    """Read observations from their CSV. Raises ExportError that names the first line that is not an observation."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        msg = "observations.csv does not have the columns of a First Glance export; take the zip as it was downloaded"
        raise ExportError(msg)
    observations = []
    for csv_row in reader:
        try:
            observations.append(_read_observation(csv_row))
        except (ValueError, KeyError, TypeError) as error:
            msg = f"observations.csv line {reader.line_num} is not an observation; take the zip as it was downloaded"
            raise ExportError(msg) from error
    return observations


def _observation_rows(observations: Iterable[Observation]) -> Iterator[ObservationRow]:
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


def _read_observation(csv_row: dict[str, str]) -> Observation:
    """The observation in one row, which is given by column."""
    return Observation(
        evaluator=csv_row["evaluator"],
        exposed=csv_row["exposed"] == "true",
        judgment=_read_judgment(csv_row),
        allocated=_read_allocated_item(csv_row),
        revisions=int(csv_row["revisions"]),
    )


def _read_judgment(csv_row: dict[str, str]) -> Judgment:
    return Judgment(
        item=csv_row["shown_as"],
        verdict=csv_row["verdict"],  # type: ignore[arg-type]  # an unknown verdict fails verification
        hypothesis=csv_row["hypothesis"],
        confidence=int(csv_row["confidence"]) if csv_row["confidence"] else None,
        comment=csv_row["comment"],
        revision=int(csv_row["revision"]),
        position=int(csv_row["position"]),
        shown_at=datetime.fromisoformat(csv_row["shown_at"]),
        judged_at=datetime.fromisoformat(csv_row["judged_at"]),
        active_seconds=float(csv_row["active_seconds"]),
        unfolded=csv_row["unfolded"] == "true",
        fixed_width=csv_row["fixed_width"] == "true",
    )


def _read_allocated_item(csv_row: dict[str, str]) -> AllocatedItem:
    return AllocatedItem(
        item=csv_row["item"],
        arm=csv_row["arm"],
        stratum=csv_row["stratum"],
        layer=int(csv_row["layer"]),
        n_layers=int(csv_row["n_layers"]),
        neuron=int(csv_row["neuron"]),
        kind=csv_row["kind"],  # type: ignore[arg-type]  # an unknown kind fails verification
        same_token_share=float(csv_row["same_token_share"]),
        purity=float(csv_row["purity"]) if csv_row["purity"] else None,
        repeats=csv_row["repeats"] or None,
        rule=csv_row["rule"] or None,
    )
