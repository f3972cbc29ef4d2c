"""Forges a locked round in a thousand ways and lets the program judge: `python -m bench.tamper` prints one JSON object.

    python -m bench.tamper [--count 2000] [--seed 1] [--workers 2]

Half of the random forgeries change a value in a file of the export, half a cell of the database after the lock; the
named ones are those that reviewers made. The forger owns the server, its key and a keyholder's key, runs the program,
and rewrites digests, chains, lock, log or even the commitment so that they fit. The verifier has the commitment and the
lock's digest as they were published. Forgeries that are certified and change what a reader sees are `harmful`: there
must be none. The draw and the seed decide what is changed; codes and keys are other ones in each run.
"""

import argparse
import gc
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random

from app.archive.archive import Archive
from app.foundation.json_types import JsonObject, JsonValue
from app.report.export.bundle import PACKAGE_FILE, README_FILE, Files
from app.report.result import result_of
from bench.forged_database import DEPTHS, change_random_cell, forging_session, make_everything_fit
from bench.forged_export import (
    EvidenceTexts,
    FileChange,
    change_random_value,
    describe_again,
    files_of_result,
    make_files_fit,
    read_files,
    views_of_forged_evidence,
    write_export,
)
from bench.honest_round import HonestRound, harvest_small_archives, lock_honest_round
from bench.judged_forgeries import (
    ForgeryOutcome,
    HonestExport,
    honest_export,
    judge_database,
    judge_export,
    without_figures,
)
from bench.named_database_forgeries import DATABASE_FORGERIES
from bench.named_forgeries import EVIDENCE_FORGERIES
from bench.named_view_forgeries import RESULT_FORGERIES, VIEW_FORGERIES

SHARE_WITH_FIGURES = 0.02
"""How many of the random forgeries of an export are made with figures and PDF, which take a second each."""
SHARE_WITHOUT_KEY = 0.15
"""How many of them are made by someone who does not have the round's key, and so are not signed."""
PART_WORDS: dict[str, tuple[str, ...]] = {
    "chains.json": ("chain", "entr", "judgment"),
    "events.json": ("log", "lock", "event", "unblinding"),
    "allocation.json": ("allocation", "seal", "seed", "draw"),
    "design.json": ("design",),
    "items.json": ("item",),
    "commitment.json": ("commitment", "receipt_key", "key", "judgments.json"),
    "signature.json": ("signed",),
    "program.json": ("libraries",),
    "chain_entries": ("entr", "chain"),
    "events": ("log", "event", "lock", "announced"),
    "evaluators": ("evaluator", "lock", "entr", "invit", "erased"),
    "items": ("item", "design"),
    "rounds": ("round", "design", "commitment"),
    "sealed": ("seal", "allocation", "entries of"),
    "assignments": ("lock", "assign"),
}
"""{file or table: words by which a refusal may name it}; a file's own name always does."""
ANCHOR_WORDS = ("as you gave it",)
DESCRIPTIONS = (README_FILE, PACKAGE_FILE)


@dataclass(frozen=True)
class Workplace:
    """What a worker needs: the honest round, its export, and a folder of its own."""

    honest: HonestRound
    originals: HonestExport
    folder: Path


_workplace: list[Workplace] = []
"""The workplace of this process, once it has one."""


def forge_at_random(seed: str) -> ForgeryOutcome:
    """Make the random forgery of a seed: of the export if its number is even, else of the database."""
    on_export = int(seed.rpartition(" ")[2]) % 2 == 0
    return _forge_export(seed) if on_export else _forge_database(seed)


def _forge_export(seed: str) -> ForgeryOutcome:
    """Change a random value of the export, and let it be verified."""
    generator, workplace = Random(seed), _workplace[0]
    has_figures = generator.random() < SHARE_WITH_FIGURES
    files = workplace.originals.files_with_figures if has_figures else workplace.originals.files
    with nullcontext() if has_figures else without_figures():
        change = change_random_value(files, generator)
        has_key = generator.random() > SHARE_WITHOUT_KEY
        return _judge_files(change, files, generator.choice(DEPTHS), has_key=has_key)


