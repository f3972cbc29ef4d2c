"""Two new keys in a file, proved for the round that is sealed next; they stay only if the seal is closed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.orm import Session

from app.foundation.clock import now
from app.foundation.errors import FirstGlanceError, SealError
from app.foundation.settings import Settings
from app.services.key_files import read_key_file, write_key_file
from app.services.keyholders import are_proved, name_and_prove, new_key, remove_key
from app.services.logged_step import Warn, run_step
from app.services.opened_database import open_database
from app.services.rounds import round_progress


@contextmanager
def proved_keys_in(
    path: Path | None, settings: Settings, round_id: str, by: str | None, warn: Warn, seal_again: str
) -> Iterator[None]:
    """Two new keys in a file, read back from there and proved; if the seal is refused, all of it is undone.

    So a path that was mistyped costs no draw, and no seal is closed whose keys are lost. Without a path nothing
    happens. `seal_again` says how a round is sealed to keys that are proved already.
    """
    if path is None:
        yield
        return
    _write_new_keys(path, settings, round_id, seal_again)
    numbers: list[int] = []
    try:
        identities = read_key_file(path)
        run_step(
            settings,
            round_id,
            by,
            "prove key",
            lambda session, admin: numbers.extend(name_and_prove(session, round_id, identities, admin, now())),
            warn,
        )
        yield
    except FirstGlanceError:  # after anything else, such as an interruption, the round may be sealed all the same
        with suppress(FirstGlanceError):  # a database that refuses this keeps the keys, and so their file stays too
            if numbers:
                run_step(
                    settings,
                    round_id,
                    by,
                    "remove key",
                    lambda session, admin: _remove(session, round_id, numbers, admin),
                    warn,
                )
            path.unlink()
        raise


def are_kept_for_draft(path: Path, settings: Settings, round_id: str) -> bool:
    """Whether the keys in a file are proved for the round, which is not sealed yet."""
    with suppress(SealError), open_database(settings) as database, database.reading() as session:
        return round_progress(session, round_id).state == "draft" and are_proved(session, round_id, read_key_file(path))
    return False


def _write_new_keys(path: Path, settings: Settings, round_id: str, seal_again: str) -> None:
    """Write two keys to a new file. Raises SealError if there is one, and says so if its keys are proved already."""
    try:
        write_key_file(path, [new_key().identity, new_key().identity])
    except SealError as error:
        if not are_kept_for_draft(path, settings, round_id):
            raise
        msg = f"{path} has two keys that are proved for this round already. {seal_again}"
        raise SealError(msg) from error


def _remove(session: Session, round_id: str, numbers: Sequence[int], admin: str) -> None:
    """Take keys whose file is deleted off the list, unless the round is no draft any more."""
    for number in numbers:
        remove_key(session, round_id, number, admin, now())
