"""The tables of an export: CSV files, and a Parquet file of every token as it was shown.

A row's fields are the columns, in order. What they mean is in `metadata.COLUMN_MEANINGS`.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from app.evidence.entries import EventLink
from app.evidence.round_evidence import BlindedEvidence
from app.foundation.csv_table import CsvValue, write_table, write_table_of_0_1
from app.report.analysis.frame import MarkCounts
from app.report.analysis.released_names import COUNTED
from app.rounds.allocation import Allocation, ItemKind
from app.tasks.item import Item, ItemContent
from app.unblinding.observations import Observation

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TableRow = TypeVar("TableRow", bound="DataclassInstance")


@dataclass(frozen=True)
class NeuronRow:
    """neurons.csv: one drawn neuron."""

    item: str | None
    """None for a dead neuron, which is not shown."""
    arm: str
    stratum: str
    layer: int
    neuron: int
    kind: ItemKind
    dead: bool
    same_token_share: float | None
    judgments: int
    counted: int


@dataclass(frozen=True)
class ExportedEvaluator:
    """evaluators.csv: one evaluator, by pseudonym."""

    evaluator: str
    exposed: bool
    joined_at: str | None
    erased: bool
    aids_opened: str
    """Codes of items, separated by spaces."""


@dataclass(frozen=True)
class EventTableRow:
    """events.csv: one line of the log."""

    number: int
    at: str
    actor: str
    action: str
    detail: str
    """JSON."""
    chain: str


@dataclass(frozen=True)
class ItemTableRow:
    """items.csv: one item."""

    item: str
    digest: str
    passages: int
    tokens: int
    marked: int


PASSAGE_SCHEMA = pa.schema(
    [
        ("item", pa.string()),
        ("passage", pa.int32()),
        ("group", pa.string()),
        ("token", pa.int32()),
        ("text", pa.string()),
        ("level", pa.int8()),
        ("peak", pa.bool_()),
    ]
)
"""snippets.parquet: one row per token."""


RELEASED_COLUMNS = {"counted": COUNTED}
"""What columns are called in exports of rounds whose designs do not say what counts."""


def write_csv(
    row_class: type[TableRow],
    table_rows: Iterable[TableRow],
    column_names: Mapping[str, str] | None = None,
    further: Mapping[str, Sequence[CsvValue]] | None = None,
) -> bytes:
    """The CSV of rows, which are dataclasses.

    `column_names` has columns that are called otherwise than their fields, `further` has columns that stand at the end.
    """
    cells = _cells(row_class, table_rows, column_names or {})
    if further:
        more_cells = zip(*((name, *values) for name, values in further.items()), strict=True)
        cells = ([*row, *more] for row, more in zip(cells, more_cells, strict=True))
    return write_table(cells)


def write_csv_of_0_1(row_class: type[TableRow], table_rows: Iterable[TableRow]) -> bytes:
    """The CSV of rows as version 0.1 wrote it."""
    return write_table_of_0_1(_cells(row_class, table_rows, RELEASED_COLUMNS))


def neuron_rows(allocation: Allocation, observations: Iterable[Observation]) -> Iterator[NeuronRow]:
    """Every allocated item with its verdicts, then the dead neurons of each cell."""
    verdicts_by_item: dict[str, list[bool]] = {}
    for observation in observations:
        verdicts_by_item.setdefault(observation.allocated.item, []).append(observation.counts)
    for allocated in allocation.items:
        item_verdicts = verdicts_by_item.get(allocated.item, [])
        yield NeuronRow(
            item=allocated.item,
            arm=allocated.arm,
            stratum=allocated.stratum,
            layer=allocated.layer,
            neuron=allocated.neuron,
            kind=allocated.kind,
            dead=False,
            same_token_share=allocated.same_token_share,
            judgments=len(item_verdicts),
            counted=sum(item_verdicts),
        )
    for cell in allocation.cells:
        for layer, neuron in cell.dead_neurons:
            yield NeuronRow(None, cell.arm, cell.stratum, layer, neuron, "neuron", True, None, 0, 0)


def event_rows(events: Iterable[EventLink]) -> Iterator[EventTableRow]:
    """The lines of the log."""
    for link in events:
        event = link["event"]
        detail = json.dumps(event["detail"], ensure_ascii=False, sort_keys=True)
        yield EventTableRow(event["number"], event["at"], event["actor"], event["action"], detail, link["chain"])


def evaluator_rows(evidence: BlindedEvidence) -> Iterator[ExportedEvaluator]:
    """Everyone who was invited, by pseudonym; the round must be locked."""
    for name, enrolment in evidence.roster.items():
        yield ExportedEvaluator(
            evaluator=name,
            exposed=enrolment.exposed,
            joined_at=enrolment.joined_at,
            erased=enrolment.erased,
            aids_opened=" ".join(evidence.items_with_aids_opened(name)),
        )


def item_rows(item_contents: Iterable[ItemContent], digests: Mapping[str, str]) -> Iterator[ItemTableRow]:
    """The sizes of each item, with its published digest."""
    for content in item_contents:
        stimulus = MarkCounts.from_item(Item.from_content(content))
        yield ItemTableRow(
            item=stimulus.item,
            digest=digests.get(stimulus.item, ""),
            passages=len(content["passages"]),
            tokens=stimulus.tokens,
            marked=stimulus.marked,
        )


def write_snippets_parquet(item_contents: Iterable[ItemContent]) -> bytes:
    """Parquet of every token of every passage, items by code, passages in the order shown."""
    columns: dict[str, list[str | int | bool]] = {name: [] for name in PASSAGE_SCHEMA.names}
    for item in sorted(item_contents, key=lambda item: item["code"]):
        for index, passage in enumerate(item["passages"]):
            token_count = len(passage["texts"])
            columns["item"] += [item["code"]] * token_count
            columns["passage"] += [index] * token_count
            columns["group"] += [passage["group"]] * token_count
            columns["token"] += range(token_count)
            columns["text"] += passage["texts"]
            columns["level"] += passage["levels"]
            columns["peak"] += [token == passage["peak"] for token in range(token_count)]
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns, schema=PASSAGE_SCHEMA), buffer, compression="zstd")
    return buffer.getvalue()


def _cells(
    row_class: type[TableRow], table_rows: Iterable[TableRow], column_names: Mapping[str, str]
) -> Iterator[list[CsvValue]]:
    """The names of the columns, then the values of each row."""
    columns = [field.name for field in fields(row_class)]
    yield [column_names.get(column, column) for column in columns]
    for row in table_rows:
        yield [getattr(row, column) for column in columns]
