"""The script in every export that checks it with Python's standard library alone."""

import ast
import json
import os
import random
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from app.evidence.checks import check_blinded_evidence, check_evidence
from app.evidence.entries import EventLink
from app.evidence.round_evidence import Evidence
from app.foundation.digest import canonical_bytes, sha256_of_json
from app.foundation.json_types import JsonObject, JsonValue
from app.report.analysis.analysis import Analysis
from app.report.export import bundle as bundle_module
from app.report.export import verify_standalone
from app.report.export.bundle import PACKAGE_FILE, README_FILE, blinded_files, blinded_zip, unblinded_files
from app.report.export.readme import EVIDENCE_FILES, VIEW_FILES
from app.report.export.verify_standalone import canonical_json
from app.report.export.zip_file import json_bytes, read_zip, zip_files
from app.report.number_text import points_range
from app.report.result import result_of
from app.statistics.intervals import Interval
from tests.conftest import without_figures
from tests.report.random_rounds import RoundOptions, flag_entry, judgment_entry, random_round
from tests.report.simulated_evidence import SIGNING_KEY, RoundFacts, blinded_bundle_of, evidence_of, relinked
from tests.report.tampering import replace_file, tamper
from tests.report.test_zip_form import ODD_ZIPS

SCRIPT = Path(verify_standalone.__file__)
EVERYTHING = RoundOptions()
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)
KINDS_OF_ROUND = (
    EVERYTHING,
    RoundOptions(by_layer=True),
    RoundOptions(completed=0.4),
    RoundOptions(by_layer=True, completed=0.25),
    RoundOptions(flags=False, erased=False),
    RoundOptions(completed=0.0),
)
READ_BY_THE_SCRIPT = (
    "allocation.json",
    "analysis.json",
    "chains.json",
    "commitment.json",
    "design.json",
    "digests.json",
    "events.json",
    "items.json",
    "signature.json",
)
RELEASED_EXPORTS = sorted((Path(__file__).parents[1] / "data" / "released" / "0.1.0").rglob("*.zip"))


@cache
def honest_round(options: RoundOptions = EVERYTHING, seed: int = 5) -> RoundFacts:
    return random_round(seed, options)


@cache
def honest_evidence(options: RoundOptions = EVERYTHING, seed: int = 5) -> Evidence:
    return evidence_of(honest_round(options, seed))


@cache
def honest_analysis() -> Analysis:
    return analysis_of(honest_evidence())


@cache
def honest_zip() -> bytes:
    return zip_files(files_of(honest_evidence()), SIGNING_KEY)


def analysis_of(evidence: Evidence) -> Analysis:
    return result_of(evidence).analysis


def files_of(evidence: Evidence, analysis: Analysis | None = None) -> dict[str, bytes]:
    """The files of an export without figures and PDF, which states the analysis of the evidence or another one."""
    result = result_of(evidence)
    with without_figures(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle_module, "pdf_available", lambda: False)
        return unblinded_files(evidence, replace(result, analysis=analysis or result.analysis), {})


def write_export(folder: Path, evidence: Evidence, analysis: Analysis | None = None) -> str:
    return write_zip(folder, zip_files(files_of(evidence, analysis), SIGNING_KEY))


def write_zip(folder: Path, content: bytes) -> str:
    path = folder / "export.zip"
    path.write_bytes(content)
    return str(path)


def published_digests(evidence: Evidence) -> list[str]:
    """The options that name what was published at the seal and at the lock."""
    return ["--commitment", evidence.published.commitment, "--lock", str(evidence.lock_digest)]


def with_lock(evidence: Evidence, change: Callable[[dict[str, JsonObject]], None]) -> Evidence:
    """The evidence with another list of evaluators at the lock, and a log that follows from it again."""
    log: list[EventLink] = json.loads(json.dumps(list(evidence.log)))
    for link in log:
        if link["event"]["action"] == "locked":
            roster: dict[str, JsonObject] = json.loads(json.dumps(link["event"]["detail"]["evaluators"]))
            change(roster)
            link["event"]["detail"] |= {"evaluators": {**roster}}
    return replace(evidence, log=relinked(log))


