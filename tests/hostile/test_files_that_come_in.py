"""Files that somebody else wrote: each gets a sentence that names the fault, never a traceback or a full memory."""

import json
import shutil
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.foundation.documents import read_documents
from app.foundation.errors import ArchiveError, CorpusError, DesignError, ModelError
from app.foundation.json_file import LARGEST_JSON_FILE, read_json_object
from app.foundation.json_types import JsonObject, JsonValue
from app.models.loading import load_any_model
from app.models.sparse_autoencoder import load_sparse_autoencoder
from app.models.training_checkpoint import LOG_FILE, read_training_log
from app.rounds.design import LONGEST_TOML, Design
from app.rounds.design_text import preset_toml
from app.tasks.first_glance.rubric import FilledRubric
from tests.harvest.saes import write_sae
from tests.models.recorded import RECORDED, change_json
from tests.rounds.test_design_text import fill_in

DEPTH = 100_000
HOSTILE_JSON = {
    "nested arrays": b"[" * DEPTH + b"]" * DEPTH,
    "nested objects": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    "a number of 5000 digits": b'{"n_layers": ' + b"9" * 5000 + b"}",
    "another encoding": b"\xff\xfe{}",
    "an array": b"[1, 2]",
    "nothing": b"",
}
HOSTILE_TOML = {
    "nested arrays": "title = " + "[" * DEPTH,
    "nested tables": "title = " + "{a = " * DEPTH + "1" + "}" * DEPTH,
    "a number of 5000 digits": "neurons = " + "9" * 5000,
    "a number beyond any JSON": "daily_cap = " + "9" * 400,
    "infinity": "minutes = [1.0, inf]",
    "a long file": "# " + "x" * LONGEST_TOML,
    "a null character": 'title = "a\\u0000b"',
}
LAYER_KEYS = {"hf-Llama": "num_hidden_layers", "hf-GPT2": "n_layer", "lens-1L-solu_ln": "n_layers"}


def copy_model(case: str, folder: Path) -> Path:
    return Path(shutil.copytree(RECORDED / case, folder / case))


@pytest.mark.parametrize("content", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_json_that_is_no_readable_object_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        read_json_object(path)


def test_a_json_file_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with path.open("wb") as file:
        file.truncate(LARGEST_JSON_FILE + 1)
    with pytest.raises(ValueError, match="it has more than"):
        read_json_object(path)


@pytest.mark.parametrize("case", LAYER_KEYS)
@pytest.mark.parametrize("content", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_a_model_with_a_hostile_config_is_refused(case: str, content: bytes, tmp_path: Path) -> None:
    folder = copy_model(case, tmp_path)
    (folder / "config.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"config\.json"):
        load_any_model(folder)


@pytest.mark.parametrize("layers", [10**9, 10**400, -1, "two"], ids=["many", "no number of layers", "-1", "a word"])
@pytest.mark.parametrize("case", LAYER_KEYS)
def test_a_model_that_asks_for_layers_that_no_model_has_is_refused(
    case: str, layers: int | str, tmp_path: Path
) -> None:
    """Building a billion layers once had no end."""
    folder = copy_model(case, tmp_path)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {LAYER_KEYS[case]: layers}), encoding="utf-8")
    with pytest.raises(ModelError, match=LAYER_KEYS[case]):
        load_any_model(folder)


@pytest.mark.parametrize("content", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_an_sae_with_a_hostile_config_is_refused(content: bytes, tmp_path: Path) -> None:
    write_sae(tmp_path / "sae", 16)
    (tmp_path / "sae" / "cfg.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"cfg\.json"):
        load_sparse_autoencoder(tmp_path / "sae")


@pytest.mark.parametrize("key", ["architecture", "activation_fn", "normalize_activations", "hook_name", "d_sae", "k"])
@pytest.mark.parametrize(
    "planted", ["x" * 100_000, [[]], -(10**30), 10**400, {}], ids=["long", "list", "negative", "large", "object"]
)
def test_a_hostile_value_in_the_config_of_an_sae_is_refused_in_few_words(
    key: str, planted: JsonValue, tmp_path: Path
) -> None:
    write_sae(tmp_path / "sae", 16)
    config: JsonObject = {"architecture": "topk", "k": 3, key: planted}
    change_json(tmp_path / "sae" / "cfg.json", **config)
    with pytest.raises(ModelError) as refusal:
        load_sparse_autoencoder(tmp_path / "sae")
    assert len(str(refusal.value).removeprefix(str(tmp_path))) < 500


def test_what_the_config_of_an_sae_says_of_its_training_decides_nothing(tmp_path: Path) -> None:
    metadata: JsonObject = {"hook_name": "blocks.0.hook_resid_pre", "model_from_pretrained_kwargs": {"a": 10**40}}
    write_sae(tmp_path / "sae", 16, metadata=metadata, seed=10**400, lr=[float("nan")])
    assert load_sparse_autoencoder(tmp_path / "sae").sae_config.d_in == 16


@pytest.mark.parametrize("content", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_a_hostile_training_log_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / LOG_FILE).write_bytes(content or b"\n{}")
    with pytest.raises(ModelError, match=LOG_FILE):
        read_training_log(tmp_path)


@pytest.mark.parametrize("content", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_a_hostile_line_of_a_corpus_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(b'{"text": "a cat"}\n' + (content or b"cat") + b"\n")
    with pytest.raises(CorpusError, match=r"corpus\.jsonl line 2"):
        list(read_documents([path], path))


@pytest.mark.parametrize("content", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_a_hostile_manifest_is_refused(content: bytes, plum_archive: Archive, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(plum_archive.path, tmp_path / "plum"))
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(ArchiveError, match=r"manifest\.json"):
        Archive.open(folder)


@pytest.mark.parametrize("text", HOSTILE_TOML.values(), ids=HOSTILE_TOML)
def test_a_hostile_design_is_refused(text: str) -> None:
    key = text.partition(" = ")[0]
    kept = [line for line in fill_in(preset_toml("quick")).splitlines() if not line.startswith(f"{key} = ")]
    with pytest.raises(DesignError) as refusal:
        Design.from_toml("\n".join([text, *kept]))
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize("braces", ["{peaks.__class__}", "{0}", "{}", "{peaks:2000000000}", "{peaks!r}", "{", "a}"])
def test_braces_of_a_rubric_that_stand_for_nothing_are_refused(braces: str) -> None:
    text = fill_in(preset_toml("quick"))
    line = next(line for line in text.splitlines() if line.startswith("operational = "))
    with pytest.raises(DesignError, match="which stands for nothing"):
        Design.from_toml(text.replace(line, f'operational = "{{needed}} must fit {braces}"'))


def test_a_stored_rubric_with_such_braces_is_shown_as_it_was_typed() -> None:
    text = fill_in(preset_toml("quick"))
    design = Design.from_toml(text).with_changes(rubric={"operational": "{needed} of {peaks:9000000000}, {{so}} {0}"})
    filled = design.rubric.filled_in(20)
    assert isinstance(filled, FilledRubric)
    assert filled.operational == "16 of {peaks:9000000000}, {so} {0}"
