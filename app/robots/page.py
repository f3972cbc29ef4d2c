"""Pages as a script reads them: their forms with hidden fields, the peaks they mark, and how far they are."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from app.foundation.errors import FirstGlanceError

PASSAGE = re.compile(r"<pre\b[^>]*>(.*?)</pre>", re.DOTALL)
PEAK = re.compile(r"<mark\b[^>]*\bdata-peak\b[^>]*>.*?</mark>", re.DOTALL)
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


class ScriptError(FirstGlanceError):
    """A page was not what a scripted visitor expected."""


@dataclass
class HtmlForm:
    """One form: where it goes and what it carries unseen."""

    action: str
    step: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class HtmlPage:
    """What a script needs of a page."""

    step: str = ""
    """`data-step` of the main element, such as `done`."""
    forms: list[HtmlForm] = field(default_factory=list)
    peaks: list[str] = field(default_factory=list)
    """Text of each marked peak, in the order of the passages."""

    def form(self, step: str) -> HtmlForm | None:
        """The form of that step, if the page has it."""
        return next((one for one in self.forms if one.step == step), None)

    def require(self, step: str) -> HtmlForm:
        """The form of that step. Raises ScriptError if the page lacks it."""
        found = self.form(step)
        if found is None:
            msg = f"the page has no form for the step “{step}”"
            raise ScriptError(msg)
        return found


def read_page(html: str) -> HtmlPage:
    """Parse a page. Of its passages, which are most of it, only the peaks go through the parser: that takes a fifth."""
    reader = _Reader()
    reader.feed(PASSAGE.sub(lambda found: f"<pre>{''.join(PEAK.findall(found[1]))}</pre>", html))
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    """Walks a page once; `_peak_depth` counts open elements inside the peak that is being read."""

    def __init__(self) -> None:
        super().__init__()
        self.page = HtmlPage()
        self._form: HtmlForm | None = None
        self._in_passage = False
        self._peak_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.page.step = given.get("data-step", "")
        if tag == "form":
            self._form = HtmlForm(given.get("action", ""), given.get("data-step", ""))
            self.page.forms.append(self._form)
        if tag == "input" and given.get("type") == "hidden" and self._form is not None:
            self._form.fields[given.get("name", "")] = given.get("value", "")
        self._open(tag, given)

    def _open(self, tag: str, given: dict[str, str]) -> None:
        if tag in VOID:
            return
        if tag == "pre":
            self._in_passage = True
        if self._peak_depth:
            self._peak_depth += 1
        elif self._in_passage and "data-peak" in given:
            self._peak_depth = 1
            self.page.peaks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "pre":
            self._in_passage = False
        if self._peak_depth and tag not in VOID:
            self._peak_depth -= 1

    def handle_data(self, data: str) -> None:
        if self._peak_depth:
            self.page.peaks[-1] += data
