"""The declarative base: constraint names, and columns for times in UTC."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every row class derives from this."""

    metadata = MetaData(naming_convention=NAMES)


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone, stored and returned in UTC because SQLite does not keep zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, moment: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a time without a zone; store it in UTC."""
        if moment is None:
            return None
        if moment.tzinfo is None:
            msg = "a time without a time zone cannot be stored; pass app.foundation.clock.now()"
            raise ValueError(msg)
        return moment.astimezone(UTC)

    def process_result_value(self, moment: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Add UTC where SQLite returns a time without its zone."""
        if moment is None:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
