"""Checks a First Glance export with nothing but Python's standard library. Read it before you believe it.

Run it as: python verify.py EXPORT.zip [--commitment HEX] [--lock HEX]

Take the two digests from where they were published at the seal and at the lock, never from the export: whoever owns the
server can write an export that agrees with itself about judgments that nobody gave, but not one with those digests.
Exit status: 0 all agrees, also with the lock's digest that you gave; 1 something differs; 2 the file cannot be read as
an export; 3 all agrees with itself, but too little ties it to the outside.

Checked: the digest of every file, the commitment, every evaluator's chain, the log, the list of evaluators at the lock,
and, from chains and allocation alone, each arm's fractions, their difference and the headline. Not checked: intervals,
all other numbers, tables, texts and figures, how the seed came about, time stamps, and the Ed25519 signatures of export
and receipts, for which the standard library has nothing. `firstglance verify` checks these too.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import io
import json
import sys
import zipfile
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for a checker of types alone, so that Python 3.8 can run this file
    Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
    Estimate = tuple[float, float]  # (fraction, neurons that it is of)

STEPS = ["created", "sealed", "opened", "locked", "unblinded"]
UNLISTED = {"digests.json", "signature.json"}  # the list of digests, and the signature of that list
OPENED = {"design.json", "allocation.json", "analysis.json", "report.md"}  # only an unblinded export has these
LARGEST_FILE = 1 << 30
DAMAGED_ZIP = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
OTHER_FORM = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


class NoExportError(Exception):
    """The file cannot be checked; the text says why."""


class CheckPrinter:
    """Prints every check and counts those that fail."""

    def __init__(self) -> None:
        self.difference_count = 0

    def compare(self, name: str, recomputed: str, expected: str) -> None:
        """Print whether the recomputed text is the expected one."""
        if recomputed == expected:
            print(f"ok    {name}: {recomputed}")
        else:
            self.difference_count += 1
            print(f"WRONG {name}: {recomputed}; expected: {expected}")

    def compare_lists(self, name: str, recomputed_texts: list[str], expected_texts: list[str]) -> None:
        """Print whether both lists have the same texts in the same order."""
        self.compare(name, ", ".join(recomputed_texts) or "none", ", ".join(expected_texts) or "none")

    def compare_numbers(self, name: str, recomputed_number: float | None, expected_number: float | None) -> None:
        """Print whether two numbers are the same to nine decimals; None is "no such number"."""
        numbers = (recomputed_number, expected_number)
        texts = ("no such number" if number is None else f"{number:.9f}" for number in numbers)
        self.compare(name, *texts)


class Export:
    """The evidence in an export, which is all that decides its result, and the analysis that the export states."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.published = json.loads(files["commitment.json"])
        self.items = json.loads(files["items.json"])
        self.log = json.loads(files["events.json"])  # [{number, chain, event}]
        self.events = [link["event"] for link in self.log]
        locks = [number for number, event in enumerate(self.events) if event["action"] == "locked"]
        self.before_lock = self.events[: locks[0]] if locks else self.events
        self.lock_digest = self.log[locks[0]]["chain"] if locks else "the round is not locked"
        self.locked = self.events[locks[0]]["detail"] if locks else json.loads('{"v": 2, "evaluators": {}}')
        if self.published["v"] != 2 or "v" not in self.locked:
            message = "Version 0.1 made this export or locked its round: use the verify.py in it, or firstglance."
            raise NoExportError(message)
        links = json.loads(files.get("chains.json", b"[]"))  # [{evaluator, number, chain, entry}]
        names = sorted({*self.locked["evaluators"], *(link["evaluator"] for link in links)})
        self.chains = {name: [link for link in links if link["evaluator"] == name] for name in names}
        self.is_unblinded = "public_design.json" not in files
        if self.is_unblinded:
            self.design, self.seal = json.loads(files["design.json"]), json.loads(files["allocation.json"])
            self.analysis = json.loads(files["analysis.json"])
            self.allocated = {item["item"]: item for item in self.seal["allocation"]["items"]}


