"""Static files: vendored ones are what their list says, colours live in one place, and nothing comes from elsewhere."""

import hashlib
import re

from app.foundation.paths import resource_folder
from app.robots.visitor import AT_ONCE
from app.web.evaluator.judging_pages import NEXT_PAGE_HEADER
from app.web.security import SECURITY_HEADERS
from app.web.templating import static_url

STATIC = resource_folder("static")
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(")
FIRST_VISIT = 150_000


def test_vendored_files_are_those_of_the_list() -> None:
    listed = dict(
        re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (STATIC / "VENDORED.md").read_text(), re.MULTILINE)
    )
    present = {path.relative_to(STATIC).as_posix() for path in (STATIC / "fonts").iterdir()}
    assert set(listed) == present
    for name, digest in listed.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_only_one_style_sheet_names_colours() -> None:
    sheets = {path.name: path.read_text() for path in (STATIC / "css").glob("*.css")}
    assert [name for name, text in sheets.items() if COLOUR.search(text)] == ["tokens.css"]


def test_no_style_sheet_or_script_is_long() -> None:
    for path in [*(STATIC / "css").glob("*.css"), *(STATIC / "js").glob("*.js")]:
        assert len(path.read_text().splitlines()) < (200 if path.suffix == ".css" else 80), path.name


def test_nothing_is_asked_of_another_site() -> None:
    for path in [*STATIC.rglob("*.css"), *STATIC.rglob("*.js"), *resource_folder("templates").rglob("*.html")]:
        assert not re.search(r"(?:https?:)?//[a-z]", path.read_text().replace("// ", "")), path


def test_no_template_has_a_style_or_a_script_of_its_own() -> None:
    for path in resource_folder("templates").rglob("*.html"):
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script>", path.read_text()), path


def test_addresses_change_with_the_content() -> None:
    assert re.fullmatch(r"/static/[0-9a-f]{8}/css/base\.css", static_url("css/base.css"))


def test_a_first_visit_is_light() -> None:
    files = [*(STATIC / "css").glob("*.css"), *(STATIC / "js").glob("*.js")]
    fonts = [path for path in (STATIC / "fonts").glob("*.woff2") if "ext" not in path.name]
    assert sum(path.stat().st_size for path in [*files, *fonts]) + 30_000 < FIRST_VISIT


def test_script_and_robots_name_the_headers_as_the_server_does() -> None:
    script = (STATIC / "js" / "sending.js").read_text()
    server_header, next_page_header = re.findall(r'"(X-First-Glance[\w-]*)"', script)
    assert server_header in SECURITY_HEADERS
    assert next_page_header.lower() == NEXT_PAGE_HEADER
    assert {next_page_header} == AT_ONCE.keys()
