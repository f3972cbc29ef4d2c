"""`firstglance report`, `export` and `verify`: what a round came to, and how anyone checks it."""

import json
from pathlib import Path
from typing import Any

import click

from app.cli.common import EXISTING, admin_named, as_json, by_option, database, print_json, print_table
from app.foundation.clock import now
from app.foundation.errors import ExportError
from app.foundation.files import write_bytes_atomically
from app.foundation.settings import Settings
from app.report.export.bundle import blinded_zip, export_zip
from app.report.export.pool import pool
from app.report.export.verify import Verification, verify_export, verify_receipt
from app.report.number_text import points, points_range
from app.services import exports


@click.command("report")
@click.argument("what", metavar="ROUND | EXPORT.zip EXPORT.zip...", nargs=-1, required=True)
@as_json
@click.pass_obj
def report_command(settings: Settings, what: tuple[str, ...], json_wanted: bool) -> None:
    """Print the fractions of an unblinded round, or pool several rounds' exports; --json prints every number."""
    if len(what) > 1 or what[0].endswith(".zip"):
        _pooled([Path(one) for one in what], json_wanted)
        return
    (round_id,) = what
    with database(settings) as base, base.reading() as session:
        analysis = exports.round_analysis(session, round_id)
    if json_wanted:
        print_json(analysis)
        return
    click.echo(f"{analysis['headline']}\n")
    print_arms(analysis["arms"])


def _pooled(exports: list[Path], json_wanted: bool) -> None:
    """Verify exports, pool them by Mantel and Haenszel and print each one's difference."""
    found = pool(exports)
    if json_wanted:
        print_json(found)
        return
    click.echo(f"{found['headline']}\n")
    rows = [[one["stratum"], points(one["estimate"]), points_range(one["interval"])] for one in found["strata"]]
    print_table(["round: stratum", "difference, points", "95 % interval"], rows)
    spread = found["heterogeneity"]
    if spread:
        click.echo(f"\nheterogeneity: Q = {spread['q']:.2f} on {spread['degrees']} df, p = {spread['p']:.3f}")


def print_arms(arms: dict[str, dict[str, Any]]) -> None:
    """Print each arm's counts, fraction and interval."""
    rows = [
        [arm, one["n"], _number(one["interpretable"]), _percent(one["fraction"]), _interval(one["interval"])]
        for arm, one in arms.items()
    ]
    print_table(["arm", "neurons", "interpretable", "fraction", "95 % interval"], rows)


@click.command("export")
@click.argument("round_id", metavar="ROUND")
@click.option("--out", type=EXISTING, required=True, help="The zip file to write.")
@click.option("--blinded", is_flag=True, help="Before unblinding: no arm anywhere, no verdict before the lock.")
@by_option
@click.pass_obj
def export_command(settings: Settings, round_id: str, out: Path, blinded: bool, by: str | None) -> None:
    """Write a round's export: every judgment, the opened allocation, every number, and a verifier; it is logged."""
    with database(settings) as base:
        with base.reading() as session:
            who = admin_named(session, by)
            bundle = (
                exports.blinded_bundle(session, round_id) if blinded else exports.unblinded_bundle(session, round_id)
            )
        content = blinded_zip(bundle) if blinded else export_zip(bundle)
        write_export(out, content)
        with base.writing() as session:
            exports.record_export(session, round_id, who, out.name, content, now())
    click.echo(f"{out}  check it with `firstglance verify {out}`")


def write_export(path: Path, content: bytes) -> None:
    """Write an export's bytes atomically. Raises ExportError if the folder cannot be written to."""
    try:
        write_bytes_atomically(path, content)
    except OSError as error:
        msg = f"{path} cannot be written ({error.strerror}); choose another place with --out"
        raise ExportError(msg) from error


@click.command("verify")
@click.argument("export", type=EXISTING)
@click.option("--receipt", type=EXISTING, help="Instead: hold an evaluator's receipt against the export.")
@as_json
@click.pass_context
def verify_command(ctx: click.Context, export: Path, receipt: Path | None, json_wanted: bool) -> None:
    """Recompute commitment, chains and every number of EXPORT.zip, with no server; ends with 1 if anything differs."""
    found = verify_export(export) if receipt is None else verify_receipt(export, read_receipt(receipt))
    if json_wanted:
        print_json({"ok": found.ok, "commitment_verified": found.commitment_verified, "differences": found.differences})
    else:
        _print_checks(found)
    ctx.exit(0 if found.ok else 1)


def read_receipt(path: Path) -> dict[str, Any]:
    """The receipt in a file that an evaluator took along. Raises ExportError if there is none in it."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["receipt"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path} holds no receipt; take the file as the evaluator's last page gave it"
        raise ExportError(msg) from error
    return found


def _print_checks(found: Verification) -> None:
    print_table(
        ["check", "", "expected", "found"],
        [
            [one.name, "ok" if one.ok else "DIFFERS", _short(one.expected), "same" if one.ok else _short(one.found)]
            for one in found.checks
        ],
    )
    wrong = len(found.differences)
    click.echo(f"\n{len(found.checks)} checks: " + ("all agree." if found.ok else f"{wrong} differ, named above."))


def _short(text: str, width: int = 44) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _number(value: float) -> str:
    return f"{value:g}" if value == int(value) else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.1f} %"


def _interval(bounds: list[float] | None) -> str:
    return "none" if bounds is None else f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %"
