"""The private half of a round's key: a file of its owner, made once, and missed without harm."""

import stat
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import select

from app.evidence.signing import SigningKey
from app.foundation.errors import SealError, StorageError
from app.services.log import append_event
from app.services.round_keys import (
    RoundKeys,
    committed_receipt_key,
    missing_key_warning,
    require_key_as_committed,
    round_signing_key,
)
from app.store.engine import Database
from app.store.tables import EventRow
from tests.conftest import Clock
from tests.services.stages import ADMIN, RECEIPT_KEY, seal_draft


@pytest.fixture
def round_keys(tmp_path: Path) -> RoundKeys:
    return RoundKeys.in_data_folder(tmp_path)


def store_key(round_keys: RoundKeys, round_id: str, private_text: str) -> None:
    round_keys.folder.mkdir(exist_ok=True)
    round_keys.path_of(round_id).write_bytes(private_text.encode("utf-8", "surrogatepass"))


def public_key_for_seal(data: Path) -> str:
    return RoundKeys.in_data_folder(data).made_or_read("spring").public_key


def test_a_new_key_lies_in_a_file_that_only_its_owner_reads(round_keys: RoundKeys) -> None:
    signing_key = round_keys.made_or_read("spring")
    path = round_keys.folder / "spring.key"
    assert path.read_text("utf-8") == signing_key.private_text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_seal_that_is_begun_again_has_the_same_key_and_another_round_another(round_keys: RoundKeys) -> None:
    signing_key = round_keys.made_or_read("spring")
    assert round_keys.made_or_read("spring").public_key == signing_key.public_key
    assert round_keys.made_or_read("autumn").public_key != signing_key.public_key


def test_processes_that_begin_a_seal_together_have_one_key(tmp_path: Path) -> None:
    with get_context("spawn").Pool(2) as pool:
        public_keys = pool.map(public_key_for_seal, [tmp_path] * 4, chunksize=1)
    assert len(set(public_keys)) == 1
    assert [path.name for path in (tmp_path / "round_keys").iterdir()] == ["spring.key"]


def test_threads_that_begin_a_seal_together_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(public_key_for_seal, [tmp_path] * 32))) == 1


def test_a_key_that_cannot_be_written_or_read_is_a_sentence_with_its_path(round_keys: RoundKeys) -> None:
    round_keys.folder.write_text("a file in place of the folder")
    with pytest.raises(StorageError, match=r"spring\.key cannot be written .*Let this program write to the folder"):
        round_keys.made_or_read("spring")
    round_keys.folder.unlink()
    round_keys.path_of("spring").mkdir(parents=True)
    with pytest.raises(StorageError, match=r"spring\.key cannot be read .*It has to be a file"):
        round_keys.made_or_read("spring")


@pytest.mark.parametrize("content", ["", "no key", "00" * 31, "\ud800"])
def test_a_file_without_a_key_stops_the_seal_with_what_to_do(round_keys: RoundKeys, content: str) -> None:
    store_key(round_keys, "spring", content)
    with pytest.raises(SealError, match=r"spring\.key holds no key\. Delete the file"):
        round_keys.made_or_read("spring")


def test_only_the_committed_key_signs_for_a_round(round_keys: RoundKeys) -> None:
    public_key = round_keys.made_or_read("spring").public_key
    committed = round_keys.committed("spring", public_key)
    assert committed is not None
    assert committed.public_key == public_key
    assert round_keys.committed("spring", SigningKey.new().public_key) is None
    assert round_keys.committed("spring", None) is None
    assert round_keys.committed("autumn", public_key) is None


@pytest.mark.parametrize("content", ["", "no key", "00" * 31, "é"])
def test_a_damaged_file_signs_nothing(round_keys: RoundKeys, content: str) -> None:
    store_key(round_keys, "spring", content)
    assert round_keys.committed("spring", RECEIPT_KEY.public_key) is None


def test_a_round_has_a_key_from_its_seal_on(
    database_with_admin: Database, draft: str, clock: Clock, round_keys: RoundKeys
) -> None:
    with database_with_admin.reading() as session:
        assert committed_receipt_key(session, draft) is None
        assert missing_key_warning(session, draft, round_keys) is None
    seal_draft(database_with_admin, draft, clock)
    store_key(round_keys, draft, RECEIPT_KEY.private_text)
    with database_with_admin.reading() as session:
        assert committed_receipt_key(session, draft) == RECEIPT_KEY.public_key
        assert missing_key_warning(session, draft, round_keys) is None
        signing_key = round_signing_key(session, draft, round_keys)
    assert signing_key is not None
    assert signing_key.public_key == RECEIPT_KEY.public_key


@pytest.mark.parametrize("content", [None, "no key"])
def test_a_lost_or_damaged_file_is_a_sentence_for_the_admin(
    database_with_admin: Database, draft: str, clock: Clock, round_keys: RoundKeys, content: str | None
) -> None:
    seal_draft(database_with_admin, draft, clock)
    if content is not None:
        store_key(round_keys, draft, content)
    with database_with_admin.reading() as session:
        assert round_signing_key(session, draft, round_keys) is None
        warning = missing_key_warning(session, draft, round_keys)
    assert warning is not None
    assert warning.startswith(f"The key that signs this round's receipts is missing: {round_keys.path_of(draft)}")
    assert "restore the file from a backup" in warning
    assert "Restore it before you unblind the round" in warning


@pytest.mark.parametrize("committed_key", [RECEIPT_KEY.public_key, None])
def test_a_file_with_another_key_than_the_log_names_shows_no_result(
    database_with_admin: Database, draft: str, clock: Clock, round_keys: RoundKeys, committed_key: str | None
) -> None:
    """Whoever can write to the database alone cannot exchange the key in the file."""
    seal_draft(database_with_admin, draft, clock)
    store_key(round_keys, draft, SigningKey.new().private_text)
    with database_with_admin.writing() as session:
        sealed = session.scalars(select(EventRow).where(EventRow.action == "sealed")).one()
        sealed.detail = {**sealed.detail, "receipt_key": committed_key}
    with database_with_admin.reading() as session:
        with pytest.raises(SealError, match="holds another key than the one that the round's log names") as error:
            require_key_as_committed(session, draft, round_keys)
        assert missing_key_warning(session, draft, round_keys) == str(error.value)
        round_keys.path_of(draft).unlink()
        require_key_as_committed(session, draft, round_keys)  # a lost key is said, and results are shown


def test_after_the_unblinding_the_warning_says_what_can_still_be_done(
    database_with_admin: Database, draft: str, clock: Clock, round_keys: RoundKeys
) -> None:
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        for action in ("locked", "unblinded"):
            append_event(session, draft, ADMIN, action, {}, clock())
    with database_with_admin.reading() as session:
        warning = missing_key_warning(session, draft, round_keys)
    assert warning is not None
    assert "correct the analysis once it is restored" in warning
    assert "before you unblind" not in warning