def read_files(path: str) -> dict[str, bytes]:
    """The files of a zip, {name: content}."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(set(names)) == len(names) and all(part.file_size < LARGEST_FILE for part in archive.infolist()):
                return {name: archive.read(name) for name in names}
    except DAMAGED_ZIP as error:
        message = f"{path} cannot be read as a zip ({error}); download it again."
        raise NoExportError(message) from error
    message = f"{path} has two files of one name, or one that is too large; First Glance did not make it."
    raise NoExportError(message)


def check_files(files: dict[str, bytes], printer: CheckPrinter) -> None:
    """Check that every file has the digest that digests.json lists, and that signature.json is about this list."""
    listed = json.loads(files["digests.json"])
    actual = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    names = {*listed, *actual} - UNLISTED
    changed = sorted(name for name in names if listed.get(name) != actual.get(name))
    printer.compare_lists("files that differ from digests.json", changed, [])
    results = sorted(OPENED.intersection(files) if "public_design.json" in files else ())
    printer.compare_lists("results in a blinded export", results, [])
    if "signature.json" in files:
        signed = json.loads(files["signature.json"])["digests_sha256"]
        printer.compare("digests.json as it was signed", actual["digests.json"], signed)


def check_commitment(export: Export, printer: CheckPrinter) -> None:
    """Check that design, items and opened seal give the digest that was published before the first judgment."""
    published = export.published
    item_digests = published["items"]  # [code, digest] of every item, sorted by code
    if export.is_unblinded:
        printer.compare("design", sha256(export.design), published["design_sha256"])
        printer.compare("sealed allocation", sha256(export.seal), published["sealed_sha256"])
        nonce = bytes.fromhex(export.seal["nonce"])  # keeps the digests from giving anything away before the opening
        item_digests = sorted([item["code"], keyed_sha256(nonce, item)] for item in export.items)
        changed = [code for code, digest in item_digests if [code, digest] not in published["items"]]
        printer.compare_lists("items changed since the commitment", changed, [])
    committed = {name: published[name] for name in ("design_sha256", "sealed_sha256")}
    key = published.get("receipt_key")  # signs receipts and exports; a round that version 0.1 sealed has none
    committed.update({"v": 2, "receipt_key": key} if key else {"v": 1}, items=item_digests)
    printer.compare("commitment", sha256(committed), published["commitment"])


def check_log(export: Export, printer: CheckPrinter) -> None:
    """Check the log's chain, and that the round took each step once, in order, with this commitment."""
    check_chain("the log", "0" * 64, [(link["number"], link["event"], link["chain"]) for link in export.log], printer)
    steps = [event["action"] for event in export.events if event["action"] in STEPS]
    printer.compare_lists("steps of the round", steps, STEPS if export.is_unblinded else STEPS[: len(steps)])
    sealed = [event["detail"]["commitment"] for event in export.events if event["action"] == "sealed"]
    printer.compare_lists("commitment in the log", sealed, [export.published["commitment"]])


def check_evaluators(export: Export, printer: CheckPrinter) -> None:
    """Check every evaluator's chain, that it ends as the lock says, and that the log tells who was erased."""
    start, at_lock = export.published["commitment"], export.locked["evaluators"]
    for name, links in export.chains.items():
        check_chain(name, start, [(link["number"], link["entry"], link["chain"]) for link in links], printer)
        owners = {link["entry"]["evaluator"] for link in links}
        printer.compare_lists(f"strangers in the chain of {name}", sorted(owners - {name}), [])
        end = f"{len(links)} entries, {links[-1]['chain'] if links else start}"
        expected = f"{at_lock[name]['entries']} entries, {at_lock[name]['head']}" if name in at_lock else "no chain"
        printer.compare(f"end of the chain of {name}", end, expected)
    erased = sorted(name for name, enrolment in at_lock.items() if enrolment["erased"])
    logged = [f"erased {event['detail']['evaluator']}" for event in export.before_lock if event["action"] == "erased"]
    printer.compare_lists("erased evaluators", erased, sorted(logged) if at_lock else [])


def check_chain(name: str, start: str, links: list[tuple[int, dict[str, Json], str]], printer: CheckPrinter) -> None:
    """Check one chain of (number, entry, digest): each digest is that of its entry with the digest before it."""
    previous, state = start, "unbroken"
    for index, (number, entry, digest) in enumerate(links):
        if sha256({"previous": previous, "entry": entry}) != digest or not number == entry["number"] == index:
            state = f"broken at entry {index}"
            break
        previous = digest
    printer.compare(f"chain of {name}", state, "unbroken")


