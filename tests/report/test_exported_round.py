"""Reading an export: word for word, and with a sentence about a file that has another form."""

import json
from pathlib import Path

import pytest

from app.foundation.errors import ExportError
from app.report.export.bundle import UnblindedBundle
from app.report.export.exported_round import read_export
from app.report.export.verify import verify_export
from app.report.export.zip_file import read_zip, zip_files
from tests.report.tampering import replace_file


def test_an_export_is_read_back_unchanged(exported: Path, bundle: UnblindedBundle) -> None:
    export = read_export(exported)
    assert export.title == bundle.title
    assert export.commitment == bundle.commitment
    assert export.item_contents == bundle.item_contents
    assert [link for links in export.chains.values() for link in links] == sorted(
        bundle.judgment_links, key=lambda link: (link["evaluator"], link["number"])
    )
    assert export.events == bundle.event_links
    assert export.unblinded is not None
    assert export.unblinded.seal == bundle.seal
    assert export.unblinded.frame == bundle.frame
    assert export.unblinded.analysis_content == bundle.analysis.content()
    assert sorted(export.unblinded.observations, key=repr) == sorted(bundle.observations, key=repr)


def test_the_last_event_of_a_kind_is_found(exported: Path) -> None:
    export = read_export(exported)
    locked = export.last_event("locked")
    assert locked is not None
    assert locked["number"] == 3
    assert export.last_event("abandoned") is None


def test_files_of_another_form_are_refused_with_a_sentence(tmp_path: Path) -> None:
    names = ("design.json", "items.json", "judgments.json", "events.json", "commitment.json")
    odd = tmp_path / "odd.zip"
    odd.write_bytes(zip_files(dict.fromkeys(names, b"[]")))
    with pytest.raises(ExportError, match="another form"):
        verify_export(odd)


@pytest.mark.parametrize(
    ("name", "key"), [("judgments.json", "judgment"), ("events.json", "event"), ("items.json", None)]
)
def test_an_entry_with_a_key_that_was_added_is_refused(
    exported: Path, tmp_path: Path, name: str, key: str | None
) -> None:
    entries = json.loads(read_zip(exported)[name])
    (entries[0] if key is None else entries[0][key])["added"] = 1
    path = replace_file(exported, name, json.dumps(entries).encode(), tmp_path)
    with pytest.raises(ExportError, match=r"another form .*added"):
        read_export(path)


def test_a_line_that_is_no_observation_is_refused_by_its_number(exported: Path, tmp_path: Path) -> None:
    lines = read_zip(exported)["observations.csv"].decode().splitlines(keepends=True)
    text = "".join([*lines[:2], lines[2].replace("Ash", "Ash,", 1), *lines[3:]])
    with pytest.raises(ExportError, match=r"observations\.csv line 3 is not an observation"):
        read_export(replace_file(exported, "observations.csv", text.encode(), tmp_path))


def test_a_table_with_other_columns_is_refused(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not have the columns"):
        read_export(replace_file(exported, "observations.csv", b"evaluator,item\n", tmp_path))
