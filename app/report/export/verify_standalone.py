"""Checks a First Glance export with nothing but Python's standard library.

Run it as: python verify.py EXPORT.zip

It recomputes the commitment, every evaluator's chain, the log's chain and each arm's fraction, prints every result
and exits with 1 if anything differs. It is short so that you can read it before you believe it.
"""

import csv
import hashlib
import hmac
import io
import json
import sys
import zipfile
from decimal import Decimal

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
Texts = dict[str, str]
"""{name of a file in the export: its text}"""


class CheckPrinter:
    """Prints every check and counts those that fail."""

    def __init__(self) -> None:
        self.difference_count = 0

    def compare(self, name: str, recomputed: str, expected: str) -> None:
        """Print whether the recomputed text is the expected one."""
        if recomputed == expected:
            print(f"ok    {name}: {recomputed}")
            return
        self.difference_count += 1
        print(f"WRONG {name}: {recomputed}; expected: {expected}")


def check_commitment(texts: Texts, printer: CheckPrinter) -> None:
    """Check that design, items, allocation and nonce give the digest that was published before the first judgment."""
    published = json.loads(texts["commitment.json"])
    item_digests = published["items"]  # [code, digest] of every item, sorted by code
    if "allocation.json" in texts:  # an unblinded export
        opened = json.loads(texts["allocation.json"])
        printer.compare("design", sha256(json.loads(texts["design.json"])), published["design_sha256"])
        printer.compare("sealed allocation", sha256(opened), published["sealed_sha256"])
        item_digests = digest_items(json.loads(texts["items.json"]), opened["nonce"])
        changed = [code for code, digest in item_digests if [code, digest] not in published["items"]]
        printer.compare("items changed after the commitment", ", ".join(changed) or "none", "none")
    receipt_key = published.get("receipt_key")  # signs receipts; a round of version 0.1 has none
    committed = {
        "v": 2 if receipt_key else 1,
        "design_sha256": published["design_sha256"],
        "items": item_digests,
        "sealed_sha256": published["sealed_sha256"],
    }
    if receipt_key:
        committed["receipt_key"] = receipt_key
    printer.compare("commitment", sha256(committed), published["commitment"])


def digest_items(item_contents: list[dict[str, Json]], nonce: str) -> list[list[str]]:
    """[code, digest] of every item, sorted; a digest is an HMAC-SHA256 under the nonce, so it gives nothing away."""
    key = bytes.fromhex(nonce)
    return sorted(
        [str(item["code"]), hmac.new(key, canonical_json(item).encode(), hashlib.sha256).hexdigest()]
        for item in item_contents
    )


def check_chains(texts: Texts, printer: CheckPrinter) -> None:
    """Check each evaluator's chain, which starts with the commitment, and the log's, which starts with 64 zeros."""
    commitment = json.loads(texts["commitment.json"])["commitment"]
    judgments = sorted(json.loads(texts["chains.json"]), key=lambda link: int(link["number"]))
    for evaluator in sorted({link["evaluator"] for link in judgments}):
        chain = [(link["entry"], link["chain"]) for link in judgments if link["evaluator"] == evaluator]
        check_chain(evaluator, commitment, chain, printer)
    events = sorted(json.loads(texts["events.json"]), key=lambda link: int(link["number"]))
    check_chain("the log", "0" * 64, [(link["event"], link["chain"]) for link in events], printer)


def check_chain(name: str, start: str, entries: list[tuple[Json, str]], printer: CheckPrinter) -> None:
    """Check one chain: each digest must be that of its entry with the digest before it."""
    previous = start
    for number, (entry, digest) in enumerate(entries):
        if sha256({"previous": previous, "entry": entry}) != digest:
            printer.compare(f"chain of {name}", f"broken at entry {number}", "unbroken")
            return
        previous = digest
    printer.compare(f"chain of {name}", "unbroken", "unbroken")


def check_fractions(texts: Texts, printer: CheckPrinter) -> None:
    """Check each arm's fraction in each stratum: the mean of its neurons' mean verdicts; dead neurons count 0."""
    frame = json.loads(texts["frame.json"])
    if frame["by_layer"]:
        return  # fractions are weighted by layer; `firstglance verify` recomputes them
    verdicts_by_cell: dict[tuple[str, str], dict[str, list[bool]]] = {}  # {(arm, stratum): {item: verdicts}}
    for row in csv.DictReader(io.StringIO(texts["observations.csv"])):
        if row["kind"] == "neuron":
            by_item = verdicts_by_cell.setdefault((row["arm"], row["stratum"]), {})
            by_item.setdefault(row["item"], []).append(row["verdict"] == "interpretable")
    drawn = {(cell["arm"], cell["stratum"]): cell for cell in frame["cells"]}
    for cell in json.loads(texts["analysis.json"])["cells"]:
        arm, stratum = cell["arm"], cell["stratum"]
        dead, shown = drawn[arm, stratum]["dead"], drawn[arm, stratum]["shown"]
        means = [sum(verdicts) / len(verdicts) for verdicts in verdicts_by_cell.get((arm, stratum), {}).values()]
        # dead neurons count in proportion to the shown neurons that were judged
        judged_share = min(1, len(means) / shown) if shown else 1
        fraction = sum(means) / (len(means) + dead * judged_share)
        printer.compare(f"fraction of {arm} in {stratum}", f"{fraction:.9f}", f"{cell['fraction']:.9f}")


def sha256(json_value: Json) -> str:
    """SHA-256 of a JSON value's canonical text."""
    return hashlib.sha256(canonical_json(json_value).encode()).hexdigest()


def canonical_json(json_value: Json) -> str:
    """RFC 8785 text of a JSON value (keys of an export are ASCII, so sorting them as strings is right)."""
    if isinstance(json_value, dict):
        members = [f"{canonical_json(key)}:{canonical_json(json_value[key])}" for key in sorted(json_value)]
        return "{" + ",".join(members) + "}"
    if isinstance(json_value, list):
        return "[" + ",".join(canonical_json(element) for element in json_value) + "]"
    if isinstance(json_value, float):
        return canonical_number(json_value)
    return json.dumps(json_value, ensure_ascii=False)


def canonical_number(number: float) -> str:
    """A float as JavaScript writes it."""
    if number == 0 or (number.is_integer() and abs(number) < 1e21):
        return str(int(number))
    if 1e-6 <= abs(number) < 1e21:
        return format(Decimal(repr(number)), "f")
    mantissa, exponent = repr(number).split("e")
    return f"{mantissa}e{int(exponent):+d}"


def main(path: str) -> int:
    """Check one export; returns the exit code."""
    printer = CheckPrinter()
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith((".json", ".csv"))]
        texts = {name: archive.read(name).decode() for name in names}
    check_commitment(texts, printer)
    check_chains(texts, printer)
    if "analysis.json" in texts:  # an unblinded export
        check_fractions(texts, printer)
    print(f"{printer.difference_count} differences" if printer.difference_count else "Everything agrees.")
    return 1 if printer.difference_count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
