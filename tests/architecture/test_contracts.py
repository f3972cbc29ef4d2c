"""The import contracts are not decoration: each catches its violation, and they hold what the documents say."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PLANTED = {
    "A room imports only rooms above it": ("app/models/config.py", "app.harvest.options"),
    "The program imports no face, no bench and no test, and a bench no test": (
        "app/rounds/blocks.py",
        "bench.analysis",
    ),
    "The core knows no web, no SQL, no torch": ("app/judging/judgment.py", "sqlalchemy"),
    "Nothing the web process loads can reach torch": ("app/store/engine.py", "torch"),
    "What harvests and what trains knows no server": ("app/models/recipe.py", "fastapi"),
    "Services and queries know no HTTP": ("app/services/log.py", "starlette"),
    "Queries know nothing of the report, the audit and unblinding": ("app/store/log.py", "app.report.number_text"),
    "Evaluator pages cannot reach what opens or reads the seal, or the report": (
        "app/web/evaluator/judging_pages.py",
        "app.store.sealed",
    ),
    "Rules of judging, statistics and the order of items know no allocation": (
        "app/services/assignment.py",
        "app.rounds.allocation",
    ),
    "The archive is the wall: only commands import both of its sides": ("app/web/site.py", "app.models.config"),
    "Harvest and rounds know nothing of each other": ("app/harvest/options.py", "app.rounds.blocks"),
    "Nothing outside a task's room names the room": (
        "app/judging/answer.py",
        "app.tasks.first_glance.rubric",
    ),
    "Siblings form no circle, at any depth": ("app/harvest/text/windows.py", "app.harvest.text.corpus"),
    "The modules that open the seal have exactly the importers that need them": (
        "app/services/gallery.py",
        "app.unblinding.opening",
    ),
}
"""{contract: (a file, the module that it must not import)}"""

WORDS = {
    "every other room": "app.archive.snippet",
    "every room but foundation": "app.archive.snippet",
    "every room after them": "app.services.log",
    "harvest": "app.harvest.options",
    "models": "app.models.config",
    "rounds": "app.rounds.blocks",
    "the allocation": "app.rounds.allocation",
    "the seal": "app.rounds.sealing",
    "the report": "app.report.number_text",
    "the leak audit": "app.leak_audit.features",
    "web": "fastapi",
    "HTTP": "fastapi",
    "SQL": "sqlalchemy",
    "torch": "torch",
}
"""{what the table of rooms says that a room knows nothing of: a module of it}"""


def claims_of_the_table() -> dict[str, tuple[str, str]]:
    """{module to plant: (room, module that the table of rooms says is unknown there)}, for every room and word."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(app/\w+)` \| .* \| ([^|]+) \|$", text, re.MULTILINE)
    return {
        f"{room.replace('/', '.')}.planted_{number}": (room, WORDS[word])
        for room, unknown in rows
        for number, word in enumerate(re.split(r", | and ", unknown.partition(";")[0].strip()))
        if word in WORDS or len(word) > 1
    }


ARMS = ("app.rounds.sealing", "app.rounds.allocation", "app.rounds.preparation", "app.rounds.archive_frame",
        "app.store.sealed", "app.store.exposure", "app.services.seals", "app.services.unblinding",
        "app.unblinding.opening", "app.leak_audit.findings", "app.report.gallery")  # fmt: skip
"""Modules from which an evaluator's page could learn which arm an item is from."""

CLAIMS = (
    claims_of_the_table()
    | {f"app.web.evaluator.planted_{number}": ("app/web/evaluator", module) for number, module in enumerate(ARMS)}
    | {"app.cli.planted_face": ("app/cli", "firstglance.own_code")}
)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the contracts say of a copy of the code with every violation planted."""
    folder = tmp_path_factory.mktemp("planted")
    for package in ("app", "firstglance", "bench", "tests"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "data"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for file, module in PLANTED.values():
        path = folder / file
        path.write_text(path.read_text(encoding="utf-8") + f"\nimport {module}\n", encoding="utf-8")
    for planted, (_, module) in CLAIMS.items():
        (folder / planted.replace(".", "/")).with_suffix(".py").write_text(f"import {module}\n", encoding="utf-8")
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_violation_breaks_its_contract(contract: str, printed: str) -> None:
    assert re.search(rf"^{re.escape(contract)}\s+BROKEN$", printed, re.MULTILINE)


@pytest.mark.parametrize("planted", CLAIMS)
def test_a_room_cannot_import_what_it_must_know_nothing_of(planted: str, printed: str) -> None:
    assert re.search(rf"{re.escape(planted)} +->", printed)


def test_every_contract_has_a_planted_violation_and_a_reason() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contracts = {contract["name"] for contract in settings["contracts"]}
    documented = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert contracts == set(PLANTED)
    assert {contract for contract in contracts if f"| {contract} |" not in documented} == set()


def test_every_room_is_held_by_the_layers_and_none_is_left_out() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract for contract in contracts if contract["id"] == "flow")
    rooms = {path.name for path in (ROOT / "app").iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert layers["exhaustive"]
    assert {room for layer in layers["layers"] for room in layer.split(" | ")} == rooms
