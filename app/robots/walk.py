"""A walk through a round, from the invitation to the end: the robot's `Answers` answer every page."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from app.robots.page import HtmlPage, RobotError
from app.robots.visitor import Visitor

ENDS = frozenset({"done", "phase"})
"""A walk ends at a page with one of these steps: nothing is left to judge. The blinding question may name the arms to
exposed evaluators, so a walk ends before it by default."""
MOST_PAGES = 100_000

AnswerTo = Callable[[HtmlPage], str]


def no_answer(_page: HtmlPage) -> str:
    """An empty answer."""
    return ""


@dataclass(frozen=True)
class Answers:
    """How a robot answers each kind of question, given the page that asks it. It agrees to take part in any case."""

    verdict: AnswerTo
    hypothesis: AnswerTo = no_answer
    guess: AnswerTo = no_answer
    """The answer to the blinding question: which model an item is from, or on which pile it belongs."""


def walk_round(visitor: Visitor, token: str, answers: Answers, ends: Collection[str] = ENDS) -> Iterator[HtmlPage]:
    """Open an invitation and yield every page up to the end, each before it is answered.

    Raises RobotError on a page that is neither an end nor a question, and if the round does not end.
    """
    visitor.get(f"/i/{token}")
    page = visitor.post(f"/i/{token}", {})
    for _ in range(MOST_PAGES):
        yield page
        if page.step in ends:
            return
        page = _next_page(visitor, page, answers)
    msg = f"the round did not end after {MOST_PAGES} pages"
    raise RobotError(msg)


def _next_page(visitor: Visitor, page: HtmlPage, answers: Answers) -> HtmlPage:
    """Answer a page, and return the page that follows."""
    if page.step == "instructions":
        return visitor.get("/judge")
    if page.step in ("consent", "phase"):
        return visitor.send(page.require_form(page.step))
    if page.step == "verdict":
        return visitor.send(page.require_form("verdict"), verdict=answers.verdict(page))
    if page.step == "hypothesis":
        return visitor.send(page.require_form("hypothesis"), hypothesis=answers.hypothesis(page), comment="")
    if page.step == "guess":
        return visitor.send(page.require_form("guess"), guess=answers.guess(page))
    msg = f"a robot does not know how to go on from the page “{page.step or 'without a step'}”"
    raise RobotError(msg)
