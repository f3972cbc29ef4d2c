"""`firstglance verify`: its exit status, and what it prints for people and for programs."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.report.export.zip_file import read_zip
from tests.cli.conftest import Run
from tests.conftest import without_figures
from tests.report.tampering import replace_file

OTHER = "ab" * 32


@dataclass(frozen=True)
class Exported:
    """An export of a round that nobody judged, and what was published about the round."""

    path: Path
    commitment: str
    lock: str
    archives: Path


@pytest.fixture
def exported(run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path) -> Exported:
    assert dag
    arms = [f"--arm={arm}={archive.path}" for arm, archive in zip(("axolotl", "quokka"), archives, strict=True)]
    created = run("round", "create", "--title", "Spring reading", "--preset", "quick", "--neurons", 3, *arms)
    round_id = created.output.strip()
    keys, path = tmp_path / "keys", tmp_path / "export.zip"
    for step in (("seal", round_id, "--no-audit", "--keys-to", keys), ("open", round_id), ("lock", round_id, "--yes")):
        assert run("round", *step).exit_code == 0
    unblinded = run("round", "unblind", round_id, "--key-file", keys, "--reason", "to see what happens")
    assert unblinded.exit_code == 0, unblinded.output
    with without_figures():
        assert run("export", round_id, "--out", path).exit_code == 0
    links = json.loads(read_zip(path)["events.json"])
    (lock,) = [link["chain"] for link in links if link["event"]["action"] == "locked"]
    return Exported(path, json.loads(read_zip(path)["commitment.json"])["commitment"], lock, archives[0].path.parent)


@pytest.fixture(autouse=True)
def figures_are_not_drawn() -> Iterator[None]:
    with without_figures():
        yield


def test_the_exit_status_says_how_far_an_export_is_anchored(run: Run, exported: Exported) -> None:
    anchors = {
        (): 3,
        ("--commitment", exported.commitment): 3,
        ("--lock", exported.lock): 0,
        ("--lock", exported.lock.upper(), "--commitment", exported.commitment): 0,
        ("--lock", OTHER): 1,
        ("--commitment", OTHER): 1,
        ("--lock", "abc"): 2,
    }
    statuses = {options: run("verify", exported.path, *options).exit_code for options in anchors}
    assert statuses == anchors


def test_people_read_what_differs_first_and_the_statement_last(run: Run, exported: Exported, tmp_path: Path) -> None:
    text = read_zip(exported.path)["report.md"].decode()
    forged = replace_file(exported.path, "report.md", text.replace("Nobody", "Everybody", 1).encode(), tmp_path)
    lines = run("verify", forged).output.splitlines()
    assert any(line.startswith("DIFFERS    report.md has") for line in lines[:4])
    assert "named above." in lines[-1]
    lines = run("verify", exported.path).output.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["ok", "ok"]
    assert lines[3].startswith("Consistent, not anchored")
    assert all(len(line) <= 110 for line in lines)


def test_programs_read_every_check_the_anchors_and_the_statement(run: Run, exported: Exported) -> None:
    content = json.loads(run("verify", exported.path, "--lock", exported.lock, "--json").output)
    assert (content["ok"], content["commitment_verified"], content["conclusion"]) == (True, True, "anchored")
    assert content["statement"][0].startswith("Anchored, and all agree.")
    assert content["anchors"] == [
        {
            "kind": "lock",
            "agrees": True,
            "covers": ["commitment", "lock"],
            "finding": "The export has the lock's digest that you gave.",
        }
    ]
    assert {"analysis.json", "commitment", "log", "signature.json"} <= {check["name"] for check in content["checks"]}
    assert all(check["ok"] for check in content["checks"])
    assert content["unchecked"] == content["differences"] == []


def test_a_round_is_drawn_again_from_its_archives(run: Run, exported: Exported, tmp_path: Path) -> None:
    same = run("verify", exported.path, "--archives", exported.archives, "--json")
    (finding,) = json.loads(same.output)["anchors"]
    assert finding["finding"] == "Drawing again from the archives gives the same neurons and the same items."
    empty = tmp_path / "empty"
    empty.mkdir()
    missing = run("verify", exported.path, "--archives", empty)
    assert (missing.exit_code, "so the draw cannot be repeated" in missing.output) == (2, True)


def test_what_cannot_be_compared_is_told_from_what_differs(run: Run, exported: Exported, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.write_text("nothing")
    unreadable = [("--receipt", nothing), ("--timestamp", nothing), ("--archives", tmp_path / "missing")]
    for options in unreadable:
        assert run("verify", exported.path, *options).exit_code == 2
    assert run("verify", nothing).exit_code == 2
    assert run("verify", exported.path, "--lock", OTHER).exit_code == 1


def test_an_export_whose_signature_was_lost_is_anchored_in_part(run: Run, exported: Exported, tmp_path: Path) -> None:
    """The key of the round is a file beside the database."""
    shutil.rmtree(tmp_path / "data" / "round_keys")
    path = tmp_path / "unsigned.zip"
    round_id = json.loads(read_zip(exported.path)["events.json"])[0]["event"]["round"]
    assert run("export", round_id, "--out", path).exit_code == 0
    verified = run("verify", path, "--lock", exported.lock)
    assert verified.exit_code == 3
    assert "but this key did not sign the export." in " ".join(verified.output.split())
