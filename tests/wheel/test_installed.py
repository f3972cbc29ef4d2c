"""The wheel in an empty environment, with no repository: command, pages, demo, face and types. A long proof.

Its small version is in `test_wheel.py`, which borrows the dependencies of these tests.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import __version__
from app.robots.page import RobotError
from app.robots.visitor import Visitor
from tests.face.pages import blocks_of
from tests.wheel.conftest import ROOT, run_quietly

pytestmark = pytest.mark.slow

EVERY_MODULE = """
import importlib, pkgutil, firstglance
for module in pkgutil.walk_packages(firstglance.__path__, "firstglance."):
    if "_shipped" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""
STUDY = """
import firstglance as fg

models = {"gelu": "1L-gelu", "solu": "1L-solu_ln"}
pair = fg.harvest_pair(models, out="archives", tokens=30_000, top_only=True, quiet=True)
arms = {"baseline": pair["gelu"], "solu": pair["solu"]}
study = fg.Round.create(fg.Design.from_preset("quick", title="A first look", arms=arms, neurons=3), pair.values())
sealed = study.seal(keys_to="round.key")
study.open()
with fg.serve(port=0) as server:
    link = study.invite("reader-1", address=server.address).link
assert sealed.audited and link.startswith(server.address)
study.lock(early=True)
study.unblind("round.key", reason="Nobody has judged.")
study.export("round.zip")
verification = fg.verify("round.zip", commitment=sealed.commitment)
assert verification.ok, verification.differences
print(verification.statement.conclusion)
"""


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment, in which nothing is installed but the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    options = ["--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt")]
    command = [str(python), "-m", "pip", "install", *options]
    subprocess.run([*command, f"{wheel}[web,models]"], check=True, cwd=folder)
    return python.parent


def test_command_and_every_module_are_there(programs: Path, tmp_path: Path) -> None:
    assert run_quietly(programs / "firstglance", "--version", cwd=tmp_path).split()[-1] == __version__
    assert run_quietly(programs / "python", "-m", "firstglance", "round", "list", cwd=tmp_path)
    names = run_quietly(programs / "python", "-c", EVERY_MODULE, cwd=tmp_path).split()
    assert {"firstglance.app.cli.train", "firstglance.app.web.app", "firstglance.own_code"} <= set(names)


@contextmanager
def served(programs: Path, folder: Path) -> Iterator[str]:
    """The address of `firstglance serve`, which is ended afterwards."""
    command = [str(programs / "firstglance"), "--data", str(folder / "data"), "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, env={"HOME": str(folder)}) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield next(word for word in line.split() if word.startswith("http://"))
        finally:
            process.terminate()


def test_the_server_answers_with_its_pages(programs: Path, tmp_path: Path) -> None:
    with served(programs, tmp_path) as address, Visitor.at(address) as visitor:
        for _ in range(50):  # the socket is bound before the pages are ready
            try:
                page = visitor.get("/admin/sign-in")
                break
            except RobotError:
                time.sleep(0.1)
        assert page.require_form("sign-in").action == "/admin/sign-in"


def test_the_demo_verifies_its_own_export(programs: Path, tmp_path: Path) -> None:
    words = ("demo", "--check", "--json", "--tokens", "60000", "--neurons", "6")
    outcome = json.loads(run_quietly(programs / "firstglance", *words, cwd=tmp_path))
    assert outcome["commitment_verified"]


def test_a_study_from_python_runs(programs: Path, tmp_path: Path) -> None:
    assert run_quietly(programs / "python", "-c", STUDY, cwd=tmp_path).splitlines()[-1] == "anchored in part"


def test_the_type_checker_accepts_the_manual_s_examples_as_a_script(programs: Path, tmp_path: Path) -> None:
    script = "\n".join(blocks_of("python.md"))
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(f"{script}\nstudy.invite(7)\nfg.harvest('1L-gelu', out=3)\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(programs / "python")]
    accepted = subprocess.run([*command, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert accepted.returncode == 0, accepted.stdout
    refused = subprocess.run([*command, "wrong.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert [line.rpartition("[")[2] for line in refused.stdout.splitlines()[:-1]] == ["arg-type]", "arg-type]"]
