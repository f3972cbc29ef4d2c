"""What pages and downloads make of hostile texts."""

from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.web.downloads import download_response
from app.web.templating import jinja_environment
from tests.hostile.texts import TEXTS, commanding_characters


class Elements(HTMLParser):
    """Names the elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element and its attributes."""
        self.names += [tag, *(name for name, _ in attrs)]


@pytest.mark.parametrize("hostile", TEXTS, ids=range(len(TEXTS)))
def test_a_template_writes_text_as_text(hostile: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<p title="{{ text }}" lang="en">{% trans %}For {{ text }}{% endtrans %}</p>', encoding="utf-8"
    )
    page = jinja_environment(tmp_path).get_template("page.html").render(text=hostile)
    elements = Elements()
    elements.feed(page)
    assert elements.names == ["p", "title", "lang"]
    assert not commanding_characters(unescape(page))


@pytest.mark.parametrize("hostile", [*TEXTS, 'a".csv', "naïve.csv", "../../etc/passwd"])
def test_the_name_of_a_download_is_one_name(hostile: str) -> None:
    header = download_response(b"", "text/csv", hostile).headers["content-disposition"]
    assert header.isascii()
    assert header.isprintable()
    plain_name, _, name = header.removeprefix('attachment; filename="').partition('"')
    assert not set(plain_name) & set('/\\;"')
    assert unquote(name.removeprefix("; filename*=UTF-8''")) == ("" if name == "" else hostile)
