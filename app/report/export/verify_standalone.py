"""Checks a First Glance export with nothing but Python's standard library. Read it before you believe it.

Run it as: python verify.py EXPORT.zip [--commitment HEX] [--lock HEX] [--result HEX]
Take the digests from where they were published, never from the export: whoever owns the server can write an export that
agrees with itself about judgments that nobody gave, but not one with those digests. Exit status: 0 what is checked
agrees, also with the digest of lock or result that you gave; 1 something differs; 2 the file cannot be read as an
export; 3 what is checked agrees, but too little ties it to the outside.

Checked: the form of the zip, all digests, the commitment, every evaluator's chain, the log, the evaluators at the lock,
and, from chains and allocation alone, each arm's fractions, their difference and the headline apart from its interval.
Not checked: intervals, all other numbers, tables, texts and figures, times, how the seed came about, time stamps and
Ed25519 signatures; in a blinded export also the items. `firstglance verify` checks these too.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import io
import json
import os
import re
import struct
import sys
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for a checker of types alone, so that Python 3.8 can run this file
    Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
    Estimate = tuple[float, float]  # (fraction, neurons that it is of)

STEPS = ["created", "sealed", "opened", "locked", "unblinded"]
READ = ["commitment.json", "events.json", "chains.json"]
READ_WHEN_OPENED = ["items.json", "design.json", "allocation.json", "analysis.json"]
IN_EVERY_EXPORT = (
    r"README\.md|verify\.py|(chains|commitment|datapackage|digests|events|items|program|receipts|signature)\.json|"
    r"(evaluators|events|items)\.csv|timestamps/(draw|commitment|lock)-[1-9][0-9]*\.tsr|"
)
MARK_OF_BLINDED = "public_design.json"
IN_UNBLINDED_EXPORTS = (
    r"(allocation|analysis|design|frame|methods)\.json|(neurons|observations)\.csv|snippets\.parquet|"
    r"(preregistration|report)\.md|report\.pdf|CITATION\.cff|figures/[a-z]+\.(svg|pdf)"
)
TOO_LARGE = "There is no such file, or it is larger than any export."
FIRST_OUTCOME = {"counted_answers": ["interpretable"], "sentence": "{people} marked {fractions} INTERPRETABLE."}
NOT_CHECKED = "(95 % interval: not checked here)"


class NoExportError(Exception):
    """The file cannot be checked; the text says why and what to do."""


class CheckPrinter:
    """Prints every check and counts those that fail."""

    difference_count = 0

    def compare(self, name: str, recomputed: str | list[str], stated: str | list[str]) -> None:
        """Print whether the recomputed text, or list of texts, is the stated one."""
        agrees = recomputed == stated
        self.difference_count += not agrees
        texts = [text if isinstance(text, str) else ", ".join(text) or "none" for text in (recomputed, stated)]
        print("ok   " if agrees else "WRONG", printable(f"{name}: {'; expected: '.join(texts[: 2 - agrees])}"))

    def compare_numbers(self, name: str, *number_pair: float | None) -> None:
        """Print whether the recomputed and the stated number are the same to nine decimals, or None as well."""
        self.compare(name, *("no such number" if number is None else f"{number:.9f}" for number in number_pair))


def printable(text: str) -> str:
    """A text in which everything that could break, hide or colour a line is written as its code."""
    return "".join(letter if letter.isprintable() or letter == "\xa0" else ascii(letter)[1:-1] for letter in text)


def object_of_members(members: list[tuple[str, Json]]) -> dict[str, Json]:
    """A JSON object; one key twice would mean one thing to this script and another to other programs."""
    json_object = dict(members)
    if len(json_object) < len(members):
        message = f"one object has two keys of one name, among {', '.join(json_object)}"
        raise ValueError(message)
    return json_object


DECODER = json.JSONDecoder(object_pairs_hook=object_of_members, parse_constant=int)  # int refuses NaN and Infinity


class Export:
    """The evidence in an export, which is all that decides its result, and the analysis that the export states."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.is_unblinded = MARK_OF_BLINDED not in files
        contents = {"chains.json": b"[]", **files}  # version 0.1 wrote no chains.json
        texts = [contents[name].decode() for name in READ + READ_WHEN_OPENED * self.is_unblinded]
        self.published, self.log, links, *opened = [DECODER.decode(text) for text in texts]
        self.events = [link["event"] for link in self.log]  # the log is [{number, chain, event}]
        locks = [number for number, event in enumerate(self.events) if event["action"] == "locked"]
        self.before_lock = self.events[: locks[0]] if locks else self.events
        self.lock_digest = self.log[locks[-1]]["chain"] if locks else "the round is not locked"
        results = [link["chain"] for link in self.log if link["event"]["action"] in ("unblinded", "corrected")]
        self.results = results[::-1] or ["the round has no result"]  # the newest first
        self.locked = self.events[locks[0]]["detail"] if locks else json.loads('{"v": 2, "evaluators": {}}')
        if self.published["v"] != 2 or "v" not in self.locked:
            message = "Version 0.1 made this export (use the verify.py in it) or locked its round (firstglance verify)."
            raise NoExportError(message)
        self.chains = {name: list(links[:0]) for name in self.locked["evaluators"]}
        for link in links:
            self.chains.setdefault(link["evaluator"], []).append(link)
        if self.is_unblinded:
            self.items, self.design, self.seal, self.analysis = opened
            self.outcome = self.design.get("analysis", {}).get("outcome", FIRST_OUTCOME)
            self.allocated = {item["item"]: item for item in self.seal["allocation"]["items"]}
            cells = self.seal["allocation"]["cells"]
            if max(len(cells), len(self.analysis["arms"]), *(len(cell["layers"] or []) for cell in cells)) > 1_000:
                raise NoExportError(TOO_LARGE)


