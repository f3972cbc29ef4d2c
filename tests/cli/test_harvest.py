"""`firstglance harvest`: one model, several, several sites, and progress for scripts."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.harvest.checkpoint import Checkpoint
from app.harvest.plan import HarvestPlan
from app.harvest.progress import ReportProgress
from app.harvest.ray_cluster import Cluster
from app.harvest.scan.model_scan import ModelScan
from app.harvest.shard_run import Meter, ScanRunner, scan_in_this_process
from tests.cli.conftest import Run
from tests.harvest.saes import write_sae

SMALL = ("--tokens", 3000, "--top", 3)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    (tmp_path / "words.txt").write_text("def a_function(of, words):\n    return words + of\n\n" * 400)
    return tmp_path / "words.txt"


def test_one_model_is_harvested_into_the_folder_named(run: Run, trained: Path, words: Path, tmp_path: Path) -> None:
    result = run("harvest", trained / "gelu", "--corpus", words, "--out", tmp_path / "a", "--name", "plum", *SMALL)
    assert result.exit_code == 0, result.output
    archive = Archive.open(tmp_path / "a")
    assert archive.manifest.model.name == "plum"
    assert archive.sha256 in result.output
    assert archive.manifest.groups.keys() == {"top", "quantile", "value_bin", "random", "contrast"}


def test_several_models_read_the_same_windows(run: Run, trained: Path, words: Path, tmp_path: Path) -> None:
    models = (trained / "1L-gelu", trained / "1L-solu_ln")
    result = run("harvest", *models, "--corpus", words, "--out", tmp_path / "pair", "--top-only", *SMALL)
    assert result.exit_code == 0, result.output
    archives = [Archive.open(tmp_path / "pair" / name) for name in ("gelu", "solu_ln")]
    assert archives[0].manifest.corpus == archives[1].manifest.corpus
    assert archives[0].manifest.groups.keys() == {"top"}
    pair = json.loads((tmp_path / "pair" / "pair.json").read_text())
    assert pair["arms"]["gelu"]["archive_sha256"] == archives[0].sha256


def test_several_sites_are_read_in_one_pass(run: Run, trained: Path, words: Path, tmp_path: Path) -> None:
    sites = ("--site", "mlp.act", "--site", "mlp.post_ln")
    result = run("harvest", trained / "solu_ln", "--corpus", words, "--out", tmp_path / "s", *sites, *SMALL)
    assert result.exit_code == 0, result.output
    for site in ("mlp.act", "mlp.post_ln"):
        assert Archive.open(tmp_path / "s" / site).manifest.site == site
    refused = run("harvest", trained / "solu_ln", trained / "gelu", "--out", tmp_path / "t", *sites)
    assert refused.exit_code == 1
    assert "several sites can be read in one model only" in refused.output


def test_json_gives_progress_and_the_result_as_lines(run: Run, trained: Path, words: Path, tmp_path: Path) -> None:
    result = run("harvest", trained / "gelu", "--corpus", words, "--out", tmp_path / "a", "--json", *SMALL)
    lines = [json.loads(line) for line in result.output.splitlines()]
    assert lines[-1] == {"path": str(tmp_path / "a"), "sha256": Archive.open(tmp_path / "a").sha256}
    assert {"tokens", "total", "tokens_per_second", "eta_seconds", "forward", "reduction", "reading"} <= lines[0].keys()


def test_models_of_one_name_are_refused(run: Run, trained: Path, tmp_path: Path) -> None:
    refused = run("harvest", trained / "gelu", trained / "gelu", "--out", tmp_path / "a")
    assert refused.exit_code == 1
    assert "different names" in refused.output


def test_a_name_for_several_models_is_refused(run: Run, trained: Path, tmp_path: Path) -> None:
    models = (trained / "1L-gelu", trained / "1L-solu_ln")
    refused = run("harvest", *models, "--name", "plum", "--out", tmp_path / "a")
    assert refused.exit_code == 1
    assert "--name works with one model only; you named 2" in refused.output


def test_a_folder_that_exists_is_refused(
    run: Run, trained: Path, words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = run("harvest", trained / "gelu", "--corpus", words, "--out", ".", *SMALL)
    assert refused.exit_code == 1
    assert "exists already" in refused.output


def test_several_sites_are_read_by_a_cluster_if_the_options_name_one(
    run: Run, trained: Path, words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clusters: list[Cluster] = []

    def on_ray(cluster: Cluster) -> ScanRunner:
        clusters.append(cluster)
        return count_scans

    def count_scans(
        plan: HarvestPlan, scans: Sequence[ModelScan], checkpoint: Checkpoint, report: ReportProgress
    ) -> Meter:
        scan_counts.append(len(scans))
        return scan_in_this_process(plan, scans, checkpoint, report)

    scan_counts: list[int] = []
    monkeypatch.setattr("app.harvest.ray_cluster.scan_on_ray", on_ray)
    sites = ("--site", "mlp.act", "--site", "mlp.pre", "--ray", "local", "--workers", 3)
    result = run("harvest", trained / "gelu", "--corpus", words, "--out", tmp_path / "s", *sites, *SMALL)
    assert result.exit_code == 0, result.output
    assert (clusters, scan_counts) == ([Cluster(workers=3)], [1])


def test_folders_that_are_no_archives_are_left_out_of_the_list(run: Run, archives: tuple[Archive, Archive]) -> None:
    folder = archives[0].path.parent
    shutil.copytree(archives[0].path, folder / ".plum.new")
    (folder / "foreign").mkdir()
    (folder / "foreign" / "manifest.json").write_text('{"name": "a web page"}')
    result = run("archive", "list", folder, "--json")
    shutil.rmtree(folder / ".plum.new")
    shutil.rmtree(folder / "foreign")
    assert result.exit_code == 0, result.output
    assert [Path(archive["path"]).name for archive in json.loads(result.stdout)] == ["fig", "plum"]
    assert "left out:" in result.stderr


def harvested(run: Run, out: Path, *arguments: object) -> Archive:
    result = run("harvest", *arguments, "--out", out, "--top-only", *SMALL)
    assert result.exit_code == 0, result.output
    archive = Archive.open(out)
    archive.verify()
    return archive


def test_the_latents_of_an_sae_are_harvested_from_its_folder(
    run: Run, trained: Path, words: Path, tmp_path: Path
) -> None:
    d_model = json.loads((trained / "gelu" / "config.json").read_text())["d_model"]
    write_sae(tmp_path / "first sae", d_model, hook_name="blocks.0.hook_resid_post")
    read = (trained / "gelu", "--corpus", words, "--sae", tmp_path / "first sae")
    own = harvested(run, tmp_path / "own", trained / "gelu", "--corpus", words).manifest
    latents = harvested(run, tmp_path / "a", *read).manifest
    assert (latents.site, latents.model.name, latents.model.d_mlp) == ("sae:first_sae", "gelu", 20)
    assert latents.corpus == own.corpus
    named = harvested(run, tmp_path / "b", *read, "--site", "sae:v2", "--name", "plum").manifest
    assert (named.site, named.model.name) == ("sae:v2", "plum")
    directions = harvested(run, tmp_path / "c", *read, "--control", "directions", "--seed", 5).manifest
    assert (directions.site, directions.model.d_mlp) == ("directions:first_sae", 20)
    assert [(control.control, control.seed) for control in directions.controls] == [("directions", 5)]


def test_a_module_and_the_residual_stream_are_harvested_by_name(
    run: Run, trained: Path, words: Path, tmp_path: Path
) -> None:
    hook = harvested(run, tmp_path / "a", trained / "gelu", "--corpus", words, "--hook", "blocks.0.attention")
    assert hook.manifest.site == "hook:blocks.0.attention"
    stream = harvested(run, tmp_path / "b", trained / "gelu", "--corpus", words, "--site", "resid.0")
    assert stream.manifest.site == "resid.0"
    assert stream.manifest.corpus == hook.manifest.corpus
    refused = run(
        "harvest", trained / "gelu", "--corpus", words, "--hook", "blocks.0.atention", "--out", tmp_path / "c"
    )
    assert refused.exit_code == 1
    assert "close to it are blocks.0.attention" in refused.output


def test_the_random_twin_of_a_model_is_harvested_under_a_name_of_its_own(
    run: Run, trained: Path, words: Path, tmp_path: Path
) -> None:
    own = harvested(run, tmp_path / "own", trained / "gelu", "--corpus", words).manifest
    arguments = (trained / "gelu", "--corpus", words, "--control", "random-model")
    first, again = (harvested(run, tmp_path / name, *arguments) for name in ("a", "b"))
    other = harvested(run, tmp_path / "c", *arguments, "--seed", 1).manifest
    twin = first.manifest
    assert first.sha256 == again.sha256
    assert twin.model.name == "gelu-random"
    assert twin.corpus == own.corpus
    assert (twin.model.tokenizer_sha256, twin.model.n_layers) == (own.model.tokenizer_sha256, own.model.n_layers)
    assert len({manifest.model.weights_sha256 for manifest in (own, twin, other)}) == 3
    assert "weights drawn by First Glance's initialiser" in twin.controls[0].description


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--sae", "a", "--hook", "b"), "--sae and --hook read two things"),
        (("--site", "sae:a"), "sae:a is no place in a model; give mlp.pre, mlp.act, mlp.post_ln or resid.LAYER"),
        (("--site", "mlp.act", "--sae", "a"), "with --sae the site can only be named, as sae:NAME"),
        (("--site", "resid.0", "--hook", "a"), "with --hook the site can only be named, as hook:NAME"),
        (
            ("--site", "mlp.act", "--site", "mlp.pre", "--control", "directions"),
            "several sites cannot be read together",
        ),
        (("--sae", "no folder"), "is no folder of an SAE in SAELens's format"),
        (("--site", "mlp.out"), "is no site; sites are mlp.pre"),
        (("--site", "resid.0", "--layer", 1), "resid.0 is read in layer 0; leave the layers out"),
        (("--control", "chance"), "is not one of 'directions', 'random-model'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    run: Run, trained: Path, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    refused = run("harvest", trained / "gelu", "--out", tmp_path / "a", *options)
    assert refused.exit_code in (1, 2)
    assert sentence in " ".join(refused.output.split())
