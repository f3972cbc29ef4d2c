"""The import contracts are not decoration: each one catches the violation it is there for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PLANTED = {
    "A room imports only rooms above it": ("models/config.py", "app.harvest.options"),
    "The core knows no web, no SQL, no torch": ("judging/judgment.py", "sqlalchemy"),
    "Nothing the web process loads can reach torch": ("store/engine.py", "torch"),
    "Evaluator pages cannot reach what opens or reads the seal, or the report": (
        "web/evaluator/judging_pages.py",
        "app.store.sealed",
    ),
    "The archive is the wall: only commands import both of its sides": (
        "web/site.py",
        "app.models.config",
    ),
    "Harvest and rounds know nothing of each other": ("harvest/options.py", "app.rounds.item"),
    "Siblings form no circle, at any depth": ("harvest/text/windows.py", "app.harvest.text.corpus"),
    "The sealing module has exactly the importers that need it": ("report/analysis/frame.py", "app.rounds.sealing"),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One run over a copy of the code with every violation planted."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for file, module in PLANTED.values():
        path = folder / "app" / file
        path.write_text(path.read_text(encoding="utf-8") + f"\nimport {module}\n", encoding="utf-8")
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    printed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    said = [line for line in printed.splitlines() if line.endswith(("KEPT", "BROKEN"))]
    return {name: line for line in said for name in PLANTED if line.startswith(name)}


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_breaks_its_contract(contract: str, verdicts: dict[str, str]) -> None:
    assert verdicts[contract].endswith("BROKEN")
