"""A line of a log is written by the server, whatever stands in an error's message."""

import io
import logging
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.foundation.log_lines import RecordFormatter
from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.serving import web_server
from tests.hostile.texts import TEXTS, commanding_characters


def test_a_hostile_message_is_one_record(tmp_path: Path, sqlite_database: Database) -> None:
    web_server(Settings(data=tmp_path), sqlite_database)
    assert logging.lastResort is not None
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.lastResort.formatter)
    for hostile in TEXTS:
        try:
            raise ValueError(hostile)
        except ValueError as error:
            handler.emit(logging.getLogger("app").makeRecord(
                "app", logging.ERROR, "file", 1, "%s", (hostile,), (ValueError, error, error.__traceback__)
            ))  # fmt: skip
    logged = stream.getvalue()
    assert isinstance(handler.formatter, RecordFormatter)
    assert not commanding_characters(logged)
    assert len([line for line in logged.splitlines() if not line.startswith("    ")]) == len(TEXTS)


def test_an_error_of_the_database_does_not_say_what_was_to_be_stored(sqlite_database: Database) -> None:
    with pytest.raises(SQLAlchemyError) as caught, sqlite_database.reading() as session:
        session.execute(text("SELECT :answer FROM nowhere"), {"answer": "an answer of Ada"})
    assert "an answer of Ada" not in str(caught.value)
