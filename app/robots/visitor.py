"""Scripted evaluators: they read their pages over HTTP as a browser would, and answer by a rule that is stated here.

INTERPRETABLE if at least a given share of the snippets' peak tokens are the same word, ignoring case and spaces. Each
lapses (gives the other answer) on a seeded share of the items. They know nothing but what their pages show.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import httpx2

from app.robots.page import HtmlForm, HtmlPage, ScriptError, read_page

LAPSE = 0.05
AT_ONCE = {"X-First-Glance-Swap": "1"}
"""As the pages' own script asks: the next page in the answer itself, where there is one, and not a redirect to it."""
MOST_PAGES = 100_000


@dataclass(frozen=True)
class Rule:
    """A mechanical evaluator."""

    name: str
    share: float
    """Least share of peaks that are one word for INTERPRETABLE."""
    seed: int
    """Of the lapses."""

    def verdict(self, peaks: Sequence[str], lapses: random.Random) -> str:
        """The verdict on one item's peaks."""
        same = most_common_share(peaks) >= self.share
        if lapses.random() < LAPSE:
            same = not same
        return "interpretable" if same else "not_interpretable"


RULES = (Rule("first", 0.8, 1), Rule("second", 0.7, 2), Rule("third", 0.9, 3))


def most_common_share(peaks: Sequence[str]) -> float:
    """The share of peaks that are the most common word, ignoring case and spaces; 0 without peaks."""
    words = Counter("".join(peak.split()).lower() for peak in peaks)
    return max(words.values()) / len(peaks) if peaks else 0.0


class Visitor:
    """Someone with a browser of their own: cookies, and forms sent back with their hidden fields."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    @classmethod
    @contextmanager
    def of(cls, base: str) -> Iterator[Self]:
        """A visitor of the server at an address."""
        headers = {"Origin": base}
        with httpx2.Client(base_url=base, follow_redirects=True, timeout=60, headers=headers) as client:
            yield cls(client)

    def get(self, path: str) -> HtmlPage:
        """Read a page."""
        return read_page(self._checked(self._client.get(path)).text)

    def download(self, path: str) -> bytes:
        """Fetch a file."""
        return self._checked(self._client.get(path)).content

    def post(self, path: str, fields: dict[str, str]) -> HtmlPage:
        """Send a form and read the page that it leads to."""
        return read_page(self._checked(self._client.post(path, data=fields, headers=AT_ONCE)).text)

    def send(self, form: HtmlForm, **answers: str) -> HtmlPage:
        """Send a form's hidden fields with answers."""
        return self.post(form.action, form.fields | answers)

    def _checked(self, response: httpx2.Response) -> httpx2.Response:
        if response.is_error:
            msg = f"{response.request.method} {response.request.url.path} answered {response.status_code}"
            raise ScriptError(msg)
        return response


def judge_everything(visitor: Visitor, token: str, rule: Rule) -> int:
    """Open an invitation and judge every item by the rule; gives how many verdicts were sent."""
    lapses = random.Random(rule.seed)
    verdicts = 0
    visitor.get(f"/i/{token}")
    page = visitor.post(f"/i/{token}", {})
    for _ in range(MOST_PAGES):
        if page.step == "done":
            return verdicts
        verdicts += page.form("verdict") is not None
        page = _answer(visitor, page, rule, lapses)
    msg = f"the round did not end after {MOST_PAGES} pages"
    raise ScriptError(msg)


def _answer(visitor: Visitor, page: HtmlPage, rule: Rule, lapses: random.Random) -> HtmlPage:
    """Answer whatever the page asks: the verdict by the rule, everything else by going on."""
    verdict = page.form("verdict")
    if verdict is not None:
        return visitor.send(verdict, verdict=rule.verdict(page.peaks, lapses))
    hypothesis = page.form("hypothesis")
    if hypothesis is not None:
        return visitor.send(hypothesis, hypothesis="", comment="")
    consent = page.form("consent")
    if consent is not None:
        return visitor.send(consent)
    if page.step == "instructions":
        return visitor.get("/judge")
    msg = f"a scripted evaluator does not know how to go on from the page “{page.step or 'without a step'}”"
    raise ScriptError(msg)
