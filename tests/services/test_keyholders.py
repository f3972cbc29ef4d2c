"""Keys are named and proved in a draft, so that no round is sealed to a key that nobody has."""

from contextlib import closing

import pytest
from sqlalchemy import select

from app.evidence.event_details import SealLayer
from app.foundation.errors import FirstGlanceError, InputError, LifecycleError, NotFoundError, SealError
from app.rounds.sealing import decrypt_challenge
from app.services.keyholders import (
    MOST_KEYS,
    keys_to_prove,
    listed_keys,
    missing_for_seal,
    name_key,
    new_key,
    prove_key_by_answer,
    prove_key_by_secret,
    proved_layers,
    remove_key,
)
from app.services.log import append_event, round_events
from app.store.admins import add_admin
from app.store.engine import Database
from app.store.keyholders import KeyholderRow
from app.store.tables import RoundRow
from tests.conftest import Clock
from tests.services.stages import ADMIN, prove_keys

OTHER_ADMIN = "Eva"
FIRST, SECOND, THIRD = new_key(), new_key(), new_key()


def test_two_proved_keys_are_alternatives_and_the_log_has_neither_secret_nor_answer(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    with database_with_admin.writing() as session:
        first = name_key(session, draft, f" {FIRST.recipient}\n", "Ada of the library", 1, ADMIN, clock())
        second = name_key(session, draft, SECOND.recipient, "", 1, ADMIN, clock())
        answer = decrypt_challenge(first.challenge, FIRST.identity)
        assert "Ada of the library, Dag" in missing_for_seal([first, second])
        prove_key_by_answer(session, draft, first.id, f"{answer}\n", ADMIN, clock())
        prove_key_by_secret(session, draft, SECOND.identity, ADMIN, clock())
        assert proved_layers(session, draft) == ((FIRST.recipient, SECOND.recipient),)
        events = round_events(session, draft)[-4:]
        stored = str([vars(row) for row in session.scalars(select(KeyholderRow))])
    assert [event.action for event in events] == ["key named", "key named", "key proved", "key proved"]
    assert [event.detail.get("proof") for event in events] == [None, None, "challenge", "secret key"]
    for secret in (answer, FIRST.identity, SECOND.identity):
        assert secret not in f"{events}{stored}"


def test_the_first_key_of_two_is_not_enough(sqlite_database: Database, sqlite_draft: str, clock: Clock) -> None:
    with sqlite_database.writing() as session:
        prove_keys(session, sqlite_draft, [FIRST], clock())
        with pytest.raises(SealError, match="Name and prove two keys"):
            proved_layers(session, sqlite_draft)


@pytest.mark.parametrize("wrong_answer", ["", "another text"])
def test_a_wrong_answer_proves_nothing_and_a_right_one_counts_once(
    sqlite_database: Database, sqlite_draft: str, clock: Clock, wrong_answer: str
) -> None:
    with sqlite_database.writing() as session:
        keyholder = name_key(session, sqlite_draft, FIRST.recipient, "Ada", 1, ADMIN, clock())
        with pytest.raises(SealError, match="not the text of the challenge"):
            prove_key_by_answer(session, sqlite_draft, keyholder.id, wrong_answer, ADMIN, clock())
        with pytest.raises(SealError, match="not on the round's list"):
            prove_key_by_secret(session, sqlite_draft, SECOND.identity, ADMIN, clock())
        assert keyholder.proved_at is None
        right_answer = decrypt_challenge(keyholder.challenge, FIRST.identity)
        prove_key_by_answer(session, sqlite_draft, keyholder.id, right_answer, ADMIN, clock())
        with pytest.raises(InputError, match="proved already"):
            prove_key_by_answer(session, sqlite_draft, keyholder.id, right_answer, ADMIN, clock())


def test_a_lost_key_is_taken_off_the_list_and_can_be_named_again(
    sqlite_database: Database, sqlite_draft: str, clock: Clock
) -> None:
    with sqlite_database.writing() as session:
        lost = name_key(session, sqlite_draft, FIRST.recipient, "Ada", 1, ADMIN, clock())
        with pytest.raises(InputError, match="on the list already"):
            name_key(session, sqlite_draft, FIRST.recipient, "Bo", 1, ADMIN, clock())
        remove_key(session, sqlite_draft, lost.id, ADMIN, clock())
        with pytest.raises(NotFoundError):
            remove_key(session, sqlite_draft, lost.id, ADMIN, clock())
        assert list(listed_keys(session, sqlite_draft)) == []
        name_key(session, sqlite_draft, FIRST.recipient, "Ada", 1, ADMIN, clock())
        assert [event.action for event in round_events(session, sqlite_draft)][-2:] == ["key removed", "key named"]


@pytest.mark.parametrize(
    ("layers", "admins", "complaint"),
    [
        ((1, 2), (ADMIN, OTHER_ADMIN), ""),
        ((1, 1, 2), (ADMIN, ADMIN, OTHER_ADMIN), ""),
        ((1, 2), (ADMIN, ADMIN), "proved keys of both people"),
        ((1, 1, 2), (ADMIN, OTHER_ADMIN, OTHER_ADMIN), "proved keys of both people"),
        ((1, 2), (ADMIN, ADMIN.lower()), "Dag, dag proved keys of both people"),
        ((2, 2), (ADMIN, OTHER_ADMIN), "key of the other person"),
    ],
)
def test_two_persons_are_two_admins_who_each_proved_a_key(
    sqlite_database: Database,
    sqlite_draft: str,
    clock: Clock,
    layers: tuple[SealLayer, ...],
    admins: tuple[str, ...],
    complaint: str,
) -> None:
    with sqlite_database.writing() as session:
        for layer, admin, key in zip(layers, admins, (FIRST, SECOND, THIRD), strict=False):
            prove_keys(session, sqlite_draft, [key], clock(), layer=layer, by=admin)
        if complaint:
            with pytest.raises(SealError, match=complaint):
                proved_layers(session, sqlite_draft)
        else:
            assert [len(keys) for keys in proved_layers(session, sqlite_draft)] == [layers.count(1), layers.count(2)]


def test_nobody_proves_a_key_of_two_persons_in_the_shell(sqlite_url: str, sqlite_draft: str, clock: Clock) -> None:
    with closing(Database(sqlite_url, {"via": "shell"})) as shell, shell.writing() as session:
        keyholder = name_key(session, sqlite_draft, SECOND.recipient, OTHER_ADMIN, 2, ADMIN, clock())
        answer = decrypt_challenge(keyholder.challenge, SECOND.identity)
        refusal = r"in the shell nobody is signed in.*page of keys"
        with pytest.raises(SealError, match=refusal):
            prove_key_by_secret(session, sqlite_draft, SECOND.identity, OTHER_ADMIN, clock())
        with pytest.raises(SealError, match=refusal):
            prove_key_by_answer(session, sqlite_draft, keyholder.id, answer, OTHER_ADMIN, clock())


@pytest.mark.parametrize("by_answer", [True, False])
def test_a_key_of_two_persons_that_the_shell_proved_before_is_proved_again_by_its_holder_signed_in(
    sqlite_url: str, sqlite_database: Database, sqlite_draft: str, clock: Clock, by_answer: bool
) -> None:
    with closing(Database(sqlite_url, {"via": "shell"})) as shell, shell.writing() as session:
        prove_keys(session, sqlite_draft, [FIRST], clock())  # then the list had no second person yet
        assert {event.detail.get("via") for event in round_events(session, sqlite_draft)[1:]} == {"shell"}
    with sqlite_database.writing() as session:
        prove_keys(session, sqlite_draft, [SECOND], clock(), layer=2, by=OTHER_ADMIN)
        with pytest.raises(SealError, match=f"the key of {ADMIN} was proved in the shell.*signs in.*proves it again"):
            proved_layers(session, sqlite_draft)
        (by_shell,) = keys_to_prove(listed_keys(session, sqlite_draft))
        if by_answer:
            answer = decrypt_challenge(by_shell.challenge, FIRST.identity)
            prove_key_by_answer(session, sqlite_draft, by_shell.id, answer, ADMIN, clock())
        else:
            prove_key_by_secret(session, sqlite_draft, FIRST.identity, ADMIN, clock())
        assert proved_layers(session, sqlite_draft) == ((FIRST.recipient,), (SECOND.recipient,))
        with pytest.raises(InputError, match="proved already"):
            prove_key_by_secret(session, sqlite_draft, FIRST.identity, ADMIN, clock())


def test_the_list_is_closed_by_the_seal(sqlite_database: Database, sqlite_draft: str, clock: Clock) -> None:
    with sqlite_database.writing() as session:
        session.get_one(RoundRow, sqlite_draft).state = "sealed"
        for change in (
            lambda: name_key(session, sqlite_draft, THIRD.recipient, "Ada", 1, ADMIN, clock()),
            lambda: prove_key_by_secret(session, sqlite_draft, THIRD.identity, ADMIN, clock()),
            lambda: remove_key(session, sqlite_draft, 1, ADMIN, clock()),
        ):
            with pytest.raises(LifecycleError, match="before the seal"):
                change()


@pytest.mark.parametrize(
    ("public_key", "person"),
    [("age1nonsense", "Ada"), (FIRST.identity, "Ada"), (FIRST.recipient, "x" * 61), (FIRST.recipient, "A\u202eda")],
    ids=["no key", "a secret key", "a long name", "an unseen character"],
)
def test_what_cannot_be_a_keyholder_is_refused_without_repeating_a_secret(
    sqlite_database: Database, sqlite_draft: str, clock: Clock, public_key: str, person: str
) -> None:
    with pytest.raises(FirstGlanceError) as refusal, sqlite_database.writing() as session:
        name_key(session, sqlite_draft, public_key, person, 1, ADMIN, clock())
    assert FIRST.identity not in str(refusal.value)


def test_a_list_has_an_end(sqlite_database: Database, sqlite_draft: str, clock: Clock) -> None:
    with sqlite_database.writing() as session:
        for _ in range(MOST_KEYS):
            name_key(session, sqlite_draft, new_key().recipient, "Ada", 1, ADMIN, clock())
        with pytest.raises(InputError, match="at most"):
            name_key(session, sqlite_draft, new_key().recipient, "Ada", 1, ADMIN, clock())


@pytest.fixture
def sqlite_draft(sqlite_database: Database, clock: Clock) -> str:
    """A round that is a draft in name only: these tests need no archive."""
    with sqlite_database.writing() as session:
        add_admin(session, ADMIN, "", clock())
        session.flush()
        session.add(
            RoundRow(id="draft", title="t", design="{}", public_design={}, created_by=ADMIN, created_at=clock())
        )
        session.flush()
        append_event(session, "draft", ADMIN, "created", {}, clock())
    return "draft"
