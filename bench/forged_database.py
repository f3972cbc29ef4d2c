"""Change the database of a locked round as someone who owns the server can, and make everything above it fit again."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from typing import NamedTuple, cast

import pyrage
from pyrage import x25519
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.evidence.chains import START_OF_LOG, chain_digest
from app.evidence.entries import ChainEntry, event_entry
from app.evidence.event_details import LockedDetail
from app.foundation.digest import canonical_bytes, sha256
from app.foundation.json_types import JsonObject
from app.rounds.allocation import SealContent
from app.rounds.commitment import commitment_digest, item_digest, seal_digest
from app.services.enrolments import enrolments
from app.services.rounds import is_short_of_target
from app.store.engine import Database
from app.store.sealed import SealedRow
from app.store.tables import ChainEntryRow, EvaluatorRow, EventRow, ItemRow, RoundRow
from bench.changed_values import change_byte, change_json, changed_scalar
from bench.honest_round import HonestRound

DEPTHS = ("value", "digests", "lock and log", "commitment")
"""How much a forger makes fit again: nothing; digests and chains; the lock and the log too; the commitment too."""
MIRRORED = ("number", "kind", "item", "key", "verdict", "step", "revision", "active_seconds")
"""Columns of an entry that repeat a field of its content with the same name; `at` does too, as text."""
SHARE_OF_ROWS = 0.08
"""How often a whole row is deleted or repeated instead of a cell changed."""
WEIGHTS = {"chain_entries": 5, "events": 4, "evaluators": 3, "items": 2, "rounds": 2, "sealed": 2}
"""How often these tables are changed; all others count 1."""
TIME_ENDINGS = ("_at", "_until")
SOME_TIME = "2026-01-05 10:00:00.000000"
"""What a forger writes where a time is missing; no row can be read if it has anything but a time there."""
SqliteValue = str | int | float | bytes | None


class CellChange(NamedTuple):
    """A cell that was changed."""

    table: str
    where: str
    rowid: int
    column: str
    """Empty if the whole row was deleted or repeated."""


def change_random_cell(path: Path, generator: Random) -> CellChange:
    """Change a random cell of a random table that has rows; no constraint of the database stands in the way."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        tables = sorted(_tables_with_rows(connection))
        table = generator.choices(tables, [WEIGHTS.get(table, 1) for table in tables])[0]
        columns = [str(row[1]) for row in connection.execute(f'PRAGMA table_info("{table}")')]
        rowids = [int(row[0]) for row in connection.execute(f'SELECT rowid FROM "{table}" ORDER BY rowid')]
        while True:
            rowid, column = generator.choice(rowids), generator.choice(columns)
            try:
                if generator.random() < SHARE_OF_ROWS:
                    return CellChange(table, _change_row(connection, table, columns, rowid, generator), rowid, "")
                where = _change_cell(connection, table, rowid, column, generator)
            except sqlite3.IntegrityError:
                continue  # a key that exists already: the database itself refuses it, so try another cell
            return CellChange(table, where, rowid, column)


@contextmanager
def forging_session(path: Path) -> Iterator[Session]:
    """A session in which rows can be forged; it commits at the end."""
    with closing(Database(f"sqlite:///{path}")) as database, database.writing() as session:
        yield session


def make_everything_fit(session: Session, honest: HonestRound, cell_change: CellChange, depth: str) -> None:
    """Rewrite what stands above a changed cell, as deep as `depth` says."""
    if depth == "value":
        return
    if cell_change.table == "chain_entries" and cell_change.column:
        _make_entry_fit(session, cell_change)
    if depth == "commitment":
        commit_again(session, honest)
    rewrite_chains(session, honest.round_id)
    if depth != "digests":
        rewrite_lock(session, honest.round_id)
    rewrite_log(session, honest.round_id)


def rewrite_chains(session: Session, round_id: str) -> None:
    """Make every evaluator's chain unbroken again, with entries that name their evaluator and number."""
    commitment = str(session.get_one(RoundRow, round_id).commitment)
    names = {row.id: row.name for row in session.scalars(select(EvaluatorRow))}
    ends: dict[str, tuple[int, str]] = {}
    for row in session.scalars(select(ChainEntryRow).order_by(ChainEntryRow.evaluator_id, ChainEntryRow.number)):
        number, previous = ends.get(row.evaluator_id, (0, commitment))
        entry = cast("ChainEntry", {**row.read_entry(), "evaluator": names[row.evaluator_id], "number": number})
        row.content, row.number, row.chain = canonical_bytes(entry).decode(), number, chain_digest(previous, entry)
        ends[row.evaluator_id] = number + 1, row.chain
    session.flush()


def rewrite_lock(session: Session, round_id: str) -> None:
    """Write the log's entry of the lock again, from what the tables say now, as the program would have."""
    commitment = str(session.get_one(RoundRow, round_id).commitment)
    roster = enrolments(session, round_id, commitment)
    locked = LockedDetail(roster=roster, stopped_early=is_short_of_target(session, round_id))
    event = session.scalars(select(EventRow).where(EventRow.action == "locked")).one()
    event.detail = locked.model_dump()
    session.flush()


