"""Pages as a robot reads them: attributes of the main element, forms with hidden fields, and passages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

from app.foundation.errors import FirstGlanceError

PASSAGE = re.compile(r"<pre\b[^>]*>(.*?)</pre>", re.DOTALL)
PEAK = re.compile(r"<mark\b[^>]*\bdata-peak\b[^>]*>.*?</mark>", re.DOTALL)


class RobotError(FirstGlanceError):
    """A page was not what a robot expected."""


@dataclass(frozen=True)
class HtmlForm:
    """A form: the address it is sent to, the step it takes, and its hidden fields."""

    action: str
    step: str
    fields: dict[str, str] = field(default_factory=dict)
    button_values: list[str] = field(default_factory=list)
    """The values of its buttons, in order."""


class PassageText(NamedTuple):
    """A part of a passage's text, either in one mark or without a mark."""

    text: str
    mark: Mapping[str, str]
    """Attributes of the mark around the text; empty if the text is not marked."""


@dataclass
class HtmlPage:
    """The parts of a page that a robot needs."""

    main: dict[str, str] = field(default_factory=dict)
    """Attributes of the main element."""
    heading: str = ""
    forms: list[HtmlForm] = field(default_factory=list)
    passage_texts: list[list[PassageText]] = field(default_factory=list)

    @property
    def step(self) -> str:
        """The step that the page asks for, such as `verdict`; on the last page `done`."""
        return self.main.get("data-step", "")

    @property
    def item(self) -> str:
        """Code of the item that is shown; empty if the page shows none."""
        return self.main.get("data-item", "")

    @property
    def answers(self) -> list[str]:
        """The answers to the question that the page asks, in the order of its buttons."""
        return self.require_form(self.step).button_values

    @property
    def peaks(self) -> list[str]:
        """Text of each passage's peak."""
        return ["".join(piece.text for piece in passage if "data-peak" in piece.mark) for passage in self.passage_texts]

    def form(self, step: str) -> HtmlForm | None:
        """The form of that step, if the page has it."""
        return next((form for form in self.forms if form.step == step), None)

    def require_form(self, step: str) -> HtmlForm:
        """The form of that step. Raises RobotError if the page lacks it."""
        form = self.form(step)
        if form is None:
            msg = f"the page has no form for the step “{step}”"
            raise RobotError(msg)
        return form


def read_page(html: str) -> HtmlPage:
    """Read a page with only the peaks of its passages, which takes a fifth of the time of `read_whole_page`."""
    return read_whole_page(PASSAGE.sub(lambda passage: f"<pre>{''.join(PEAK.findall(passage[1]))}</pre>", html))


def read_whole_page(html: str) -> HtmlPage:
    """Read a page with all the text of its passages."""
    reader = _PageReader()
    reader.feed(html)
    reader.close()
    return reader.page


class _PageReader(HTMLParser):
    """Reads a page once. It skips `template` elements: their content is not on the page until a script inserts it."""

    def __init__(self) -> None:
        super().__init__()
        self.page = HtmlPage()
        self._inside = {"form": False, "h1": False, "pre": False, "template": False}
        self._marks: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._inside:
            self._inside[tag] = True
        if not self._inside["template"]:
            self._open(tag, {name: value or "" for name, value in attrs})

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "main":
            self.page.main = attributes
        elif tag == "form":
            self.page.forms.append(HtmlForm(attributes.get("action", ""), attributes.get("data-step", "")))
        elif tag == "input" and attributes.get("type") == "hidden" and self._inside["form"]:
            self.page.forms[-1].fields[attributes.get("name", "")] = attributes.get("value", "")
        elif tag == "button" and "value" in attributes and self._inside["form"]:
            self.page.forms[-1].button_values.append(attributes["value"])
        elif tag == "li" and "data-passage" in attributes:
            self.page.passage_texts.append([])
        elif tag == "mark":
            self._marks.append(attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside[tag] = False
        if tag == "mark" and self._marks:
            self._marks.pop()
        if tag == "h1":
            self.page.heading = self.page.heading.strip()

    def handle_data(self, data: str) -> None:
        if self._inside["h1"]:
            self.page.heading += data
        if self._inside["pre"] and self.page.passage_texts:
            self.page.passage_texts[-1].append(PassageText(data, self._marks[-1] if self._marks else {}))