def _forge_database(seed: str) -> ForgeryOutcome:
    """Change a random cell of the locked round's database, and let it be unblinded, exported and verified."""
    generator, workplace = Random(seed), _workplace[0]
    path = _fresh_database(workplace)
    change = change_random_cell(path, generator)
    depth = generator.choice(DEPTHS)
    try:
        with forging_session(path) as session:
            make_everything_fit(session, workplace.honest, change, depth)
    except Exception:  # what the forger broke cannot be made to fit, so the change stays alone
        depth = "value"
    return _judge_database(path, change.table, depth, change.where)


def forge_by_name(name: str, depth: str) -> ForgeryOutcome:
    """Make a named forgery of an export or a database."""
    workplace = _workplace[0]
    if name in DATABASE_FORGERIES:
        path = _fresh_database(workplace)
        with forging_session(path) as session:
            DATABASE_FORGERIES[name].forge(session, workplace.honest, depth)
        return _judge_database(path, DATABASE_FORGERIES[name].table, depth, name)
    if name in EVIDENCE_FORGERIES:
        with without_figures():
            return _forge_evidence(name, depth, workplace)
    if name in RESULT_FORGERIES:
        with without_figures():
            return _forge_result(name, workplace)
    forgery = VIEW_FORGERIES[name]
    files = workplace.originals.files_with_figures if forgery.has_figures else workplace.originals.files
    with nullcontext() if forgery.has_figures else without_figures():
        return _judge_files(FileChange(forgery.forge_files(files), forgery.part, name), files, depth)


def named_forgeries() -> list[tuple[str, str]]:
    """(name, depth) of every named forgery."""
    deep = [(name, depth) for name in EVIDENCE_FORGERIES for depth in ("lock and log", "commitment")]
    views = [(name, "digests") for name in (*RESULT_FORGERIES, *VIEW_FORGERIES)]
    return [*deep, *views, *((name, depth) for name in DATABASE_FORGERIES for depth in DEPTHS)]


def summarise(outcomes: Sequence[ForgeryOutcome]) -> JsonObject:
    """Counts of the outcomes, and everything that must not be."""
    harmful = [outcome for outcome in outcomes if outcome.ruling.judgement == "harmful"]
    unnamed = [outcome for outcome in outcomes if outcome.ruling.judgement == "refused" and not outcome.ruling.is_named]
    crashed = [outcome for outcome in outcomes if outcome.ruling.judgement == "crashed"]
    accepted = Counter(outcome.part for outcome in outcomes if outcome.ruling.judgement == "harmless")
    tables: JsonObject = {}
    for field in ("target", "depth", "part"):
        tables[f"by_{field}"] = _count_by(outcomes, field)
    return {
        "forgeries": len(outcomes),
        "judgements": dict(Counter(outcome.ruling.judgement for outcome in outcomes)),
        **tables,
        "harmless_by_part": dict(sorted(accepted.items())),
        "after_the_lock": _described(outcome for outcome in outcomes if outcome.ruling.judgement == "after the lock"),
        "refused_without_name": _described(unnamed),
        "crashed": _described(crashed),
        "harmful": _described(harmful),
    }


def run_forgeries(
    honest: HonestRound, folder: Path, count: int, seed: int, workers: int
) -> tuple[list[ForgeryOutcome], list[ForgeryOutcome]]:
    """The outcomes of the named forgeries, and of `count` random ones."""
    seeds = [f"{seed} {number}" for number in range(count)]
    arguments = (honest, honest_export(honest, folder), folder)
    context = multiprocessing.get_context("spawn")  # a fork would inherit the locks of torch's threads
    with ProcessPoolExecutor(workers, context, begin_work, arguments) as pool:
        random_outcomes = pool.map(forge_at_random, seeds, chunksize=5)
        named = pool.map(_forge_named, named_forgeries())
        return list(named), list(random_outcomes)


def begin_work(honest: HonestRound, originals: HonestExport, folder: Path) -> None:
    """Give this process a folder of its own below `folder`."""
    own_folder = Path(tempfile.mkdtemp(dir=folder))
    _workplace[:] = [Workplace(honest, originals, own_folder)]
    gc.freeze()  # statsmodels collects garbage in every analysis, and would walk through all modules


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what became of the forgeries; returns 1 if one was harmful."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archives: dict[str, Archive] = harvest_small_archives(folder)
        honest = lock_honest_round(folder, archives)
        named, drawn = run_forgeries(honest, folder, options.count, options.seed, options.workers)
    seconds: JsonValue = round(time.perf_counter() - start, 1)
    summaries: JsonObject = {"named": summarise(named), "random": summarise(drawn)}
    print(json.dumps({"seed": options.seed, "seconds": seconds, **summaries}, indent=1, ensure_ascii=False))
    return 1 if any(outcome.ruling.judgement == "harmful" for outcome in [*named, *drawn]) else 0


