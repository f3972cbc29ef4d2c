"""`firstglance round`: a round's life from the command line."""

import json
from pathlib import Path

import pytest

from app.archive.archive import Archive
from tests.cli.conftest import Run

REASON = ("--reason", "to see what happens")


@pytest.fixture
def arms(archives: tuple[Archive, Archive]) -> tuple[str, ...]:
    """The options that name two arms."""
    plum, fig = archives
    return "--arm", f"axolotl={plum.path}", "--arm", f"quokka={fig.path}@1L/0"


@pytest.fixture
def draft(run: Run, dag: str, arms: tuple[str, ...]) -> str:
    """The id of a draft, of which Dag is the admin."""
    assert dag
    result = run("round", "create", "--title", "Spring reading", "--preset", "quick", "--neurons", 3, *arms)
    return result.output.strip()


@pytest.fixture
def locked(run: Run, draft: str, tmp_path: Path) -> str:
    """The id of a locked round that nobody judged; its keys are in `keys`."""
    for step in (("seal", draft, "--no-audit", "--keys-to", tmp_path / "keys"), ("open", draft), ("lock", draft)):
        result = run("round", *step)
        assert result.exit_code == 0, result.output
    return draft


def test_a_round_goes_from_draft_to_lock(run: Run, draft: str, tmp_path: Path) -> None:
    sealed = run("round", "seal", draft, "--keys-to", tmp_path / "keys")
    commitment = sealed.output.splitlines()[0].removeprefix("commitment ")
    assert len(commitment) == 64
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    assert run("round", "open", draft).exit_code == 0
    link = run("invite", draft, "Ada", "--base-url", "https://example.org/").output.strip()
    assert link.startswith("https://example.org/i/")
    status = json.loads(run("round", "status", draft, "--json").output)
    assert status["state"] == "collecting"
    assert status["commitment"] == commitment
    assert status["evaluators"][0]["judged"] == 0
    early = run("round", "unblind", draft, "--key-file", tmp_path / "keys", *REASON)
    assert early.exit_code == 1
    assert "Lock the round first" in early.output
    assert run("round", "lock", draft).exit_code == 0
    assert json.loads(run("round", "list", "--json").output)[0]["state"] == "locked"


def test_an_unblinded_round_is_corrected_and_reported_anew(run: Run, locked: str, tmp_path: Path) -> None:
    early = run("round", "correct", locked, *REASON)
    assert (early.exit_code, early.stderr.startswith("Error: ")) == (1, True)
    assert run("round", "unblind", locked, "--key-file", tmp_path / "keys", *REASON).exit_code == 0
    first = run("report", locked, "--json").output
    corrected = run("round", "correct", locked, "--reason", "a fixed estimator")
    assert corrected.exit_code == 0, corrected.output
    assert f"firstglance report {locked}" in corrected.output
    assert run("report", locked, "--json").output == first  # the same program gives the same numbers
    status = json.loads(run("round", "status", locked, "--json").output)
    assert status["state"] == "unblinded"


def test_a_correction_needs_a_reason(run: Run, locked: str, tmp_path: Path) -> None:
    run("round", "unblind", locked, "--key-file", tmp_path / "keys", *REASON)
    refused = run("round", "correct", locked, "--reason", " ")
    assert refused.exit_code == 1
    assert "reason" in refused.stderr


def test_a_round_is_abandoned_with_a_reason(run: Run, draft: str) -> None:
    assert run("round", "abandon", draft, *REASON).exit_code == 0
    assert json.loads(run("round", "list", "--json").output)[0]["state"] == "abandoned"
