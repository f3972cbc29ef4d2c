"""The export of a round whose names and answers are hostile: every file is what it should be, and it verifies."""

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from app.foundation.csv_table import read_records
from app.report.charts.all_charts import draw_charts
from app.report.export.bundle import UnblindedBundle
from app.report.export.figures import draw_figures
from app.report.export.pdf import write_pdf_report
from app.report.export.verify import verify_export
from tests.conftest import without_figures
from tests.hostile.conftest import NAMES, TITLE, TREATMENT
from tests.hostile.texts import commanding_characters
from tests.report.tampering import replace_file


def test_the_export_verifies(hostile_export: Path) -> None:
    with without_figures():
        verification = verify_export(hostile_export)
    assert verification.differences == []
    assert "report.pdf" not in {unchecked.name for unchecked in verification.unchecked}


def test_figures_are_xml_and_the_report_is_a_pdf(hostile_bundle: UnblindedBundle) -> None:
    result = hostile_bundle.result
    figures = draw_figures(result.analysis, ("svg",))
    assert len(figures) > 3
    for figure in [*figures.values(), *(chart.svg.encode() for chart in draw_charts(result.analysis).values())]:
        words = "".join(ElementTree.fromstring(figure).itertext())
        assert not commanding_characters(words)
    assert "<b>solu</b>" in "".join(ElementTree.fromstring(figures["figures/fractions.svg"]).itertext())
    pdf = write_pdf_report(TITLE, "ab" * 32, result.analysis, result.frame, figures)
    assert pdf.startswith(b"%PDF-")


def test_answers_are_read_back_from_the_tables_as_they_were_given(
    hostile_files: dict[str, bytes], hostile_bundle: UnblindedBundle
) -> None:
    given = {(judged.evaluator, judged.judgment.hypothesis) for judged in hostile_bundle.result.observations}
    rows = list(read_records(hostile_files["observations.csv"]))
    assert {(row["evaluator"], row["hypothesis"]) for row in rows} == given
    assert {row["evaluator"] for row in read_records(hostile_files["evaluators.csv"])} == set(NAMES)


@pytest.mark.parametrize("name", ["report.md", "README.md", "preregistration.md"])
def test_nothing_that_was_typed_is_markup_in_markdown(hostile_files: dict[str, bytes], name: str) -> None:
    text = hostile_files[name].decode()
    assert not commanding_characters(text)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in [*tokens, *inline]}
    assert kinds.isdisjoint({"html_block", "html_inline", "link_open", "em_open", "s_open"})
    images = [str(child.attrs["src"]) for child in inline if child.type == "image"]
    assert all(re.fullmatch(r"figures/[a-z]+\.svg", image) for image in images)
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    assert not [heading for heading in headings[1:] if "heading" in heading]
    if name != "preregistration.md":
        words = "".join(child.content for child in inline[: len(tokens[1].children or ())])
        assert words == TITLE


def test_the_citation_names_the_title_as_it_was_typed(hostile_files: dict[str, bytes]) -> None:
    citation = pytest.importorskip("yaml").safe_load(hostile_files["CITATION.cff"])
    assert citation["title"] == TITLE
    assert TREATMENT in citation["abstract"]


def test_the_script_in_the_export_prints_nothing_that_commands_a_terminal(
    hostile_export: Path, hostile_files: dict[str, bytes], tmp_path: Path
) -> None:
    script = tmp_path / "verify.py"
    script.write_bytes(hostile_files["verify.py"])
    forged = replace_file(hostile_export, "chains.json", _renamed(hostile_files["chains.json"]), tmp_path)
    for path in (hostile_export, forged):
        completed = subprocess.run(
            [sys.executable, str(script), str(path)], capture_output=True, text=True, check=False
        )
        assert "Traceback" not in completed.stderr
        assert not commanding_characters(completed.stdout + completed.stderr)
        assert completed.returncode == (1 if path == forged else 3)  # 3: it agrees with itself


def _renamed(chains: bytes) -> bytes:
    links = json.loads(chains)
    links[0]["entry"]["evaluator"] += "\x1b[2J"
    return json.dumps(links).encode()
