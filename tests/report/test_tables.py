"""The tables of an export."""

import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

import pyarrow.parquet as pq

from app.foundation.csv_table import read_records, read_table
from app.judging.judgment import Judgment
from app.report.export.bundle import UnblindedBundle
from app.report.export.observations_csv import write_observations
from app.report.export.tables import neuron_rows, write_csv, write_snippets_parquet
from app.rounds.allocation import AllocatedItem, ItemKind
from app.tasks.registry import DEFAULT_TASK, task_named
from app.unblinding.observations import Observation
from tests.report.simulated_round import observe

OUTCOME = task_named(DEFAULT_TASK).outcome


@dataclass(frozen=True)
class SampleRow:
    text: str
    nothing: None
    flag: bool
    share: float
    count: int
    at: datetime


def test_values_are_written_with_full_precision() -> None:
    row = SampleRow('a "b",\nc', None, True, 0.1 + 0.2, 3, datetime(2026, 3, 1, 9, 0, tzinfo=UTC))
    header, cells = read_table(write_csv(SampleRow, [row]))
    assert header == ["text", "nothing", "flag", "share", "count", "at"]
    assert cells == ['a "b",\nc', "", "true", "0.30000000000000004", "3", "2026-03-01T09:00:00.000000+00:00"]


def test_observations_are_read_back_unchanged_from_their_csv(observations: list[Observation]) -> None:
    repeat = observe("Ash", "again", "solu", "cannot_judge", kind="repeat", repeats="first", purity=0.75)
    wordy = replace(repeat, judgment=replace(repeat.judgment, hypothesis='says "a|b",\n- or c', confidence=3))
    table = write_observations([*observations, repeat, wordy], says_what_counts=True)
    assert sorted(observations_from_csv(table), key=repr) == sorted([*observations, repeat, wordy], key=repr)


def observations_from_csv(file_bytes: bytes) -> list[Observation]:
    """The observations in the CSV."""
    return [read_observation(row) for row in read_records(file_bytes)]


def read_observation(row: dict[str, str]) -> Observation:
    judgment = Judgment(
        item=row["shown_as"],
        verdict=row["verdict"],
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
    allocated = AllocatedItem(
        item=row["item"],
        arm=row["arm"],
        stratum=row["stratum"],
        layer=int(row["layer"]),
        n_layers=int(row["n_layers"]),
        neuron=int(row["neuron"]),
        kind=cast("ItemKind", row["kind"]),
        same_token_share=float(row["same_token_share"]),
        purity=float(row["purity"]) if row["purity"] else None,
        repeats=row["repeats"] or None,
        rule=row["rule"] or None,
    )
    return Observation(row["evaluator"], row["exposed"] == "true", judgment, allocated, OUTCOME, int(row["revisions"]))


def test_every_drawn_neuron_has_a_row(bundle: UnblindedBundle) -> None:
    rows = list(neuron_rows(bundle.evidence.seal.allocation, bundle.result.observations))
    live, dead = [row for row in rows if not row.dead], [row for row in rows if row.dead]
    assert len(live) == len(bundle.evidence.item_contents)
    assert all(row.judgments == 3 and 0 <= row.counted <= 3 for row in live)
    assert len(dead) == 2 * len(bundle.result.frame.cells)
    assert all(row.item is None and row.judgments == 0 for row in dead)


def test_every_token_of_every_item_is_in_the_snippet_table(bundle: UnblindedBundle) -> None:
    table = pq.read_table(io.BytesIO(write_snippets_parquet(bundle.evidence.item_contents)))
    assert table.column_names == ["item", "passage", "group", "token", "text", "level", "peak"]
    first, *_ = sorted(bundle.evidence.item_contents, key=lambda item: item["code"])
    assert table.slice(0, 3).column("text").to_pylist() == first["passages"][0]["texts"]
    assert table.slice(0, 3).column("peak").to_pylist() == [False, True, False]
    assert table.num_rows == 6 * len(bundle.evidence.item_contents)
