"""Latents of SAEs and transcoders: SAELens's own values, plain torch's, and what is refused."""

import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from app.archive.archive import Archive
from app.foundation.errors import ModelError, SettingsError
from app.foundation.json_types import JsonObject
from app.harvest.arms.direction_reader import direction_reader
from app.harvest.arms.hook_reader import hook_reader
from app.harvest.arms.sae_reader import sae_reader
from app.harvest.harvests import harvest_model, harvest_units
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.harvest.text.source import corpus_source
from app.models.loading import load_any_model
from app.models.model_folder import LoadedModel
from app.models.place import Place
from app.models.sparse_autoencoder import load_sparse_autoencoder
from tests.harvest.saes import write_sae
from tests.models.recorded import RECORDED, change_json

SAELENS = RECORDED / "saelens"
CASES = sorted(path.name for path in SAELENS.iterdir())
TOLERANCE = 1e-5
SMALL = HarvestOptions(k=3, window=40, overlap=8, sample=50, seed=4, tokens=1500)


def test_every_architecture_is_recorded() -> None:
    kinds = {json.loads((SAELENS / case / "cfg.json").read_text()).get("architecture") for case in CASES}
    assert kinds >= {"standard", "gated", "jumprelu", "topk", "batchtopk", "transcoder", "skip_transcoder"}
    assert kinds >= {None, "jumprelu_transcoder"}


@pytest.mark.parametrize("case", CASES)
def test_an_sae_gives_the_latents_that_saelens_gives(case: str) -> None:
    """From SAELens's input alone, and from token ids through the model that it belongs to."""
    with np.load(SAELENS / case / "expected.npz") as expected:
        model_name, tokens = str(expected["model"]), torch.from_numpy(expected["tokens"])
        tensor, latents = torch.from_numpy(expected["input"]), torch.from_numpy(expected["latents"])
    sae = load_sparse_autoencoder(SAELENS / case)
    torch.testing.assert_close(sae.latents(sae.encoder_input(tensor)), latents, atol=TOLERANCE, rtol=0)
    reader = sae_reader(sae)(load_any_model(RECORDED / model_name), HarvestOptions())
    with torch.inference_mode():
        ((channel, values),) = reader.read(tokens).items()
    torch.testing.assert_close(values, latents, atol=TOLERANCE, rtol=0)
    digits = [int(part) for part in sae.sae_config.hook_name.split(".") if part.isdigit()]
    assert channel == (f"sae:{case}", digits[0])


@pytest.fixture
def sae_folder(model: LoadedModel, tmp_path: Path) -> Path:
    write_sae(tmp_path / "small sae", model.config.d_model)
    return tmp_path / "small sae"


def harvested(model: LoadedModel, folder: Path, texts: Path, out: Path) -> Archive:
    maker = sae_reader(load_sparse_autoencoder(folder))
    return harvest_units(model, maker, "tiny", str(texts), out, SMALL, report_nothing)


def test_an_archive_of_latents_agrees_with_its_model_s_own(
    model: LoadedModel, sae_folder: Path, texts: Path, tmp_path: Path
) -> None:
    own = harvest_model(model, "tiny", str(texts), tmp_path / "own", SMALL, report_nothing).manifest
    archive = harvested(model, sae_folder, texts, tmp_path / "latents")
    archive.verify()
    manifest = archive.manifest
    assert manifest.site == "sae:small_sae"
    assert manifest.corpus == own.corpus
    assert (manifest.model.n_layers, manifest.model.d_mlp) == (own.model.n_layers, 20)
    assert manifest.model.tokenizer_sha256 == own.model.tokenizer_sha256
    assert {neuron.layer for neuron in archive.neurons()} == {1}
    assert manifest.reading is not None
    assert (manifest.reading.read_by, manifest.reading.place) == ("sae", "blocks.1.hook_resid_pre")
    assert manifest.reading.model_weights_sha256 == own.model.weights_sha256
    assert not manifest.controls


