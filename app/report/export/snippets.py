"""The snippets as they were judged, one row per token, as Parquet that pandas and `datasets` open."""

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.rounds.item import ItemContent

SCHEMA = pa.schema(
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


def snippets_parquet(items: Sequence[ItemContent]) -> bytes:
    """Parquet of every token of every passage, items by code, passages in the order shown."""
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for item in sorted(items, key=lambda one: str(one["code"])):
        for place, passage in enumerate(item["passages"]):
            count = len(passage["texts"])
            columns["item"] += [item["code"]] * count
            columns["passage"] += [place] * count
            columns["group"] += [passage["group"]] * count
            columns["token"] += range(count)
            columns["text"] += passage["texts"]
            columns["level"] += passage["levels"]
            columns["peak"] += [token == passage["peak"] for token in range(count)]
    target = io.BytesIO()
    pq.write_table(pa.table(columns, schema=SCHEMA), target, compression="zstd")
    return target.getvalue()
