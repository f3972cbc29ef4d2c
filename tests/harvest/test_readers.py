"""What can be read of a model: each reader gives what plain torch gives, and archives of one model agree."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from app.archive.archive import Archive
from app.archive.manifest import Manifest
from app.foundation.errors import ModelError, SettingsError
from app.harvest.arms.callable_arm import FunctionOrigin, Vocabulary, callable_reader
from app.harvest.arms.direction_reader import direction_reader, random_directions
from app.harvest.arms.hook_reader import hook_reader
from app.harvest.arms.reader import MakeReader
from app.harvest.arms.site_reader import site_reader
from app.harvest.harvests import harvest, harvest_callable, harvest_model, harvest_pair, harvest_sites, harvest_units
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.models.loading import load_any_model
from app.models.model_folder import LoadedModel
from tests.models.recorded import LLAMA, RECORDED

SMALL = HarvestOptions(k=3, window=40, overlap=8, sample=50, seed=4, tokens=1500)


def tokens_for(model: LoadedModel) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    ids = torch.randint(2, min(model.config.d_vocab, model.tokenizer.size), (3, 9), generator=generator)
    ids[:, 0] = model.config.bos
    return ids


def hooked(root: torch.nn.Module, name: str, run: Callable[[], object], *, is_input: bool = False) -> Tensor:
    """What enters or leaves a module, by torch's own hooks."""
    kept: list[Tensor] = []

    def keep(_module: torch.nn.Module, inputs: tuple[Tensor, ...], output: Tensor | tuple[Tensor, ...]) -> None:
        value = inputs[0] if is_input else output
        kept.append(value[0] if isinstance(value, tuple) else value)

    handle = root.get_submodule(name).register_forward_hook(keep)
    with torch.inference_mode():
        run()
    handle.remove()
    return kept[0]


def read(model: LoadedModel, make_reader: MakeReader, ids: Tensor) -> dict[tuple[str, int], Tensor]:
    with torch.inference_mode():
        return dict(make_reader(model, SMALL).read(ids))


@pytest.fixture(scope="module")
def llama() -> LoadedModel:
    return load_any_model(RECORDED / LLAMA)


@pytest.mark.parametrize("layer", [0, 1])
def test_the_residual_stream_is_what_leaves_the_block(model: LoadedModel, llama: LoadedModel, layer: int) -> None:
    for loaded, name in ((model, f"blocks.{layer}"), (llama, f"model.model.layers.{layer}")):
        ids = tokens_for(loaded)
        expected = hooked(loaded.transformer, name, partial(loaded.transformer, ids))
        values = read(loaded, site_reader([f"resid.{layer}"]), ids)
        assert values.keys() == {(f"resid.{layer}", layer)}
        torch.testing.assert_close(values[f"resid.{layer}", layer], expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("name", "layer"), [("blocks.1.attention", 1), ("blocks.0.mlp.up", 0), ("embed", 0), ("norm", 0), ("unembed", 0)]
)
def test_any_module_s_output_can_be_read_by_its_name(model: LoadedModel, name: str, layer: int) -> None:
    ids = tokens_for(model)
    expected = hooked(model.transformer, name, lambda: model.transformer(ids))
    assert torch.equal(read(model, hook_reader(name), ids)[f"hook:{name}", layer], expected)


@pytest.mark.parametrize("name", ["model.layers.1.self_attn", "model.layers.0.mlp.gate_proj", "model.norm", "lm_head"])
def test_modules_of_the_transformers_library_have_its_names(llama: LoadedModel, name: str) -> None:
    ids = tokens_for(llama)
    expected = hooked(llama.transformer, f"model.{name}", lambda: llama.transformer(ids))
    ((site, layer), values), *_ = read(llama, hook_reader(name), ids).items()
    assert (site, layer) == (f"hook:{name}", 1 if "layers.1" in name else 0)
    assert torch.equal(values, expected)


def test_a_module_that_is_not_there_is_refused_with_close_names(model: LoadedModel, llama: LoadedModel) -> None:
    with pytest.raises(ModelError, match=r"no module blocks\.1\.atention; close to it are blocks\.1\.attention"):
        hook_reader("blocks.1.atention")(model, SMALL)
    with pytest.raises(ModelError, match=r"no module model\.layer\.1\.mlp; close to it are .*model\.layers\.1\.mlp"):
        hook_reader("model.layer.1.mlp")(llama, SMALL)


def test_a_module_whose_output_has_no_units_for_every_token_is_refused(model: LoadedModel, llama: LoadedModel) -> None:
    with pytest.raises(ModelError, match=r"the model's pass does not come to the output of position"):
        hook_reader("position")(model, SMALL)
    with pytest.raises(ModelError, match=r"not \[batch, token, unit\]"):
        hook_reader("model.rotary_emb")(llama, SMALL)
    with pytest.raises(ModelError, match=r"the model's pass does not come to the output of blocks;"):
        hook_reader("blocks")(model, SMALL)


