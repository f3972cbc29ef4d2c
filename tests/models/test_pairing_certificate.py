"""The certificate states what the arms share, and arms that share less get none."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ModelError
from app.models.folder_files import WEIGHTS_FILE
from app.models.pairing_certificate import PairingCertificate, certify_arms
from app.models.training import sha256_of_shared_weights, train_arms
from app.models.transformer import Transformer
from tests.models.conftest import ARMS, TINY_RECIPE, tiny_config


def test_the_arms_share_everything_that_the_certificate_states(trained: Path) -> None:
    certificate = PairingCertificate.read(trained)
    assert certificate is not None
    assert certificate.arm_names == ARMS
    assert certificate.tokens == TINY_RECIPE.steps * TINY_RECIPE.batch * 16
    assert certificate.recipe == asdict(TINY_RECIPE)
    initial = Transformer(tiny_config("relu", d_vocab=int(str(certificate.shared_config["d_vocab"]))))
    initial.initialise(TINY_RECIPE.seed)
    assert certificate.initial_sha256 == sha256_of_shared_weights(initial)
    for arm in ARMS:
        assert certificate.weights_sha256[arm] == sha256_of_file(trained / arm / WEIGHTS_FILE)
        assert PairingCertificate.read(trained / arm) == certificate
        own_loss, baseline_loss = certificate.validation_loss[arm], certificate.validation_loss["gelu"]
        assert certificate.difference[arm] == own_loss - baseline_loss
        assert certificate.relative_difference[arm] == (own_loss - baseline_loss) / baseline_loss


def test_arms_with_other_recipes_or_unfinished_arms_get_no_certificate(
    trained: Path, text: Path, tmp_path: Path
) -> None:
    train_arms(text, tmp_path, tiny_config(), ["gelu"], replace(TINY_RECIPE, seed=3))
    (tmp_path / "solu_ln").symlink_to(trained / "solu_ln")
    with pytest.raises(ModelError, match="the arms differ in recipe, so they are not a pair"):
        certify_arms(tmp_path, ["gelu", "solu_ln"])
    with pytest.raises(ModelError, match=r"has no summary\.json, so its training is not finished"):
        certify_arms(tmp_path, ["gelu", "relu"])
