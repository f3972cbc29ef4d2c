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
from tests.cli.conftest import Run

STAGES = ("train", "model", "harvest", "archive", "round", "invite", "serve", "report", "export", "verify", "demo")


def test_help_lists_the_commands_in_the_order_of_the_stages(run: Run) -> None:
    shown = run("--help").output
    places = [shown.index(f"\n  {name} ") for name in STAGES]
    assert places == sorted(places)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_a_line_in_the_list(run: Run, name: str) -> None:
    module, line = COMMANDS[name]
    command: click.Command = getattr(import_module(module), f"{name}_command")
    result = run(name, "--help")
    assert result.exit_code == 0
    assert line.endswith(".")
    assert command.help


@pytest.mark.parametrize("name", ROUND_COMMANDS)
def test_every_command_of_a_round_has_help_and_a_line_in_the_list(run: Run, name: str) -> None:
    module, line = ROUND_COMMANDS[name]
    command: click.Command = getattr(import_module(module), f"{name}_command")
    assert f"  {name} " in run("round", "--help").output
    assert run("round", name, "--help").exit_code == 0
    assert line.endswith(".")
    assert command.help


def test_an_unknown_command_is_named(run: Run) -> None:
    result = run("judge")
    assert result.exit_code == 2
    assert "No such command 'judge'" in result.output


def loaded(modules: str, heavy: tuple[str, ...]) -> str:
    """Which heavy packages a fresh interpreter has after importing modules."""
    code = f"import sys, {modules}; print([name for name in {heavy} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_what_serves_and_reports_loads_no_torch() -> None:
    modules = (
        "app.cli.serve, app.cli.round.seal, app.cli.round.unblind, app.cli.report, app.cli.demo.command, app.web.app"
    )
    assert loaded(modules, ("torch", "safetensors", "tokenizers", "ray")) == "[]"


def test_the_plain_steps_of_a_round_load_no_statistics() -> None:
    modules = "app.cli.main, app.cli.round.group, app.cli.round.create, app.cli.round.step, app.cli.round.status"
    assert loaded(modules, ("torch", "statsmodels", "matplotlib", "fastapi")) == "[]"


def test_admins_are_added_listed_and_given_new_passwords(run: Run, dag: str) -> None:
    assert json.loads(run("admin", "list", "--json").output) == [dag]
    assert run("admin", "password", dag, "--password-file", "-", given="another long password\n").exit_code == 0
    assert "already" in run("admin", "add", dag, "--password-file", "-", given="yet another one\n").output


def test_archives_are_listed_shown_and_verified(run: Run, archives: tuple[Archive, Archive]) -> None:
    plum, fig = archives
    listed = json.loads(run("archive", "list", plum.path.parent, "--json").output)
    assert [one["sha256"] for one in listed] == [fig.sha256, plum.sha256]
    assert json.loads(run("archive", "show", plum.path, "--json").output)["sha256"] == plum.sha256
    assert run("archive", "verify", plum.path).exit_code == 0


def test_models_are_listed_and_shown(run: Run, trained: Path) -> None:
    found = {one["activation"] for one in json.loads(run("model", "list", trained, "--json").output)}
    assert found == {"gelu", "solu_ln"}
    shown = json.loads(run("model", "show", trained / "gelu", "--json").output)
    assert len(shown["weights_sha256"]) == 64


def test_a_round_goes_from_draft_to_lock(run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path) -> None:
    assert dag
    plum, fig = archives
    arms = ["--arm", f"axolotl={plum.path}", "--arm", f"quokka={fig.path}@1L/0"]
    made = run("round", "create", "--title", "Spring reading", "--preset", "quick", "--neurons", 3, *arms)
    round_id = made.output.strip()
    sealed = run("round", "seal", round_id, "--keys-to", tmp_path / "keys")
    commitment = sealed.output.splitlines()[0].removeprefix("commitment ")
    assert len(commitment) == 64
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    assert run("round", "open", round_id).exit_code == 0
    link = run("invite", round_id, "Ada", "--base-url", "https://example.org/").output.strip()
    assert link.startswith("https://example.org/i/")
    status = json.loads(run("round", "status", round_id, "--json").output)
    assert status["state"] == "collecting"
    assert status["commitment"] == commitment
    assert status["evaluators"][0]["judged"] == 0
    early = run("round", "unblind", round_id, "--key-file", tmp_path / "keys", "--reason", "to see what happens")
    assert early.exit_code == 1
    assert "Lock the round first" in early.output
    assert run("round", "lock", round_id).exit_code == 0
    assert json.loads(run("round", "list", "--json").output)[0]["state"] == "locked"
