from datetime import datetime

import pytest
from sqlalchemy.exc import StatementError

from app.foundation.clock import now
from app.store.engine import Database
from app.store.tables import AdminRow


def test_times_keep_their_zone(database: Database) -> None:
    created_at = now()
    with database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=created_at))
    with database.reading() as session:
        assert session.get_one(AdminRow, "Dag").created_at == created_at


def test_a_time_without_a_zone_is_refused(sqlite_database: Database) -> None:
    without_zone = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001 - what must be refused
    with pytest.raises(StatementError, match="without a time zone"), sqlite_database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=without_zone))
