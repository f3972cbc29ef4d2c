"""What cannot be stored is refused before a database sees it, on both kinds alike, and nothing is stored."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.foundation.errors import InputError
from app.store.engine import Database
from app.store.tables import AdminRow, EventRow

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "a\udcff"])
def test_a_text_that_no_database_takes_is_refused_wherever_it_stands(database: Database, name: str) -> None:
    with pytest.raises(InputError, match="cannot be stored"), database.writing() as session:
        session.add_all(AdminRow(name=text, password_hash="-", created_at=NOON) for text in ("Dag", name))
    with database.reading() as session:
        assert session.scalars(select(AdminRow)).all() == []
        with pytest.raises(InputError, match="type it anew"):
            session.scalars(select(AdminRow).where(AdminRow.name.in_(["Dag", name]))).all()


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400])
def test_an_integer_beyond_64_bits_is_refused(database: Database, number: int) -> None:
    with database.reading() as session:
        assert session.scalars(select(EventRow).where(EventRow.number == 2**31 - 1)).all() == []
        with pytest.raises(InputError, match="too large"):
            session.scalars(select(EventRow).where(EventRow.number == number)).all()