def test_the_digest_of_weights_covers_the_model_and_the_sae(
    model: LoadedModel, solu: LoadedModel, sae_folder: Path, texts: Path, tmp_path: Path
) -> None:
    digests = [harvested(model, sae_folder, texts, tmp_path / "a").manifest.model.weights_sha256]
    change_json(sae_folder / "cfg.json", device="cuda")  # says nothing of the encoder
    digests.append(harvested(model, sae_folder, texts, tmp_path / "b").manifest.model.weights_sha256)
    digests.append(harvested(solu, sae_folder, texts, tmp_path / "c").manifest.model.weights_sha256)
    tensors = load_file(sae_folder / "sae_weights.safetensors")
    save_file(tensors | {"b_enc": tensors["b_enc"] + 1}, sae_folder / "sae_weights.safetensors")
    digests.append(harvested(model, sae_folder, texts, tmp_path / "d").manifest.model.weights_sha256)
    assert digests[0] == digests[1]
    assert len({*digests, model.weights_sha256}) == 4


def test_a_latent_s_effects_are_those_of_its_decoder_s_direction(
    model: LoadedModel, sae_folder: Path, texts: Path, tmp_path: Path
) -> None:
    neuron = harvested(model, sae_folder, texts, tmp_path / "a").neurons()[7]
    direction = load_file(sae_folder / "sae_weights.safetensors")["W_dec"][7]
    parameters = dict(model.transformer.named_parameters())
    unembedding = (parameters["embed.weight"] * parameters["norm.weight"]).detach()
    logits = unembedding @ (direction - direction.mean())
    logits = logits - logits.mean()
    best = int(logits.argmax())
    assert neuron.promoted[0].piece == model.tokenizer.pieces[best]
    assert neuron.promoted[0].effect == pytest.approx(float(logits[best]), abs=1e-4)


def test_random_directions_of_an_sae_have_the_norms_of_its_encoder_in_its_input_space(
    model: LoadedModel, sae_folder: Path
) -> None:
    sae = load_sparse_autoencoder(sae_folder)
    reader = direction_reader(sae_reader(sae))(model, SMALL)
    (reading,) = reader.readings
    assert reading.channel == ("directions:small_sae", 1)
    assert reading.to_units is not None
    directions = reading.to_units(torch.eye(model.config.d_model)).T
    torch.testing.assert_close(directions.norm(dim=1), sae.weights["W_enc"].norm(dim=0))
    ids = torch.tensor([[0, 5, 6, 7]])
    with torch.inference_mode():
        (values,) = reader.read(ids).values()
        stream = model.transformer.read_places([reading.place], ids)[reading.place]
    torch.testing.assert_close(values, (stream - sae.weights["b_dec"]) @ directions.T)
    assert "with the norms of the encoder's directions" in reader.controls[0].description


def test_an_sae_read_by_hooks_or_without_gives_the_same_latents(model: LoadedModel, tmp_path: Path) -> None:
    ids = torch.tensor([[0, 5, 6, 7, 8], [0, 9, 10, 11, 12]])
    write_sae(tmp_path / "lens", model.config.d_model, hook_name="blocks.0.hook_resid_post")
    write_sae(tmp_path / "torch", model.config.d_model, hook_name="blocks.0")
    readers = [sae_reader(load_sparse_autoencoder(tmp_path / name))(model, SMALL) for name in ("lens", "torch")]
    assert [reader.is_thread_safe for reader in readers] == [True, False]
    with torch.inference_mode():
        first, second = (next(iter(reader.read(ids).values())) for reader in readers)
    assert torch.equal(first, second)