def with_entries(facts: RoundFacts, name: str, entries: list[JsonObject]) -> RoundFacts:
    return replace(facts, entries={**facts.entries, name: entries})


def test_an_export_verifies_with_the_script_in_it(exported: Path, tmp_path: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_bytes(read_zip(exported)["verify.py"])
    command = [sys.executable, "-I", str(script), str(exported)]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert completed.returncode == 3, completed.stdout + completed.stderr
    assert "fraction of solu in 2L/0" in completed.stdout
    assert "\nConsistent, not anchored" in completed.stdout
    assert "WRONG" not in completed.stdout


@pytest.mark.parametrize("name", ["allocation.json", "items.json", "chains.json", "events.json", "design.json"])
def test_the_script_reports_a_changed_file(
    exported: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.dumps(tamper(name, json.loads(read_zip(exported)[name])))
    assert verify_standalone.main([str(replace_file(exported, name, content.encode(), tmp_path))]) == 1
    assert "WRONG" in capsys.readouterr().out


@pytest.mark.parametrize(
    "value",
    [
        0.0,
        -0.0,
        1.0,
        0.1,
        1e-7,
        1.5e-6,
        123456.789,
        1e20,
        1e21,
        5e-324,
        'naïve\u2028"\\\n\x1f',
        {"b": [1, None], "a": True},
        {"\U0001f333": 1, "\uff5e": 2, "é": 3},
    ],
)
def test_the_script_s_canonical_json_follows_rfc_8785(value: JsonValue) -> None:
    assert canonical_json(value).encode() == canonical_bytes(value)


@pytest.mark.parametrize("options", KINDS_OF_ROUND)
@pytest.mark.parametrize("seed", range(3))
def test_the_script_finds_the_fractions_of_the_program_in_every_kind_of_round(
    options: RoundOptions, seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = honest_evidence(options, seed)
    assert [check.problem for check in check_evidence(evidence) if not check.ok] == []
    status = verify_standalone.main([write_export(tmp_path, evidence)])
    printed = capsys.readouterr().out
    assert "WRONG" not in printed
    assert status == 3
    assert all(f"fraction of {cell.arm} in {cell.stratum}: " in printed for cell in analysis_of(evidence).cells)


def test_an_export_is_anchored_by_the_digest_of_its_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence, path = honest_evidence(), write_zip(tmp_path, honest_zip())
    assert verify_standalone.main([path, *published_digests(evidence)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("Anchored")
    assert verify_standalone.main([path, "--lock", f" {str(evidence.lock_digest).upper()}\n"]) == 0
    assert verify_standalone.main([path]) == 3
    assert capsys.readouterr().out.splitlines()[-1].startswith("Consistent, not anchored")


def test_the_commitment_alone_anchors_nothing_after_the_seal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_zip(tmp_path, honest_zip())
    assert verify_standalone.main([path, "--commitment", honest_evidence().published.commitment]) == 3
    assert "anchored up to the seal only" in capsys.readouterr().out.splitlines()[-1]


def test_the_digest_of_the_result_anchors_the_whole_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence, path = honest_evidence(), write_zip(tmp_path, honest_zip())
    assert verify_standalone.main([path, "--result", str(evidence.result_digest)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("Anchored up to the result: ")
    log: list[EventLink] = json.loads(json.dumps(list(evidence.log)))
    log[-1]["event"]["detail"] |= {"reason": "another reason than was logged"}
    rewritten = write_export(tmp_path, replace(evidence, log=relinked(log)))
    assert verify_standalone.main([rewritten, *published_digests(evidence)]) == 0, "the lock is before the result"
    assert capsys.readouterr().out.splitlines()[-1].startswith("Anchored up to the lock: ")
    assert verify_standalone.main([rewritten, "--result", str(evidence.result_digest)]) == 1
    blinded = write_zip(tmp_path, blinded_zip(blinded_bundle_of(evidence, locked=True), SIGNING_KEY))
    assert verify_standalone.main([blinded, "--result", str(evidence.result_digest)]) == 1
    assert "the round has no result" in capsys.readouterr().out


def test_the_digest_of_a_result_that_was_corrected_since_anchors_the_log_until_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = honest_evidence()
    correction = json.loads(json.dumps(evidence.log[-1]))
    correction["event"]["action"] = "corrected"
    corrected = replace(evidence, log=relinked([*evidence.log, correction]))
    path = write_export(tmp_path, corrected)
    for digest, words in (
        (evidence.result_digest, " that you gave, which was corrected since"),
        (corrected.result_digest, ""),
    ):
        assert verify_standalone.main([path, "--result", str(digest)]) == 0
        assert capsys.readouterr().out.splitlines()[-1].startswith(f"Anchored up to the result{words}: ")
    assert verify_standalone.main([path, "--result", "5e" * 32]) == 1


def test_the_last_line_says_what_was_not_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence, path = honest_evidence(), write_zip(tmp_path, honest_zip())
    blinded = write_zip(tmp_path, blinded_zip(blinded_bundle_of(evidence, locked=True), SIGNING_KEY))
    assert verify_standalone.main([blinded, *published_digests(evidence)]) == 0
    assert "items, tables and texts were not checked here" in capsys.readouterr().out.splitlines()[-1]
    path = write_zip(tmp_path, honest_zip())
    for options in ([], published_digests(evidence)):
        verify_standalone.main([path, *options])
        last_line = capsys.readouterr().out.splitlines()[-1]
        assert "intervals, tables, texts and figures were not checked here: firstglance verify does" in last_line


@pytest.mark.parametrize("option", ["--commitment", "--lock", "--result"])
def test_an_export_that_has_another_digest_than_the_published_one_differs(option: str, tmp_path: Path) -> None:
    path = write_zip(tmp_path, honest_zip())
    assert verify_standalone.main([path, option, "5e" * 32]) == 1
    assert verify_standalone.main([path, option, "not a digest"]) == 1


def test_a_blinded_export_is_anchored_once_the_round_is_locked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = honest_evidence()
    collecting = write_zip(tmp_path, blinded_zip(blinded_bundle_of(evidence, locked=False), SIGNING_KEY))
    assert verify_standalone.main([collecting, "--commitment", evidence.published.commitment]) == 3
    assert verify_standalone.main([collecting, *published_digests(evidence)]) == 1
    assert "the round is not locked" in capsys.readouterr().out
    locked = write_zip(tmp_path, blinded_zip(blinded_bundle_of(evidence, locked=True), SIGNING_KEY))
    assert verify_standalone.main([locked]) == 3
    assert verify_standalone.main([locked, *published_digests(evidence)]) == 0


def test_results_in_an_export_that_says_it_is_blinded_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = files_of(honest_evidence()) | {"public_design.json": b"{}"}
    assert verify_standalone.main([write_zip(tmp_path, zip_files(files, SIGNING_KEY))]) == 1
    opened = "CITATION.cff, allocation.json, analysis.json, design.json, frame.json"
    assert f"WRONG files that no such export has: {opened}" in capsys.readouterr().out


def test_an_unblinded_export_made_into_a_blinded_one_keeps_no_forged_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence, removed = honest_evidence(), ("design.json", "allocation.json", "analysis.json", "report.md")
    files = {name: content for name, content in files_of(evidence).items() if name not in removed}
    files |= {"public_design.json": json_bytes(evidence.design.public_content()), "report.pdf": b"%PDF +78"}
    assert verify_standalone.main([write_zip(tmp_path, zip_files(files)), *published_digests(evidence)]) == 1
    printed = capsys.readouterr().out
    assert "WRONG files that no such export has: CITATION.cff, frame.json, methods.json" in printed
    assert "report.pdf" in printed


def test_every_file_that_an_export_may_have_belongs_to_one_kind_of_export_or_to_both() -> None:
    both, unblinded = verify_standalone.IN_EVERY_EXPORT, verify_standalone.IN_UNBLINDED_EXPORTS
    names = {name for name in (*EVIDENCE_FILES, *VIEW_FILES) if not name.endswith("/")}
    names |= {README_FILE, PACKAGE_FILE, "figures/forest.svg", "figures/forest.pdf", "timestamps/lock-1.tsr"}
    unknown = {name for name in names if not re.fullmatch(both + unblinded, name)}
    assert unknown == {verify_standalone.MARK_OF_BLINDED}
    blinded = blinded_files(blinded_bundle_of(honest_evidence(), locked=True).evidence, {"title": "Round"}, {})
    assert {name for name in blinded if not re.fullmatch(both, name)} == unknown


@pytest.mark.parametrize("name", ["REPORT.md", "report.md ", "./report.md", "../evil", "figures/a.html", "report.md\n"])
def test_a_file_that_no_export_has_is_reported_though_it_is_listed(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_zip(tmp_path, zip_files(files_of(honest_evidence()) | {name: b"The headline is +78."}))
    assert verify_standalone.main([path, *published_digests(honest_evidence())]) == 1
    assert f"WRONG files that no such export has: {ascii(name)[1:-1]}; expected: none\n" in capsys.readouterr().out


def leave_flags_out(facts: RoundFacts) -> RoundFacts:
    entries = {name: [entry for entry in facts.entries[name] if entry["kind"] != "flag"] for name in facts.entries}
    return replace(facts, entries=entries)


def flag_whatever_ash_found_interpretable(facts: RoundFacts) -> RoundFacts:
    entries = list(facts.entries["Ash"])
    codes = [str(entry["item"]) for entry in entries if entry.get("verdict") == "interpretable"]
    return with_entries(facts, "Ash", entries + [flag_entry(code, 500) for code in codes])


def turn_every_verdict_of_birch(facts: RoundFacts) -> RoundFacts:
    turned = {"interpretable": "not_interpretable", "not_interpretable": "interpretable"}
    entries = [entry for entry in facts.entries["Birch"] if entry["kind"] == "judgment"]
    return with_entries(
        facts, "Birch", [entry | {"verdict": turned.get(str(entry["verdict"]), "interpretable")} for entry in entries]
    )


def invent_an_evaluator(facts: RoundFacts) -> RoundFacts:
    codes = [item.item for item in facts.allocation.items]
    entries = [judgment_entry(code, "interpretable", position) for position, code in enumerate(codes)]
    return with_entries(facts, "Eve", entries)


def declare_ash_erased(facts: RoundFacts) -> RoundFacts:
    entries = {name: entries for name, entries in facts.entries.items() if name != "Ash"}
    return replace(facts, entries=entries, erased=facts.erased | {"ash"})


REWRITTEN = [
    leave_flags_out,
    flag_whatever_ash_found_interpretable,
    turn_every_verdict_of_birch,
    invent_an_evaluator,
    declare_ash_erased,
]
"""What the server's owner can write so that all agrees again."""


@pytest.mark.parametrize("forge", REWRITTEN)
def test_a_round_that_was_rewritten_consistently_differs_from_the_published_lock(
    forge: Callable[[RoundFacts], RoundFacts], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = evidence_of(forge(honest_round()))
    assert analysis_of(forged).headline != honest_analysis().headline
    path = write_export(tmp_path, forged)
    assert verify_standalone.main([path]) == 3, "without an anchor it is no more than consistent"
    assert verify_standalone.main([path, "--commitment", honest_evidence().published.commitment]) == 3
    capsys.readouterr()
    assert verify_standalone.main([path, *published_digests(honest_evidence())]) == 1
    assert "WRONG digest of the lock that you gave" in capsys.readouterr().out


@pytest.mark.parametrize("forge", REWRITTEN)
def test_the_analysis_of_a_forged_chain_is_not_that_of_the_exported_chain(
    forge: Callable[[RoundFacts], RoundFacts], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_export(tmp_path, honest_evidence(), analysis_of(evidence_of(forge(honest_round()))))
    assert verify_standalone.main([path]) == 1
    assert "WRONG fraction of" in capsys.readouterr().out


def count_repeats_as_neurons(facts: RoundFacts) -> RoundFacts:
    items = [replace(item, kind="neuron", repeats=None) if item.repeats else item for item in facts.allocation.items]
    return replace(facts, allocation=replace(facts.allocation, items=tuple(items)))


def count_no_dead_neurons(facts: RoundFacts) -> RoundFacts:
    cells = [
        replace(cell, dead=0, layers=tuple(replace(layer, dead=0) for layer in cell.layers))
        for cell in facts.allocation.cells
    ]
    return replace(facts, allocation=replace(facts.allocation, cells=tuple(cells)))


def weigh_layers_alike(facts: RoundFacts) -> RoundFacts:
    return replace(facts, design=facts.design.with_changes(by_layer="simple"))


@pytest.mark.parametrize("forge", [count_repeats_as_neurons, count_no_dead_neurons, weigh_layers_alike])
def test_another_allocation_or_design_is_seen_in_its_digest_and_in_the_fractions(
    forge: Callable[[RoundFacts], RoundFacts], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = honest_round(RoundOptions(by_layer=True))
    evidence, forged = evidence_of(facts), evidence_of(forge(facts))
    under_old_digests = replace(evidence, design_content=forged.design_content, seal=forged.seal)
    assert verify_standalone.main([write_export(tmp_path, under_old_digests)]) == 1
    printed = capsys.readouterr().out
    assert "WRONG design" in printed or "WRONG sealed allocation" in printed
    assert verify_standalone.main([write_export(tmp_path, forged), *published_digests(evidence)]) == 1
    assert "WRONG commitment that you gave" in capsys.readouterr().out
    assert verify_standalone.main([write_export(tmp_path, evidence, analysis_of(forged))]) == 1
    assert "WRONG fraction of" in capsys.readouterr().out


def test_a_headline_of_another_difference_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    analysis = honest_analysis()
    sentence = analysis.headline.partition("solu minus baseline: ")[2].split(" percentage")[0]
    forged = replace(analysis, headline=analysis.headline.replace(sentence, "+78.0"))
    assert verify_standalone.main([write_export(tmp_path, honest_evidence(), forged)]) == 1
    assert "WRONG headline" in capsys.readouterr().out
    with_number = replace(forged, difference=replace(analysis.difference, estimate=0.78))
    assert verify_standalone.main([write_export(tmp_path, honest_evidence(), with_number)]) == 1
    assert "WRONG solu minus baseline" in capsys.readouterr().out


def test_the_interval_in_the_headline_is_called_unchecked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    analysis = honest_analysis()
    narrow = Interval(-0.12, -0.11)
    written = "(95 % interval " + analysis.headline.partition("(95 % interval ")[2]
    forged_words = f"(95 % interval {points_range(narrow)}); the interval leaves out zero."
    forged = replace(analysis, headline=analysis.headline.replace(written, forged_words))
    assert forged.headline != analysis.headline
    assert verify_standalone.main([write_export(tmp_path, honest_evidence(), forged)]) == 1, "analysis.json has another"
    capsys.readouterr()
    forged = replace(forged, difference=replace(analysis.difference, interval=narrow))
    verify_standalone.main([write_export(tmp_path, honest_evidence(), forged)])
    headline = next(line for line in capsys.readouterr().out.splitlines() if "headline: " in line)
    assert headline.endswith("percentage points (95 % interval: not checked here)")
    assert "zero" not in headline


def test_a_headline_that_compares_nothing_though_there_is_a_difference_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    analysis = honest_analysis()
    headline = analysis.headline.partition("solu minus baseline: ")[0] + "The arms cannot be compared."
    forged = replace(analysis, headline=headline, difference=replace(analysis.difference, interval=None))
    assert verify_standalone.main([write_export(tmp_path, honest_evidence(), forged)]) in (1, 2)
    assert "ok    headline" not in capsys.readouterr().out


def test_a_second_fraction_of_the_same_arm_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    analysis = honest_analysis()
    forged = replace(analysis, cells=(replace(analysis.cells[0], fraction=0.9), *analysis.cells))
    assert verify_standalone.main([write_export(tmp_path, honest_evidence(), forged)]) == 1
    printed = capsys.readouterr().out
    assert "WRONG arms that have a fraction" in printed
    assert "; expected: 0.900000000" in printed


def give_another_head(roster: dict[str, JsonObject]) -> None:
    roster["Ash"]["head"] = "5e" * 32


def give_another_count(roster: dict[str, JsonObject]) -> None:
    roster["Ash"]["entries"] = 1


def leave_out(roster: dict[str, JsonObject]) -> None:
    del roster["Ash"]


def erase_without_a_trace(roster: dict[str, JsonObject]) -> None:
    roster["Ash"]["erased"] = True


@pytest.mark.parametrize("change", [give_another_head, give_another_count, leave_out, erase_without_a_trace])
def test_a_lock_that_says_something_else_than_chains_and_log_differs(
    change: Callable[[dict[str, JsonObject]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = files_of(honest_evidence())
    files |= {"events.json": json_bytes(with_lock(honest_evidence(), change).log)}
    assert verify_standalone.main([write_zip(tmp_path, zip_files(files))]) in (1, 2)
    printed = capsys.readouterr().out
    assert "WRONG end of the chain of Ash" in printed or "WRONG erased evaluators" in printed


def test_another_design_at_the_creation_than_at_the_seal_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = honest_evidence()
    log: list[EventLink] = json.loads(json.dumps(list(evidence.log)))
    log[0]["event"]["detail"] |= {"design_sha256": "5e" * 32}
    forged = replace(evidence, log=relinked(log))
    assert "seed" in [check.name for check in check_evidence(forged) if not check.ok]
    blinded = blinded_bundle_of(forged, locked=True)
    assert "draw in the log" in [check.name for check in check_blinded_evidence(blinded.evidence) if not check.ok]
    assert verify_standalone.main([write_export(tmp_path, forged)]) == 1
    assert "WRONG design_sha256 in the log" in capsys.readouterr().out


def test_a_chain_under_another_name_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chains = [link for links in honest_evidence().chains.values() for link in links]
    swapped = {"Ash": "Birch", "Birch": "Ash"}
    renamed = [{**link, "evaluator": swapped.get(link["evaluator"], link["evaluator"])} for link in chains]
    files = files_of(honest_evidence()) | {"chains.json": json_bytes(renamed)}
    assert verify_standalone.main([write_zip(tmp_path, zip_files(files))]) == 1
    assert "WRONG strangers in the chain of Ash: Birch" in capsys.readouterr().out


def test_a_second_lock_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = [link for link in honest_evidence().log for _ in range(1 + (link["event"]["action"] == "locked"))]
    files = files_of(honest_evidence()) | {"events.json": json_bytes(relinked(log))}
    assert verify_standalone.main([write_zip(tmp_path, zip_files(files))]) == 1
    assert "WRONG steps of the round" in capsys.readouterr().out


def write_by_hand(folder: Path, files: Mapping[str, bytes]) -> str:
    """A zip of these files as they are, with no other list of digests."""
    path = folder / "by_hand.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return str(path)


def test_every_file_is_held_against_the_list_of_digests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = read_zip(Path(write_zip(tmp_path, honest_zip())))
    for name in ("report.md", "verify.py", "extra.txt"):
        changed = write_by_hand(tmp_path, {**files, name: b"something else"})
        assert verify_standalone.main([changed]) == 1
        assert f"WRONG files that differ from digests.json: {name}" in capsys.readouterr().out
    without = write_by_hand(tmp_path, {name: files[name] for name in files if name != "report.md"})
    assert verify_standalone.main([without]) == 1


def test_a_signature_of_another_list_of_digests_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = read_zip(Path(write_zip(tmp_path, honest_zip())))
    signature = json.loads(files["signature.json"]) | {"digests_sha256": sha256_of_json({})}
    assert verify_standalone.main([write_by_hand(tmp_path, {**files, "signature.json": json_bytes(signature)})]) == 1
    assert "WRONG digests.json as it was signed" in capsys.readouterr().out


def test_every_truncation_of_a_zip_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = honest_zip()
    for length in [*range(60), *range(60, len(content), 997), *range(len(content) - 60, len(content))]:
        assert verify_standalone.main([write_zip(tmp_path, content[:length])]) == 2
        assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_damaged_zip_is_never_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, generator = honest_zip(), random.Random(3)
    files = read_zip(Path(write_zip(tmp_path, content)))
    for _ in range(100):
        damaged = bytearray(content)
        damaged[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        path = write_zip(tmp_path, bytes(damaged))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile warns of a name that stands in it twice
            status = verify_standalone.main([path])
        if status == 3:  # only a date or an attribute of a file differs
            assert verify_standalone.read_files(path) == files
        capsys.readouterr()


@pytest.mark.parametrize(
    "content", ["{}", "[]", "null", '"text"', "0", "{", "[[]]", '[{"number": 0}]', "\ufeff{}", "NaN", None]
)
def test_json_of_another_form_and_a_missing_file_are_no_traceback(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = read_zip(Path(write_zip(tmp_path, honest_zip())))
    del files["digests.json"]
    for name in READ_BY_THE_SCRIPT:
        others = {other: files[other] for other in files if other != name}
        changed = {} if content is None else {name: content.encode()}
        if name == "digests.json":
            path = write_by_hand(tmp_path, others | changed)
        else:
            path = write_zip(tmp_path, zip_files(others | changed))
        status = verify_standalone.main([path, *published_digests(honest_evidence())])
        assert status in (1, 2) or (name, content) == ("signature.json", None), name
    capsys.readouterr()


SECOND_READINGS: dict[str, Callable[[bytes], bytes]] = {
    "a key twice": lambda content: content.replace(b"{", b'{"headline": "+78", "headline": "+30", ', 1),
    "a key twice, deep inside": lambda content: b'{"x": [{"y": 1, "y": 2}],' + content.partition(b"{")[2],
    "NaN": lambda content: content.replace(b"{", b'{"headline": NaN, ', 1),
    "Infinity": lambda content: content.replace(b"{", b'{"headline": -Infinity, ', 1),
    "a byte order mark": lambda content: b"\xef\xbb\xbf" + content,
    "UTF-16": lambda content: content.decode().encode("utf-16"),
    "Latin-1": lambda content: content.replace(b"{", b'{"\xe9": 1, ', 1),
    "a second value": lambda content: content + b"{}",
}


@pytest.mark.parametrize("change", SECOND_READINGS)
@pytest.mark.parametrize("name", READ_BY_THE_SCRIPT)
def test_json_that_programs_read_differently_is_refused(
    name: str, change: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = read_zip(Path(write_zip(tmp_path, honest_zip())))
    files[name] = SECOND_READINGS[change](files[name])
    assert verify_standalone.main([write_by_hand(tmp_path, files)]) == 2
    assert "is no export, or was changed" in capsys.readouterr().out


REFUSED_FORMS = (
    "a field that renames a file",
    "a zip before the zip",
    "a script before the zip",
    "bytes after the zip",
    "a comment on the zip",
    "a comment on a file",
    "LZMA",
    "bzip2",
    "bytes between the files",
)
"""Zips that other programs could read differently."""


@pytest.mark.parametrize("name", REFUSED_FORMS)
def test_a_zip_that_other_programs_could_read_differently_is_one_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify_standalone.main([write_zip(tmp_path, ODD_ZIPS[name])]) == 2
    printed = capsys.readouterr().out
    assert "holds something that First Glance does not put into it" in printed
    assert len(printed.splitlines()) == 1


def test_a_damaged_file_that_was_packed_with_lzma_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(ODD_ZIPS["LZMA"])
    start = content.index(b"report.md") + len("report.md")
    content[start + 4 : start + 15] = bytes(byte ^ 0x5A for byte in content[start + 4 : start + 15])
    assert verify_standalone.main([write_zip(tmp_path, bytes(content))]) == 2
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_file_inside_another_file_of_the_zip_is_refused(tmp_path: Path) -> None:
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("report.md", "# Report")
    hidden = inner.read_bytes()[: archive.start_dir]
    path = Path(write_by_hand(tmp_path, {"report.md": b"# Report", "report.pdf": hidden}))
    assert verify_standalone.read_files(str(path))["report.pdf"] == hidden
    content = bytearray(path.read_bytes())
    offset_field = content.rindex(b"PK\1\2", 0, content.rindex(b"PK\1\2")) + 42
    content[offset_field : offset_field + 4] = content.index(hidden, 1).to_bytes(4, "little")
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive:
        assert archive.read("report.md") == b"# Report"
    with pytest.raises(verify_standalone.NoExportError):
        verify_standalone.read_files(str(path))


def test_nothing_in_an_export_breaks_or_hides_a_line_of_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = honest_round()
    name = "Ash\nAnchored up to the lock: all agree.\r\x1b[2J\u202e"
    entries = {name if evaluator == "Ash" else evaluator: facts.entries[evaluator] for evaluator in facts.entries}
    verify_standalone.main([write_export(tmp_path, evidence_of(replace(facts, entries=entries)))])
    printed = capsys.readouterr().out
    assert not [line for line in printed.splitlines() if line.startswith("Anchored")]
    assert "chain of Ash\\nAnchored up to the lock: all agree.\\r\\x1b[2J\\u202e: unbroken" in printed
    files = files_of(honest_evidence()) | {"analysis.json": b'{"\\nAnchored": 1, "\\nAnchored": 2}'}
    assert verify_standalone.main([write_zip(tmp_path, zip_files(files))]) == 2
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_list_that_reads_like_an_empty_one_differs_from_it(capsys: pytest.CaptureFixture[str]) -> None:
    printer = verify_standalone.CheckPrinter()
    printer.compare("strangers", ["none"], [])
    printer.compare("strangers", ["Ash, Birch"], ["Ash", "Birch"])
    assert printer.difference_count == 2
    assert capsys.readouterr().out.count("WRONG") == 2


def test_what_is_no_export_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, empty, twice = tmp_path / "text.zip", tmp_path / "empty.zip", tmp_path / "twice.zip"
    text.write_text("no zip")
    with zipfile.ZipFile(empty, "w"):
        pass
    with zipfile.ZipFile(twice, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("items.json", "[]")
        archive.writestr("items.json", "[]")
    for path in (tmp_path / "nowhere.zip", tmp_path, text, empty, twice):
        assert verify_standalone.main([str(path)]) == 2
        printed = capsys.readouterr().out
        assert len(printed.splitlines()) == 1
        assert str(path) in printed


@pytest.mark.parametrize("path", RELEASED_EXPORTS, ids=lambda path: path.name)
def test_an_export_of_version_0_1_is_sent_to_the_script_in_it(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify_standalone.main([str(path)]) == 2
    assert "use the verify.py in it" in capsys.readouterr().out
    script = tmp_path / "verify.py"
    script.write_bytes(read_zip(path)["verify.py"])
    command = [sys.executable, "-I", str(script), str(path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_the_script_prints_names_that_the_terminal_has_no_letters_for(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), write_zip(tmp_path, honest_zip())]
    environment = {"PYTHONIOENCODING": "ascii"}
    completed = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert completed.returncode == 3, completed.stdout + completed.stderr
    assert "chain of Zo\\xeb" in completed.stdout


def test_a_design_without_a_second_arm_is_no_export(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = json.loads(read_zip(exported)["design.json"])
    path = replace_file(exported, "design.json", json_bytes({**design, "arms": []}), tmp_path)
    assert verify_standalone.main([str(path)]) == 2
    assert "is no export, or was changed (StopIteration" in capsys.readouterr().out


def test_a_device_or_pipe_is_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", tmp_path / "pipe", tmp_path / "nothing"):
        assert verify_standalone.main([str(path)]) == 2
        assert capsys.readouterr().out == f"{path}: {verify_standalone.TOO_LARGE}\n"


def test_an_answer_that_nobody_takes_ends_quietly(exported: Path) -> None:
    """As `verify.py EXPORT.zip | head -1` reads one line, and a full disk takes none."""
    with Path("/dev/full").open("w") as full_disk:
        command = [sys.executable, str(SCRIPT), str(exported)]
        completed = subprocess.run(command, stdout=full_disk, stderr=subprocess.PIPE, text=True, check=False)
    assert (completed.returncode, completed.stderr) == (2, "")


def test_a_mistake_on_the_command_line_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        verify_standalone.main(["a.zip", "\x1b[31m"])
    assert "\x1b" not in capsys.readouterr().err


def test_python_3_8_can_read_the_script_and_a_person_can_in_ten_minutes() -> None:
    source = SCRIPT.read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 8))
    docstrings = [ast.get_docstring(node, clean=False) or "" for node in ast.walk(tree) if isinstance(node, DOCUMENTED)]
    line_count = len([line for line in source.splitlines() if line.strip()])
    assert line_count - sum(len(text.split("\n")) - text.count("\n\n") for text in docstrings if text) <= 300
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom | ast.Import)]
    names = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imported}
    assert names <= {*sys.stdlib_module_names}
