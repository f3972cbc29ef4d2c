"""`firstglance round preregistration`: the design and its plan in words."""

from pathlib import Path

import pytest

from app.archive.archive import Archive
from tests.cli.conftest import Run


@pytest.fixture
def sealed(run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path) -> str:
    """The id of a sealed round."""
    assert dag
    plum, fig = archives
    arms = ("--arm", f"axolotl={plum.path}", "--arm", f"quokka={fig.path}")
    draft = run("round", "create", "--title", "Spring reading", "--preset", "quick", "--neurons", 3, *arms)
    round_id = draft.output.strip()
    assert "Seal it first" in run("round", "preregistration", round_id).output
    assert run("round", "seal", round_id, "--no-audit", "--keys-to", tmp_path / "keys").exit_code == 0
    return round_id


def test_it_prints_the_text_or_writes_it_to_a_file(run: Run, sealed: str, tmp_path: Path) -> None:
    printed = run("round", "preregistration", sealed)
    assert printed.output.startswith("# Preregistration: Spring reading\n")
    written = run("round", "preregistration", sealed, "--out", tmp_path / "registered.md")
    assert written.exit_code == 0
    assert "embargo" in written.output
    assert (tmp_path / "registered.md").read_text(encoding="utf-8") == printed.output


def test_a_file_that_cannot_be_written_is_refused_with_what_to_do(run: Run, sealed: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("round", "preregistration", sealed, "--out", tmp_path / "file" / "registered.md")
    assert result.exit_code == 1
    assert "choose another file with --out" in result.output
