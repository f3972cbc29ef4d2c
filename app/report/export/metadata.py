"""The description of an export for other programs: its Frictionless data package, and how to cite it."""

import json
from collections.abc import Mapping
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from app.foundation.csv_table import read_table
from app.foundation.typed_text import show_unseen_characters
from app.report.analysis.released_names import COUNTED
from app.rounds.unit_words import UnitWords

ColumnType = Literal["string", "boolean", "integer", "number", "datetime", "object"]

COLUMN_MEANINGS: dict[str, tuple[ColumnType, str]] = {
    "evaluator": ("string", "Pseudonym of the evaluator"),
    "exposed": ("boolean", "The evaluator knew these models, created the round or held a key"),
    "revisions": ("integer", "How often the verdict was changed before it was final"),
    "item": ("string", "Opaque code of the item; empty for a dead neuron, which is not shown"),
    "arm": ("string", "What the model stands for in the comparison"),
    "stratum": ("string", "Size and replicate, such as 1L/0"),
    "layer": ("integer", "Layer of the neuron, from 0"),
    "n_layers": ("integer", "Number of layers of the model"),
    "neuron": ("integer", "Index of the neuron within its layer, from 0"),
    "kind": ("string", "neuron, or a control that enters no fraction: planted, purity, repeat, training"),
    "same_token_share": ("number", "Share of the top peaks that are the same token, 0 to 1"),
    "purity": ("number", "For an item of the purity ladder: the share of snippets from its main neuron"),
    "repeats": ("string", "For a hidden repeat: the code of the item that it repeats"),
    "rule": ("string", "For a planted item: what its peaks have in common"),
    "shown_as": ("string", "The code that the evaluator saw; it differs from item where the item is a repeat"),
    "verdict": ("string", "One of the answers of the round's task, or cannot_judge, which counts as 0"),
    "hypothesis": ("string", "The evaluator's written rule, given after the verdict"),
    "confidence": ("integer", "The evaluator's confidence, if the design asks for it"),
    "comment": ("string", "The evaluator's comment"),
    "revision": ("integer", "Number of this revision of the verdict, 0 for the first"),
    "position": ("integer", "Position of the item in this evaluator's order, from 0"),
    "shown_at": ("datetime", "When the item was displayed, UTC"),
    "judged_at": ("datetime", "When the verdict was given, UTC"),
    "active_seconds": (
        "number",
        "Active seconds from display to verdict, at most what the server's clock allows; the report defines them",
    ),
    "unfolded": ("boolean", "The folded rest of the windows was opened before the verdict"),
    "fixed_width": ("boolean", "The fixed-width toggle was on at the verdict"),
    "right_answer": ("string", "The right answer to the item as it was shown, in a task that has one"),
    "counted": ("number", "Whether the answer counts as 1, by the design; of an item, how many of them do"),
    "dead": ("boolean", "The neuron was drawn, is dead, and counts as 0"),
    "judgments": ("integer", "Final verdicts on this item"),
    COUNTED: ("integer", "How many of the final verdicts on this item count as 1"),
    "digest": ("string", "HMAC-SHA256 of the item under the nonce"),
    "passages": ("integer", "Snippets shown"),
    "tokens": ("integer", "Tokens in the item, folded ones included"),
    "marked": ("integer", "Tokens drawn at level 1 or higher"),
    "joined_at": ("datetime", "When the invitation was accepted, UTC"),
    "aids_opened": ("string", "Codes of the items whose aids were opened after the verdict, separated by spaces"),
    "erased": ("boolean", "The evaluator asked for their judgments to be erased"),
    "number": ("integer", "Position in the log, from 0"),
    "at": ("datetime", "When the event happened, UTC"),
    "actor": ("string", "Who acted"),
    "action": ("string", "What was done or refused"),
    "detail": ("object", "Details of the event, as JSON"),
    "chain": ("string", "SHA-256 over the previous digest and this entry"),
}
"""Type and meaning of every column of every table: the data dictionary."""

COLUMNS_OF_NAMES = {"kind"}
"""Columns whose meaning quotes their values, which are the same whatever units are called."""

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".cff": "text/yaml",
    ".parquet": "application/vnd.apache.parquet",
    ".tsr": "application/timestamp-reply",
}

CITATION = """cff-version: 1.2.0
message: If you use these data, please cite them and the paper whose protocol they follow.
type: dataset
title: {title}
abstract: {headline}
authors:
  - name: The round's owners
license: CC-BY-4.0
identifiers:
  - type: other
    value: {commitment}
    description: SHA-256 commitment, printed at the seal, before the first judgment
references:
  - type: article
    title: Softmax Linear Units
    authors:
      - family-names: Elhage
        given-names: Nelson
      - name: and others
    journal: Transformer Circuits Thread
    year: 2022
    url: https://transformer-circuits.pub/2022/solu/index.html
"""


class ColumnField(TypedDict):
    """One column of a CSV file."""

    name: str
    type: ColumnType
    description: str
    trueValues: NotRequired[list[str]]
    falseValues: NotRequired[list[str]]
    format: NotRequired[str]


class TableSchema(TypedDict):
    """The columns of a CSV file."""

    fields: list[ColumnField]
    missingValues: list[str]


class FileResource(TypedDict):
    """One file; the last three keys are those of a CSV file."""

    name: str
    path: str
    mediatype: str
    bytes: int
    schema: NotRequired[TableSchema]
    type: NotRequired[str]
    encoding: NotRequired[str]


DataPackage = TypedDict(
    "DataPackage",
    {"$schema": str, "name": str, "title": str, "licenses": list[dict[str, str]], "resources": list[FileResource]},
)
"""The content of datapackage.json."""


def describe_package(round_id: str, title: str, files: Mapping[str, bytes], unit_words: UnitWords) -> DataPackage:
    """The descriptor of a package of these files, with a table schema for each CSV."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"first-glance-{round_id.lower()}",
        "title": title,
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "resources": [_describe_file(name, content, unit_words) for name, content in sorted(files.items())],
    }


def write_citation(title: str, headline: str, commitment: str) -> str:
    """CITATION.cff: how to cite the data set, and the paper whose protocol it follows."""
    return CITATION.format(  # JSON strings are YAML strings
        title=json.dumps(show_unseen_characters(title), ensure_ascii=False),
        headline=json.dumps(show_unseen_characters(headline), ensure_ascii=False),
        commitment=json.dumps(f"sha256:{commitment}"),
    )


def _describe_file(name: str, file_bytes: bytes, unit_words: UnitWords) -> FileResource:
    extension = "." + name.rsplit(".", 1)[-1]
    resource: FileResource = {
        "name": name.replace("/", "-").replace(".", "-").lower(),
        "path": name,
        "mediatype": MEDIA_TYPES.get(extension, "application/octet-stream"),
        "bytes": len(file_bytes),
    }
    if extension == ".csv":
        header = next(read_table(file_bytes))
        columns = [_describe_column(column, unit_words) for column in header]
        resource["schema"] = {"fields": columns, "missingValues": [""]}
        resource["type"] = "table"
        resource["encoding"] = "utf-8"
    return resource


def _describe_column(name: str, unit_words: UnitWords) -> ColumnField:
    column_type, description = COLUMN_MEANINGS[name]
    if name not in COLUMNS_OF_NAMES:
        description = unit_words.say(description)
    column_field: ColumnField = {"name": name, "type": column_type, "description": description}
    if column_type == "boolean":
        column_field["trueValues"], column_field["falseValues"] = ["true"], ["false"]
    if column_type == "datetime":
        column_field["format"] = "any"
    return column_field
