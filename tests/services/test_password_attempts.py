"""Guesses at passwords are counted one by one, and nobody's guesses lock out anybody else."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.foundation.errors import AccessError
from app.services import admins
from app.services.password_attempts import (
    CROWD,
    MOST_AT_ONE_NAME,
    MOST_FROM_CLIENT,
    MOST_IN_CROWD,
    PLACES_OF_STRANGERS,
    WINDOW,
    check_password,
    guesser_of,
    network_of,
    reserve_attempt,
)
from app.store.admins import add_admin
from app.store.engine import Database
from app.store.password_attempts import PasswordAttemptRow
from tests.conftest import PASSWORD, START, Clock

GUESSES = 40
ANSWERS = {"Too many wrong": "wait", "Many passwords": "busy", "is wrong": "wrong"}


@dataclass(frozen=True)
class Door:
    """The check of passwords, with accounts for Dag and Eva."""

    database: Database
    clock: Clock

    def answer(self, name: str, password: str, address: str = "192.0.2.1", browser: str | None = None) -> str:
        """What the door says: come in, wrong, or wait."""
        guesser = guesser_of("secret", name, address, browser)
        try:
            check_password(self.database, guesser, name, password, self.clock())
        except AccessError as error:
            return next(answer for words, answer in ANSWERS.items() if words in str(error))
        return "come in"


@pytest.fixture
def door(database: Database, password_hash: str, clock: Clock) -> Door:
    with database.writing() as session:
        for name in ("Dag", "Eva"):
            add_admin(session, name, password_hash, START)
    return Door(database, clock)


def test_guesses_sent_together_to_two_processes_are_counted_one_by_one(door: Door) -> None:
    with closing(Database(door.database.url)) as other_database, ThreadPoolExecutor(GUESSES) as threads:
        doors = [door, Door(other_database, door.clock)] * (GUESSES // 2)
        answers = Counter(threads.map(lambda a_door: a_door.answer("Dag", "guess"), doors))
    assert answers == {"wrong": MOST_AT_ONE_NAME, "wait": GUESSES - MOST_AT_ONE_NAME}


def test_wrong_passwords_are_forgotten_after_a_while(door: Door) -> None:
    for _ in range(MOST_AT_ONE_NAME):
        assert door.answer("Dag", "guess") == "wrong"
    assert door.answer("Dag", PASSWORD) == "wait"
    door.clock.move(WINDOW / timedelta(seconds=1) + 1)
    assert door.answer("Dag", PASSWORD) == "come in"


def test_nobody_locks_out_another_address_or_a_known_browser(door: Door) -> None:
    for _ in range(MOST_AT_ONE_NAME + 1):
        door.answer("Dag", "guess")
    assert door.answer("Dag", PASSWORD, address="192.0.2.2") == "come in"
    assert door.answer("Dag", PASSWORD, browser="of Dag") == "come in"
    for _ in range(MOST_AT_ONE_NAME + 1):
        door.answer("Dag", "guess", address="192.0.2.3", browser="stolen")
    assert door.answer("Dag", PASSWORD, address="192.0.2.3", browser="of Dag") == "come in"


def test_neighbours_in_an_ipv6_network_share_their_attempts(door: Door) -> None:
    for number in range(MOST_AT_ONE_NAME):
        assert door.answer("Dag", "guess", address=f"2001:db8:1:2::{number}") == "wrong"
    assert door.answer("Dag", PASSWORD, address="2001:db8:1:2:ffff::1") == "wait"
    assert door.answer("Dag", PASSWORD, address="2001:db8:1:3::1") == "come in"


def test_no_attempt_outlives_the_time_in_which_it_counts_also_after_a_clock_was_set_back(door: Door) -> None:
    for moved in (WINDOW * 999, -WINDOW * 999):
        for number in range(3):
            door.answer("Dag", "guess", f"192.0.2.{number}")
        door.clock.move(moved / timedelta(seconds=1))
        assert door.answer("Dag", PASSWORD) == "come in"
        with door.database.reading() as session:
            assert session.query(PasswordAttemptRow).count() == 0


def test_an_unknown_name_waits_and_is_checked_like_a_known_one(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = []
    monkeypatch.setattr(admins, "_password_matches", lambda *_: checks.append(1))
    answers = [[door.answer(name, "guess") for _ in range(MOST_AT_ONE_NAME + 1)] for name in ("Dag", "Nobody")]
    assert answers[0] == answers[1]
    assert len(checks) == 2 * MOST_AT_ONE_NAME


def test_a_flood_of_strangers_keeps_no_known_browser_out_and_costs_nobody_an_attempt(door: Door) -> None:
    with ExitStack() as flood:
        while PLACES_OF_STRANGERS.acquire(blocking=False):
            flood.callback(PLACES_OF_STRANGERS.release)
        assert {door.answer("Dag", PASSWORD) for _ in range(MOST_AT_ONE_NAME + 1)} == {"busy"}
        assert door.answer("Dag", PASSWORD, browser="of Dag") == "come in"
    assert door.answer("Dag", PASSWORD) == "come in"


def test_one_address_has_a_limit_over_all_names(door: Door) -> None:
    def reserve(number: int) -> None:
        with door.database.writing() as session:
            reserve_attempt(session, guesser_of("secret", f"name {number}", "192.0.2.1", None), START)

    for number in range(MOST_FROM_CLIENT):
        reserve(number)
    with pytest.raises(AccessError, match="try again in 10 minutes"):
        reserve(MOST_FROM_CLIENT)


def test_a_right_password_gives_no_attempts_at_another_name_back(door: Door) -> None:
    for _ in range(MOST_AT_ONE_NAME):
        door.answer("Eva", "guess")
        door.answer("Dag", PASSWORD)
    assert door.answer("Eva", PASSWORD) == "wait"


def test_a_crowd_slows_itself_down_and_locks_out_nobody(door: Door) -> None:
    answers = Counter(door.answer("Dag", "guess", f"198.51.100.{number}") for number in range(CROWD))
    assert answers == {"wrong": CROWD}
    answers = Counter(door.answer("Dag", "guess", "203.0.113.1") for _ in range(MOST_AT_ONE_NAME))
    assert answers == {"wrong": MOST_IN_CROWD, "wait": MOST_AT_ONE_NAME - MOST_IN_CROWD}
    assert door.answer("Dag", PASSWORD, "203.0.113.2") == "come in"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_address_counts_with_the_network_that_one_customer_has(address: str, network: str) -> None:
    assert network_of(address) == network