@pytest.mark.parametrize("k", [1, 3])
def test_an_archive_of_sparse_latents_holds_what_plain_torch_finds(
    model: LoadedModel, sae_folder: Path, texts: Path, tmp_path: Path, k: int
) -> None:
    """Most latents of such an SAE are zero nearly everywhere, and some never fire."""
    tensors = load_file(sae_folder / "sae_weights.safetensors")
    tensors["b_enc"][:4] = -1000
    save_file(tensors, sae_folder / "sae_weights.safetensors")
    change_json(sae_folder / "cfg.json", architecture="topk", k=k)
    archive = harvested(model, sae_folder, texts, tmp_path / "a")
    latents = latents_of_corpus(model, tensors, str(texts), k)
    neurons = archive.neurons()
    np.testing.assert_allclose([neuron.maximum for neuron in neurons], latents.amax(dim=0), atol=1e-5)
    np.testing.assert_allclose([neuron.mean for neuron in neurons], latents.double().mean(dim=0), atol=1e-6)
    assert all(neuron.minimum == 0 for neuron in neurons)
    assert all(neuron.dead and neuron.maximum == 0 for neuron in neurons[:4])
    assert not all(neuron.dead for neuron in neurons)
    strongest = max(neurons, key=lambda neuron: neuron.maximum)
    top = [snippet for snippet in archive.snippets(1, strongest.index) if snippet.group == "top"]
    assert top[0].peak_activation == pytest.approx(float(latents[:, strongest.index].max()), abs=1e-5)
    archive.verify()


def latents_of_corpus(model: LoadedModel, tensors: dict[str, Tensor], spec: str, k: int) -> Tensor:
    """[scored token, latent] of the corpus that `SMALL` reads, with PyTorch alone."""
    parts = []
    for shard in corpus_source([model], spec, SMALL).shards():
        ids = torch.from_numpy(shard.token_ids.astype(np.int64))
        with torch.inference_mode():
            stream = model.transformer.read_places([Place(1, "resid_pre")], ids)[Place(1, "resid_pre")]
            hidden = (stream - tensors["b_dec"]) @ tensors["W_enc"] + tensors["b_enc"]
            smallest = hidden.sort(dim=-1, descending=True).values[:, :, k - 1 : k]
            parts.append(hidden.where(hidden >= smallest, 0).relu()[torch.from_numpy(shard.is_scored)])
    return torch.cat(parts)


def test_a_reader_can_be_sent_to_another_process(model: LoadedModel, sae_folder: Path) -> None:
    """As a cluster does it."""
    sae = sae_reader(load_sparse_autoencoder(sae_folder))
    ids = torch.tensor([[0, 5, 6, 7]])
    for maker in (sae, direction_reader(sae), hook_reader("blocks.0.mlp.up")):
        reader = maker(model, SMALL)
        sent = pickle.loads(pickle.dumps(reader.read))
        with torch.inference_mode():
            assert all(torch.equal(sent(ids)[channel], values) for channel, values in reader.read(ids).items())


