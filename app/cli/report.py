"""`firstglance report`: the numbers of an unblinded round, or of several pooled rounds."""

from collections.abc import Mapping
from pathlib import Path

import click

from app.cli.options import by_option, json_option
from app.cli.printing import print_json, print_table, print_text
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.foundation.typography import visible_text
from app.report.analysis.primary import ArmResult
from app.report.export.pool import PooledStudies, pool_studies
from app.report.number_text import points, points_range
from app.report.result_text import UNSIGNED_RESULT
from app.rounds.unit_words import UnitWords
from app.services.opened_database import named_or_only_admin, open_database
from app.services.read_reports import read_report
from app.services.results_read import record_reading, rounds_of_commitments
from app.statistics.intervals import Interval

NOT_ANCHORED = (
    "Every export agrees with itself. Nothing from outside confirms them here: check each with `firstglance verify`, "
    "and give what was published about its round."
)


@click.command("report")
@click.argument("sources", metavar="ROUND | EXPORT.zip EXPORT.zip...", nargs=-1, required=True)
@json_option
@by_option
@click.pass_obj
def report_command(settings: Settings, sources: tuple[str, ...], json_wanted: bool, by: str | None) -> None:
    """Print the fractions of an unblinded round, or pool the exports of several rounds. --json prints all numbers.

    The log of the round says who has read them. So do the logs of the rounds that exports are of, if the database here
    has these rounds; only then is --by read.
    """
    if len(sources) > 1 or sources[0].endswith(".zip"):
        pooled = pool_studies([Path(source) for source in sources])
        _log_readers(settings, pooled, by)
        _print_pooled(pooled, json_wanted=json_wanted)
        return
    with open_database(settings) as database:
        report = read_report(settings, database, sources[0], by)
    analysis = report.analysis
    if report.unsigned:
        print_text(UNSIGNED_RESULT, err=True)
    if json_wanted:
        print_json(analysis.content())
        return
    print_text(f"{analysis.headline}\n")
    print_arms(analysis.arms, analysis.words.name, analysis.units)


def print_arms(arms: Mapping[str, ArmResult], counted_name: str, unit_words: UnitWords) -> None:
    """Print each arm's counts, fraction and interval; `counted_name` is what figures call what counts."""
    lines = [
        [
            arm,
            result.n,
            _number_text(result.counted),
            _percent_text(result.fraction),
            _interval_text(result.interval),
        ]
        for arm, result in arms.items()
    ]
    print_table(["arm", unit_words.say("neurons"), counted_name, "fraction", "95 % interval"], lines)


def _log_readers(settings: Settings, pooled: PooledStudies, by: str | None) -> None:
    """Let the logs of those rounds that are in the database say who reads the pooled exports."""
    if not settings.has_database:
        return
    with open_database(settings) as database:
        with database.reading() as session:
            round_ids = rounds_of_commitments(session, [study.commitment for study in pooled.studies])
            admin = named_or_only_admin(session, by) if round_ids else ""
        for round_id in round_ids:
            record_reading(database, round_id, admin, "report", now())


def _print_pooled(pooled: PooledStudies, *, json_wanted: bool) -> None:
    """Print exports that were pooled by Mantel and Haenszel: the difference of each stratum."""
    if json_wanted:
        print_json(pooled.content() | {"anchored": False})
        return
    print_text(f"{visible_text(pooled.headline)}\n")
    lines = [
        [visible_text(stratum.stratum), points(stratum.estimate), points_range(stratum.interval)]
        for stratum in pooled.strata
        if stratum.estimate is not None
    ]
    print_table(["round: stratum", "difference, points", "95 % interval"], lines)
    spread = pooled.heterogeneity
    if spread is not None:
        print_text(f"\nheterogeneity: Q = {spread.q:.2f} on {spread.degrees} df, p = {spread.p:.3f}")
    print_text(f"\n{NOT_ANCHORED}")
    for study in pooled.studies:
        if study.is_of_version_0_1:
            print_text(f"{visible_text(study.title)} is of version 0.1: its flags, erasures and frame were not bound.")


def _number_text(number: float) -> str:
    return f"{number:g}" if number == int(number) else f"{number:.2f}"


def _percent_text(fraction: float | None) -> str:
    return "none" if fraction is None else f"{100 * fraction:.1f} %"


def _interval_text(interval: Interval | None) -> str:
    return "none" if interval is None else f"{100 * interval.lower:.1f} to {100 * interval.upper:.1f} %"
