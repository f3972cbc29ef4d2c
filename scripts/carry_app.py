"""Hatchling's hook for the wheel: it carries `app` inside `firstglance`, so that no package called `app` is installed.

In a checkout First Glance's code is the package `app`. Beside other people's packages that is no good name: many a
project has an `app.py` or a package of that name, and the first on Python's path hides the others. In the wheel the
code is `firstglance.app`. So the hook writes each file with every import of `app` renamed, and every text that is the
name of a module, as the tables of commands have it. Nothing else is changed, and the code knows nothing of it.
"""

import io
import re
import shutil
import tempfile
import tokenize
from collections.abc import Iterator
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HOME = "firstglance"
"""The package that carries `app`."""
MODULE_IN_TEXT = re.compile(r"""(["'])app((?:\.[a-z_][a-z0-9_]*)+)\1""")
"""A text that is the name of a module, as the tables of commands have it."""
SOURCES = {"firstglance": "firstglance", "app": "firstglance/app", "migrations": "firstglance/app/_shipped/migrations"}
"""{folder of the checkout: where its Python files are in the wheel}"""
LINE_STARTS = {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.COMMENT}


class CarryApp(BuildHookInterface):  # type: ignore[misc]  # hatchling says nothing about its types
    """Puts First Glance's Python files into the wheel under their names there."""

    def initialize(self, version: str, build_data: dict[str, dict[str, str]]) -> None:
        """Write the renamed files, and tell hatchling where they go. An editable install uses the checkout as it is."""
        if version == "editable":
            return
        self.renamed_folder = Path(tempfile.mkdtemp(prefix="firstglance-wheel-"))
        for source, target in renamed_files(Path(self.root), self.renamed_folder):
            build_data["force_include"][str(source)] = target

    def finalize(self, version: str, build_data: object, artifact_path: str) -> None:  # noqa: ARG002 - hatchling's
        """Remove the renamed files."""
        if version != "editable":
            shutil.rmtree(self.renamed_folder)


def renamed_files(root: Path, folder: Path) -> Iterator[tuple[Path, str]]:
    """(file written in `folder`, its path in the wheel) of every file of Python that the wheel has."""
    for source_folder, target_folder in SOURCES.items():
        for path in sorted((root / source_folder).rglob("*")):
            if path.suffix not in {".py", ".mako", ".typed"}:
                continue
            target = Path(target_folder) / path.relative_to(root / source_folder)
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8")
            (folder / target).write_text(renamed_imports(text) if path.suffix == ".py" else text, encoding="utf-8")
            yield folder / target, target.as_posix()


def renamed_imports(source: str) -> str:
    """A file's text with `firstglance.app` in place of `app` where it is imported, or named as a module in a text.

    Raises ValueError for `import app`, which would bind another name then.
    """
    lines = source.splitlines(keepends=True)
    for row, column, word, new_word in reversed(list(_replacements(source))):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + new_word + line[column + len(word) :]
    return "".join(lines)


def _replacements(source: str) -> Iterator[tuple[int, int, str, str]]:
    """(row from 1, column, word, its new word) of everything that is renamed."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for index, token in enumerate(tokens):
        if token.type == tokenize.STRING and (module := MODULE_IN_TEXT.fullmatch(token.string)):
            quote, rest = module.groups()
            yield *token.start, token.string, f"{quote}{HOME}.app{rest}{quote}"
        elif token.type == tokenize.NAME and token.string == "app" and index:
            keyword, is_statement = tokens[index - 1].string, _begins_a_line(tokens, index - 1)
            if is_statement and keyword == "import":
                msg = f"line {token.start[0]} imports app as such; write `from app... import` instead"
                raise ValueError(msg)
            if is_statement and keyword == "from":
                yield *token.start, "app", f"{HOME}.app"


def _begins_a_line(tokens: list[tokenize.TokenInfo], index: int) -> bool:
    return index == 0 or tokens[index - 1].type in LINE_STARTS or tokens[index - 1].string in {":", ";"}
