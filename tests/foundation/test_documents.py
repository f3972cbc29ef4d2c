"""Documents of text in files."""

from pathlib import Path

import pytest

from app.foundation.documents import read_documents
from app.foundation.errors import CorpusError


def test_a_line_of_json_that_nests_too_deeply_is_refused_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"text": "words"}\n' + '{"text": ' + "[" * 100_000)
    with pytest.raises(CorpusError, match=r'lines\.jsonl line 2 is not JSON with a "text"; repair or delete that line'):
        list(read_documents([path], tmp_path))
