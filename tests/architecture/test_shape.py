"""The code keeps its shape: short files, short functions, no path of a machine."""

import ast
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("app", "firstglance", "bench") for path in (ROOT / folder).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 400, 40
LONGEST_TEMPLATE, LONGEST_SCRIPT = 120, 80


def long_functions(path: Path) -> list[str]:
    """ "file:line name" of every function that is longer than it may be."""
    return [
        f"{path.name}:{node.lineno} {node.name}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def longer_than(limit: int, paths: Iterable[Path]) -> list[str]:
    return [path.name for path in paths if line_count(path) > limit]


def test_no_file_is_long() -> None:
    assert longer_than(LONGEST_FILE, SOURCES) == []


def test_no_function_is_long() -> None:
    assert [name for path in SOURCES for name in long_functions(path)] == []


def test_a_long_file_and_a_long_function_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "planted.py"
    path.write_text("def read() -> None:\n" + "    pass\n" * 40, encoding="utf-8")
    assert long_functions(path) == ["planted.py:1 read"]
    path.write_text("pass\n" * 401, encoding="utf-8")
    assert longer_than(LONGEST_FILE, [path]) == ["planted.py"]


def test_no_template_is_long() -> None:
    templates = (ROOT / "templates").rglob("*.html")
    assert longer_than(LONGEST_TEMPLATE, templates) == []


def test_no_script_of_a_page_is_long() -> None:
    scripts = (path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts)
    assert longer_than(LONGEST_SCRIPT, scripts) == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.name != "__init__.py" and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_packages_stay_empty_so_that_a_stage_can_be_imported_alone() -> None:
    fronts = {ROOT / "app", ROOT / "firstglance"}
    inits = [path for path in SOURCES if path.name == "__init__.py" and path.parent not in fronts]
    assert [str(path.relative_to(ROOT)) for path in inits if path.read_text(encoding="utf-8").strip()] == []


def test_only_the_tokens_file_has_colours() -> None:
    colour = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(")
    sheets = (path for path in (ROOT / "static").rglob("*.css") if "vendor" not in path.parts)
    offenders = [path.name for path in sheets if path.name != "tokens.css" and colour.search(path.read_text())]
    assert offenders == []


def test_no_committed_file_names_a_path_of_somebodys_machine() -> None:
    command = ["git", "grep", "-lIE", r"/(home|work|root)/[a-z]", "--", ".", ":!tests/architecture/test_shape.py"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.stdout.split() == []


def test_details_of_the_log_are_read_by_the_function_that_names_a_changed_log() -> None:
    unguarded = re.compile(r"\b(\w+Detail(V1)?|CarriedOver)\.model_validate")
    offenders = [str(path.relative_to(ROOT)) for path in SOURCES if unguarded.search(path.read_text(encoding="utf-8"))]
    assert offenders == []
