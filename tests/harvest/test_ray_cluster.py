"""A harvest on a Ray cluster of two nodes equals one machine's, also when a node is killed in the middle."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.archive.archive import Archive
from app.foundation.errors import SettingsError
from app.harvest.arms.model_arm import model_arm
from app.harvest.arms.site_reader import site_reader
from app.harvest.harvests import harvest_model
from app.harvest.options import HarvestOptions
from app.harvest.progress import Progress, report_nothing
from app.harvest.ray_cluster import Cluster, scan_on_ray
from app.harvest.scan.model_scan import ModelScan
from app.harvest.text.source import corpus_source
from app.models.model_folder import LoadedModel
from tests.conftest import skip_or_fail_without
from tests.harvest.stores import columns_by_rank, sample_by_hash

OPTIONS = HarvestOptions(tokens=30_000, window=24, overlap=8, k=4, sample=200, batch_size=32, save_every=0.0)


@pytest.fixture(scope="module")
def archive_of_one_machine(model: LoadedModel, corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return harvest_model(model, "tiny", corpus, tmp_path_factory.mktemp("whole") / "out", OPTIONS, report_nothing)


@pytest.fixture
def nodes() -> Iterator[Any]:
    """A cluster whose head node runs no tasks; the tests add nodes that do."""
    try:
        import ray
        from ray.cluster_utils import Cluster as Nodes
    except ImportError:
        skip_or_fail_without("Ray")
    cluster = Nodes(initialize_head=True, head_node_args={"num_cpus": 0})
    ray.init(address=cluster.address, include_dashboard=False, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def contents_by_name(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.slow
def test_two_nodes_give_the_archive_of_one_machine(
    model: LoadedModel, corpus: str, archive_of_one_machine: Archive, nodes: Any, tmp_path: Path
) -> None:
    for _ in range(2):
        nodes.add_node(num_cpus=1)
    run_scans = scan_on_ray(Cluster(address=nodes.address, workers=2, shards_per_task=1))
    archive = harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, report_nothing, run_scans)
    assert contents_by_name(archive.path) == contents_by_name(archive_of_one_machine.path)


@pytest.mark.slow
def test_a_node_killed_in_the_middle_changes_nothing(
    model: LoadedModel, corpus: str, archive_of_one_machine: Archive, nodes: Any, tmp_path: Path
) -> None:
    doomed = nodes.add_node(num_cpus=1)
    nodes.add_node(num_cpus=2)
    reports: list[Progress] = []

    def kill_at_the_second(progress: Progress) -> None:
        reports.append(progress)
        if len(reports) == 2:
            nodes.remove_node(doomed, allow_graceful=False)

    run_scans = scan_on_ray(Cluster(address=nodes.address, workers=2, shards_per_task=1))
    archive = harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, kill_at_the_second, run_scans)
    assert len(reports) > 4
    assert contents_by_name(archive.path) == contents_by_name(archive_of_one_machine.path)


def test_without_ray_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(SettingsError, match=r"firstglance\[ray\]"):
        scan_on_ray(Cluster())


def test_scans_of_single_shards_merge_to_the_scan_of_all_in_any_order(model: LoadedModel, corpus: str) -> None:
    """A cluster relies on it: scans of single shards, merged in reverse order, equal one scan of all shards."""
    options = replace(OPTIONS, tokens=15_000)
    text = corpus_source([model], corpus, options)
    arm = model_arm("tiny", model, site_reader(["mlp.act"]), options)
    shards = list(text.shards())
    together = ModelScan(arm.read, arm.channels, text.window_length, options)
    together.prepare(shards[0])
    parts = []
    for shard in shards:
        together.scan(shard)
        parts.append(together.empty_copy())
        parts[-1].scan(shard)
    backwards = together.empty_copy()
    for part in reversed(parts):
        backwards.merge(part)
    assert len(shards) > 2
    for channel, stores in together.stores.items():
        for group, store in stores.all_stores.items():
            merged = backwards.stores[channel].all_stores[group]
            for field in ("priorities", "entry_numbers", "payloads", "duplicate_keys"):
                expected = np.take_along_axis(getattr(store, field), columns_by_rank(store), 1)
                actual = np.take_along_axis(getattr(merged, field), columns_by_rank(merged), 1)
                assert (actual == expected).all(), (group, field)
        expected_sample, actual_sample = stores.sample, backwards.stores[channel].sample
        assert (sample_by_hash(expected_sample)[1] == sample_by_hash(actual_sample)[1]).all()
