"""The card says what was loaded, quotes the certificate if it is about these weights, and warns of what is unusual."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.foundation.errors import ModelError
from app.foundation.paths import resource_folder
from app.models.folder_files import CONFIG_FILE, WEIGHTS_FILE
from app.models.loading import load_any_model
from app.models.model_card import describe_model, describe_models
from app.models.pairing_certificate import CERTIFICATE_FILE, SUMMARY_FILE
from app.models.training_checkpoint import CHECKPOINT_FILE
from tests.models.conftest import ARMS
from tests.models.recorded import RECORDED

LARGEST_DEMO = 30_000_000  # bytes


@pytest.fixture
def arm(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained / "solu_ln", tmp_path / "solu_ln"))


def test_the_card_of_a_trained_arm_has_its_sizes_losses_and_certificate(trained: Path) -> None:
    card = describe_model(load_any_model(trained / "solu_ln"))
    assert (card.activation, card.n_layers, card.d_mlp, card.layout) == ("solu_ln", 2, 32, "First Glance")
    assert card.sites == ("mlp.pre", "mlp.act", "mlp.post_ln")
    embedding, position = card.d_vocab * 16, 16 * 16
    layer = 4 * 16 + 4 * (16 * 16 + 16) + (16 * 32 + 32) + 2 * 32 + (32 * 16 + 16)
    assert card.parameters == embedding + position + 2 * layer + 2 * 16
    assert card.certificate is not None
    assert card.training is not None
    assert card.training["validation_loss"] == card.certificate.validation_loss["solu_ln"]
    assert card.warnings == ("trained on 768 tokens only",)
    assert json.loads(json.dumps(card.as_dict()))["tokenizer"]["special"] == [0, 1]


def test_card_md_beside_the_model_is_its_card(trained: Path) -> None:
    page = (trained / "solu_ln" / "card.md").read_text(encoding="utf-8")
    card = describe_model(load_any_model(trained / "solu_ln"))
    assert page == card.markdown()
    assert card.weights_sha256 in page
    assert str(trained) not in page


def test_a_model_whose_weights_were_changed_has_no_certificate(arm: Path, trained: Path) -> None:
    shutil.copy(trained / "gelu_ln" / WEIGHTS_FILE, arm / WEIGHTS_FILE)
    card = describe_model(load_any_model(arm))
    assert card.certificate is None
    assert any("the pairing certificate is about other weights" in warning for warning in card.warnings)


def test_a_model_without_summary_and_certificate_gets_warnings(arm: Path) -> None:
    for name in (CERTIFICATE_FILE, SUMMARY_FILE):
        (arm / name).unlink()
    (arm / CHECKPOINT_FILE).write_bytes(b"")
    warnings = describe_model(load_any_model(arm)).warnings
    assert warnings == (
        "nothing is known about its training: there is no summary.json",
        "there is no pairing certificate, so nothing proves that this model has a partner",
        "training is not finished: there is a checkpoint beside the weights",
    )


def test_a_pair_with_unequal_losses_gets_a_warning(arm: Path) -> None:
    certificate = json.loads((arm / CERTIFICATE_FILE).read_text())
    certificate["relative_difference"]["solu_ln"] = 0.031
    (arm / CERTIFICATE_FILE).write_text(json.dumps(certificate))
    assert any(
        "its validation loss differs from the baseline's (gelu) by +3.1%; the two models are not equally good" in card
        for card in describe_model(load_any_model(arm)).warnings
    )


@pytest.mark.parametrize(
    ("key", "value", "message"), [("blocks", 4, "over 4 blocks"), ("special", [1], "token 0 begins every window")]
)
def test_an_unusual_config_gets_a_warning(arm: Path, key: str, value: object, message: str) -> None:
    config = json.loads((arm / CONFIG_FILE).read_text())
    (arm / CONFIG_FILE).write_text(json.dumps(config | {key: value}))
    assert any(message in warning for warning in describe_model(load_any_model(arm)).warnings)


def test_solu_without_its_layernorm_gets_a_warning(trained: Path) -> None:
    assert any(
        "SoLU has no LayerNorm" in warning for warning in describe_model(load_any_model(trained / "solu")).warnings
    )


def test_an_incomplete_summary_is_refused_with_the_missing_key(arm: Path) -> None:
    (arm / SUMMARY_FILE).write_text('{"activation": "solu_ln"}')
    with pytest.raises(ModelError, match=r"summary\.json: shared_config: Field required"):
        describe_model(load_any_model(arm))


def test_models_of_other_libraries_have_cards() -> None:
    card = describe_model(load_any_model(RECORDED / "hf-Llama"))
    assert (card.layout, card.sites, card.d_mlp) == ("transformers (llama)", ("mlp.act",), 24)
    assert card.training is None
    assert "silu times up" in card.markdown()


def test_all_models_below_a_folder_are_listed(trained: Path, tmp_path: Path) -> None:
    assert [card.name for card in describe_models(trained)] == sorted(ARMS)
    with pytest.raises(ModelError, match="holds no model; train one"):
        describe_models(tmp_path)


def test_every_demo_model_has_a_certificate_and_enough_training_and_a_pair_equal_losses() -> None:
    cards = describe_models(resource_folder("demo"))
    assert {card.name for card in cards} == {"1L-gelu", "1L-gelu_ln", "1L-solu", "1L-solu_ln", "2L-gelu", "2L-solu_ln"}
    for card in cards:
        assert card.certificate is not None
        assert card.training is not None
        assert card.training["tokens"] >= 15_000_000
        assert re.fullmatch(r"\dL-\w+", card.name)
        page = (resource_folder("demo") / card.name / "card.md").read_text(encoding="utf-8")
        assert card.weights_sha256 in page
    assert not any(card.warnings for card in cards if card.activation in ("gelu", "solu_ln"))


def test_the_demo_models_are_small_enough_for_a_repository() -> None:
    assert sum(path.stat().st_size for path in resource_folder("demo").rglob("*") if path.is_file()) < LARGEST_DEMO


def test_a_name_and_a_note_are_no_markup_on_the_card(trained: Path) -> None:
    card = describe_model(load_any_model(trained / "solu_ln"), name="<b>[here](javascript:x)")
    page = replace(card, notes=("![x](y) `z`",)).markdown()
    assert page.startswith("# \\<b>\\[here\\](javascript:x)\n")
    assert "- !\\[x\\](y) \\`z\\`\n" in page
