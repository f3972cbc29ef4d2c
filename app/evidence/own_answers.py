"""The answers in an evaluator's own file: whether its receipt covers them, and where an export has others. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from app.evidence.chains import first_break
from app.evidence.entries import ChainEntry, ChainLink, entry_kind, is_judgment
from app.evidence.receipts import Receipt, ReceiptV1, digest_of_entries, entry_count, expected_head
from app.foundation.digest import canonical_bytes
from app.foundation.json_types import JsonObject, JsonValue, to_json_value

EXCERPT = 60
"""Most characters of a text that a sentence quotes."""
LEADING = 20
"""How many characters of them stand before the first that differs."""
FIELDS_IN_ORDER = ("verdict", "hypothesis", "confidence", "guess", "reason", "comment")
"""What an evaluator typed or chose, which a sentence names before anything else that differs."""


@dataclass(frozen=True)
class OwnAnswers:
    """The answers in the file that an evaluator downloaded."""

    links: Sequence[ChainLink]
    """The entries of the evaluator's chain, in order of their numbers."""
    foreign_count: int = 0
    """How many answers in the file have not the form of an entry, so that no receipt can cover them."""


def uncovered_reason(receipt: Receipt | ReceiptV1, own_answers: OwnAnswers) -> str:
    """Why the receipt does not cover exactly the answers in its own file; empty if it does."""
    links, count = own_answers.links, entry_count(receipt)
    if own_answers.foreign_count:
        return f"{own_answers.foreign_count} of them cannot be read as entries of a chain"
    if len(links) != count:
        return f"the receipt covers {count} entries, and the file has {len(links)}"
    if [link["number"] for link in links] != list(range(count)):
        return f"the numbers of the entries are not 0 to {count - 1}"
    broken = first_break(receipt.commitment or "", [(link["entry"], link["chain"]) for link in links])
    if broken is not None:
        return f"entry {broken} does not have the digest that follows from it and the entries before it"
    if expected_head(receipt, links) != receipt.head or digest_of_entries(links) != receipt.digest:
        return "they give other digests than the receipt has"
    return ""


def difference_from_export(own_answers: OwnAnswers, links: Sequence[ChainLink]) -> str:
    """A sentence on the first entry that is another one in the export, or not there; empty if there is none."""
    for number, own_link in enumerate(own_answers.links):
        if number >= len(links):
            answer = _describe(own_link["entry"])
            return f"The file has {answer} (entry {number}); the export has no such entry."
        own_entry, exported_entry = own_link["entry"], links[number]["entry"]
        if canonical_bytes(own_entry) != canonical_bytes(exported_entry):
            return _difference_of_entries(number, own_entry, exported_entry)
    return ""


def _difference_of_entries(number: int, own_entry: ChainEntry, exported_entry: ChainEntry) -> str:
    own, exported = _fields(own_entry), _fields(exported_entry)
    if any(own.get(name) != exported.get(name) for name in ("kind", "item", "step")):
        return f"The file has {_describe(own_entry)} (entry {number}); the export has {_describe(exported_entry)}."
    where = f"item {own['item']} (entry {number})"
    names = [*FIELDS_IN_ORDER, *sorted((own.keys() | exported.keys()) - set(FIELDS_IN_ORDER))]
    name = next(name for name in names if canonical_bytes(own.get(name)) != canonical_bytes(exported.get(name)))
    if name == "verdict":
        return f"The file says {_button_text(own[name])} on {where}; the export says {_button_text(exported[name])}."
    own_value, exported_value = _quote_difference(own.get(name), exported.get(name))
    return f"The file has the {name.replace('_', ' ')} {own_value} on {where}; the export has {exported_value}."


def _fields(entry: ChainEntry) -> JsonObject:
    fields = to_json_value(entry)
    return {"kind": entry_kind(entry)} | fields if isinstance(fields, dict) else {}


def _describe(entry: ChainEntry) -> str:
    """What the entry says on which item, in a few words."""
    if not is_judgment(entry):
        nouns = {"flag": "a report of", "guess": "a guess on", "aids opened": "the aids opened of"}
        return f"{nouns.get(entry_kind(entry), 'an entry on')} item {entry['item']}"
    if entry["step"] == "hypothesis":
        return f"a hypothesis on item {entry['item']}"
    return f"{_button_text(entry['verdict'])} on item {entry['item']}"


def _button_text(json_value: JsonValue) -> str:
    """A verdict as the button says that the evaluator pressed."""
    return str(json_value).replace("_", " ").upper()


def _quote_difference(own_value: JsonValue, exported_value: JsonValue) -> tuple[str, str]:
    """Both values as JSON; of long texts the part where they begin to differ."""
    if not isinstance(own_value, str) or not isinstance(exported_value, str):
        return _quote(own_value, 0), _quote(exported_value, 0)
    pairs = zip(own_value, exported_value, strict=False)
    shorter = min(len(own_value), len(exported_value))
    differing = next((index for index, (own, exported) in enumerate(pairs) if own != exported), shorter)
    start = max(0, differing - LEADING)
    return _quote(own_value, start), _quote(exported_value, start)


def _quote(json_value: JsonValue, start: int) -> str:
    if json_value is None:
        return "nothing"
    if not isinstance(json_value, str):
        return json.dumps(json_value, ensure_ascii=False)[:EXCERPT]
    excerpt = json.dumps(json_value[start : start + EXCERPT], ensure_ascii=False)[1:-1]
    before, after = "…" if start else "", "…" if start + EXCERPT < len(json_value) else ""
    return f"“{before}{excerpt}{after}”"
