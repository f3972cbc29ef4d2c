"""The command's own promises: stage order, help for everything, nothing heavy loaded to serve."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from app.archive.archive import Archive
from app.cli.main import COMMANDS
from app.cli.round.group import COMMANDS as ROUND_COMMANDS
from app.cli.serve import lacks_proxies
from app.foundation.settings import Settings
from tests.cli.conftest import Run

STAGES = ("train", "model", "harvest", "archive", "round", "invite", "serve", "report", "export", "verify", "demo")


def test_help_lists_the_commands_in_the_order_of_the_stages(run: Run) -> None:
    help_text = run("--help").output
    positions = [help_text.index(f"\n  {name} ") for name in STAGES]
    assert positions == sorted(positions)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_a_line_in_the_list(run: Run, name: str) -> None:
    module, line = COMMANDS[name]
    command: click.Command = getattr(import_module(module), f"{name.replace('-', '_')}_command")
    result = run(name, "--help")
    assert result.exit_code == 0
    assert line.endswith(".")
    assert command.help


@pytest.mark.parametrize("name", ROUND_COMMANDS)
def test_every_command_of_a_round_has_help_and_a_line_in_the_list(run: Run, name: str) -> None:
    module, line = ROUND_COMMANDS[name]
    command: click.Command = getattr(import_module(module), f"{name.replace('-', '_')}_command")
    assert f"  {name} " in run("round", "--help").output
    assert run("round", name, "--help").exit_code == 0
    assert line.endswith(".")
    assert command.help


def test_an_unknown_command_is_named(run: Run) -> None:
    result = run("judge")
    assert result.exit_code == 2
    assert "No such command 'judge'" in result.output


def heavy_modules_after(modules: str, heavy: tuple[str, ...]) -> str:
    """Which heavy packages a fresh interpreter has after importing modules."""
    code = f"import sys, {modules}; print([name for name in {heavy} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_commands_that_serve_and_report_load_no_torch() -> None:
    modules = (
        "app.cli.serve, app.cli.round.seal, app.cli.round.unblind, app.cli.round.correct, app.cli.report, "
        "app.cli.export, app.cli.verify, app.cli.demo.command, app.web.app"
    )
    assert heavy_modules_after(modules, ("torch", "safetensors", "tokenizers", "ray")) == "[]"


def test_the_plain_steps_of_a_round_load_no_statistics() -> None:
    steps = ("create", "list", "open", "status", "lock", "abandon")
    modules = ", ".join(["app.cli.main", "app.cli.invite", *(f"app.cli.round.{step}" for step in steps)])
    assert heavy_modules_after(modules, ("torch", "statsmodels", "matplotlib", "fastapi")) == "[]"


def test_admins_are_added_listed_and_given_new_passwords(run: Run, dag: str) -> None:
    assert json.loads(run("admin", "list", "--json").output) == [dag]
    assert run("admin", "password", dag, "--password-file", "-", typed="another long password\n").exit_code == 0
    for name in (dag, dag.upper()):
        taken = run("admin", "add", name, "--password-file", "-", typed="yet another one\n").output
        assert f"there is an admin called {dag} already" in taken


def test_archives_are_listed_shown_and_verified(run: Run, archives: tuple[Archive, Archive]) -> None:
    plum, fig = archives
    listed = json.loads(run("archive", "list", plum.path.parent, "--json").output)
    assert [archive["sha256"] for archive in listed] == [fig.sha256, plum.sha256]
    assert json.loads(run("archive", "show", plum.path, "--json").output)["sha256"] == plum.sha256
    assert run("archive", "verify", plum.path).exit_code == 0


def test_models_are_listed_and_shown(run: Run, trained: Path) -> None:
    activations = {model["activation"] for model in json.loads(run("model", "list", trained, "--json").output)}
    assert activations == {"gelu", "solu_ln"}
    shown = json.loads(run("model", "show", trained / "gelu", "--json").output)
    assert len(shown["weights_sha256"]) == 64


def test_a_server_behind_https_asks_for_the_address_of_its_proxy() -> None:
    assert lacks_proxies(Settings(https=True))
    assert not lacks_proxies(Settings(https=True, trusted_proxies="127.0.0.1"))
    assert not lacks_proxies(Settings())
