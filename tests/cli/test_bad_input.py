"""Bad input gets a sentence that says what to do, exit code 1, never a traceback, and loses nothing."""

import json
import shutil
import socket
from pathlib import Path

import pytest
from click.testing import Result

from app.archive.archive import Archive
from tests.cli.conftest import Run


def assert_refused(result: Result, *words: str, exit_code: int = 1) -> None:
    """One sentence on stderr, and the exit code, which is 2 for an export that cannot be compared with anything."""
    assert result.exit_code == exit_code, result.output
    assert result.stderr.startswith("Error: ")
    for word in words:
        assert word in result.stderr


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_a_corpus_that_does_not_exist_is_refused(run: Run, trained: Path, tmp_path: Path) -> None:
    assert_refused(
        run("harvest", trained / "gelu", "--corpus", tmp_path / "nowhere", "--out", tmp_path / "a"), "does not exist"
    )
    assert_refused(run("train", tmp_path / "nowhere", "--out", tmp_path / "b"), "does not exist")


def test_a_corpus_without_text_is_refused(run: Run, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert_refused(run("harvest", trained / "gelu", "--corpus", tmp_path / "empty", "--out", tmp_path / "a"), "no text")
    (tmp_path / "empty" / "blank.txt").write_text("  \n")
    assert_refused(run("harvest", trained / "gelu", "--corpus", tmp_path / "empty", "--out", tmp_path / "a"))
    assert not (tmp_path / "a").exists()


def test_a_folder_without_a_model_is_refused(run: Run, tmp_path: Path) -> None:
    assert_refused(run("harvest", tmp_path, "--out", tmp_path / "a"))
    assert_refused(run("model", "list", tmp_path), "holds no model")


def test_a_damaged_checkpoint_is_refused_and_its_file_named(run: Run, trained: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(trained / "gelu", tmp_path / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert_refused(run("harvest", broken, "--out", tmp_path / "a"), "model.safetensors")
    assert_refused(run("model", "show", broken), "model.safetensors")


def test_a_model_with_another_vocabulary_than_its_tokenizer_is_refused(run: Run, trained: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(trained / "gelu", tmp_path / "broken")
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps(config | {"d_vocab": 999}))
    assert_refused(run("harvest", broken, "--out", tmp_path / "a"))


def test_verifying_an_archive_names_the_file_with_a_changed_byte(
    run: Run, archives: tuple[Archive, Archive], tmp_path: Path
) -> None:
    changed = shutil.copytree(archives[0].path, tmp_path / "changed")
    change_a_byte(changed / "snippets.parquet")
    assert_refused(run("archive", "verify", changed), "snippets.parquet")


def test_no_round_is_made_from_an_archive_with_a_changed_byte(
    run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path
) -> None:
    assert dag
    changed = shutil.copytree(archives[0].path, tmp_path / "changed")
    change_a_byte(changed / "neurons.parquet")
    arms = ["--arm", f"axolotl={changed}", "--arm", f"quokka={archives[1].path}"]
    assert_refused(run("round", "create", "--title", "Spring", "--preset", "quick", *arms), "neurons.parquet")
    assert json.loads(run("round", "list", "--json").output) == []


def test_no_round_is_made_that_is_larger_than_its_frame(run: Run, dag: str, archives: tuple[Archive, Archive]) -> None:
    assert dag
    arms = ["--arm", f"axolotl={archives[0].path}", "--arm", f"quokka={archives[1].path}"]
    result = run("round", "create", "--title", "Spring", "--preset", "quick", "--neurons", 500, *arms)
    assert_refused(result, "500", "24")
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
        ("round", "correct", "nowhere", "--reason", "a good reason"),
        ("round", "audit", "nowhere"),
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
def test_a_command_on_something_that_does_not_exist_is_refused(run: Run, dag: str, arguments: tuple[str, ...]) -> None:
    assert dag
    exit_code = 2 if arguments[0] == "verify" else 1
    assert_refused(run(*arguments, typed="a long enough password\n"), exit_code=exit_code)


def test_a_step_is_refused_as_long_as_there_is_no_admin(run: Run) -> None:
    assert_refused(run("round", "open", "nowhere"), "firstglance admin add")


def test_a_step_has_to_name_its_admin_if_there_are_several(run: Run, dag: str) -> None:
    assert dag
    run("admin", "add", "Eve", "--password-file", "-", typed="a long enough password\n")
    assert_refused(run("round", "open", "nowhere"), "--by")
    assert_refused(run("round", "open", "nowhere", "--by", "Mallory"), "Mallory")


@pytest.mark.parametrize(
    ("name", "password"), [("Eve", "short"), ("", "a long enough password"), ("a b", "a long enough one")]
)
def test_an_account_with_a_bad_name_or_password_is_refused(run: Run, name: str, password: str) -> None:
    assert_refused(run("admin", "add", name, "--password-file", "-", typed=f"{password}\n"))


def test_a_database_that_cannot_be_opened_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage" / "firstglance.db").write_bytes(b"this is no database at all" * 100)
    for folder in ("file", "garbage"):
        assert_refused(run("--data", tmp_path / folder, "admin", "list"))
    assert_refused(run("--database-url", "nonsense://x", "admin", "list"), "URL cannot be used")
    assert_refused(run("--database-url", "sqlite:////nowhere/x.db", "admin", "list"))


def test_an_address_in_use_is_refused(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert_refused(run("serve", "--port", listener.getsockname()[1]), "cannot listen")


def test_a_file_that_is_no_export_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no zip at all")
    assert_refused(run("verify", tmp_path / "x.zip"), "x.zip", exit_code=2)


def test_a_key_file_without_a_key_is_refused(run: Run, dag: str, tmp_path: Path) -> None:
    assert dag
    (tmp_path / "keys").write_text("nothing here\n")
    assert_refused(run("round", "unblind", "nowhere", "--key-file", tmp_path / "keys", "--reason", "why not"), "no key")
    (tmp_path / "keys").write_bytes(b"\xff\xfe")
    assert_refused(run("round", "unblind", "nowhere", "--key-file", tmp_path / "keys", "--reason", "why not"))