def read_files(path: str) -> dict[str, bytes]:
    """The files of a zip, {name: content}. It may hold nothing else: programs would read different files out of it."""
    if not Path(path).is_file() or Path(path).stat().st_size > 1 << 30:
        raise NoExportError(TOO_LARGE)
    zip_bytes = Path(path).read_bytes()
    archive = zipfile.ZipFile(io.BytesIO(zip_bytes))
    entries, position, list_size = archive.infolist(), 0, 0
    is_plain = sum(entry.file_size for entry in entries) <= max(1 << 23, 40 * len(zip_bytes))  # usual: 3 to 20 times
    for entry in entries:
        header = entry.FileHeader()  # as it must stand before the file if the list tells the truth
        is_plain &= zip_bytes.startswith(header, position) and entry.header_offset == position and not entry.extra
        is_plain &= entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        position, list_size = position + len(header) + entry.compress_size, list_size + len(header) + 16
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries), list_size, position, 0)
    if not is_plain or zip_bytes[position + list_size :] != end or len(set(archive.namelist())) < len(entries):
        message = "The zip holds something that First Glance does not put into it; take it as it was downloaded."
        raise NoExportError(message)
    files = {name: archive.read(name) for name in archive.namelist()}
    if any(sum(map(content.count, (b",", b"[", b"{"))) > 1 << 25 for content in files.values()):  # signs before a value
        raise NoExportError(TOO_LARGE)
    return files


def check_files(files: dict[str, bytes], printer: CheckPrinter) -> None:
    """Check names, that every file has the digest that digests.json lists, and that signature.json signs this list."""
    listed = DECODER.decode(files["digests.json"].decode())
    actual = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    names = {*listed, *actual} - {"digests.json", "signature.json"}  # the list itself, and its signature
    changed = sorted(name for name in names if listed.get(name) != actual.get(name))
    printer.compare("files that differ from digests.json", changed, [])
    further = re.escape(MARK_OF_BLINDED) if MARK_OF_BLINDED in files else IN_UNBLINDED_EXPORTS
    strange = sorted(name for name in files if not re.fullmatch(IN_EVERY_EXPORT + further, name))
    printer.compare("files that no such export has", strange, [])
    if "signature.json" in files:
        signed = DECODER.decode(files["signature.json"].decode())["digests_sha256"]
        printer.compare("digests.json as it was signed", actual["digests.json"], signed)


def check_commitment(export: Export, printer: CheckPrinter) -> None:
    """Check that design, items and opened seal give the digest that was published before the first judgment."""
    published = export.published
    item_digests = published["items"]  # [code, digest] of every item, sorted by code
    if export.is_unblinded:
        printer.compare("design", sha256(export.design), published["design_sha256"])
        printer.compare("sealed allocation", sha256(export.seal), published["sealed_sha256"])
        nonce = bytes.fromhex(export.seal["nonce"])  # keeps the digests from giving anything away before the opening
        item_digests = sorted([item["code"], sha256(item, nonce)] for item in export.items)
        changed = sorted(code for code, _ in set(map(tuple, item_digests)) - set(map(tuple, published["items"])))
        printer.compare("items changed since the commitment", changed, [])
    committed = {name: published[name] for name in ("design_sha256", "sealed_sha256")}
    key = published.get("receipt_key")  # signs receipts and exports; a round that version 0.1 sealed has none
    committed.update({"v": 2, "receipt_key": key} if key else {"v": 1}, items=item_digests)
    printer.compare("commitment", sha256(committed), published["commitment"])


