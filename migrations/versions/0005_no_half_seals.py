"""No round is in state `sealing` any more: a seal is stored whole or not at all.

A seal that version 0.1.0 left half done is undone: its items are deleted, the round is a draft again, and its log
says so.

Revision: 0005, after 0004
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PROGRAM = "0.2.0"
WHY = (
    "The seal was interrupted under an earlier version of the program; nothing was sealed, and its items were deleted."
)
STATES = "state IN ('draft', 'sealed', 'collecting', 'locked', 'unblinded', 'abandoned')"
EVENTS = sa.table(
    "events",
    *(sa.column(name) for name in ("round_id", "number", "actor", "action", "version", "program", "chain")),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("detail", sa.JSON()),
)


def upgrade() -> None:
    connection = op.get_bind()
    for round_id in connection.scalars(sa.text("SELECT id FROM rounds WHERE state = 'sealing' ORDER BY id")).all():
        connection.execute(sa.text("DELETE FROM aids WHERE round_id = :round"), {"round": round_id})
        connection.execute(sa.text("DELETE FROM items WHERE round_id = :round"), {"round": round_id})
        connection.execute(sa.text("UPDATE rounds SET state = 'draft' WHERE id = :round"), {"round": round_id})
        _log_cancelled_seal(connection, round_id)
    with op.batch_alter_table("rounds") as batch_op:
        if connection.dialect.name != "sqlite":  # SQLite builds the table anew, without its checks
            batch_op.drop_constraint(op.f("ck_rounds_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_rounds_state"), STATES)


def downgrade() -> None:
    """Refuse: the log says what was undone, and a log is evidence."""
    msg = "this schema holds evidence; restore a backup instead of downgrading"
    raise RuntimeError(msg)


def _log_cancelled_seal(connection: sa.Connection, round_id: str) -> None:
    """Append an event "seal cancelled"; logs of version 0.1.0 do not number draws, so it names no number."""
    newest = connection.execute(
        sa.select(EVENTS.c.number, EVENTS.c.at, EVENTS.c.chain)
        .where(EVENTS.c.round_id == round_id)
        .order_by(EVENTS.c.number.desc())
        .limit(1)
    ).one()
    now = max(datetime.now(UTC), _in_utc(newest.at))
    values: Mapping[str, Any] = {
        "number": newest.number + 1,
        "actor": "First Glance",
        "action": "seal cancelled",
        "detail": {"why": WHY},
    }
    entry = {"v": 2, "program": PROGRAM, "round": round_id, "at": now.isoformat(timespec="microseconds"), **values}
    chain = hashlib.sha256(rfc8785.dumps({"previous": newest.chain, "entry": entry})).hexdigest()
    row = {**values, "round_id": round_id, "at": now, "version": 2, "program": PROGRAM, "chain": chain}
    connection.execute(EVENTS.insert().values(**row))


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
