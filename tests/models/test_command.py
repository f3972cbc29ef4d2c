"""The commands `firstglance train` and `firstglance model`."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.main import cli
from app.models.pairing_certificate import PairingCertificate
from tests.models.conftest import write_text
from tests.models.recorded import RECORDED

TINY = ["--layers", "1", "--d-model", "8", "--vocabulary", "300", "--context", "16", "--steps", "4", "--batch", "2"]


def firstglance(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_train_prints_a_line_for_each_arm_also_when_it_is_run_again(text: Path, tmp_path: Path) -> None:
    for _ in range(2):
        result = firstglance("train", text, "--out", tmp_path / "out", *TINY)
        assert result.exit_code == 0, result.output
        gelu, solu_ln = result.stdout.splitlines()[-2:]
        assert gelu.startswith("gelu")
        assert "+0.0000" in gelu
        assert solu_ln.endswith(str(tmp_path / "out" / "solu_ln"))


def test_train_can_train_replicates_and_print_their_certificates(text: Path, tmp_path: Path) -> None:
    result = firstglance("train", text, "--out", tmp_path / "out", *TINY, "--seed", 3, "--seeds", 2, "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert list(printed) == [str(tmp_path / "out" / f"seed-{seed}") for seed in (3, 4)]
    certificate = PairingCertificate.read(tmp_path / "out" / "seed-4")
    assert certificate is not None
    assert printed[str(tmp_path / "out" / "seed-4")] == certificate.model_dump(mode="json")


def test_train_takes_blocks_and_other_activations(text: Path, tmp_path: Path) -> None:
    arms = ["--activation", "relu", "--activation", "gelu_ln"]
    result = firstglance("train", text, "--out", tmp_path, *TINY, "--blocks", 4, *arms, "--bfloat16")
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "gelu_ln" / "config.json").read_text())["blocks"] == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--blocks", 3], "no model has these sizes: .* which 3 blocks do not divide"),
        (["--device", "abacus"], "torch cannot train on abacus here"),
        (["--vocabulary", 70_000], "use at most 65536"),
        (["--context", 90_000], "too short for one row of 90000 tokens"),
    ],
)
def test_train_refuses_impossible_options_with_the_reason(
    text: Path, tmp_path: Path, words: list[object], message: str
) -> None:
    result = firstglance("train", text, "--out", tmp_path / "out", *TINY, *words)
    assert result.exit_code == 1
    assert re.search(message, result.stderr.splitlines()[-1])


def test_train_without_text_says_what_is_missing(tmp_path: Path) -> None:
    assert "does not exist; name a file or a folder" in firstglance("train", tmp_path / "no", "--out", tmp_path).stderr
    (tmp_path / "empty").mkdir()
    assert "holds no text" in firstglance("train", tmp_path / "empty", "--out", tmp_path).stderr


def test_train_refuses_a_folder_of_another_plan(text: Path, tmp_path: Path) -> None:
    firstglance("train", text, "--out", tmp_path / "out", *TINY)
    again = firstglance("train", text, "--out", tmp_path / "out", *TINY, "--seed", 1)
    assert "was begun with seed 0, not 1" in again.stderr
    other_text = write_text(tmp_path / "other", seed=8)
    assert "is not the text that" in firstglance("train", other_text, "--out", tmp_path / "out", *TINY).stderr


def test_model_list_shows_what_comes_with_first_glance() -> None:
    result = firstglance("model", "list")
    assert {line.split()[0] for line in result.stdout.splitlines()[1:]} >= {"1L-gelu", "1L-solu_ln"}
    names = [card["name"] for card in json.loads(firstglance("model", "list", "--json").stdout)]
    assert names == [line.split()[0] for line in result.stdout.splitlines()[1:]]


def test_model_show_prints_the_card() -> None:
    page = firstglance("model", "show", "1L-solu_ln").stdout
    card = json.loads(firstglance("model", "show", "1L-solu_ln", "--json").stdout)
    assert card["weights_sha256"] in page
    assert card["certificate"]["arms"][:2] == ["gelu", "solu_ln"]
    assert "## Warnings" not in page


def test_model_show_reads_gelu_in_both_forms(tmp_path: Path) -> None:
    folder = shutil.copytree(RECORDED / "lens-1L-gelu-exact", tmp_path / "gelu")
    assert "GELU is computed in its tanh form" in firstglance("model", "show", folder).stdout
    assert "GELU is computed in its exact form" in firstglance("model", "show", folder, "--gelu", "exact").stdout


def test_model_show_of_an_unknown_name_prints_one_line_of_error() -> None:
    result = firstglance("model", "show", "nothing")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: there is no model nothing; name a folder, a model on the hub")
    assert len(result.stderr.splitlines()) == 1
