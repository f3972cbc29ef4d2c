"""Everything that an evaluator does becomes an entry of one chain; log events say which program wrote them.

What version 0.1.0 stored beside the chains (flags, guesses, aids opened) is appended to the chains of rounds that are
not locked. A locked chain has an end that its log names, so there it goes into an event "carried over".

Revision: 0003, after 0002
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import rfc8785
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OLD, NEW = "0.1.0", "0.2.0"
TIME = sa.DateTime(timezone=True)
START_OF_LOG = "0" * 64

Row = Mapping[str, Any]
"""{column: value}"""
Rows = Mapping[str, list[Row]]
"""{id of a round or an evaluator: rows}"""
JUDGMENT_FIELDS = (
    "number", "key", "item", "step", "verdict", "hypothesis", "confidence", "comment", "revision", "position",
    "active_seconds", "unfolded", "fixed_width",
)  # fmt: skip
ENTRY_COLUMNS = ("evaluator_id", "number", "round_id", "kind", "item", "key", "verdict", "step", "revision")
ENTRIES = sa.table(
    "chain_entries",
    *(sa.column(name) for name in (*ENTRY_COLUMNS, "active_seconds", "content", "chain")),
    sa.column("at", TIME),
)
EVENTS = sa.table(
    "events",
    *(sa.column(name) for name in ("round_id", "number", "actor", "action", "version", "program", "chain")),
    sa.column("at", TIME),
    sa.column("detail", sa.JSON()),
)


def upgrade() -> None:
    _create_tables()
    connection = op.get_bind()
    if _rows(connection, "rounds", "id"):
        _carry_over(connection)
    for table in ("judgments", "flags", "guesses"):
        op.drop_table(table)
    with op.batch_alter_table("assignments") as batch_op:
        batch_op.drop_column("aids_at")


def downgrade() -> None:
    """Refuse: chains and logs are evidence, and a step back would lose entries."""
    msg = "this schema holds evidence; restore a backup instead of downgrading"
    raise RuntimeError(msg)


def _create_tables() -> None:
    op.create_table(
        "chain_entries",
        sa.Column("evaluator_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("active_seconds", sa.Double(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('judgment', 'flag', 'guess', 'aids opened')", name=op.f("ck_chain_entries_kind")),
        sa.CheckConstraint("step IN ('verdict', 'hypothesis')", name=op.f("ck_chain_entries_step")),
        sa.CheckConstraint(
            "verdict IN ('interpretable', 'not_interpretable', 'cannot_judge')", name=op.f("ck_chain_entries_verdict")
        ),
        sa.ForeignKeyConstraint(["evaluator_id"], ["evaluators.id"], name=op.f("fk_chain_entries_evaluator_id")),
        sa.ForeignKeyConstraint(
            ["round_id", "item"], ["items.round_id", "items.code"], name=op.f("fk_chain_entries_round_id_item")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_chain_entries_round_id")),
        sa.PrimaryKeyConstraint("evaluator_id", "number", name=op.f("pk_chain_entries")),
        sa.UniqueConstraint("evaluator_id", "key", name=op.f("uq_chain_entries_evaluator_id_key")),
    )
    op.create_index("ix_chain_entries_kind", "chain_entries", ["round_id", "kind", "item"])
    op.create_table(
        "timestamps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("of", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint("of IN ('draw', 'commitment', 'lock')", name=op.f("ck_timestamps_of")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_timestamps_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timestamps")),
    )
    op.create_index(op.f("ix_timestamps_round_id"), "timestamps", ["round_id"])
    with op.batch_alter_table("events") as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("program", sa.String(), nullable=True))
    with op.batch_alter_table("events") as batch_op:
        batch_op.alter_column("version", existing_type=sa.Integer(), existing_nullable=False, server_default=None)


def _carry_over(connection: sa.Connection) -> None:
    """Move the tables of version 0.1.0 into chains, and into the log of rounds that were locked."""
    evaluators = _grouped(_rows(connection, "evaluators", "name"), "round_id")
    judgments = _grouped(_rows(connection, "judgments", "number"), "evaluator_id")
    facts = {table: _grouped(_rows(connection, table, "at"), "evaluator_id") for table in ("flags", "guesses")}
    opened = [row for row in _rows(connection, "assignments", "position") if row["aids_at"] is not None]
    facts["aids opened"] = _grouped(opened, "evaluator_id")
    events = _grouped(_rows(connection, "events", "number"), "round_id")
    for round_row in _rows(connection, "rounds", "id"):
        people = evaluators[round_row["id"]]
        for evaluator in people:
            _insert_judgments(connection, evaluator, judgments[evaluator["id"]])
        if any(event["action"] == "locked" for event in events[round_row["id"]]):
            detail = _facts_of_locked_round(connection, people, facts)
            _append_event(connection, round_row["id"], events[round_row["id"]], detail)
            continue
        counts = {}
        for evaluator in people:
            chain = judgments[evaluator["id"]]
            start = chain[-1]["chain"] if chain else round_row["commitment"]
            counts[evaluator["name"]] = _append_facts(connection, evaluator, len(chain), start, facts)
        if any(counts.values()):
            _append_event(connection, round_row["id"], events[round_row["id"]], {"from": OLD, "entries": counts})


def _insert_judgments(connection: sa.Connection, evaluator: Row, rows: Iterable[Row]) -> None:
    """Write the judgments as entries, word for word as their digests cover them."""
    for row in rows:
        content = {name: row[name] for name in JUDGMENT_FIELDS}
        content |= {"evaluator": evaluator["name"]}
        content |= {"shown_at": _text(row["shown_at"]), "judged_at": _text(row["judged_at"])}
        columns = {name: row[name] for name in ("key", "verdict", "step", "revision", "active_seconds")}
        _insert_entry(connection, evaluator, "judgment", row["judged_at"], content, row["chain"], columns)


def _append_facts(connection: sa.Connection, evaluator: Row, number: int, chain: str, facts: Mapping[str, Rows]) -> int:
    """Append an evaluator's flags, guesses and openings of aids to their chain; returns how many."""
    timed = [
        *((row["at"], "flag", _flag(row)) for row in facts["flags"][evaluator["id"]]),
        *((row["at"], "guess", _guess(row)) for row in facts["guesses"][evaluator["id"]]),
        *((row["aids_at"], "aids opened", {"item": row["item"]}) for row in facts["aids opened"][evaluator["id"]]),
    ]
    latest = None
    for index, (at, kind, values) in enumerate(sorted(timed, key=lambda fact: (_text(fact[0]), fact[1]))):
        latest = at if latest is None else max(latest, at)
        about = {"v": 2, "kind": kind, "evaluator": evaluator["name"], "number": number + index, "at": _text(latest)}
        content = about | values
        chain = _chain_digest(chain, content)
        _insert_entry(connection, evaluator, kind, latest, content, chain, {})
    return len(timed)


