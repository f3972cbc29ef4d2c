"""Checks a First Glance export with nothing but Python's standard library.

Run it as: python verify.py EXPORT.zip

It recomputes the commitment, every evaluator's chain, the log's chain and each arm's fraction, prints what it found
and exits 1 if anything differs. It is short so that you can read it before you believe it.
"""

import csv
import hashlib
import hmac
import io
import json
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Files = dict[str, Any]
Say = Callable[[str, str, str], None]


def canonical(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """RFC 8785 text of a JSON value (keys of an export are ASCII, so sorting them as strings is right)."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(one) for one in value) + "]"
    if isinstance(value, float):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def number(value: float) -> str:
    """A float as JavaScript writes it."""
    if value == 0 or (value.is_integer() and abs(value) < 1e21):
        return str(int(value))
    if 1e-6 <= abs(value) < 1e21:
        return format(Decimal(repr(value)), "f")
    mantissa, exponent = repr(value).split("e")
    return f"{mantissa}e{int(exponent):+d}"


def digest(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """SHA-256 of a JSON value's canonical text."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def check_commitment(files: Files, say: Say) -> None:
    """Design, items, allocation and nonce must give the digest that was published before the first judgment."""
    given = files["commitment.json"]
    items = given["items"]
    if "design.json" in files:
        say("design", digest(files["design.json"]), given["design_sha256"])
    if "allocation.json" in files:
        opened = files["allocation.json"]
        say(
            "sealed allocation", digest({k: opened[k] for k in ("allocation", "seed", "nonce")}), given["sealed_sha256"]
        )
        key = bytes.fromhex(opened["nonce"])
        contents = {one["code"]: canonical(one).encode() for one in files["items.json"]}
        items = [[code, hmac.new(key, contents[code], hashlib.sha256).hexdigest()] for code in sorted(contents)]
        changed = [code for code, found in items if [code, found] not in given["items"]]
        say("items as judged", ", ".join(changed) or "none changed", "none changed")
    committed = {
        "v": 1,
        "design_sha256": given["design_sha256"],
        "items": items,
        "sealed_sha256": given["sealed_sha256"],
    }
    say("commitment", digest(committed), given["commitment"])


def check_chain(name: str, start: str, links: list[Files], entry: str, say: Say) -> None:
    """Each link's digest covers its entry and everything before it."""
    previous = start
    for place, link in enumerate(links):
        if digest({"previous": previous, "entry": link[entry]}) != link["chain"]:
            say(f"chain of {name}", f"broken at entry {place}", "unbroken")
            return
        previous = link["chain"]
    say(f"chain of {name}", "unbroken", "unbroken")


def check_chains(files: Files, say: Say) -> None:
    """Judgments follow the commitment, one chain per evaluator; the log follows 64 zeros."""
    by_evaluator: dict[str, list[Files]] = {}
    for link in files["judgments.json"]:
        by_evaluator.setdefault(link["evaluator"], []).append(link)
    for evaluator, links in sorted(by_evaluator.items()):
        links.sort(key=lambda link: link["number"])
        check_chain(evaluator, files["commitment.json"]["commitment"], links, "judgment", say)
    check_chain("the log", "0" * 64, sorted(files["events.json"], key=lambda link: link["number"]), "event", say)


def check_fractions(files: Files, text: str, say: Say) -> None:
    """Each arm: the mean over its neurons of the neuron's mean verdict, dead neurons as NOT, from the CSV alone."""
    verdicts: dict[tuple[str, str], dict[str, list[bool]]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        if row["kind"] == "neuron":
            cell = verdicts.setdefault((row["arm"], row["stratum"]), {})
            cell.setdefault(row["item"], []).append(row["verdict"] == "interpretable")
    counts = {(cell["arm"], cell["stratum"]): cell for cell in files["frame.json"]["cells"]}
    for one in [] if files["frame.json"]["by_layer"] else files["analysis.json"]["cells"]:
        place = (one["arm"], one["stratum"])
        shares = [sum(votes) / len(votes) for votes in verdicts.get(place, {}).values()]
        dead, shown = counts[place]["dead"], counts[place]["shown"]
        found = sum(shares) / (len(shares) + (dead * min(1, len(shares) / shown) if shown else dead))
        say(f"fraction of {one['arm']} in {one['stratum']}", f"{found:.9f}", f"{one['fraction']:.9f}")


def main(path: str) -> int:
    """Check one export; returns the exit code."""
    wrong: list[str] = []

    def say(name: str, found: str, expected: str) -> None:
        same = found == expected
        ending = "" if same else f", but the export says {expected}"
        sys.stdout.write(f"{'ok   ' if same else 'WRONG'} {name}: {found}{ending}\n")
        if not same:
            wrong.append(name)

    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".json", ".csv"))}
    files = {name: json.loads(text) for name, text in texts.items() if name.endswith(".json")}
    check_commitment(files, say)
    check_chains(files, say)
    if "analysis.json" in files:
        check_fractions(files, texts["observations.csv"], say)
    sys.stdout.write(f"{len(wrong)} differences\n" if wrong else "Everything agrees.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
