"""Neurons, latents, random directions and a random twin in one round, from harvests to a verified export."""

import json
from pathlib import Path

import pytest

from app.foundation.settings import Settings
from app.report.export.zip_file import read_zip
from app.robots.scripted_evaluators import ScriptedEvaluator
from app.robots.visitor import Visitor
from app.services.opened_database import open_database
from app.web.serving import served_in_thread
from tests.cli.conftest import Run
from tests.conftest import without_figures
from tests.harvest.conftest import make_model
from tests.harvest.saes import write_sae

HARVEST = ("--tokens", 12_000, "--top-only", "--name", "quail")
ARMS = {
    "axolotl": (),
    "quokka": ("--sae", "sae"),
    "wombat": ("--sae", "sae", "--control", "directions"),
    "numbat": ("--control", "random-model"),
}
"""{arm: the options of its harvest}"""
SITES = ("mlp.act", "sae:sae", "directions:sae", "mlp.act")
UNITS = ("neuron", "latent", "direction", "neuron")


def done(run: Run, *arguments: object) -> str:
    """What a command that succeeds prints."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


@pytest.fixture
def archives_of_arms(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Archives of one small model, its latents, as many directions, and its twin; all of the same windows."""
    monkeypatch.chdir(tmp_path)
    model = make_model(tmp_path / "quail", layers=1)
    write_sae(tmp_path / "sae", model.config.d_model, 24, "blocks.0.hook_resid_post")
    corpus = Path(__file__).parents[2] / "app" / "rounds"
    for arm, options in ARMS.items():
        done(run, "harvest", "quail", "--corpus", corpus, "--out", arm, *HARVEST, *options)
    return [tmp_path / arm for arm in ARMS]


def test_units_of_any_kind_are_arms_of_one_round_from_harvest_to_verified_export(
    run: Run, dag: str, archives_of_arms: list[Path], tmp_path: Path
) -> None:
    manifests = [json.loads((path / "manifest.json").read_text()) for path in archives_of_arms]
    assert tuple(manifest["site"] for manifest in manifests) == SITES
    assert len({manifest["corpus"]["sha256"] for manifest in manifests}) == 1
    arms = [word for arm in ARMS for word in ("--arm", f"{arm}={arm}")]
    create = ("round", "create", "--title", "Reading", "--preset", "quick", "--neurons", 4, "--by", dag, *arms)
    assert 'contrasts = ["site"]' in run(*create).output
    round_id = done(run, *create, "--contrast", "site")
    assert "0 differ when the arms are swapped" in done(run, "round", "seal", round_id, "--keys-to", "keys")
    done(run, "round", "open", round_id)
    settings = Settings(data=tmp_path / "data", port=0)
    with open_database(settings, in_shell=False) as database, served_in_thread(settings, database) as address:
        token = done(run, "invite", round_id, "Ada", "--base-url", address).rpartition("/")[2]
        with Visitor.at(address) as visitor:
            assert ScriptedEvaluator("Ada", 0.5, 1).judge_round(visitor, token) > 8  # the dead are not shown
    done(run, "round", "lock", round_id, "--yes")
    lock = json.loads(done(run, "round", "status", round_id, "--json"))["lock"]
    with without_figures():
        done(run, "round", "unblind", round_id, "--key-file", "keys", "--reason", "to see what is in it")
        done(run, "export", round_id, "--out", "export.zip")
        assert run("verify", "export.zip", "--lock", lock).exit_code == 0
        verified = done(run, "verify", "export.zip", "--lock", lock, "--archives", tmp_path)
        assert "gives the same units and the same items" in " ".join(verified.split())
    table = done(run, "report", round_id, "--by", dag)
    assert [line.split()[:2] for line in table.splitlines() if line.startswith("arm ")] == [["arm", "units"]]
    design = json.loads(read_zip(tmp_path / "export.zip")["design.json"])
    assert [(cell["unit"], cell["harvest"]["site"]) for cell in design["arms"]] == list(zip(UNITS, SITES, strict=True))
