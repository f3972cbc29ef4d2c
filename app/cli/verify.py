"""`firstglance verify`: check an export, and compare it with what is known from elsewhere."""

from pathlib import Path

import click

from app.cli.options import PATH, json_option
from app.cli.printing import print_json, print_text
from app.foundation.digest import published_digest
from app.foundation.errors import ArchiveError, ExportError, SettingsError, TimestampError
from app.foundation.typography import visible_text
from app.report.export.anchors import Anchors
from app.report.export.verify import Verification, verify_export

WIDTH = 110
"""Most characters of a line."""
INDENT = 11
"""Where the sentences begin, after their labels."""


class DigestParameter(click.ParamType[str]):
    """A digest on the command line: 64 hexadecimal digits."""

    name = "hex"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The digest in small letters. Fails for anything else."""
        try:
            return published_digest(value)
        except SettingsError as error:
            self.fail(str(error), param, ctx)


class NothingComparedError(click.ClickException):
    """The export, or something to compare it with, cannot be read: nothing differs, and nothing agrees."""

    exit_code = 2


@click.command("verify")
@click.argument("export", type=PATH)
@click.option(
    "--announcement", type=DigestParameter(), help="The digest of the draw's announcement, as it was published then."
)
@click.option("--commitment", type=DigestParameter(), help="The commitment as it was published at the seal.")
@click.option("--lock", type=DigestParameter(), help="The lock's digest as it was published at the lock.")
@click.option("--result", type=DigestParameter(), help="The result's digest as it was published at the unblinding.")
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
    announcement: str | None,
    commitment: str | None,
    lock: str | None,
    result: str | None,
    receipts: tuple[Path, ...],
    roots: Path | None,
    archive_folder: Path | None,
    json_wanted: bool,
) -> None:
    """Make every file of EXPORT.zip again from its evidence and compare, without a server.

    Exits with 0 if all agrees and what you gave confirms it, with 1 if anything differs, with 2 if the export or
    something that you gave cannot be read, so that nothing was compared, and with 3 if all agrees but nothing from
    outside, or only a part of it, confirms it.
    """
    anchors = Anchors(commitment, lock, result, receipts, roots, archive_folder, announcement)
    try:
        verification = verify_export(export, anchors)
    except (ArchiveError, ExportError, TimestampError) as error:
        raise NothingComparedError(visible_text(str(error))) from error
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
    """What differs first, then anchors, what was not checked, what agrees in short, and the statement last."""
    for sentence in verification.differences:
        _print_finding("DIFFERS", sentence)
    for finding in verification.anchor_findings:
        if finding.agrees:
            _print_finding("anchor" if finding.covers else "note", finding.sentence)
    for reason, names in _unchecked_by_reason(verification).items():
        _print_finding("unchecked", f"{', '.join(names)}: {reason}.")
    agreeing = [check.name for check in verification.checks if check.ok]
    file_count = sum("." in name and " " not in name for name in agreeing)
    _print_finding("ok", f"{file_count} files are the same as those that were made again from the evidence.")
    _print_finding("ok", f"{len(agreeing) - file_count} checks of commitment, chains, log, lock and digests agree.")
    print_text()
    print_text(click.wrap_text(visible_text(" ".join(verification.statement.sentences)), WIDTH))


def _print_finding(label: str, sentence: str) -> None:
    """Print a sentence after its label; line breaks and codes for the terminal in the export's texts are spelt out."""
    text = visible_text(sentence)
    print_text(click.wrap_text(text, WIDTH, initial_indent=label.ljust(INDENT), subsequent_indent=" " * INDENT))


def _unchecked_by_reason(verification: Verification) -> dict[str, list[str]]:
    """{reason: files that were not checked for this reason}."""
    names: dict[str, list[str]] = {}
    for unchecked in verification.unchecked:
        names.setdefault(unchecked.reason, []).append(unchecked.name)
    return names
