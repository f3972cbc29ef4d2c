"""A session begins with the password that counts now, and ends when that is replaced."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.foundation.errors import AccessError
from app.services.admin_sessions import IDLE, LONGEST, NOTED_AFTER, admin_of_session, begin_session, note_use
from app.services.admins import Admin, change_password, require_same_password, sign_in
from app.store.admin_sessions import AdminSessionRow
from app.store.admins import add_admin
from app.store.engine import Database
from tests.conftest import PASSWORD, START

SIGN_INS = 8


@pytest.fixture
def dag(database: Database, password_hash: str) -> Admin:
    """Dag, whose password was just checked."""
    with database.writing() as session:
        add_admin(session, "Dag", password_hash, START)
    return sign_in(database, "Dag", PASSWORD)


def test_no_session_begins_with_a_password_that_was_replaced_while_it_was_checked(
    database: Database, dag: Admin
) -> None:
    def begin(number: int) -> None:
        try:
            with database.writing() as session:
                begin_session(session, dag, f"token {number}", "", START)
        except AccessError:
            return

    def replace() -> None:
        with database.writing() as session:
            change_password(session, "Dag", "quite another password")

    with ThreadPoolExecutor(SIGN_INS + 1) as threads:
        sign_ins = [threads.submit(begin, number) for number in range(SIGN_INS)]
        threads.submit(replace).result()
        for begun in sign_ins:
            begun.result()
    with database.writing() as session:
        assert session.query(AdminSessionRow).count() == 0
        with pytest.raises(AccessError, match="changed a moment ago"):
            require_same_password(session, dag)


def test_a_session_ends_after_a_week_though_it_is_used_all_the_time(
    sqlite_database: Database, password_hash: str
) -> None:
    with sqlite_database.writing() as session:
        add_admin(session, "Dag", password_hash, START)
    dag = sign_in(sqlite_database, "Dag", PASSWORD)
    with sqlite_database.writing() as session:
        begin_session(session, dag, "token", "", START)
        used_at = START
        while used_at + IDLE < START + LONGEST:
            used_at += IDLE - NOTED_AFTER
            note_use(session, "token", used_at)
            assert admin_of_session(session, "token", used_at) == "Dag"
        assert admin_of_session(session, "token", START + LONGEST) is None
