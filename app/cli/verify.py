"""`firstglance verify`: check an export, and compare it with what is known from elsewhere."""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from app.cli.options import PATH, json_option
from app.cli.printing import print_json
from app.evidence.checks import Check
from app.report.export.anchors import Anchors
from app.report.export.verify import Verification, verify_export

WIDTH = 60
"""Most characters of a value in a table."""


class DigestParameter(click.ParamType[str]):
    """A digest on the command line: 64 hexadecimal digits."""

    name = "hex"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The digest in small letters. Fails for anything else."""
        digest = value.strip().lower()
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            self.fail("a digest is 64 hexadecimal digits; give it as it was published", param, ctx)
        return digest


@click.command("verify")
@click.argument("export", type=PATH)
@click.option("--commitment", type=DigestParameter(), help="The commitment as it was published at the seal.")
@click.option("--lock", type=DigestParameter(), help="The lock's digest as it was published at the lock.")
@click.option("--receipt", "receipts", type=PATH, multiple=True, help="A file that an evaluator kept; repeatable.")
@click.option("--timestamp", "roots", type=PATH, help="PEM file of authorities whose time stamps you trust.")
@click.option(
    "--archives", "archive_folder", type=PATH, help="Folder of the round's archives: draw again, and compare."
)
@json_option
@click.pass_context
def verify_command(  # noqa: PLR0913 - one parameter for each anchor
    ctx: click.Context,
    export: Path,
    commitment: str | None,
    lock: str | None,
    receipts: tuple[Path, ...],
    roots: Path | None,
    archive_folder: Path | None,
    json_wanted: bool,
) -> None:
    """Make every file of EXPORT.zip again from its evidence and compare, without a server.

    Exits with 0 if all agrees and what you gave confirms it, with 1 if anything differs, and with 3 if all agrees but
    nothing from outside, or only a part of it, confirms it.
    """
    anchors = Anchors(commitment, lock, receipts, roots, archive_folder)
    verification = verify_export(export, anchors)
    if json_wanted:
        print_json(_json_content(verification))
    else:
        _print_verification(verification)
    ctx.exit(verification.statement.exit_status)


def _json_content(verification: Verification) -> dict[str, object]:
    statement = verification.statement
    return {
        "ok": verification.ok,
        "commitment_verified": verification.commitment_verified,
        "conclusion": statement.conclusion,
        "statement": statement.sentences,
        "differences": verification.differences,
        "checks": [
            {"name": check.name, "ok": check.ok, "expected": check.expected, "found": check.actual}
            for check in verification.checks
        ],
        "unchecked": [{"file": unchecked.name, "reason": unchecked.reason} for unchecked in verification.unchecked],
        "anchors": [
            {
                "kind": finding.anchor_kind,
                "agrees": finding.agrees,
                "covers": finding.covers,
                "finding": finding.sentence,
            }
            for finding in verification.anchor_findings
        ],
    }


def _print_verification(verification: Verification) -> None:
    """What differs first, then what could not be checked, what agrees in short, and the statement last."""
    for sentence in verification.differences:
        click.echo(f"DIFFERS  {sentence}")
    for finding in verification.anchor_findings:
        if finding.agrees:
            click.echo(f"{'agrees' if finding.covers else 'noted':8} {finding.sentence}")
    for unchecked in verification.unchecked:
        click.echo(f"{'unknown':8} {unchecked.name}: {unchecked.reason}")
    agreeing = [check for check in verification.checks if check.ok]
    click.echo(f"{'ok':8} {len(agreeing)} of {len(verification.checks)} checks: {_summary(agreeing)}")
    click.echo()
    for sentence in verification.statement.sentences:
        click.echo(sentence)


def _summary(checks: Sequence[Check]) -> str:
    """The names of checks in one line; files are counted."""
    files = sum("." in check.name for check in checks)
    chains = sum(check.name.startswith(("chain of", "entries of", "times of", "end of")) for check in checks)
    return f"{files} of files, {chains} of chains, {len(checks) - files - chains} of the rest"
