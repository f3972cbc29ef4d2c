"""The order in which an export's JSON files have their keys is the program's own, and no text is made of it."""

import json
from pathlib import Path

import pytest

from app.foundation.digest import in_key_order, read_canonically, sha256_of_json
from app.foundation.json_types import JsonValue
from app.report.export.bundle import UnblindedBundle, blinded_zip
from app.report.export.exported_round import read_export
from app.report.export.rebuilt_files import rebuild_files
from app.report.export.zip_file import json_bytes, read_zip
from app.report.result import result_of
from tests.conftest import without_figures
from tests.report.simulated_evidence import SIGNING_KEY, blinded_bundle_of
from tests.report.tampering import replace_file, verify_without_figures

EVIDENCE_FILES = ["design.json", "allocation.json", "items.json", "chains.json", "events.json"]


def with_keys_reversed(json_value: JsonValue) -> JsonValue:
    if isinstance(json_value, dict):
        return {key: with_keys_reversed(json_value[key]) for key in reversed(json_value)}
    return [with_keys_reversed(element) for element in json_value] if isinstance(json_value, list) else json_value


def reversed_bytes(path: Path, name: str) -> bytes:
    return json_bytes(with_keys_reversed(json.loads(read_zip(path)[name])))


@pytest.mark.parametrize("name", EVIDENCE_FILES)
def test_keys_in_another_order_are_found_and_reach_no_other_file(exported: Path, tmp_path: Path, name: str) -> None:
    """The list of planned analyses in the preregistration once stood in the order of the file's keys."""
    reordered = replace_file(exported, name, reversed_bytes(exported, name), tmp_path)
    assert [problem for problem in verify_without_figures(reordered).differences if name in problem] == [
        f"{name} has the content that the evidence gives, but not the bytes: it is written in another way."
    ]
    rebuilt = []
    for path in (exported, reordered):
        export = read_export(path)
        assert export.unblinded is not None
        with without_figures():
            rebuilt.append(rebuild_files(export, result_of(export.unblinded)))
    assert [file for file in rebuilt[0] if rebuilt[0][file] != rebuilt[1][file]] == []


def test_keys_of_the_public_design_in_another_order_are_found(bundle: UnblindedBundle, tmp_path: Path) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(blinded_bundle_of(bundle.evidence, locked=True), SIGNING_KEY))
    reordered = replace_file(path, "public_design.json", reversed_bytes(path, "public_design.json"), tmp_path)
    problems = verify_without_figures(reordered).differences
    assert "public_design.json is written in another way than First Glance writes it." in problems


def test_values_are_put_into_one_order_and_one_form_without_another_digest() -> None:
    text = '{"b": [1, {"d": 2.0, "c": -0.0}], "a": [[{"f": 0.5, "e": 1e0}]], "2": 1e21}'
    json_value = read_canonically(text)
    assert json.dumps(json_value) == '{"2": 1e+21, "a": [[{"e": 1, "f": 0.5}]], "b": [1, {"c": 0, "d": 2}]}'
    assert sha256_of_json(json_value) == sha256_of_json(json.loads(text)) == sha256_of_json(in_key_order(json_value))
