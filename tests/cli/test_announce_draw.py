"""`firstglance round announce-draw`: a draw that a public value completes, from the command line."""

import json
from pathlib import Path

import pytest

from app.archive.archive import Archive
from tests.cli.conftest import Run

NAME = "the closing price of rice on 3 March"


@pytest.fixture
def public_draft(run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path) -> str:
    """The id of a draft whose design has a public value complete the seed."""
    assert dag
    text = run("round", "design", "--preset", "quick").output
    changes = {
        'title = ""': 'title = "Spring reading"',
        'reference = ""': 'reference = "axolotl"',
        'seed_rule = "server"': 'seed_rule = "public"',
        "neurons = 12": "neurons = 3",
    }
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    for arm, archive in zip(("axolotl", "quokka"), archives, strict=True):
        text = text.replace('arm = ""', f'arm = "{arm}"', 1)
        text = text.replace('archive_sha256 = ""', f'archive_sha256 = "{archive.sha256}"', 1)
    (tmp_path / "design.toml").write_text(text, encoding="utf-8")
    paths = [part for archive in archives for part in ("--archive", archive.path)]
    created = run("round", "create", "--design", tmp_path / "design.toml", *paths)
    assert created.exit_code == 0, created.output
    return str(created.output.strip())


def test_a_draw_is_announced_and_completed_at_the_seal(run: Run, public_draft: str, tmp_path: Path) -> None:
    announced = run("round", "announce-draw", public_draft, "--value", NAME, "--length", 4)
    assert announced.exit_code == 0, announced.output
    facts = dict(line.split("  ", 1) for line in announced.output.splitlines() if "  " in line)
    assert facts["public value"].strip() == NAME
    assert len(facts["digest of the log's entry"].strip()) == 64
    digest = facts["digest of the log's entry"].strip()
    assert "Publish the last digest now, before the value is out" in announced.output
    assert facts["characters of the value"].strip() == "4"
    status = run("round", "status", public_draft).output
    assert "characters of the value" in status
    assert NAME in status
    assert digest in status
    assert json.loads(run("round", "status", public_draft, "--json").output)["announced"]["public value"] == NAME
    (half,) = (tmp_path / "data" / "draws").iterdir()
    assert (half.name, half.stat().st_mode & 0o777) == (f"{public_draft}-1.half", 0o600)
    without_value = run("round", "seal", public_draft, "--no-audit", "--keys-to", tmp_path / "keys")
    assert without_value.exit_code == 1
    assert "The value of the public value has 1 to 500 characters" in without_value.output
    sealed = run("round", "seal", public_draft, "--no-audit", "--keys-to", tmp_path / "k", "--public-value", "31.4")
    assert sealed.exit_code == 0, sealed.output
    assert not half.exists()
    assert json.loads(run("round", "status", public_draft, "--json").output)["state"] == "sealed"


def test_a_round_whose_server_draws_alone_announces_nothing(
    run: Run, dag: str, archives: tuple[Archive, Archive]
) -> None:
    assert dag
    arms = [part for name, archive in zip("pq", archives, strict=True) for part in ("--arm", f"{name}={archive.path}")]
    draft = run("round", "create", "--title", "Reading", "--preset", "quick", "--neurons", 3, *arms).output.strip()
    refused = run("round", "announce-draw", draft, "--value", NAME, "--length", 4)
    assert refused.exit_code == 1
    assert 'set seed_rule = "public"' in refused.output


def test_the_help_asks_for_a_name_that_says_how_the_value_is_written_and_gives_an_example(run: Run) -> None:
    text = " ".join(run("round", "announce-draw", "--help").output.split())
    assert "how the value is written: order, separators, digits. For example “lottery numbers of" in text
    assert "still leave several spellings of some values, so the name has to say how the value is written" in text
    assert "one way only" not in text
