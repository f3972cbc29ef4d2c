"""The documents of a corpus: their order, and how much of them is read."""

from pathlib import Path

from app.archive.archive import Archive
from app.harvest.harvests import harvest_model
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.harvest.text.corpus import Corpus
from app.harvest.text.long_texts import LONGEST_PART
from app.models.model_folder import LoadedModel
from tests.harvest.windows_of_text import code_points, read_windows, texts_of_windows


def test_the_order_of_documents_comes_from_the_seed(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.txt").write_text(str(number))
    orders = [texts_of_windows(read_windows(tmp_path, seed)) for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


def test_no_more_of_a_long_text_is_tokenised_than_is_needed(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("some words\n" * 500_000)
    tokenised = []

    def encode(texts: list[str]) -> list[list[int]]:
        tokenised.extend(texts)
        return code_points(texts)

    windows = Corpus(str(tmp_path / "long.txt"), 0).windows(encode, 100, 10)
    assert [next(windows).label for _ in range(50)][-1] == "long.txt:4410"
    assert len(tokenised) == 1
    assert len(tokenised[0]) <= LONGEST_PART


def test_ten_megabytes_without_white_space_are_harvested(model: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("0123456789abcdef" * 640_000)
    options = HarvestOptions(tokens=2000, window=90, k=2, sample=10).top_only()
    archive: Archive = harvest_model(
        model, "tiny", str(tmp_path / "long.txt"), tmp_path / "out", options, report_nothing
    )
    assert archive.manifest.corpus.documents == 1
    assert archive.manifest.corpus.tokens >= 2000
