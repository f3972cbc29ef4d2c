"""The page with a whole study in fifteen lines holds what it says, with an autoencoder that is trained here."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import without_figures
from tests.face.pages import blocks_of, run_blocks
from tests.face.small_autoencoder import LATENTS, train_autoencoder
from tests.harvest.conftest import make_model

LINES = 15
BLOCKS = blocks_of("notebook.md")


def test_the_study_has_fifteen_lines() -> None:
    code = "\n".join(BLOCKS)
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) == LINES
    assert ";" not in code


def run_study(folder: Path, blocks: list[str], model: str) -> dict[str, Any]:
    """Train an autoencoder of a model, run the page's study on both, and return the names that it leaves."""
    train_autoencoder(model, folder / "texts", folder / "sae")
    names: dict[str, Any] = {}
    run_blocks(blocks, names)
    return names


def require_what_the_page_says(names: dict[str, Any], printed: str) -> None:
    assert (names["latents"].manifest.site, len(names["latents"].neurons())) == ("sae:sae", LATENTS)
    assert names["study"].state == "unblinded"
    assert printed.splitlines()[-1] == "anchored"


def test_the_study_runs_from_a_small_model_and_an_autoencoder_to_a_verified_report(
    notebook_folder: Path, migrated_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrated_data.parent == notebook_folder
    for path in sorted((notebook_folder / "texts").iterdir())[8:]:
        path.unlink()  # enough is left for so small a model
    make_model(notebook_folder / "small", layers=1)
    code = [block.replace('"1L-gelu"', '"small"').replace("arms=arms", "arms=arms, neurons=3") for block in BLOCKS]
    with without_figures():
        names = run_study(notebook_folder, code, "small")
    require_what_the_page_says(names, capsys.readouterr().out)


@pytest.mark.slow
def test_the_study_runs_as_the_page_has_it(notebook_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = run_study(notebook_folder, BLOCKS, "1L-gelu")
    require_what_the_page_says(names, capsys.readouterr().out)
