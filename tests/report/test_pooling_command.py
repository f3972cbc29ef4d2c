"""`firstglance report A.zip B.zip`."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from app.cli.reports import report_command
from app.foundation.settings import Settings
from app.report.export import export_zip

Making = Any


def test_exports_are_pooled_on_the_command_line(making: Making, tmp_path: Path) -> None:
    paths = []
    for seed in (5, 6):
        observations = making.simulated(seed, strata=("1L/0",), shown=8)
        path = tmp_path / f"{seed}.zip"
        path.write_bytes(export_zip(making.bundle_of(observations, making.frame_of(observations))))
        paths.append(str(path))
    settings = Settings(data=tmp_path)
    plain = CliRunner().invoke(report_command, paths, obj=settings)
    assert plain.exit_code == 0, plain.output
    assert "over 2 rounds" in plain.output
    assert "heterogeneity" in plain.output
    as_json = CliRunner().invoke(report_command, [*paths, "--json"], obj=settings)
    assert json.loads(as_json.output)["difference"]["strata"] == 2
