"""Keys on the command line: made, named, proved and removed before the seal; each step is logged as done in a shell."""

import json
from pathlib import Path

import pytest

from app.services.log import SHELL, VIA, round_events
from app.store.engine import Database
from tests.cli.conftest import Run


def made_key(run: Run, path: Path) -> str:
    """The public key of a new key in a file."""
    result = run("key", "new", "--to", path)
    assert path.stat().st_mode & 0o777 == 0o600
    return str(result.output.split("public key")[1].split()[0])


def test_a_round_is_sealed_to_keys_that_were_proved_in_two_ways(run: Run, draft: str, tmp_path: Path) -> None:
    early = run("round", "seal", draft, "--no-audit")
    assert (early.exit_code, "Name and prove two keys" in early.output) == (1, True)
    first, second = (made_key(run, tmp_path / name) for name in ("first", "second"))
    challenge = run("round", "keys", "name", draft, first, "--person", "Ada").output
    answer = run("key", "prove", "--key-file", tmp_path / "first", typed=challenge).output.strip()
    number = json.loads(run("round", "keys", "list", draft, "--json").output)["keys"][0]["number"]
    wrong = run("round", "keys", "prove", draft, "--number", number, "--answer", "another text")
    assert (wrong.exit_code, "not the text of the challenge" in wrong.output) == (1, True)
    assert run("round", "keys", "prove", draft, "--number", number, "--answer", answer).exit_code == 0
    run("round", "keys", "name", draft, second)
    unproved = run("round", "seal", draft, "--no-audit")
    assert (unproved.exit_code, "Prove the key of Dag" in unproved.output) == (1, True)
    assert run("round", "keys", "prove", draft, "--key-file", tmp_path / "second").exit_code == 0
    assert "Nothing is missing" in run("round", "keys", "list", draft).output
    assert run("round", "seal", draft, "--no-audit").exit_code == 0
    sealed = " ".join(run("round", "keys", "list", draft).output.split())
    assert "The round is sealed, and any one of its 2 keys opens the seal. No key can be added any more." in sealed
    assert "before the seal" not in sealed
    assert run("round", "open", draft).exit_code == 0
    assert run("round", "lock", draft, "--yes").exit_code == 0
    reason = ("--reason", "everyone has finished")
    assert run("round", "unblind", draft, "--key-file", tmp_path / "second", *reason).exit_code == 0
    assert "The seal was opened, once" in run("round", "keys", "list", draft).output
    database = Database(f"sqlite:///{tmp_path / 'data' / 'firstglance.db'}")
    with database.reading() as session:
        assert {event.detail.get(VIA) for event in round_events(session, draft)} == {SHELL}
    database.close()


def test_a_key_that_was_named_by_mistake_is_removed(run: Run, draft: str, tmp_path: Path) -> None:
    run("round", "keys", "name", draft, made_key(run, tmp_path / "mistake"))
    number = json.loads(run("round", "keys", "list", draft, "--json").output)["keys"][0]["number"]
    assert run("round", "keys", "remove", draft, number).exit_code == 0
    assert json.loads(run("round", "keys", "list", draft, "--json").output)["keys"] == []


def test_keys_of_a_seal_that_is_refused_are_taken_back_with_their_file(run: Run, draft: str, tmp_path: Path) -> None:
    refused = run("round", "seal", draft, "--no-audit", "--keys-to", tmp_path / "keys", "--public-value", "x")
    assert refused.exit_code == 1
    assert not (tmp_path / "keys").exists()
    assert json.loads(run("round", "keys", "list", draft, "--json").output)["keys"] == []


@pytest.mark.parametrize(
    "words",
    [("key", "prove", "--key-file", "/nowhere"), ("round", "keys", "list", "nowhere"), ("round", "keys", "prove", "x")],
)
def test_what_cannot_be_done_is_a_sentence(run: Run, dag: str, words: tuple[str, ...]) -> None:
    assert dag
    assert run(*words).exit_code in (1, 2)


def test_a_challenge_for_another_key_is_refused(run: Run, tmp_path: Path) -> None:
    made_key(run, tmp_path / "key")
    refused = run("key", "prove", "--key-file", tmp_path / "key", typed="no challenge")
    assert (refused.exit_code, "does not decrypt the challenge" in refused.output) == (1, True)
