"""Any name leads to the right loader, and no file can run code."""

import os
import shutil
import socket
from pathlib import Path

import pytest
import torch

from app.foundation.errors import ModelError
from app.models.loading import find_model_folder, load_any_model
from tests.models.recorded import LENS, LLAMA, RECORDED, CopyRecorded, change_json


def test_the_three_formats_are_told_apart(copy_recorded: CopyRecorded) -> None:
    layouts = [load_any_model(copy_recorded(case)).layout for case in (LENS, LLAMA, "hf-GPTNeoX")]
    assert layouts == ["TransformerLens", "transformers (llama)", "transformers (gpt_neox)"]
    assert load_any_model(find_model_folder("1L-solu_ln")).layout == "First Glance"


class Trap:
    """Unpickled by an unsafe reader, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.folder,)


def test_a_pickle_that_runs_code_is_not_opened(copy_recorded: CopyRecorded, tmp_path: Path) -> None:
    folder = copy_recorded(LENS)
    torch.save({"embed.W_E": Trap(tmp_path / "sprung")}, folder / "model_final.pth")
    with pytest.raises(ModelError, match=r"model_final\.pth holds more than tensors, so it is not opened"):
        load_any_model(folder)
    llama = copy_recorded(LLAMA)
    (llama / "model.safetensors").unlink()
    torch.save({"model.norm.weight": Trap(tmp_path / "sprung")}, llama / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be read as a whole model"):
        load_any_model(llama)
    assert not (tmp_path / "sprung").exists()


def test_a_tokenizer_with_more_tokens_than_the_model_knows_is_refused(copy_recorded: CopyRecorded) -> None:
    folder = copy_recorded(LLAMA)
    shutil.copy(find_model_folder("1L-gelu") / "tokenizer.json", folder / "tokenizer.json")
    with pytest.raises(ModelError, match="the tokenizer has 4096 tokens but the model knows 40"):
        load_any_model(folder)


def hub_cache(cache: Path, name: str, folder: Path) -> None:
    """What the hub's client leaves behind after a download."""
    commit = "0" * 40
    repository = cache / f"models--{name.replace('/', '--')}"
    shutil.copytree(folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The address of a hub that does not answer, and a folder of downloads of our own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.usefixtures("no_hub")
def test_a_name_on_the_hub_is_read_from_its_download_with_the_tokenizer_its_config_names(tmp_path: Path) -> None:
    plain = Path(shutil.copytree(RECORDED / LENS, tmp_path / "plain"))
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    (plain / "tokenizer.json").rename(tokenizer / "tokenizer.json")
    change_json(plain / "config.json", tokenizer_name="NeelNanda/gpt-neox-tokenizer-digits")
    hub_cache(tmp_path / "hub", "NeelNanda/SoLU_1L512W_C4_Code", plain)
    hub_cache(tmp_path / "hub", "NeelNanda/gpt-neox-tokenizer-digits", tokenizer)
    loaded = load_any_model("NeelNanda/SoLU_1L512W_C4_Code")
    assert loaded.layout == "TransformerLens"
    assert loaded.tokenizer.size == 40


@pytest.mark.usefixtures("no_hub")
def test_a_name_that_cannot_be_downloaded_is_refused() -> None:
    with pytest.raises(ModelError, match="there is no folder nobody/nothing, and it cannot be downloaded from the hub"):
        load_any_model("nobody/nothing")


@pytest.mark.parametrize("name", ["nothing", "./no/such", "/no/such/folder", "../no"])
def test_an_unknown_name_is_refused_with_a_list_of_the_models_that_can_be_named(name: str) -> None:
    with pytest.raises(ModelError, match=r"there is no model .* on the hub .* 1L-gelu, .*1L-solu_ln"):
        load_any_model(name)
