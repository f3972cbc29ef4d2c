"""`firstglance round` and `firstglance invite`: a round from draft to unblinded."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from app.cli.audits import audit as audit_command
from app.cli.audits import show
from app.cli.common import EXISTING, admin_named, as_json, by_option, database, print_json, print_pairs, print_table
from app.foundation.clock import now
from app.foundation.errors import DesignError, SealError
from app.foundation.private import write_private
from app.foundation.settings import Settings
from app.harvest.archive import Archive
from app.judging.padding import response_sizes
from app.rounds.design import Cell, Design
from app.rounds.presets import PRESETS, preset
from app.services import rounds, seals
from app.services.audit import Audit
from app.services.log import attempt, events
from app.services.unblinding import unblind
from app.web.auditing import audited_seal
from app.web.rendering import render_passages

Result = TypeVar("Result")


@click.group("round")
def round_command() -> None:
    """Create, seal, open, watch, lock and unblind a round."""


round_command.add_command(audit_command)


@round_command.command("create")
@click.option("--design", "file", type=EXISTING, help="A design in TOML; instead of the options below.")
@click.option("--title", help="Shown to evaluators, so it may not name an arm.")
@click.option("--preset", "name", type=click.Choice(PRESETS), default="solu-rank", show_default=True)
@click.option(
    "--arm", "arms", multiple=True, metavar="NAME=ARCHIVE[@STRATUM]", help="One for each; the first is the reference."
)
@click.option(
    "--archive", "archives", type=EXISTING, multiple=True, help="With --design: the archives it names by digest."
)
@click.option("--neurons", type=click.IntRange(1), help="Neurons drawn per arm and stratum, if not the preset's.")
@click.option(
    "--evaluators", type=click.IntRange(1), help="How many evaluators the design aims at, if not the preset's."
)
@by_option
@click.pass_obj
def create(
    settings: Settings, /, file: Path | None, by: str | None, archives: tuple[Path, ...], **options: object
) -> None:
    """Make a draft from archives and print its id."""
    opened = [Archive.open(path) for path in archives]
    if file is None:
        named = _cells(options.pop("arms"))  # type: ignore[arg-type]  # click gives a tuple of strings
        design, paths = _designed(named, options), {cell.archive_sha256: path for cell, path in named}
    else:
        design, paths = Design.from_toml(_text_of(file)), {one.sha256: one.path for one in opened}
    with database(settings) as base, base.writing() as session:
        click.echo(rounds.create_round(session, design, paths, admin_named(session, by), now()))


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read as a design; give a TOML file, UTF-8"
        raise DesignError(msg) from error


def _cells(arms: Sequence[str]) -> list[tuple[Cell, Path]]:
    """Cells and their archives from NAME=ARCHIVE[@STRATUM]. Raises DesignError on anything else."""
    found = []
    for one in arms:
        name, _, rest = one.partition("=")
        place, _, stratum = rest.partition("@")
        if not name or not place:
            msg = f"--arm {one!r} is not NAME=ARCHIVE or NAME=ARCHIVE@STRATUM, such as solu=data/archives/solu@1L/0"
            raise DesignError(msg)
        cell = Cell(
            arm=name, archive_sha256=Archive.open(Path(place)).sha256, **({"stratum": stratum} if stratum else {})
        )
        found.append((cell, Path(place)))
    return found


def _designed(named: list[tuple[Cell, Path]], options: dict[str, object]) -> Design:
    title = options.pop("title")
    if not named or not title:
        msg = "a round needs --title and at least two --arm NAME=ARCHIVE, or --design FILE"
        raise DesignError(msg)
    name = str(options.pop("name"))
    cells = [cell for cell, _ in named]
    changes = {key: value for key, value in options.items() if value is not None}
    return preset(name, title=str(title), arms=cells, reference=cells[0].arm, **changes)


@round_command.command("list")
@as_json
@click.pass_obj
def list_rounds(settings: Settings, json_wanted: bool) -> None:
    """Print every round."""
    with database(settings) as base, base.reading() as session:
        found = rounds.rounds(session)
    if json_wanted:
        print_json([vars(one) for one in found])
        return
    head = ["round", "state", "items", "evaluators", "judgments", "title"]
    print_table(head, [[one.id, one.state, one.items, one.evaluators, one.judgments, one.title] for one in found])


@round_command.command("seal")
@click.argument("round_id", metavar="ROUND")
@click.option(
    "--recipient", "recipients", multiple=True, help="A keyholder's age public key; two at least, any one opens."
)
@click.option("--second", multiple=True, help="Two people must open together: the second person's public keys.")
@click.option(
    "--keys-to", type=EXISTING, help="Instead of recipients: make two keys and write them to this new file, 0600."
)
@click.option("--audit/--no-audit", default=True, help="Close the seal only if the leak audit passes (the default).")
@by_option
@click.pass_obj
def seal(
    settings: Settings,
    round_id: str,
    by: str | None,
    audit: bool,
    recipients: tuple[str, ...],
    second: tuple[str, ...],
    keys_to: Path | None,
) -> None:
    """Draw neurons, make items, encrypt who is who, print the commitment; two keys are made unless told otherwise."""
    keys = [] if recipients else [seals.new_key(), seals.new_key()]
    everyone = list(recipients) or [one.recipient for one in keys]
    options = seals.SealOptions(second=second, measure=response_sizes)
    sealed, found = _sealed(settings, round_id, by, everyone, options, audited=audit)
    click.echo(f"commitment {sealed.commitment}")
    if found is not None:
        show(found)
    identities = "".join(f"{one.identity}\n" for one in keys)
    if keys and keys_to:
        write_private(keys_to, identities)
        click.echo(f"Either key in {keys_to} opens the seal; keep one of them somewhere else.")
    elif keys:
        click.echo("Either of these keys opens the seal. They are shown this once; keep them apart.")
        click.echo(identities, nl=False)


def _sealed(
    settings: Settings,
    round_id: str,
    by: str | None,
    recipients: list[str],
    options: seals.SealOptions,
    *,
    audited: bool,
) -> tuple[seals.Sealed, Audit | None]:
    """Seal with the leak audit as the gate, or without one."""
    if audited:
        with database(settings) as base:
            with base.reading() as session:
                admin = admin_named(session, by)
            return audited_seal(base, settings, round_id, recipients, admin, now(), options)

    def seal_it(session: Session, admin: str) -> seals.Sealed:
        return seals.seal_round(session, round_id, recipients, render_passages, admin, now(), options)

    return _step(settings, round_id, by, "seal", seal_it), None


def _step(
    settings: Settings, round_id: str, by: str | None, name: str, step: Callable[[Session, str], Result]
) -> Result:
    """One guarded step, whose refusal is logged."""
    with database(settings) as base:
        with base.reading() as session:
            admin = admin_named(session, by)
        with attempt(base, round_id, admin, name, now()) as session:
            return step(session, admin)


@round_command.command("open")
@click.argument("round_id", metavar="ROUND")
@by_option
@click.pass_obj
def open_(settings: Settings, round_id: str, by: str | None) -> None:
    """Let evaluators begin."""
    _step(settings, round_id, by, "open", lambda session, admin: rounds.open_round(session, round_id, admin, now()))
    click.echo("The round is open.")


@round_command.command("status")
@click.argument("round_id", metavar="ROUND")
@as_json
@click.pass_obj
def status(settings: Settings, round_id: str, json_wanted: bool) -> None:
    """Print how far each evaluator is: counts of judgments, never of verdicts."""
    with database(settings) as base, base.reading() as session:
        found = rounds.progress(session, round_id)
        log = events(session, round_id)
    if json_wanted:
        print_json({**vars(found), "evaluators": [vars(one) for one in found.evaluators], "events": len(log)})
        return
    facts = {"state": found.state, "commitment": found.commitment or "none yet", "items": found.items}
    print_pairs({"title": found.title, **facts, "evaluators": f"{len(found.evaluators)} of {found.target}"})
    if found.evaluators:
        click.echo()
        rows = [[one.name, one.judged, one.assigned, "yes" if one.exposed else "no"] for one in found.evaluators]
        print_table(["evaluator", "judged", "of", "exposed"], rows)


@round_command.command("lock")
@click.argument("round_id", metavar="ROUND")
@by_option
@click.pass_obj
def lock(settings: Settings, round_id: str, by: str | None) -> None:
    """End judging for good; a locked round can be unblinded."""
    _step(settings, round_id, by, "lock", lambda session, admin: rounds.lock_round(session, round_id, admin, now()))
    click.echo("The round is locked.")


@round_command.command("abandon")
@click.argument("round_id", metavar="ROUND")
@click.option("--reason", required=True)
@by_option
@click.pass_obj
def abandon(settings: Settings, round_id: str, reason: str, by: str | None) -> None:
    """Give the round up; it stays visible as abandoned for ever."""
    _step(
        settings,
        round_id,
        by,
        "abandon",
        lambda session, admin: rounds.abandon_round(session, round_id, admin, reason, now()),
    )
    click.echo("The round is abandoned.")


@round_command.command("unblind")
@click.argument("round_id", metavar="ROUND")
@click.option(
    "--key-file",
    "key_files",
    type=EXISTING,
    multiple=True,
    required=True,
    help="File with a key; for two-person seals one file each.",
)
@click.option("--reason", required=True, help="Why now; it goes into the log and the report.")
@by_option
@click.pass_obj
def unblind_(settings: Settings, round_id: str, key_files: tuple[Path, ...], reason: str, by: str | None) -> None:
    """Open the seal of a locked round, check it against the commitment, and run the analysis."""
    identities = [key for path in key_files for key in keys_in(path)]
    _step(
        settings,
        round_id,
        by,
        "unblind",
        lambda session, admin: unblind(session, round_id, identities, admin, reason, now()),
    )
    click.echo(f"The round is unblinded; see `firstglance report {round_id}`.")


def keys_in(path: Path) -> list[str]:
    """The age identities in a file, one a line. Raises SealError if it cannot be read or holds none."""
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as a key file; give the file that the seal wrote"
        raise SealError(msg) from error
    found = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
    if not found:
        msg = f"{path} holds no key; a key begins with AGE-SECRET-KEY-1"
        raise SealError(msg)
    return found


@click.command("invite")
@click.argument("round_id", metavar="ROUND")
@click.argument("name")
@click.option("--exposed", is_flag=True, help="They created the round, held a key or saw these models unblinded.")
@click.option(
    "--base-url", default="http://127.0.0.1:8000", show_default=True, help="Where evaluators reach the server."
)
@by_option
@click.pass_obj
def invite_command(settings: Settings, round_id: str, name: str, exposed: bool, base_url: str, by: str | None) -> None:
    """Invite an evaluator under the pseudonym NAME and print the link, this once."""
    invitation = _step(
        settings,
        round_id,
        by,
        "invite",
        lambda session, admin: rounds.invite(session, round_id, name, exposed, admin, now()),
    )
    click.echo(f"{base_url.rstrip('/')}/i/{invitation.token}")
