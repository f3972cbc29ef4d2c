"""Alembic's entry: run the migrations on the URL that app.store.schema gives."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import create_engine, pool

from app.store.base import Base, UtcDateTime


def _render(kind: str, value: object, _: AutogenContext) -> str | Literal[False]:
    """A migration stands on its own: it names SQLAlchemy's types, never the project's."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(value, UtcDateTime) else False


engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, render_item=_render)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
