"""`firstglance harvest`: one model, several, several sites, and progress for scripts."""

import json
from pathlib import Path

import pytest

from app.harvest.archive import Archive
from tests.cli.conftest import Run

SMALL = ("--tokens", 3000, "--top", 3)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    (tmp_path / "words.txt").write_text("def a_function(of, words):\n    return words + of\n\n" * 400)
    return tmp_path / "words.txt"


def test_one_model_goes_into_the_folder_named(run: Run, trained: Path, words: Path, tmp_path: Path) -> None:
    found = run("harvest", trained / "gelu", "--corpus", words, "--out", tmp_path / "a", "--name", "plum", *SMALL)
    assert found.exit_code == 0, found.output
    archive = Archive.open(tmp_path / "a")
    assert archive.manifest.model.name == "plum"
    assert archive.sha256 in found.output
    assert archive.manifest.groups.keys() == {"top", "quantile", "value_bin", "random", "contrast"}


def test_several_models_read_the_same_windows(run: Run, trained: Path, words: Path, tmp_path: Path) -> None:
    models = (trained / "1L-gelu", trained / "1L-solu_ln")
    found = run("harvest", *models, "--corpus", words, "--out", tmp_path / "pair", "--top-only", *SMALL)
    assert found.exit_code == 0, found.output
    archives = [Archive.open(tmp_path / "pair" / name) for name in ("gelu", "solu_ln")]
    assert archives[0].manifest.corpus == archives[1].manifest.corpus
    assert archives[0].manifest.groups.keys() == {"top"}
    pair = json.loads((tmp_path / "pair" / "pair.json").read_text())
    assert pair["arms"]["gelu"]["archive_sha256"] == archives[0].sha256


def test_several_sites_are_read_in_one_pass(run: Run, trained: Path, words: Path, tmp_path: Path) -> None:
    sites = ("--site", "mlp.act", "--site", "mlp.post_ln")
    found = run("harvest", trained / "solu_ln", "--corpus", words, "--out", tmp_path / "s", *sites, *SMALL)
    assert found.exit_code == 0, found.output
    for site in ("mlp.act", "mlp.post_ln"):
        assert Archive.open(tmp_path / "s" / site).manifest.site == site
    refused = run("harvest", trained / "solu_ln", trained / "gelu", "--out", tmp_path / "t", *sites)
    assert refused.exit_code == 1
    assert "several sites are read of one model" in refused.output


def test_json_gives_progress_and_the_result_as_lines(run: Run, trained: Path, words: Path, tmp_path: Path) -> None:
    found = run("harvest", trained / "gelu", "--corpus", words, "--out", tmp_path / "a", "--json", *SMALL)
    lines = [json.loads(line) for line in found.output.splitlines()]
    assert lines[-1] == {"path": str(tmp_path / "a"), "sha256": Archive.open(tmp_path / "a").sha256}
    assert {"tokens", "total", "tokens_per_second", "eta_seconds", "forward", "reduction", "reading"} <= lines[0].keys()


def test_models_of_one_name_are_refused(run: Run, trained: Path, tmp_path: Path) -> None:
    refused = run("harvest", trained / "gelu", trained / "gelu", "--out", tmp_path / "a")
    assert refused.exit_code == 1
    assert "different names" in refused.output
