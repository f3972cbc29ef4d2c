"""The Frictionless data package of an export: what each file is and what each column means."""

import csv
import io
from typing import Any

MEANINGS = {
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
    "purity": ("number", "Of a purity-ladder item: the share of snippets from its main neuron"),
    "repeats": ("string", "Of a hidden repeat: the code of the item that it repeats"),
    "rule": ("string", "Of a planted item: what its peaks have in common"),
    "shown_as": ("string", "Code under which it was shown; another than item for one of a pair of repeats"),
    "verdict": ("string", "interpretable, not_interpretable or cannot_judge (counts as NOT)"),
    "hypothesis": ("string", "The evaluator's written rule, given after the verdict"),
    "confidence": ("integer", "The evaluator's confidence, if the design asks for it"),
    "comment": ("string", "The evaluator's remark"),
    "revision": ("integer", "Number of this revision of the verdict, 0 for the first"),
    "position": ("integer", "Place of the item in this evaluator's order, from 0"),
    "shown_at": ("datetime", "When the item was displayed, UTC"),
    "judged_at": ("datetime", "When the verdict was given, UTC"),
    "active_seconds": ("number", "Time between display and verdict without idle stretches"),
    "unfolded": ("boolean", "The folded rest of the windows was opened before the verdict"),
    "fixed_width": ("boolean", "The fixed-width toggle was on at the verdict"),
    "dead": ("boolean", "The neuron was drawn, is dead, and counts NOT INTERPRETABLE"),
    "judgments": ("integer", "Final verdicts on this item"),
    "interpretable": ("integer", "How many of them are INTERPRETABLE"),
    "digest": ("string", "HMAC-SHA256 of the item under the nonce"),
    "passages": ("integer", "Snippets shown"),
    "tokens": ("integer", "Tokens in the item, folded ones included"),
    "marked": ("integer", "Tokens drawn at level 1 or higher"),
    "joined_at": ("datetime", "When the invitation was accepted, UTC"),
    "aids_opened": ("string", "Codes of the items whose aids were opened after the verdict, separated by spaces"),
    "erased": ("boolean", "The evaluator asked for their judgments to be erased"),
    "number": ("integer", "Place in the log, from 0"),
    "at": ("datetime", "When it happened, UTC"),
    "actor": ("string", "Who did it"),
    "action": ("string", "What was done or refused"),
    "detail": ("object", "More about it, as JSON"),
    "chain": ("string", "SHA-256 over the previous digest and this entry"),
}
"""Type and meaning of every column of every table: the data dictionary."""

MEDIA = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".cff": "text/yaml",
    ".parquet": "application/vnd.apache.parquet",
}


def datapackage(round_id: str, title: str, files: dict[str, bytes]) -> dict[str, Any]:
    """The descriptor of a package of these files, with a table schema for each CSV."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"first-glance-{round_id.lower()}",
        "title": title,
        "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
        "resources": [_resource(name, content) for name, content in sorted(files.items())],
    }


def _resource(name: str, content: bytes) -> dict[str, Any]:
    suffix = "." + name.rsplit(".", 1)[-1]
    resource: dict[str, Any] = {
        "name": name.replace("/", "-").replace(".", "-").lower(),
        "path": name,
        "mediatype": MEDIA.get(suffix, "application/octet-stream"),
        "bytes": len(content),
    }
    if suffix != ".csv":
        return resource
    header = next(csv.reader(io.StringIO(content.decode())))
    resource["schema"] = {"fields": [_field(column) for column in header], "missingValues": [""]}
    return resource | {"type": "table", "encoding": "utf-8"}


def _field(column: str) -> dict[str, Any]:
    kind, meaning = MEANINGS[column]
    described: dict[str, Any] = {"name": column, "type": kind, "description": meaning}
    if kind == "boolean":
        described |= {"trueValues": ["true"], "falseValues": ["false"]}
    if kind == "datetime":
        described["format"] = "any"
    return described
