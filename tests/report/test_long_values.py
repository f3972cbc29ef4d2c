"""What a file of an export says is quoted in a sentence by its beginning: the file may say anything, at any length."""

import zipfile
from dataclasses import replace

import pytest

from app.evidence.allocation_checks import allocation_problems
from app.foundation.errors import ExportError, error_summary
from app.foundation.typography import LONGEST_VALUE, shortened
from app.report.export import evidence_forms as forms
from app.report.export.file_differences import file_difference
from app.report.export.strict_json import read_strict_json
from app.report.export.zip_form import unpack
from app.rounds.allocation import AllocatedCell, AllocatedItem, Allocation

LONG = "y" * 50_000
DIGEST = "0" * 64
MOST = 600


def test_a_value_of_the_longest_length_is_quoted_whole() -> None:
    assert shortened("y" * LONGEST_VALUE) == "y" * LONGEST_VALUE
    assert shortened("y" * (LONGEST_VALUE + 1)) == "y" * (LONGEST_VALUE - 1) + "…"


@pytest.mark.parametrize(
    "event",
    [{"action": LONG}, {"action": "opened", LONG: 1}, {LONG: {}}, LONG],
)
def test_a_refusal_of_a_form_quotes_the_beginning_of_what_is_wrong(event: object) -> None:
    with pytest.raises(ExportError, match=r"events.json in the export has another form") as caught:
        forms.EVENTS.read("events.json", [{"number": 0, "chain": DIGEST, "event": event}])  # type: ignore[dict-item]
    assert len(str(caught.value)) < 2 * MOST


@pytest.mark.parametrize("text", [f'{{"{LONG}": 1, "{LONG}": 2}}', "1e9" + "9" * 50_000, "9" * 50_000])
def test_a_refusal_of_json_quotes_the_beginning_of_a_key_or_number(text: str) -> None:
    with pytest.raises(ValueError, match="it h") as caught:
        read_strict_json(text.encode())
    assert len(str(caught.value)) < MOST


def test_a_difference_quotes_the_beginning_of_a_key() -> None:
    difference = file_difference("a.json", f'{{"{LONG}": 1}}'.encode(), b"{}")
    assert difference is not None
    assert len(difference.path) <= LONGEST_VALUE


def test_a_refusal_of_a_zip_quotes_the_beginning_of_a_name() -> None:
    with pytest.raises(ExportError, match="programs may read the name") as caught:
        unpack(b"", [zipfile.ZipInfo(" " + LONG)])
    assert len(str(caught.value)) < MOST


def test_what_a_changed_allocation_names_is_quoted_by_its_beginning() -> None:
    cell = AllocatedCell("baseline", LONG, DIGEST, 1, 1, 1, 0, 1, 1, 1, 1, 0, ())
    item = AllocatedItem(LONG, "baseline", LONG + "z", 0, 1, 0)
    problems = list(allocation_problems(Allocation((item, replace(item)), (cell, replace(cell))), [LONG + "z"]))
    assert len(problems) >= 4
    assert max(map(len, problems)) < MOST


def test_the_summary_of_another_library_is_short() -> None:
    assert len(error_summary(ValueError(LONG))) <= 500