def check_results(export: Export, printer: CheckPrinter) -> None:
    """Check each arm's fraction in each stratum and over all, the difference, and the headline that states them."""
    analysis, estimates, reference = export.analysis, estimate_cells(export), export.design["reference"]
    estimated = sorted(f"{arm} in {stratum}" for arm, stratum in estimates)
    stated = sorted(f"{cell['arm']} in {cell['stratum']}" for cell in analysis["cells"])
    printer.compare_lists("arms that have a fraction", estimated, stated)
    for cell in analysis["cells"]:
        fraction, _ = estimates.get((cell["arm"], cell["stratum"]), (None, 0))
        printer.compare_numbers(f"fraction of {cell['arm']} in {cell['stratum']}", fraction, cell["fraction"])
    for arm, stated_arm in sorted(analysis["arms"].items()):  # over its strata every neuron weighs the same
        parts = [estimate for (name, _), estimate in estimates.items() if name == arm]
        neuron_count = sum(count for _, count in parts)
        pooled = sum(fraction * count for fraction, count in parts) / neuron_count if parts else None
        printer.compare_numbers(f"fraction of {arm}", pooled, stated_arm["fraction"])
    treatment = next(cell["arm"] for cell in export.design["arms"] if cell["arm"] != reference)
    difference = pool_difference(estimates, treatment, reference)
    printer.compare_numbers(f"{treatment} minus {reference}", difference, analysis["difference"]["estimate"])
    arms = sorted({arm for arm, _ in estimates}, key=lambda arm: (arm != reference, arm != treatment, arm))
    printer.compare("headline", write_headline(export, arms, f"{treatment} minus {reference}"), analysis["headline"])


def estimate_cells(export: Export) -> dict[tuple[str, str], Estimate]:
    """{(arm, stratum): its estimate} where somebody judged a neuron, or all that were drawn are dead."""
    verdicts_of_item: dict[str, list[bool]] = {}  # {code of the item: its verdicts}
    for name in export.chains:
        for code, is_interpretable in final_verdicts(export, name).items():
            verdicts_of_item.setdefault(code, []).append(is_interpretable)
    means = [(export.allocated[code], sum(judged) / len(judged)) for code, judged in verdicts_of_item.items()]
    estimates = {}
    for cell in export.seal["allocation"]["cells"]:
        here = (cell["arm"], cell["stratum"])
        judged = [(item["layer"], mean) for item, mean in means if (item["arm"], item["stratum"]) == here]
        parts = [(1, [mean for _, mean in judged], cell["dead"], cell["shown"])]
        if judged and cell["layers"] and export.design["by_layer"] == "stratified":
            parts = []
            for layer in cell["layers"]:
                means_of_layer = [mean for number, mean in judged if number == layer["layer"]]
                parts.append((layer["eligible"], means_of_layer, layer["dead"], layer["drawn"] - layer["dead"]))
        if judged or (cell["dead"] and not cell["shown"]):
            estimates[here] = estimate_fraction(parts)
    return estimates


def final_verdicts(export: Export, name: str) -> dict[str, bool]:
    """{code: was it INTERPRETABLE} of an evaluator's last verdict on each neuron; controls and practice do not count.

    What they flagged is missing. Of an item that was shown again under another code, the first showing counts.
    """
    entries = [link["entry"] for link in export.chains[name]]
    if export.locked["evaluators"][name]["erased"]:
        return {}
    flagged = {entry["item"] for entry in entries if entry.get("kind") == "flag"}
    last = {entry["item"]: entry for entry in entries if entry.get("kind", "judgment") == "judgment"}
    is_interpretable: dict[str, bool] = {}
    for entry in sorted(last.values(), key=lambda entry: int(entry["position"])):
        original = export.allocated[entry["item"]]["repeats"] or entry["item"]
        if entry["item"] not in flagged and original not in is_interpretable:
            is_interpretable[original] = entry["verdict"] == "interpretable"
    return {code: verdict for code, verdict in is_interpretable.items() if export.allocated[code]["kind"] == "neuron"}


def estimate_fraction(parts: list[tuple[int, list[float], int, int]]) -> Estimate:
    """The fraction of neurons that come in one or more parts: (weight, mean verdicts, dead neurons, shown neurons).

    In a draw by layer each layer is a part, whose weight is its number of neurons. Dead neurons count as not
    interpretable: all of them once every neuron that was shown is judged, half of them when half are judged.
    """
    weighted_sum, weight_sum, neuron_count = 0.0, 0.0, 0.0
    for weight, means, dead, shown in parts:
        count = len(means) + dead * (min(1, len(means) / shown) if shown > 0 else 1)
        if count:
            weighted_sum += weight * sum(means) / count
            weight_sum, neuron_count = weight_sum + weight, neuron_count + count
    return weighted_sum / weight_sum, neuron_count


