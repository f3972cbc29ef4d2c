"""The script in every export that checks it with Python's standard library alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.foundation.digest import canonical_bytes
from app.report.export import verify_standalone
from app.report.export.verify_standalone import Json, canonical_json
from app.report.export.zip_file import read_zip
from tests.report.tampering import replace_file, tamper


def test_an_export_verifies_with_the_script_in_it(exported: Path, tmp_path: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_bytes(read_zip(exported)["verify.py"])
    command = [sys.executable, "-I", str(script), str(exported)]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert "fraction of solu in 2L/0" in completed.stdout
    assert completed.stdout.endswith("Everything agrees.\n")


@pytest.mark.parametrize("name", ["allocation.json", "items.json", "chains.json", "events.json", "design.json"])
def test_the_script_reports_a_changed_file(
    exported: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.dumps(tamper(name, json.loads(read_zip(exported)[name])))
    assert verify_standalone.main(str(replace_file(exported, name, content.encode(), tmp_path))) == 1
    assert "WRONG" in capsys.readouterr().out


@pytest.mark.parametrize(
    "value",
    [
        0.0,
        -0.0,
        1.0,
        0.1,
        1e-7,
        1.5e-6,
        123456.789,
        1e20,
        1e21,
        5e-324,
        'naïve\u2028"\\\n\x1f',
        {"b": [1, None], "a": True},
    ],
)
def test_the_script_s_canonical_json_follows_rfc_8785(value: Json) -> None:
    assert canonical_json(value).encode() == canonical_bytes(value)