def check_log(export: Export, printer: CheckPrinter) -> None:
    """Check the log's chain, and that the round took each step once, in order, with this commitment and one design."""
    check_chain("the log", "0" * 64, [(link["number"], link["event"], link["chain"]) for link in export.log], printer)
    steps = [event["action"] for event in export.events if event["action"] in STEPS]
    printer.compare("steps of the round", steps, STEPS if export.is_unblinded else STEPS[: len(steps)])
    for name in ("commitment", "design_sha256"):  # from the creation on: a round of another design has another draw
        logged = {event["detail"][name] for event in export.events if name in event["detail"]}
        printer.compare(f"{name} in the log", sorted(logged), [export.published[name]])


def check_evaluators(export: Export, printer: CheckPrinter) -> None:
    """Check every evaluator's chain, that it ends as the lock says, and that the log tells who was erased."""
    start, at_lock = export.published["commitment"], export.locked["evaluators"]
    for name, links in sorted(export.chains.items()):
        check_chain(name, start, [(link["number"], link["entry"], link["chain"]) for link in links], printer)
        owners = {link["entry"]["evaluator"] for link in links}
        printer.compare(f"strangers in the chain of {name}", sorted(owners - {name}), [])
        end = f"{len(links)} entries, {links[-1]['chain'] if links else start}"
        expected = f"{at_lock[name]['entries']} entries, {at_lock[name]['head']}" if name in at_lock else "no chain"
        printer.compare(f"end of the chain of {name}", end, expected)
    erased = sorted(name for name, enrolment in at_lock.items() if enrolment["erased"])
    logged = [f"erased {event['detail']['evaluator']}" for event in export.before_lock if event["action"] == "erased"]
    printer.compare("erased evaluators", erased, sorted(logged) if at_lock else [])


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
    cells = sorted(f"{cell['arm']} in {cell['stratum']}" for cell in analysis["cells"])
    printer.compare("arms that have a fraction", sorted(f"{arm} in {stratum}" for arm, stratum in estimates), cells)
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
    stated = analysis["headline"]
    if difference is not None:
        lower, upper = analysis["difference"]["interval"]  # not computed here, so its words are left out
        verb = "leaves out" if lower > 0 or upper < 0 else "includes"
        interval = f"(95 % interval {write_points(lower)} to {write_points(upper)}); the interval {verb} zero."
        stated = stated.replace(interval, NOT_CHECKED)
    printer.compare("headline", write_headline(export, arms, f"{treatment} minus {reference}"), stated)


def estimate_cells(export: Export) -> dict[tuple[str, str], Estimate]:
    """{(arm, stratum): its estimate} where somebody judged a neuron, or all that were drawn are dead."""
    verdicts_of_item: dict[str, list[bool]] = {}  # {code of the item: its verdicts}
    for name in export.chains:
        for code, counts in final_verdicts(export, name).items():
            verdicts_of_item.setdefault(code, []).append(counts)
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
    """{code: does it count} by the last verdict on each neuron; of two codes of one neuron the first shown."""
    entries = [link["entry"] for link in export.chains[name] if not export.locked["evaluators"][name]["erased"]]
    flagged = {entry["item"] for entry in entries if entry.get("kind") == "flag"}
    last = {entry["item"]: entry for entry in entries if entry.get("kind", "judgment") == "judgment"}
    verdicts: dict[str, bool] = {}
    for entry in sorted(last.values(), key=lambda entry: int(entry["position"])):
        if entry["item"] not in flagged:
            item = export.allocated[entry["item"]]
            counted_answers = export.outcome["counted_answers"] or [item.get("right_answer")]
            verdicts.setdefault(item["repeats"] or entry["item"], entry["verdict"] in counted_answers)
    return {code: counted for code, counted in verdicts.items() if export.allocated[code]["kind"] == "neuron"}


