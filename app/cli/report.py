"""`firstglance report`: the numbers of an unblinded round, or of several rounds pooled."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from app.cli.database import open_database
from app.cli.options import json_option
from app.cli.printing import print_json, print_table
from app.foundation.settings import Settings
from app.report.export.pool import pool
from app.report.number_text import points, points_range
from app.services import exports


@click.command("report")
@click.argument("sources", metavar="ROUND | EXPORT.zip EXPORT.zip...", nargs=-1, required=True)
@json_option
@click.pass_obj
def report_command(settings: Settings, sources: tuple[str, ...], json_wanted: bool) -> None:
    """Print the fractions of an unblinded round, or pool several rounds' exports; --json prints every number."""
    if len(sources) > 1 or sources[0].endswith(".zip"):
        _print_pooled([Path(source) for source in sources], json_wanted=json_wanted)
        return
    with open_database(settings) as database, database.reading() as session:
        analysis = exports.round_analysis(session, sources[0])
    if json_wanted:
        print_json(analysis)
        return
    click.echo(f"{analysis['headline']}\n")
    print_arms(analysis["arms"])


def print_arms(arms: Mapping[str, Mapping[str, Any]]) -> None:
    """Print each arm's counts, fraction and interval, as analysis.json has them."""
    lines = [
        [
            arm,
            numbers["n"],
            _number_text(numbers["interpretable"]),
            _percent_text(numbers["fraction"]),
            _interval_text(numbers["interval"]),
        ]
        for arm, numbers in arms.items()
    ]
    print_table(["arm", "neurons", "interpretable", "fraction", "95 % interval"], lines)


def _print_pooled(paths: Sequence[Path], *, json_wanted: bool) -> None:
    """Verify exports, pool them by Mantel and Haenszel and print each one's difference."""
    pooled = pool(paths)
    if json_wanted:
        print_json(pooled)
        return
    click.echo(f"{pooled['headline']}\n")
    lines = [
        [stratum["stratum"], points(stratum["estimate"]), points_range(stratum["interval"])]
        for stratum in pooled["strata"]
    ]
    print_table(["round: stratum", "difference, points", "95 % interval"], lines)
    heterogeneity = pooled["heterogeneity"]
    if heterogeneity:
        q, degrees, p = heterogeneity["q"], heterogeneity["degrees"], heterogeneity["p"]
        click.echo(f"\nheterogeneity: Q = {q:.2f} on {degrees} df, p = {p:.3f}")


def _number_text(value: float) -> str:
    return f"{value:g}" if value == int(value) else f"{value:.2f}"


def _percent_text(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.1f} %"


def _interval_text(bounds: Sequence[float] | None) -> str:
    return "none" if bounds is None else f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %"