def edit_weights(folder: Path, edit: Callable[[dict[str, Tensor]], object]) -> None:
    tensors = load_file(folder / "sae_weights.safetensors")
    edit(tensors)
    save_file(tensors, folder / "sae_weights.safetensors")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda folder: (folder / "cfg.json").unlink(),
            r"no folder of an SAE in SAELens's format: cfg\.json is missing",
        ),
        (lambda folder: (folder / "cfg.json").write_text("{"), r"cfg\.json cannot be read as a config"),
        (lambda folder: (folder / "sae_weights.safetensors").unlink(), r"sae_weights\.safetensors is missing"),
        (lambda folder: cut(folder / "sae_weights.safetensors"), "is not a whole safetensors file"),
        (lambda folder: change_json(folder / "cfg.json", metadata={}), "hook_name: Field required"),
        (lambda folder: change_json(folder / "cfg.json", d_sae=0), "d_sae: "),
        (lambda folder: change_json(folder / "cfg.json", d_sae=21), r"W_enc has shape \(16, 20\), expected \(16, 21\)"),
        (
            lambda folder: change_json(folder / "cfg.json", architecture="temporal"),
            "architecture is temporal, expected",
        ),
        (
            lambda folder: change_json(folder / "cfg.json", architecture="topk"),
            "k is None, expected a whole number from 1",
        ),
        (lambda folder: change_json(folder / "cfg.json", architecture="topk", k=21), "k is 21, expected"),
        (lambda folder: change_json(folder / "cfg.json", architecture="jumprelu"), "lacks threshold"),
        (lambda folder: change_json(folder / "cfg.json", architecture="gated"), "lacks b_gate"),
        (lambda folder: change_json(folder / "cfg.json", architecture="transcoder"), "d_out is missing"),
        (lambda folder: change_json(folder / "cfg.json", activation_fn="tanh-relu"), "activation_fn is tanh-relu"),
        (lambda folder: change_json(folder / "cfg.json", hook_head_index=3), "SAEs of a single head cannot be read"),
        (
            lambda folder: change_json(folder / "cfg.json", normalize_activations="expected_average_only_in"),
            "whose factors are not in the folder; fold them into the weights with SAELens",
        ),
        (
            lambda folder: edit_weights(folder, lambda tensors: tensors["b_enc"].fill_(float("nan"))),
            "b_enc holds values that are no finite numbers",
        ),
        (
            lambda folder: edit_weights(folder, lambda tensors: tensors.update(hat=torch.zeros(2))),
            "has hat, which a model of this config does not have",
        ),
    ],
)
def test_a_damaged_or_unknown_folder_is_refused(
    sae_folder: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(sae_folder)
    with pytest.raises(ModelError, match=message):
        load_sparse_autoencoder(sae_folder)


V6: JsonObject = {"hook_name": "blocks.1.hook_resid_pre", "sae_lens_version": "6.54.12"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activation_fn": "topk"}, "activation_fn is topk, but architecture is standard, which SAELens computes with"),
        ({"activation_fn": "topk", "k": 3}, "activation_fn is topk, but architecture is standard"),
        ({"activation_fn_str": "topk", "activation_fn_kwargs": {"k": None}}, "activation_fn is topk, but"),
        ({"activation_fn": "topk", "activation_fn_kwargs": {"k": 3}, "metadata": V6}, "activation_fn is topk, but"),
        (
            {"activation_fn": "topk", "activation_fn_kwargs": {"k": 3}, "architecture": "transcoder", "d_out": 16},
            "activation_fn is topk, but architecture is transcoder",
        ),
        ({"architecture": "topk", "k": 3, "activation_fn_kwargs": {"k": 4}}, "k is given twice"),
        ({"architecture": None, "metadata": V6}, "architecture is missing, expected one of standard"),
        ({"hook_name": "blocks.0.hook_resid_pre"}, "hook_name is given twice, beside the sizes and in metadata"),
        ({"apply_b_dec_to_input": "no"}, "apply_b_dec_to_input: "),
        ({"apply_b_dec_to_input": 0}, "apply_b_dec_to_input: "),
        (
            {"model_from_pretrained_kwargs": {"center_writing_weights": "true"}},
            "center_writing_weights is no truth value, expected true or false without quotes",
        ),
        ({"model_from_pretrained_kwargs": {"fold_value_biases": 1}}, "fold_value_biases is no truth value"),
    ],
)
def test_a_config_that_saelens_would_read_otherwise_is_refused(
    sae_folder: Path, changes: JsonObject, message: str
) -> None:
    change_json(sae_folder / "cfg.json", **changes)
    with pytest.raises(ModelError, match=message):
        load_sparse_autoencoder(sae_folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"rescale_acts_by_decoder_norm": True},
        {"metadata": V6 | {"normalize_activations": "layer_norm", "apply_b_dec_to_input": False}},
        {"metadata": V6 | {"architecture": "topk", "k": 3}},
    ],
)
def test_a_key_that_saelens_passes_over_changes_no_latent(
    model: LoadedModel, sae_folder: Path, changes: JsonObject
) -> None:
    tensor = torch.randn(3, 5, model.config.d_model, generator=torch.Generator().manual_seed(0))
    sae = load_sparse_autoencoder(sae_folder)
    change_json(sae_folder / "cfg.json", **changes)
    changed = load_sparse_autoencoder(sae_folder)
    torch.testing.assert_close(
        changed.latents(changed.encoder_input(tensor)), sae.latents(sae.encoder_input(tensor)), atol=0, rtol=0
    )