def test_a_reader_of_one_layer_refuses_another(model: LoadedModel) -> None:
    options = HarvestOptions(layers=(0,))
    with pytest.raises(SettingsError, match=r"resid\.1 is read in layer 1; leave the layers out"):
        site_reader(["resid.1"])(model, options)
    with pytest.raises(SettingsError, match="is read in layer 1"):
        hook_reader("blocks.1.mlp")(model, options)
    with pytest.raises(ModelError, match="there is no layer 2; this model has layers 0 to 1"):
        site_reader(["resid.2"])(model, SMALL)
    with pytest.raises(SettingsError, match="sae:a is no place in a model"):
        site_reader(["sae:a"])(model, SMALL)


@pytest.mark.parametrize("site", ["mlp.act", "resid.1"])
def test_random_directions_have_norm_1_and_are_drawn_anew_for_every_layer_and_seed(
    model: LoadedModel, site: str
) -> None:
    ids = tokens_for(model)
    space = read(model, site_reader([site]), ids)
    values = read(model, direction_reader(site_reader([site])), ids)
    assert {layer for _, layer in values} == {layer for _, layer in space}
    directions = {}
    for (_, layer), projections in values.items():
        tensor = space[site, layer]
        solution = torch.linalg.lstsq(tensor.reshape(-1, tensor.shape[2]).double(), projections.flatten(0, 1).double())
        fitted = tensor.reshape(-1, tensor.shape[2]).double() @ solution.solution
        torch.testing.assert_close(fitted, projections.flatten(0, 1).double(), atol=1e-3, rtol=1e-3)
        reader = direction_reader(site_reader([site]))(model, SMALL)
        reading = next(reading for reading in reader.readings if reading.channel[1] == layer)
        assert reading.to_units is not None
        directions[layer] = reading.to_units(torch.eye(tensor.shape[2])).T
        torch.testing.assert_close(directions[layer].norm(dim=1), torch.ones(projections.shape[2]))
        torch.testing.assert_close(tensor @ directions[layer].T, projections)
    other_seed = HarvestOptions(seed=5)
    again = direction_reader(site_reader([site]))(model, other_seed).readings[0]
    assert again.to_units is not None
    assert not torch.allclose(again.to_units(torch.eye(again.unit_count)).T, next(iter(directions.values())))
    if len(directions) > 1:
        assert not torch.allclose(directions[0], directions[1])


def test_directions_are_uniform_on_the_sphere() -> None:
    drawn = random_directions(20_000, 5, None, 1, "a")
    assert drawn.mean(dim=0).abs().max() < 0.02
    np.testing.assert_allclose(drawn.T @ drawn / len(drawn), np.eye(5) / 5, atol=0.01)
    norms = torch.arange(1.0, 11)
    torch.testing.assert_close(random_directions(10, 3, norms, 1, "a").norm(dim=1), norms)


def test_an_archive_of_directions_says_how_they_were_made(model: LoadedModel, texts: Path, tmp_path: Path) -> None:
    maker = direction_reader(site_reader(["mlp.act"]))
    archive = harvest_units(model, maker, "tiny", str(texts), tmp_path / "a", SMALL, report_nothing)
    manifest = archive.manifest
    assert manifest.site == "directions:mlp.act"
    assert (manifest.model.d_mlp, manifest.counts.neurons) == (24, 48)
    (control,) = manifest.controls
    assert (control.control, control.seed) == ("directions", 4)
    assert "24 directions per layer" in control.description
    assert manifest.reading is not None
    assert manifest.reading.model_weights_sha256 == model.weights_sha256
    assert manifest.model.weights_sha256 not in (None, model.weights_sha256)
    archive.verify()


def test_an_archive_of_a_model_s_own_site_says_nothing_that_version_0_1_did_not_say(archive: Archive) -> None:
    written = (archive.path / "manifest.json").read_text()
    assert '"reading"' not in written
    assert '"controls"' not in written
    assert Manifest.model_validate_json(written) == archive.manifest