def _forge_named(name_and_depth: tuple[str, str]) -> ForgeryOutcome:
    return forge_by_name(*name_and_depth)


def _fresh_database(workplace: Workplace) -> Path:
    path = workplace.folder / "forged.db"
    for leftover in workplace.folder.glob("forged.db*"):
        leftover.unlink()
    shutil.copyfile(workplace.honest.database, path)
    return path


def _judge_files(file_change: FileChange, files: Files, depth: str, *, has_key: bool = True) -> ForgeryOutcome:
    honest, folder = _workplace[0].honest, _workplace[0].folder
    forged = file_change.files
    try:
        forged = make_files_fit(file_change, honest, depth, folder)
    except Exception:  # the program computes nothing from what the forger made, so the change stays alone
        depth = "digests"
    if depth != "value" and file_change.name not in DESCRIPTIONS:
        forged = describe_again(forged, honest)
    signing_key = honest.signing_key if has_key else None
    path = write_export(forged, signing_key, folder, fits=depth != "value")
    words = _words_for(file_change.name, depth)
    return ForgeryOutcome(
        "export", file_change.name, depth, file_change.where, judge_export(path, honest, files, words)
    )


def _judge_database(path: Path, table: str, depth: str, where: str) -> ForgeryOutcome:
    workplace = _workplace[0]
    words = _words_for(table, depth)
    with without_figures():
        ruling = judge_database(path, workplace.honest, workplace.originals.files, words)
    return ForgeryOutcome("database", table, depth, where, ruling)


def _forge_evidence(name: str, depth: str, workplace: Workplace) -> ForgeryOutcome:
    forgery = EVIDENCE_FORGERIES[name]
    files = dict(workplace.originals.files)
    evidence_texts = EvidenceTexts(files)
    forgery.forge(evidence_texts)
    evidence_texts.rewrite(depth, workplace.honest.signing_key)
    try:
        forged = views_of_forged_evidence(files, evidence_texts, workplace.honest, workplace.folder)
    except Exception:  # no result follows from such evidence
        forged = files | evidence_texts.files()
    path = write_export(describe_again(forged, workplace.honest), workplace.honest.signing_key, workplace.folder)
    words = _words_for(forgery.part, depth)
    return ForgeryOutcome("export", forgery.part, depth, name, judge_export(path, workplace.honest, files, words))


def _words_for(part: str, depth: str) -> tuple[str, ...]:
    """Words by which a refusal names the part; of what fits together up to the lock, only the anchor can be named."""
    anchors = ANCHOR_WORDS if depth in ("lock and log", "commitment") else ()
    return (part, *PART_WORDS.get(part, ()), *anchors)


def _forge_result(name: str, workplace: Workplace) -> ForgeryOutcome:
    forgery, files = RESULT_FORGERIES[name], workplace.originals.files
    export = read_files(files, workplace.honest, workplace.folder)
    assert export.unblinded is not None
    forged = files | files_of_result(forgery.forge_result(result_of(export.unblinded)), export)
    path = write_export(describe_again(forged, workplace.honest), workplace.honest.signing_key, workplace.folder)
    ruling = judge_export(path, workplace.honest, files, (forgery.part,))
    return ForgeryOutcome("export", forgery.part, "digests", name, ruling)


def _count_by(outcomes: Iterable[ForgeryOutcome], field: str) -> JsonObject:
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(str(getattr(outcome, field)), Counter())[outcome.ruling.judgement] += 1
    return {name: dict(counter) for name, counter in sorted(counts.items())}


def _described(outcomes: Iterable[ForgeryOutcome]) -> list[JsonValue]:
    return [
        f"{outcome.target}, {outcome.depth}: {outcome.where} | {outcome.ruling.reason[:300]}" for outcome in outcomes
    ]


if __name__ == "__main__":
    sys.exit(main())