def rewrite_log(session: Session, round_id: str) -> None:
    """Make the log unbroken and its numbers complete again."""
    previous = START_OF_LOG
    for number, row in enumerate(session.scalars(select(EventRow).order_by(EventRow.number))):
        row.number = number
        row.chain = previous = chain_digest(previous, event_entry(round_id, row))
    session.flush()


def commit_again(session: Session, honest: HonestRound, seal: JsonObject | None = None) -> None:
    """Commit to what the tables say now, or to another seal: only a keyholder who helps can do this."""
    round_row, sealed_row = session.get_one(RoundRow, honest.round_id), session.get_one(SealedRow, honest.round_id)
    content = SealContent.from_content(seal or open_seal(session, honest))
    sealed_row.ciphertext = pyrage.encrypt(
        canonical_bytes(content.as_sealed), [x25519.Recipient.from_str(text) for text in honest.recipients]
    )
    sealed_row.sealed_sha256 = seal_digest(content)
    items = session.scalars(select(ItemRow)).all()
    for item in items:
        item.digest = item_digest(json.loads(item.content), content.nonce)
    digests = {item.code: item.digest for item in items}
    design_sha256, receipt_key = sha256(round_row.design.encode()), honest.signing_key.public_key
    round_row.commitment = commitment_digest(design_sha256, digests, sealed_row.sealed_sha256, receipt_key)
    facts: JsonObject = {
        "commitment": round_row.commitment,
        "design_sha256": design_sha256,
        "sealed_sha256": sealed_row.sealed_sha256,
    }
    for event in session.scalars(select(EventRow)):
        event.detail = event.detail | {name: facts[name] for name in facts.keys() & event.detail.keys()}
    session.flush()


def open_seal(session: Session, honest: HonestRound) -> JsonObject:
    """The content of the seal, opened with the keyholder's key."""
    ciphertext = session.get_one(SealedRow, honest.round_id).ciphertext
    seal_content: JsonObject = json.loads(pyrage.decrypt(ciphertext, [x25519.Identity.from_str(honest.identity)]))
    return seal_content


def _tables_with_rows(connection: sqlite3.Connection) -> list[str]:
    names = [str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return [name for name in names if connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone()]


def _change_row(connection: sqlite3.Connection, table: str, columns: list[str], rowid: int, generator: Random) -> str:
    """Delete a row, or repeat it with the same values where the table's keys allow it."""
    if generator.random() < 0.5:
        connection.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))
        return f"{table} row {rowid} deleted"
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{table}" WHERE rowid = ?', (rowid,))
    return f"{table} row {rowid} repeated"


def _change_cell(connection: sqlite3.Connection, table: str, rowid: int, column: str, generator: Random) -> str:
    query = f'SELECT "{column}" FROM "{table}" WHERE rowid = ?'
    before: SqliteValue = connection.execute(query, (rowid,)).fetchone()[0]
    texts = [row[0] for row in connection.execute(f'SELECT DISTINCT "{column}" FROM "{table}"')]
    alternatives = sorted(text for text in texts if isinstance(text, str))
    after, where = _changed_cell_value(before, column, alternatives, generator)
    connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (after, rowid))
    return f"{table} row {rowid}, {column}: {where}"


def _changed_cell_value(
    cell_value: SqliteValue, column: str, alternatives: list[str], generator: Random
) -> tuple[SqliteValue, str]:
    """Another value for a cell, and what it is in words; JSON in a cell stays JSON."""
    if isinstance(cell_value, bytes):
        changed_bytes, where = change_byte(cell_value, generator)
        return changed_bytes, where
    if isinstance(cell_value, str) and cell_value[:1] in ("{", "["):
        document, where = change_json(json.loads(cell_value), generator)
        return canonical_bytes(document).decode(), where
    if cell_value is None and column.endswith(TIME_ENDINGS):
        return SOME_TIME, SOME_TIME
    after = changed_scalar(cell_value, column, alternatives, generator)
    return cast("SqliteValue", after), f"{str(cell_value)[:40]!r} -> {str(after)[:40]!r}"


def _make_entry_fit(session: Session, cell_change: CellChange) -> None:
    """Make the content of an entry say what its columns say, or the columns what the content says."""
    key = session.connection().exec_driver_sql(
        "SELECT evaluator_id, number FROM chain_entries WHERE rowid = ?", (cell_change.rowid,)
    )
    row = session.get_one(ChainEntryRow, tuple(key.one()))
    entry: JsonObject = json.loads(row.content)
    if cell_change.column == "content":
        for name in MIRRORED:
            setattr(row, name, entry.get(name) if name not in ("kind", "number", "item") else entry[name])
        row.at = datetime.fromisoformat(str(entry["at"]))
    elif cell_change.column in MIRRORED:
        entry[cell_change.column] = getattr(row, cell_change.column)
    elif cell_change.column == "at":
        entry["at"] = row.at.isoformat(timespec="microseconds")
    row.content = canonical_bytes(entry).decode()
    session.flush()