def _facts_of_locked_round(
    connection: sa.Connection, people: Iterable[Row], facts: Mapping[str, Rows]
) -> dict[str, Any]:
    """Who was enrolled, and what they did besides judging: nothing bound it before this migration."""
    roster, flags, guesses, aids_opened = {}, [], [], []
    for evaluator in people:
        name, evaluator_id = evaluator["name"], evaluator["id"]
        roster[name] = {
            "exposed": evaluator["exposed"],
            "erased": evaluator["erased_at"] is not None,
            "assigned": connection.scalar(sa.text(ASSIGNED), {"evaluator": evaluator_id, "practice": False}),
            "joined_at": _text(evaluator["joined_at"]),
            "consented_at": _text(evaluator["consented_at"]),
        }
        about = {"evaluator": name}
        flags += [about | _flag(row) | {"at": _text(row["at"])} for row in facts["flags"][evaluator_id]]
        guesses += [about | _guess(row) | {"at": _text(row["at"])} for row in facts["guesses"][evaluator_id]]
        aids_opened += [
            about | {"item": row["item"], "at": _text(row["aids_at"])} for row in facts["aids opened"][evaluator_id]
        ]
    return {"from": OLD, "evaluators": roster, "flags": flags, "guesses": guesses, "aids_opened": aids_opened}


ASSIGNED = """
SELECT count(*) FROM assignments JOIN items ON items.round_id = assignments.round_id AND items.code = assignments.item
WHERE assignments.evaluator_id = :evaluator AND items.training = :practice
"""


def _flag(row: Row) -> dict[str, Any]:
    return {"item": row["item"], "reason": row["kind"], "comment": row["comment"]}


def _guess(row: Row) -> dict[str, Any]:
    return {"item": row["item"], "guess": row["guess"], "confidence": row["confidence"], "reason": row["reason"]}


def _append_event(connection: sa.Connection, round_id: str, events: Sequence[Row], detail: dict[str, Any]) -> None:
    """Append an event "carried over" to a round's log."""
    newest = events[-1]
    now = max(datetime.now(UTC), newest["at"])
    values = {"round": round_id, "number": newest["number"] + 1, "at": _text(now), "actor": "First Glance"}
    values |= {"action": "carried over", "detail": detail}
    chain = _chain_digest(newest["chain"], {"v": 2, "program": NEW} | values)
    row = {name: value for name, value in values.items() if name != "round"}
    row |= {"round_id": round_id, "at": now, "version": 2, "program": NEW, "chain": chain}
    connection.execute(EVENTS.insert().values(**row))


def _insert_entry(
    connection: sa.Connection,
    evaluator: Row,
    kind: str,
    at: datetime,
    content: Mapping[str, Any],
    chain: str,
    columns: Mapping[str, Any],
) -> None:
    values = {"evaluator_id": evaluator["id"], "round_id": evaluator["round_id"], "number": content["number"]}
    values |= {"kind": kind, "item": content["item"], "at": at, "chain": chain}
    text = rfc8785.dumps(content).decode()
    connection.execute(ENTRIES.insert().values(**values, **columns, content=text))


def _chain_digest(previous: str, content: Mapping[str, Any]) -> str:
    return hashlib.sha256(rfc8785.dumps({"previous": previous, "entry": content})).hexdigest()


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="microseconds")


def _grouped(rows: Iterable[Row], key: str) -> Rows:
    """The rows by the value of one of their columns; no rows for any other value."""
    groups = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


def _rows(connection: sa.Connection, name: str, order: str) -> list[Row]:
    """The rows of a table, its times in UTC."""
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    return [
        {column: _in_utc(value) for column, value in row.items()}
        for row in connection.execute(sa.select(table).order_by(table.c[order])).mappings()
    ]


def _in_utc(value: object) -> object:
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
