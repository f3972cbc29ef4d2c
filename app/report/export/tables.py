"""The tables of an export as CSV, and observations back from it."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.foundation.errors import ExportError
from app.judging.judgment import Judgment
from app.rounds.allocation import AllocatedItem
from app.unblinding.observations import Observation

ALLOCATED = (
    "item",
    "arm",
    "stratum",
    "layer",
    "n_layers",
    "neuron",
    "kind",
    "same_token_share",
    "purity",
    "repeats",
    "rule",
)
JUDGED = (
    "verdict",
    "hypothesis",
    "confidence",
    "comment",
    "revision",
    "position",
    "shown_at",
    "judged_at",
    "active_seconds",
    "unfolded",
    "fixed_width",
)
OBSERVATION_COLUMNS = ("evaluator", "exposed", "revisions", *ALLOCATED, "shown_as", *JUDGED)


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """CSV with a header; empty for None, true/false for booleans, full precision for floats."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_written(row[name]) for name in columns])
    return target.getvalue()


def observation_rows(observations: Iterable[Observation]) -> Iterable[dict[str, Any]]:
    """One row per observation, by evaluator and item."""
    for one in sorted(observations, key=_place):
        yield {
            **asdict(one.allocated),
            **{name: getattr(one.judgment, name) for name in JUDGED},
            "shown_as": one.judgment.item,
            "evaluator": one.evaluator,
            "exposed": one.exposed,
            "revisions": one.revisions,
        }


def read_observations(text: str) -> list[Observation]:
    """Observations back from their CSV. Raises ExportError naming the first line that is not one."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if tuple(reader.fieldnames or ()) != OBSERVATION_COLUMNS:
        msg = "observations.csv does not have the columns of a First Glance export; take the zip as it was downloaded"
        raise ExportError(msg)
    found = []
    for row in reader:
        try:
            found.append(_observation(row))
        except (ValueError, KeyError, TypeError) as error:
            msg = f"observations.csv line {reader.line_num} is not an observation; take the zip as it was downloaded"
            raise ExportError(msg) from error
    return found


def _place(one: Observation) -> tuple[str, str, str]:
    return one.evaluator, one.allocated.item, one.judgment.item


def _observation(row: dict[str, str]) -> Observation:
    judgment = Judgment(
        item=row["shown_as"],
        verdict=row["verdict"],  # type: ignore[arg-type]  # an unknown verdict counts NOT and shows as a difference
        hypothesis=row["hypothesis"],
        confidence=int(row["confidence"]) if row["confidence"] else None,
        comment=row["comment"],
        revision=int(row["revision"]),
        position=int(row["position"]),
        shown_at=datetime.fromisoformat(row["shown_at"]),
        judged_at=datetime.fromisoformat(row["judged_at"]),
        active_seconds=float(row["active_seconds"]),
        unfolded=row["unfolded"] == "true",
        fixed_width=row["fixed_width"] == "true",
    )
    return Observation(row["evaluator"], row["exposed"] == "true", judgment, _allocated(row), int(row["revisions"]))


def _allocated(row: dict[str, str]) -> AllocatedItem:
    return AllocatedItem(
        item=row["item"],
        arm=row["arm"],
        stratum=row["stratum"],
        layer=int(row["layer"]),
        n_layers=int(row["n_layers"]),
        neuron=int(row["neuron"]),
        kind=row["kind"],  # type: ignore[arg-type]  # an unknown kind enters no fraction and shows as a difference
        same_token_share=float(row["same_token_share"]),
        purity=float(row["purity"]) if row["purity"] else None,
        repeats=row["repeats"] or None,
        rule=row["rule"] or None,
    )


def _written(value: Any) -> str:  # noqa: ANN401 - a cell of any type
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return repr(value) if isinstance(value, float) else str(value)
