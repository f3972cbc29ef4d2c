"""What a harvest writes into an archive."""

import json

from app.archive.archive import Archive


def test_special_tokens_are_left_out_of_snippets(archive: Archive) -> None:
    for snippet in archive.snippets(0, 1):
        assert b"<|bos|>" not in snippet.pieces
        assert len(snippet.pieces) == len(snippet.activations)


def test_the_manifest_says_what_was_harvested(archive: Archive) -> None:
    written = json.loads((archive.path / "manifest.json").read_text())
    assert written["model"]["activation"] == "gelu"
    assert written["corpus"]["spec"].endswith(archive.manifest.corpus.spec)
    assert written["counts"]["skipped_documents"] == 1
    assert written["counts"]["live"] + written["counts"]["dead"] == 48
    assert {"torch", "numpy", "pyarrow", "tokenizers", "firstglance"} <= written["versions"].keys()
