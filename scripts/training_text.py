"""Gather the demo models' training text: prose from Debian packages, code from PyPI packages.

    python scripts/training_text.py OUT

writes OUT/prose/*.txt and OUT/code/*.py, then `firstglance train OUT ...` trains on that folder.
Any other folder of text can be used; the demo models were trained on this one.
It has nothing from Python's standard library, because the demo harvests the models on that library,
and a model should not be harvested on the text that it was trained on.
"""

import argparse
import gzip
import hashlib
import html
import html.parser
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

DEBIAN = [
    "linux-doc-6.1",
    "debian-handbook",
    "postgresql-doc-15",
    "debian-reference-en",
    "sqlite3-doc",
    "jargon-text",
    "fortunes",
    "developers-reference",
    "harden-doc",
    "installation-guide-amd64",
    "doc-debian",
    "debian-faq",
    "git-doc",
    "dict-gcide",
    "dict-jargon",
]
PYPI = [
    "sympy==1.14.0",
    "django==5.2.1",
    "networkx==3.4.2",
    "nltk==3.9.1",
    "twisted==24.11.0",
    "sqlalchemy==2.0.40",
    "sphinx==8.1.3",
    "docutils==0.21.2",
    "pandas==2.2.3",
]
LARGEST_PACKAGE = 9_000_000  # bytes of text from one package, so that no package dominates
SMALLEST_FILE, LARGEST_FILE = 400, 300_000


class _TextOfPage(html.parser.HTMLParser):
    """Collects the running text of a page, one paragraph a line."""

    hidden_tags = ("script", "style", "nav", "title", "head")
    breaking_tags = ("p", "div", "li", "h1", "h2", "h3", "h4", "pre", "tr", "dt", "dd", "br")

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's name
        self.hidden_depth += tag in self.hidden_tags
        if tag in self.breaking_tags:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden_depth -= tag in self.hidden_tags

    def handle_data(self, data: str) -> None:
        if self.hidden_depth <= 0:
            self.parts.append(data)

    def text(self) -> str:
        lines = (line.strip() for line in "".join(self.parts).splitlines())
        return "\n".join(line for line in lines if line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    written_digests: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        downloads = Path(name)
        for package in DEBIAN:
            folder = _unpack_debian_package(package, downloads)
            _write_texts(out / "prose", package, ".txt", _english_texts(folder), written_digests)
        for package in PYPI:
            folder = _install_pypi_package(package, downloads)
            _write_texts(out / "code", package.split("==")[0], ".py", _python_sources(folder), written_digests)


def _unpack_debian_package(package: str, downloads: Path) -> Path:
    subprocess.run(["apt-get", "download", "-qq", package], cwd=downloads, check=True)
    folder = downloads / package
    archive = next(downloads.glob(f"{package}_*.deb"))
    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
    return folder


def _install_pypi_package(package: str, downloads: Path) -> Path:
    folder = downloads / package
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), package]
    subprocess.run(command, check=True)
    return folder


def _english_texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        text = _read_text(path)
        if text is not None and _is_english(text):
            yield text


def _is_english(text: str) -> bool:
    """Manuals come in many languages; English has its article at least once in 400 characters."""
    return len(text) < 400 * text.lower().count(" the ")


def _read_text(path: Path) -> str | None:
    """The text of a manual or collection, without markup; None if the file is neither."""
    text_suffixes = [suffix for suffix in path.suffixes if suffix in (".gz", ".dz", ".txt", ".rst", ".html")]
    is_plain_text = path.parent.name in ("fortunes", "dictd") and path.suffix in ("", ".dz")
    if not text_suffixes and not is_plain_text:
        return None
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    text = data.decode("utf-8", errors="ignore")
    if "html" in "".join(text_suffixes):
        page = _TextOfPage()
        page.feed(text)
        return page.text()
    return text


def _python_sources(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        if "locale" not in path.parts:
            yield path.read_text(encoding="utf-8", errors="ignore")


def _write_texts(folder: Path, package: str, suffix: str, texts: Iterator[str], written_digests: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    count, total = 0, 0
    for full_text in texts:
        for start in range(0, len(full_text), LARGEST_FILE):
            text = full_text[start : start + LARGEST_FILE]
            digest = hashlib.sha256(text.encode()).hexdigest()
            if len(text) < SMALLEST_FILE or digest in written_digests or total > LARGEST_PACKAGE:
                continue
            written_digests.add(digest)
            (folder / f"{package}-{count:05d}{suffix}").write_text(text, encoding="utf-8")
            count, total = count + 1, total + len(text)
    print(f"{package}: {count} files, {total / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
