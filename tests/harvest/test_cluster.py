"""A harvest on a Ray cluster of two nodes equals one machine's, also when a node is killed in the middle."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.archive.archive import Archive
from app.foundation.errors import SettingsError
from app.harvest.options import HarvestOptions
from app.harvest.progress import Progress, silent
from app.harvest.ray_cluster import Cluster, on_ray
from app.harvest.run import harvest_model
from app.models.model_folder import LoadedModel
from tests.conftest import cannot_be_had

ROOT = Path(__file__).parent.parent.parent
OPTIONS = HarvestOptions(tokens=60_000, k=4, sample=200, save_every=0.0)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("corpus") / "app"
    shutil.copytree(ROOT / "app", folder, ignore=lambda _, names: [name for name in names if name == "__pycache__"])
    return str(folder)


@pytest.fixture(scope="module")
def whole(model: LoadedModel, corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return harvest_model(model, "tiny", corpus, tmp_path_factory.mktemp("whole") / "out", OPTIONS, silent)


@pytest.fixture
def nodes() -> Iterator[Any]:
    """A head that only drives, and two nodes that work."""
    try:
        import ray
        from ray.cluster_utils import Cluster as Nodes
    except ImportError:
        cannot_be_had("Ray")
    cluster = Nodes(initialize_head=True, head_node_args={"num_cpus": 0})
    ray.init(address=cluster.address, include_dashboard=False, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.slow
def test_two_nodes_give_the_archive_of_one_machine(
    model: LoadedModel, corpus: str, whole: Archive, nodes: Any, tmp_path: Path
) -> None:
    for _ in range(2):
        nodes.add_node(num_cpus=1)
    reader = on_ray(Cluster(address=nodes.address, workers=2, shards_per_task=1))
    archive = harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, silent, reader)
    assert contents(archive.path) == contents(whole.path)


@pytest.mark.slow
def test_a_node_killed_in_the_middle_changes_nothing(
    model: LoadedModel, corpus: str, whole: Archive, nodes: Any, tmp_path: Path
) -> None:
    lost = nodes.add_node(num_cpus=1)
    nodes.add_node(num_cpus=2)
    seen: list[Progress] = []

    def kill_at_the_second(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 2:
            nodes.remove_node(lost, allow_graceful=False)

    reader = on_ray(Cluster(address=nodes.address, workers=2, shards_per_task=1))
    archive = harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, kill_at_the_second, reader)
    assert len(seen) > 4
    assert contents(archive.path) == contents(whole.path)


def test_without_ray_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(SettingsError, match=r"firstglance\[ray\]"):
        on_ray(Cluster())


def test_workers_answers_merge_to_the_same_in_any_order(model: LoadedModel, corpus: str) -> None:
    """What a cluster relies on, without one: shards kept apart and merged backwards are the shards kept together."""
    from app.harvest.arms import arm_of
    from app.harvest.scan.scan import Pass
    from app.harvest.text.source import text_of

    options = replace(OPTIONS, tokens=30_000)
    text = text_of([model], corpus, options)
    arm = arm_of("tiny", model, ["mlp.act"], options)
    shards = list(text.shards())
    together = Pass(arm.read, arm.channels, text.window, options)
    together.prepare(shards[0])
    parts = []
    for shard in shards:
        together.take(shard)
        parts.append(together.fresh())
        parts[-1].take(shard)
    backwards = together.fresh()
    for part in reversed(parts):
        backwards.merge(part)
    assert len(shards) > 2
    for channel, kept in together.kept.items():
        for name, store in kept.stores.items():
            other = backwards.kept[channel].stores[name]
            first, second = store.ranked(), other.ranked()
            for field in ("values", "windows", "peaks", "keys"):
                mine, theirs = getattr(store, field), getattr(other, field)
                rows = range(len(first))
                assert all((mine[row][first[row]] == theirs[row][second[row]]).all() for row in rows), (name, field)
        assert (kept.sample.in_order()[1] == backwards.kept[channel].sample.in_order()[1]).all()
