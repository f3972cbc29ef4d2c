"""Files that others made come in by few doors, and each refuses what is too large, too deep or of another form."""

from pathlib import Path

import pytest

from tests.architecture.test_exits import used_names

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("app", "firstglance") for path in (ROOT / folder).rglob("*.py"))

READERS = {
    "app/archive/bounded_table.py": {"pq.read_table"},  # an archive's tables, in the columns of their schema
    "app/foundation/digest.py": {"json.loads"},  # stored JSON, whose digest is compared next
    "app/foundation/json_file.py": {"json.loads"},  # JSON that others made: `parse_json` has the limits
    "app/harvest/checkpoint.py": {"np.load"},  # arrays that this program left, without objects
    "app/harvest/text/parquet_rows.py": {"pq.ParquetFile"},  # 256 rows of a corpus at a time
    "app/models/tokenizer.py": {"json.loads"},  # what the library of tokenizers has read
    "app/models/training_checkpoint.py": {"torch.load"},  # tensors only
    "app/models/training_rows.py": {"np.load"},  # as the checkpoint
    "app/models/transformer_lens.py": {"torch.load"},  # tensors only
    "app/report/export/file_differences.py": {"json.loads", "pq.ParquetFile"},  # a table, value by value
    "app/report/export/rebuilt_files.py": {"json.loads"},  # files that were made a moment ago
    "app/report/export/strict_json.py": {"json.loads"},  # every JSON file of an export
    "app/report/export/verify_standalone.py": {"json.loads", "zipfile.ZipFile"},  # stands alone, and has both limits
    "app/report/export/zip_file.py": {"zipfile.ZipFile"},  # the only form of zip that is read
    "app/rounds/design.py": {"tomllib.loads"},  # of a text with a limit
    "app/services/results.py": {"json.loads"},  # the database's own, as the next three
    "app/store/judging.py": {"json.loads"},
    "app/store/rounds.py": {"json.loads"},
    "app/store/tables.py": {"json.loads"},
}
"""{file: the readers of other programs' formats that it calls}"""
WAYS_TO_READ = {
    "json.load", "json.loads", "zipfile.ZipFile", "tarfile.open", "pickle.load", "pickle.loads", "np.load",
    "tomllib.load", "tomllib.loads", "torch.load", "pq.read_table", "pq.ParquetFile", "yaml.safe_load", "gzip.open",
    "ElementTree.parse", "ET.parse", "shutil.unpack_archive",
}  # fmt: skip


def test_only_the_listed_files_read_what_others_made() -> None:
    uses = {str(path.relative_to(ROOT)): used_names(path.read_text("utf-8")) & WAYS_TO_READ for path in SOURCES}
    assert {path: names for path, names in uses.items() if names} == READERS


@pytest.mark.parametrize("planted", ["json.loads(text)", "def read():\n    return np.load(path)"])
def test_a_planted_reader_is_noticed(planted: str) -> None:
    assert used_names(planted) & WAYS_TO_READ