def test_weights_of_eight_bits_are_read_and_numbers_that_float32_lacks_are_refused(sae_folder: Path) -> None:
    edit_weights(sae_folder, lambda tensors: tensors.update(W_dec=tensors["W_dec"].to(torch.float8_e4m3fn)))
    stored = load_file(sae_folder / "sae_weights.safetensors")
    read = load_sparse_autoencoder(sae_folder).weights["W_dec"]
    torch.testing.assert_close(read, stored["W_dec"].to(torch.float32), atol=0, rtol=0)
    edit_weights(sae_folder, lambda tensors: tensors.update(b_dec=tensors["b_dec"].double() * 1e300))
    with pytest.raises(ModelError, match="b_dec holds values that are no finite numbers"):
        load_sparse_autoencoder(sae_folder)
    edit_weights(sae_folder, lambda tensors: tensors.update(b_dec=torch.zeros(len(tensors["b_dec"]), dtype=torch.int8)))
    with pytest.raises(ModelError, match=r"b_dec holds torch\.int8, expected numbers with a fraction"):
        load_sparse_autoencoder(sae_folder)


@pytest.mark.parametrize(
    ("d_in", "hook_name", "message"),
    [
        (16, "blocks.2.hook_resid_pre", "there is no layer 2; this model has layers 0 to 1"),
        (16, "blocks.0.hook_resid_out", r"no module blocks\.0\.hook_resid_out; close to it are"),
        (16, "blocks.0.mlp.hook_post", r"d_in is 16, but blocks\.0\.mlp\.hook_post has 24 in this model"),
        (24, "blocks.0.hook_resid_pre", r"d_in is 24, but blocks\.0\.hook_resid_pre has 16 in this model"),
    ],
)
def test_an_sae_of_another_model_is_refused(
    model: LoadedModel, tmp_path: Path, d_in: int, hook_name: str, message: str
) -> None:
    write_sae(tmp_path / "sae", d_in, hook_name=hook_name)
    with pytest.raises(ModelError, match=message):
        sae_reader(load_sparse_autoencoder(tmp_path / "sae"))(model, SMALL)


def test_another_layer_than_the_hook_s_is_refused(model: LoadedModel, sae_folder: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"the hook blocks\.1\.hook_resid_pre is read in layer 1; leave the layers out"
    ):
        sae_reader(load_sparse_autoencoder(sae_folder))(model, replace(SMALL, layers=(0,)))


def test_a_part_that_an_architecture_does_not_have_is_refused(tmp_path: Path) -> None:
    loaded = load_any_model(RECORDED / "hf-GPTNeoX")
    write_sae(tmp_path / "sae", 16, hook_name="blocks.0.hook_resid_mid")
    with pytest.raises(ModelError, match="resid_mid of layer 0 cannot be read in a model of type gpt_neox"):
        sae_reader(load_sparse_autoencoder(tmp_path / "sae"))(loaded, SMALL)


def test_heads_without_their_value_biases_are_refused(model: LoadedModel, tmp_path: Path) -> None:
    metadata: JsonObject = {"hook_name": "blocks.0.attn.hook_z"}
    write_sae(tmp_path / "sae", 16, metadata=metadata | {"model_from_pretrained_kwargs": {"fold_value_biases": True}})
    with pytest.raises(ModelError, match="trained on heads without their value biases"):
        sae_reader(load_sparse_autoencoder(tmp_path / "sae"))(model, SMALL)


def test_no_file_is_opened_that_could_run_code(sae_folder: Path) -> None:
    shutil.move(sae_folder / "sae_weights.safetensors", sae_folder / "sae_weights.pt")
    with pytest.raises(ModelError, match=r"sae_weights\.safetensors is missing"):
        load_sparse_autoencoder(sae_folder)