def estimate_fraction(parts: list[tuple[int, list[float], int, int]]) -> Estimate:
    """The fraction of neurons that come in one or more parts: (weight, mean verdicts, dead neurons, shown neurons).

    Dead ones count as 0, as many as of the shown are judged. Drawn by layer, every layer is a part.
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
    weighted: list[tuple[float, float]] = []  # (weight, difference) of each stratum
    for stratum in {stratum for _, stratum in estimates}:
        if (treatment, stratum) in estimates and (reference, stratum) in estimates:
            (p1, n1), (p0, n0) = estimates[treatment, stratum], estimates[reference, stratum]
            weighted.append((n1 * n0 / (n1 + n0), p1 - p0))
    return sum(weight * gap for weight, gap in weighted) / sum(weight for weight, _ in weighted) if weighted else None


def write_headline(export: Export, names: list[str], comparison: str) -> str:
    """The headline from numbers that were just checked, without the interval."""
    warnings = "Blind broken. " * any(event["action"] == "archives browsed" for event in export.before_lock)
    warnings += "Stopped early. " * export.locked["stopped_early"]
    if not names:
        item = "an item" if export.design["version"] > 2 else "a neuron"
        return f"{warnings}Nobody has judged {item} of this round, so there is nothing to report."
    judges = sum(bool(final_verdicts(export, name)) for name in export.chains)
    people = "This one evaluator" if judges == 1 else f"These {judges} evaluators"
    unit = {cell["arm"]: cell.get("unit", "neuron") for cell in export.design["arms"]}
    parts = [f"{100 * export.analysis['arms'][arm]['fraction']:.1f}\xa0% of the {unit[arm]}s of {arm}" for arm in names]
    fractions = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    estimate = export.analysis["difference"]["estimate"]
    difference = estimate is not None and f"{comparison}: {write_points(estimate)} percentage points {NOT_CHECKED}"
    sentence = export.outcome["sentence"].replace("{people}", people).replace("{fractions}", fractions)
    return f"{warnings}{sentence} {difference or 'The arms cannot be compared.'}"


def write_points(fraction: float) -> str:
    """A difference of fractions in percentage points, with its sign."""
    return f"{100 * fraction + 0.0:+.1f}".replace("-", "\u2212")


def sha256(json_value: Json, key: bytes | None = None) -> str:
    """SHA-256 of a JSON value's canonical text; with a key, HMAC-SHA256."""
    content = canonical_json(json_value).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest() if key is None else hmac.new(key, content, hashlib.sha256).hexdigest()


def canonical_json(json_value: Json) -> str:
    """RFC 8785 text of a JSON value: no spaces, keys in the order of their UTF-16 code units."""
    if isinstance(json_value, dict):
        keys = sorted(json_value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical_json(key)}:{canonical_json(json_value[key])}" for key in keys) + "}"
    if isinstance(json_value, list):
        return "[" + ",".join(canonical_json(element) for element in json_value) + "]"
    return canonical_number(json_value) if isinstance(json_value, float) else json.dumps(json_value, ensure_ascii=False)


def canonical_number(number: float) -> str:
    """A float as JavaScript writes it."""
    if number == 0 or (number.is_integer() and abs(number) < 1e21):
        return str(int(number))
    if 1e-6 <= abs(number) < 1e21:
        return format(Decimal(repr(number)), "f")
    return re.sub(r"e([+-])0*", r"e\1", repr(number))


def check_export(path: str, commitment: str | None, lock: str | None, result: str | None) -> int:
    """Check one export, print every check and a last line that says what it comes to; returns the exit status."""
    printer, files = CheckPrinter(), read_files(path)
    export = Export(files)
    check_files(files, printer)
    for check in (check_commitment, check_log, check_evaluators):
        check(export, printer)
    agreeing, unchecked = "commitment, chains and log agree", "items, tables and texts"
    if export.is_unblinded:
        check_results(export, printer)
        agreeing = "commitment, chains, log, fractions, difference and the headline's estimates agree"
        unchecked = "intervals, tables, texts and figures"
    if commitment:
        printer.compare("commitment that you gave", export.published["commitment"], commitment)
    if lock:
        printer.compare("digest of the lock that you gave", export.lock_digest, lock)
    earlier = " that you gave, which was corrected since" if result in export.results[1:] else ""
    if result:
        printer.compare("digest of the result that you gave", result if earlier else export.results[0], result)
    if printer.difference_count:
        print(f"{printer.difference_count} differ.")
        return 1
    start = f"Anchored up to the {'result' if result else 'lock'}{earlier}"
    if not lock and not result:
        start = f"Consistent, {'anchored up to the seal only' if commitment else 'not anchored'} (give --lock HEX)"
    print(f"{start}: {agreeing}; {unchecked} were not checked here: firstglance verify does.")
    return 0 if lock or result else 3


def main(arguments: list[str]) -> int:
    """Check the export that the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(description="Check a First Glance export.")
    parser.add_argument("export", help="the zip")
    for name, step in (("commitment", "seal"), ("lock", "lock"), ("result", "unblinding")):
        parser.add_argument(f"--{name}", metavar="HEX", type=lambda text: text.strip().lower(), help=f"of the {step}")
    options = parser.parse_args([printable(argument.strip("\r\n")) for argument in arguments])  # errors quote them
    try:
        return check_export(options.export, options.commitment, options.lock, options.result)
    except NoExportError as error:
        reason = f": {error}"
    except Exception as error:  # whatever an export of another form leads to
        reason = printable(f" is no export, or was changed ({type(error).__name__}: {error}).")
    print(options.export + reason)
    return 2


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a pseudonym may have letters that the terminal lacks
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except OSError:  # whoever read the answer has enough of it, or the disk that takes it is full
        os._exit(2)
    sys.exit(status)
