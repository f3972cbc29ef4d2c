"""Neurons, latents of an SAE, random directions and a random twin are arms of one round, by the command line alone."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.robots.page import HtmlPage
from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round
from tests.conftest import PASSWORD
from tests.face.small_autoencoder import train_autoencoder

ROOT = Path(__file__).parents[2]
MODEL = "1L-gelu"
CORPUS = str(ROOT / "app" / "report")
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
Command = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("four")


@pytest.fixture(scope="module")
def command(folder: Path) -> Command:
    """Runs `firstglance` in a process of its own, and gives what it prints."""

    def run(*words: object, status: int = 0, typed: str = "") -> str:
        arguments = [sys.executable, "-m", "app", "--data", str(folder / "data"), *map(str, words)]
        done = subprocess.run(arguments, cwd=ROOT, input=typed, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def archives(folder: Path, command: Command) -> dict[str, Path]:
    """{arm: archive}, all of one model and one text."""
    texts = folder / "texts"
    texts.mkdir()
    for path in sorted(Path(CORPUS).glob("*.py")):
        (texts / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    train_autoencoder(MODEL, texts, folder / "small-sae")
    options = {
        "neurons": (),
        "latents": ("--sae", folder / "small-sae"),
        "directions": ("--control", "directions"),
        "twin": ("--control", "random-model"),
    }
    paths = {arm: folder / "archives" / arm for arm in options}
    for arm, more in options.items():
        command("harvest", MODEL, "--corpus", CORPUS, "--out", paths[arm], "--tokens", 20_000, "--top-only", *more)
    return paths


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """`firstglance serve` on a free port; its address."""
    arguments = [sys.executable, "-m", "app", "--data", str(folder / "data"), "serve", "--port", "0"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield next(address[0] for line in server.stdout if (address := ADDRESS.search(line)))
        finally:
            server.terminate()


def answer(page: HtmlPage) -> str:
    """A verdict that goes by the item's code."""
    return page.answers[0 if page.item < "h" else 1]


@pytest.mark.slow
def test_a_round_of_neurons_latents_directions_and_a_random_twin_goes_from_draft_to_a_verified_export(
    folder: Path, command: Command, archives: dict[str, Path]
) -> None:
    command("admin", "add", "Dag", "--password-file", "-", typed=f"{PASSWORD}\n")
    arms = [word for arm, path in archives.items() for word in ("--arm", f"{arm}={path}")]
    create = ["round", "create", "--title", "What fires", "--preset", "quick", "--neurons", 10, *arms]
    command(*create, status=1)  # the arms are read at other sites, and nothing declares it
    round_id = command(*create, "--contrast", "site").strip()
    sealed = command("round", "seal", round_id, "--keys-to", folder / "keys")
    commitment = sealed.splitlines()[0].removeprefix("commitment ")
    command("round", "open", round_id)
    link = command("invite", round_id, "Ada").strip()
    with served(folder) as address, Visitor.at(address) as visitor:
        steps = [page.step for page in walk_round(visitor, link.rpartition("/")[2], Answers(answer))]
    assert steps.count("verdict") > 30
    command("round", "lock", round_id, "--yes")
    command("round", "unblind", round_id, "--key-file", folder / "keys", "--reason", "Ada has finished")
    report = command("report", round_id)
    assert "of the latents of latents" in report
    assert "of the neurons of neurons" in report
    assert "of the directions of directions" in report
    command("export", round_id, "--out", folder / "four.zip")
    assert "differ" not in command("verify", folder / "four.zip", "--commitment", commitment, status=3)
    with zipfile.ZipFile(folder / "four.zip") as export:
        markdown = export.read("report.md").decode()
    assert "latents" in markdown
    assert "site" in markdown
