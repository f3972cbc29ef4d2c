"""Bad input gets a sentence that says what to do, exit code 1, never a traceback, and loses nothing."""

import json
import shutil
import socket
from pathlib import Path

import pytest
from click.testing import Result

from app.archive.archive import Archive
from tests.cli.conftest import Run


def refused(result: Result, *words: str) -> None:
    """One sentence on stderr, and 1."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    for word in words:
        assert word in result.stderr


def test_a_missing_corpus(run: Run, trained: Path, tmp_path: Path) -> None:
    refused(
        run("harvest", trained / "gelu", "--corpus", tmp_path / "nowhere", "--out", tmp_path / "a"), "does not exist"
    )
    refused(run("train", tmp_path / "nowhere", "--out", tmp_path / "b"), "does not exist")


def test_an_empty_corpus(run: Run, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(run("harvest", trained / "gelu", "--corpus", tmp_path / "empty", "--out", tmp_path / "a"), "no text")
    (tmp_path / "empty" / "blank.txt").write_text("  \n")
    refused(run("harvest", trained / "gelu", "--corpus", tmp_path / "empty", "--out", tmp_path / "a"))
    assert not (tmp_path / "a").exists()


def test_a_folder_that_is_no_model(run: Run, tmp_path: Path) -> None:
    refused(run("harvest", tmp_path, "--out", tmp_path / "a"))
    refused(run("model", "list", tmp_path), "holds no model")


def test_a_corrupt_checkpoint(run: Run, trained: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(trained / "gelu", tmp_path / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    refused(run("harvest", broken, "--out", tmp_path / "a"), "model.safetensors")
    refused(run("model", "show", broken), "model.safetensors")


def test_a_wrong_vocabulary(run: Run, trained: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(trained / "gelu", tmp_path / "broken")
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"d_vocab": 999}))
    refused(run("harvest", broken, "--out", tmp_path / "a"))


def test_an_archive_with_a_changed_byte(run: Run, archives: tuple[Archive, Archive], tmp_path: Path) -> None:
    changed = shutil.copytree(archives[0].path, tmp_path / "changed")
    table = changed / "snippets.parquet"
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.write_bytes(bytes(content))
    refused(run("archive", "verify", changed), "snippets.parquet")


def test_a_round_from_an_archive_with_a_changed_byte(
    run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path
) -> None:
    assert dag
    changed = shutil.copytree(archives[0].path, tmp_path / "changed")
    table = changed / "neurons.parquet"
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.write_bytes(bytes(content))
    arms = ["--arm", f"axolotl={changed}", "--arm", f"quokka={archives[1].path}"]
    refused(run("round", "create", "--title", "Spring", "--preset", "quick", *arms), "neurons.parquet")
    assert json.loads(run("round", "list", "--json").output) == []


def test_a_round_larger_than_its_frame(run: Run, dag: str, archives: tuple[Archive, Archive]) -> None:
    assert dag
    arms = ["--arm", f"axolotl={archives[0].path}", "--arm", f"quokka={archives[1].path}"]
    result = run("round", "create", "--title", "Spring", "--preset", "quick", "--neurons", 500, *arms)
    refused(result, "500", "24")
    assert json.loads(run("round", "list", "--json").output) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("round", "create", "--title", "Spring"),
        ("round", "create", "--title", "Spring", "--arm", "nonsense"),
        ("round", "create", "--title", "Spring", "--arm", "a=/nowhere"),
        ("round", "create", "--design", "/nowhere.toml"),
        ("round", "seal", "nowhere"),
        ("round", "open", "nowhere"),
        ("round", "status", "nowhere"),
        ("round", "lock", "nowhere"),
        ("round", "abandon", "nowhere", "--reason", "a good reason"),
        ("round", "unblind", "nowhere", "--key-file", "/nowhere", "--reason", "a good reason"),
        ("invite", "nowhere", "Ada"),
        ("report", "nowhere"),
        ("export", "nowhere", "--out", "x.zip"),
        ("verify", "/nowhere.zip"),
        ("archive", "list", "/nowhere"),
        ("archive", "show", "/nowhere"),
        ("archive", "verify", "/nowhere"),
        ("model", "show", "/nowhere"),
        ("demo", "--models", "/nowhere"),
        ("demo", "--check", "--models", "/nowhere"),
        ("admin", "password", "Nobody", "--password-file", "-"),
    ],
    ids=" ".join,
)
def test_what_is_not_there(run: Run, dag: str, arguments: tuple[str, ...]) -> None:
    assert dag
    refused(run(*arguments, given="a long enough password\n"))


def test_without_an_admin_nothing_is_done_in_nobodys_name(run: Run) -> None:
    refused(run("round", "open", "nowhere"), "firstglance admin add")


def test_with_several_admins_one_is_named(run: Run, dag: str) -> None:
    assert dag
    run("admin", "add", "Eve", "--password-file", "-", given="a long enough password\n")
    refused(run("round", "open", "nowhere"), "--by")
    refused(run("round", "open", "nowhere", "--by", "Mallory"), "Mallory")


@pytest.mark.parametrize(
    ("name", "password"), [("Eve", "short"), ("", "a long enough password"), ("a b", "a long enough one")]
)
def test_an_account_that_cannot_be(run: Run, name: str, password: str) -> None:
    refused(run("admin", "add", name, "--password-file", "-", given=f"{password}\n"))


def test_a_database_that_cannot_be_opened(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage" / "firstglance.db").write_bytes(b"this is no database at all" * 100)
    for folder in ("file", "garbage"):
        refused(run("--data", tmp_path / folder, "admin", "list"))
    refused(run("--database-url", "nonsense://x", "admin", "list"), "nonsense")
    refused(run("--database-url", "sqlite:////nowhere/x.db", "admin", "list"))


def test_an_address_that_is_taken(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused(run("serve", "--port", taken.getsockname()[1]), "cannot listen")


def test_a_file_that_is_no_export(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no zip at all")
    refused(run("verify", tmp_path / "x.zip"), "x.zip")


def test_a_key_file_without_a_key(run: Run, dag: str, tmp_path: Path) -> None:
    assert dag
    (tmp_path / "keys").write_text("nothing here\n")
    refused(run("round", "unblind", "nowhere", "--key-file", tmp_path / "keys", "--reason", "why not"), "no key")
    (tmp_path / "keys").write_bytes(b"\xff\xfe")
    refused(run("round", "unblind", "nowhere", "--key-file", tmp_path / "keys", "--reason", "why not"))