def test_a_function_of_a_loaded_model_reads_the_model_s_corpus(model: LoadedModel, texts: Path, tmp_path: Path) -> None:
    own = harvest_model(model, "tiny", str(texts), tmp_path / "own", SMALL, report_nothing)
    function = harvest_callable(
        model,
        lambda ids: model.transformer.read_site("mlp.act", ids)[1],
        "second.layer",
        str(texts),
        tmp_path / "function",
        SMALL,
        layer=1,
    )
    assert function.manifest.site == "callable:second.layer"
    assert function.manifest.corpus == own.manifest.corpus
    assert function.manifest.model.tokenizer_sha256 == own.manifest.model.tokenizer_sha256
    assert function.manifest.model.n_layers == own.manifest.model.n_layers
    assert function.manifest.model.weights_sha256 is None
    second = [neuron for neuron in own.neurons() if neuron.layer == 1]
    assert {neuron.layer for neuron in function.neurons()} == {1}
    maxima = [neuron.maximum for neuron in function.neurons()]
    assert maxima == pytest.approx([neuron.maximum for neuron in second], abs=1e-5)


def test_a_function_of_a_loaded_model_is_refused_as_any_other(model: LoadedModel) -> None:
    with pytest.raises(ModelError, match="must return a tensor"):
        callable_reader(lambda ids: ids.float(), "a")(model, SMALL)
    with pytest.raises(ModelError, match="there is no layer 7"):
        callable_reader(lambda ids: ids.float()[:, :, None], "a", 7)(model, SMALL)
    with pytest.raises(SettingsError, match="is no site"):
        callable_reader(lambda ids: ids.float()[:, :, None], "two words")
    with pytest.raises(ModelError, match="no space in which directions"):
        direction_reader(callable_reader(lambda ids: ids.float()[:, :, None], "a"))(model, SMALL)


def test_a_function_can_say_its_name_and_what_model_it_reads(tmp_path: Path) -> None:
    archive = harvest(
        lambda ids: torch.stack([ids.float(), -ids.float()], dim=2),
        [[1, 2, 3], [4, 5, 6]],
        tmp_path / "a",
        vocabulary=Vocabulary(),
        options=SMALL.top_only(),
        progress=report_nothing,
        origin=FunctionOrigin("probe", layer=2, n_layers=3, tokenizer_sha256="f" * 64),
    )
    manifest = archive.manifest
    assert (manifest.site, manifest.model.n_layers, manifest.model.tokenizer_sha256) == ("callable:probe", 3, "f" * 64)
    assert {neuron.layer for neuron in archive.neurons()} == {2}
    assert archive.snippets(2, 0)
    with pytest.raises(SettingsError, match="layer is 3, but a model of 3 layers has 0 to 2"):
        FunctionOrigin("probe", layer=3, n_layers=3)


def test_several_models_can_be_read_in_the_same_way(
    model: LoadedModel, solu: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    archives = harvest_pair(
        {"gelu": model, "solu": solu},
        str(texts),
        tmp_path / "pair",
        SMALL,
        report_nothing,
        make_reader=hook_reader("blocks.1.mlp"),
    )
    assert {archive.manifest.site for archive in archives.values()} == {"hook:blocks.1.mlp"}
    assert len({archive.manifest.corpus.sha256 for archive in archives.values()}) == 1
    assert len({archive.manifest.model.weights_sha256 for archive in archives.values()}) == 2


def test_neurons_and_the_residual_stream_are_read_in_one_pass(model: LoadedModel, texts: Path, tmp_path: Path) -> None:
    together = harvest_sites(
        model, "tiny", str(texts), tmp_path / "both", ["mlp.act", "resid.0"], SMALL, report_nothing
    )
    alone = harvest_model(
        model, "tiny", str(texts), tmp_path / "alone", HarvestOptions(**{**vars(SMALL), "site": "resid.0"})
    )
    assert together["resid.0"].sha256 == alone.sha256
    assert (together["mlp.act"].manifest.model.d_mlp, together["resid.0"].manifest.model.d_mlp) == (24, 16)


@pytest.mark.parametrize("maker", [hook_reader("blocks.0.mlp.up"), site_reader(["resid.0"])], ids=["hook", "resid"])
def test_an_archive_can_be_made_again_to_the_last_byte(
    model: LoadedModel, texts: Path, tmp_path: Path, maker: MakeReader
) -> None:
    first, second = (
        harvest_units(model, maker, "tiny", str(texts), tmp_path / name, SMALL, report_nothing) for name in "ab"
    )
    assert first.sha256 == second.sha256


def test_a_hook_and_a_site_of_one_model_are_read_at_once(model: LoadedModel) -> None:
    """A hook hears every pass, so a reader without hooks must not disturb one with hooks in another thread."""
    ids = tokens_for(model)
    readers = [hook_reader("blocks.0.mlp.up")(model, SMALL), site_reader(["mlp.pre"])(model, SMALL)]
    expected = [reader.read(ids) for reader in readers]

    def read_again(number: int) -> bool:
        with torch.inference_mode():
            values = readers[number % 2].read(ids)
        return all(torch.allclose(values[channel], tensor) for channel, tensor in expected[number % 2].items())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read_again, range(200)))
