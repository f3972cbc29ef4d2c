"""The benchmarks measure what is shipped: they stand on the app alone."""

import ast
from pathlib import Path

import pytest

from tests.architecture.names import imported

BENCHMARKS = sorted((Path(__file__).resolve().parents[2] / "bench").glob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.name)
def test_a_benchmark_imports_nothing_from_the_tests(path: Path) -> None:
    modules = [module for _, module in imported(ast.parse(path.read_text(encoding="utf-8")))]
    assert [module for module in modules if module.split(".")[0] == "tests"] == []
