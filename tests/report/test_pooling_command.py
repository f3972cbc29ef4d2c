"""`firstglance report A.zip B.zip`."""

import json
from pathlib import Path

from click.testing import CliRunner

from app.cli.report import report_command
from app.foundation.settings import Settings
from tests.conftest import without_figures


def test_exports_are_pooled_on_the_command_line(two_exports: tuple[Path, Path], tmp_path: Path) -> None:
    paths = [str(path) for path in two_exports]
    settings = Settings(data=tmp_path)
    with without_figures():
        plain = CliRunner().invoke(report_command, paths, obj=settings)
        as_json = CliRunner().invoke(report_command, [*paths, "--json"], obj=settings)
    assert plain.exit_code == 0, plain.output
    assert "over 2 rounds" in plain.output
    assert "heterogeneity" in plain.output
    assert json.loads(as_json.output)["difference"]["strata"] == 2
    assert "Nothing from outside confirms them here" in plain.output
    assert json.loads(as_json.output)["anchored"] is False
