"""`firstglance verify`: recompute an export's numbers, or compare a receipt with it."""

from pathlib import Path

import click

from app.cli.options import PATH, json_option
from app.cli.printing import print_json, print_table
from app.report.export.verify import Verification, verify_export, verify_receipt

WIDTH = 44
"""Most characters of a value in the table of checks."""


@click.command("verify")
@click.argument("export", type=PATH)
@click.option("--receipt", "receipt_file", type=PATH, help="Compare only this evaluator's receipt with the export.")
@json_option
@click.pass_context
def verify_command(ctx: click.Context, export: Path, receipt_file: Path | None, json_wanted: bool) -> None:
    """Recompute commitment, chains and all numbers of EXPORT.zip, without a server. Exits with 1 on a difference."""
    verification = verify_export(export) if receipt_file is None else verify_receipt(export, receipt_file)
    if json_wanted:
        print_json(
            {
                "ok": verification.ok,
                "commitment_verified": verification.commitment_verified,
                "differences": verification.differences,
            }
        )
    else:
        _print_checks(verification)
    ctx.exit(0 if verification.ok else 1)


def _print_checks(verification: Verification) -> None:
    lines = [
        [
            check.name,
            "ok" if check.ok else "DIFFERS",
            _shortened(check.exported),
            "same" if check.ok else _shortened(check.recomputed),
        ]
        for check in verification.checks
    ]
    print_table(["check", "", "expected", "found"], lines)
    count = len(verification.differences)
    verdict = "all agree." if verification.ok else f"{count} differ, named above."
    click.echo(f"\n{len(verification.checks)} checks: {verdict}")


def _shortened(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