def pool_difference(estimates: dict[tuple[str, str], Estimate], treatment: str, reference: str) -> float | None:
    """The difference of two arms within strata, by Mantel and Haenszel: a stratum weighs n1 n0 / (n1 + n0)."""
    weighted_sum, weight_sum = 0.0, 0.0
    for stratum in {stratum for _, stratum in estimates}:
        if (treatment, stratum) in estimates and (reference, stratum) in estimates:
            (p1, n1), (p0, n0) = estimates[treatment, stratum], estimates[reference, stratum]
            weighted_sum += n1 * n0 / (n1 + n0) * (p1 - p0)
            weight_sum += n1 * n0 / (n1 + n0)
    return weighted_sum / weight_sum if weight_sum else None


def write_headline(export: Export, arms: list[str], comparison: str) -> str:
    """The headline from numbers that were just checked; only the interval in it is as analysis.json has it."""
    browsed = any(event["action"] == "archives browsed" for event in export.before_lock)
    warnings = "Blind broken. " * browsed + "Stopped early. " * export.locked["stopped_early"]
    if not arms:
        return f"{warnings}Nobody has judged a neuron of this round, so there is nothing to report."
    judges = sum(bool(final_verdicts(export, name)) for name in export.chains)
    people = "This one evaluator" if judges == 1 else f"These {judges} evaluators"
    parts = [f"{100 * export.analysis['arms'][arm]['fraction']:.1f}\xa0% of the neurons of {arm}" for arm in arms]
    fractions = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    estimate, interval = (export.analysis["difference"][name] for name in ("estimate", "interval"))
    sentence = "The arms cannot be compared."
    if interval is not None:
        zero = "leaves out zero" if interval[0] > 0 or interval[1] < 0 else "includes zero"
        points = [f"{100 * number + 0.0:+.1f}".replace("-", "\u2212") for number in (estimate, *interval)]
        sentence = f"{points[0]} percentage points (95 % interval {points[1]} to {points[2]}); the interval {zero}."
        sentence = f"{comparison}: {sentence}"
    return f"{warnings}{people} marked {fractions} INTERPRETABLE. {sentence}"


def sha256(json_value: Json) -> str:
    """SHA-256 of a JSON value's canonical text."""
    return hashlib.sha256(canonical_json(json_value).encode()).hexdigest()


def keyed_sha256(key: bytes, json_value: Json) -> str:
    """HMAC-SHA256 of a JSON value's canonical text."""
    return hmac.new(key, canonical_json(json_value).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def canonical_json(json_value: Json) -> str:
    """RFC 8785 text of a JSON value: no spaces, keys in the order of their UTF-16 code units."""
    if isinstance(json_value, dict):
        keys = sorted(json_value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical_json(key)}:{canonical_json(json_value[key])}" for key in keys) + "}"
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


def check_export(path: str, commitment: str | None, lock: str | None) -> int:
    """Check one export, print every check and a last line that says what it comes to; returns the exit status."""
    printer, files = CheckPrinter(), read_files(path)
    export = Export(files)
    check_files(files, printer)
    check_commitment(export, printer)
    check_log(export, printer)
    check_evaluators(export, printer)
    if export.is_unblinded:
        check_results(export, printer)
    if commitment:
        printer.compare("commitment that you gave", export.published["commitment"], commitment.strip().lower())
    if lock:
        printer.compare("digest of the lock that you gave", export.lock_digest, lock.strip().lower())
    if printer.difference_count:
        print(f"{printer.difference_count} differ.")
        return 1
    if lock:
        print(
            "Anchored: all agrees, with the digest of the lock that you gave; it covers all that was before the lock."
        )
        return 0
    given = "anchored up to the seal only" if commitment else "not anchored"
    print(f"Consistent, {given}: all agrees with itself; give --lock HEX to tie the judgments to what was published.")
    return 3


def main(arguments: list[str]) -> int:
    """Check the export that the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(description="Check a First Glance export.")
    parser.add_argument("export", help="the zip")
    parser.add_argument("--commitment", metavar="HEX", help="the commitment as it was published at the seal")
    parser.add_argument("--lock", metavar="HEX", help="the digest of the lock as it was published at the lock")
    options = parser.parse_args(arguments)
    try:
        return check_export(options.export, options.commitment, options.lock)
    except NoExportError as error:
        print(error)
    except OTHER_FORM as error:
        print(f"{options.export} is no First Glance export, or was changed ({type(error).__name__}: {error}).")
    return 2


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a pseudonym may have letters that the terminal lacks
    sys.exit(main(sys.argv[1:]))
