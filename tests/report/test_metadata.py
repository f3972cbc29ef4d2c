"""The description of an export: its data package, and how to cite it."""

import json
from pathlib import Path

import pytest

from app.foundation.csv_table import read_table
from app.foundation.digest import sha256
from app.report.export.metadata import COLUMN_MEANINGS, write_citation
from app.report.export.zip_file import read_zip


@pytest.fixture(scope="module")
def files(exported: Path) -> dict[str, bytes]:
    return read_zip(exported)


def test_the_data_package_describes_every_file(files: dict[str, bytes]) -> None:
    package = json.loads(files["datapackage.json"])
    described = {resource["path"]: resource for resource in package["resources"]}
    assert described.keys() == files.keys() - {"datapackage.json", "digests.json", "signature.json"}
    assert all(resource["bytes"] == len(files[path]) for path, resource in described.items())
    assert "application/octet-stream" not in {resource["mediatype"] for resource in described.values()}


def test_the_data_package_says_what_every_column_means(files: dict[str, bytes]) -> None:
    package = json.loads(files["datapackage.json"])
    tables = {
        resource["path"]: resource["schema"]["fields"] for resource in package["resources"] if "schema" in resource
    }
    assert tables.keys() == {"observations.csv", "neurons.csv", "items.csv", "evaluators.csv", "events.csv"}
    for path, columns in tables.items():
        header = next(read_table(files[path]))
        assert [column["name"] for column in columns] == header
        assert all((column["type"], column["description"]) == COLUMN_MEANINGS[column["name"]] for column in columns)


def test_the_list_of_digests_names_every_other_file(files: dict[str, bytes]) -> None:
    digests, unlisted = json.loads(files["digests.json"]), ("digests.json", "signature.json")
    assert digests == {name: sha256(content) for name, content in files.items() if name not in unlisted}


def test_titles_with_quotes_are_quoted_in_the_citation() -> None:
    citation = write_citation('A "round": one', "Half of them.", "ab" * 32)
    assert 'title: "A \\"round\\": one"\n' in citation
    assert f'value: "sha256:{"ab" * 32}"\n' in citation
