"""The item page: a page shell around passages that were rendered at the seal. All responses have the same length."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.foundation.digest import sha256
from app.foundation.errors import JudgmentError
from app.judging.public_design import PublicDesign
from app.rounds.aids import Aids
from app.rounds.aids_key import read_stored_aids
from app.services.item_pages import ItemPage
from app.tasks.item import PracticeAnswer
from app.tasks.rubric import AnswerChoice, Rubric
from app.web import language
from app.web.dependencies import aids_keys_of_server
from app.web.evaluator.aids_view import AidsView, build_aids_view
from app.web.evaluator.padding import gzipped, padded
from app.web.evaluator.passages import FRAGMENT_WORDS, render_with_strengths, translate_fragment
from app.web.security import derive_form_token, evaluator_session_token
from app.web.templating import render_text

PASSAGES_PLACEHOLDER = "\N{OBJECT REPLACEMENT CHARACTER}passages\N{OBJECT REPLACEMENT CHARACTER}"
"""Marks the position of the passages in the template's output."""
CONTENT_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True)
class LatestAnswer:
    """The latest answer on an item, to fill in its form; empty if the item has none."""

    verdict: str = ""
    label: str = ""
    """The text on the verdict's button."""
    hypothesis: str = ""
    confidence: int | None = None
    comment: str = ""


@dataclass(frozen=True)
class ItemView:
    """The variables of the item page's template."""

    item_page: ItemPage
    design: PublicDesign
    rubric: Rubric
    """In the reader's language."""
    heading: str
    progress_text: str
    answer_choices: Sequence[AnswerChoice]
    latest_answer: LatestAnswer
    changing: bool
    """Whether the page asks to change a verdict."""
    practice_answer: PracticeAnswer | None
    """The expected answer of a practice item; None for other items."""
    expected_label: str
    """The text on the button of that answer; empty for other items."""
    aids_view: AidsView | None
    """The aids that the evaluator opened; None also if their key was lost since."""
    reader_id: str
    """Separates what scripts store in a browser that several evaluators share."""
    form_token: str
    passages_markup: Markup


def item_response(request: Request, item_page: ItemPage) -> Response:
    """The page of an item, of the same length as every other item's, compressed if the browser takes gzip."""
    language.choose_language(request)
    aids = _opened_aids(request, item_page)
    head, tail = _page_shell(request, _item_view(item_page, aids, evaluator_session_token(request)))
    fragment = _translated_passages(_passages_html(item_page, aids), language.current_language())
    plain_size, gzip_size = item_page.visit.response_sizes
    headers = {"Content-Type": CONTENT_TYPE, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = gzipped(head, fragment, tail, gzip_size)
        return Response(body, headers=headers | {"Content-Encoding": "gzip"})
    return Response(padded(head + fragment + tail, plain_size), headers=headers)


def answer_choices(design: PublicDesign) -> list[AnswerChoice]:
    """The answers that the design allows, in the order of their keys, with their labels as this reader sees them."""
    choices = design.rubric.labelled_choices(cannot_judge=design.cannot_judge)
    return [choice.model_copy(update={"label": language.gettext(choice.label)}) for choice in choices]


def _labels(design: PublicDesign) -> dict[str, str]:
    """{answer: the text on its button, as this reader sees it}."""
    return {choice.value: choice.label for choice in answer_choices(design)}


def _item_view(item_page: ItemPage, aids: Aids | None, session_token: str) -> ItemView:
    design, due = item_page.visit.design, item_page.due
    practice_answer = design.practice_answers.get(due.item_code)
    return ItemView(
        item_page=item_page,
        design=design,
        rubric=design.rubric.translated(language.gettext),
        heading=_heading(item_page),
        progress_text=_progress_text(item_page),
        answer_choices=answer_choices(design),
        latest_answer=_latest_answer(item_page),
        changing=due.standing_answer is not None and due.asks == "verdict",
        practice_answer=practice_answer,
        expected_label=_labels(design).get(practice_answer["verdict"], "") if practice_answer else "",
        aids_view=build_aids_view(aids) if aids else None,
        reader_id=sha256(item_page.visit.evaluator_id.encode())[:12],
        form_token=derive_form_token(session_token),
        passages_markup=Markup(PASSAGES_PLACEHOLDER),  # noqa: S704 - a constant
    )


def _latest_answer(item_page: ItemPage) -> LatestAnswer:
    judgment = item_page.latest_judgment
    if judgment is None:
        return LatestAnswer()
    label = _labels(item_page.visit.design).get(judgment.verdict, "")
    return LatestAnswer(judgment.verdict, label, judgment.hypothesis, judgment.confidence, judgment.comment)


def _opened_aids(request: Request, item_page: ItemPage) -> Aids | None:
    """The aids that the evaluator opened after their verdict; None also if their key was lost since."""
    if item_page.stored_aids is None:
        return None
    with suppress(JudgmentError):
        return read_stored_aids(item_page.stored_aids, aids_keys_of_server(request).in_file(item_page.visit.round_id))
    return None


def _passages_html(item_page: ItemPage, aids: Aids | None) -> bytes:
    """The passages as rendered at the seal, or with strengths if the aids are open."""
    if item_page.stored_aids is None or aids is None:
        return item_page.passages_html
    return render_with_strengths(item_page.stored_aids.item, aids.strengths, item_page.visit.design)


def _heading(item_page: ItemPage) -> str:
    if item_page.is_practice:
        return language.gettext("Practice %(number)s of %(total)s") % vars(item_page)
    if _total_is_unknown(item_page):
        return language.gettext("Item %(number)s") % vars(item_page)
    return language.gettext("Item %(number)s of %(total)s") % vars(item_page)


def _progress_text(item_page: ItemPage) -> str:
    """How many items are done, as a count and never as a percentage."""
    if item_page.is_practice:
        return _heading(item_page)
    if _total_is_unknown(item_page):
        return language.gettext("%(done)s done") % vars(item_page)
    return language.gettext("%(done)s of %(total)s done") % vars(item_page)


def _total_is_unknown(item_page: ItemPage) -> bool:
    """Whether the number of items is unknown, because they are leased one at a time."""
    return item_page.visit.design.assignment == "overlap" and item_page.due.asks != "guess"


def _page_shell(request: Request, view: ItemView) -> tuple[bytes, bytes]:
    """The HTML of the page before its passages and after them."""
    head, _, tail = render_text(request, "evaluator/item.html", **vars(view)).partition(PASSAGES_PLACEHOLDER)
    return head.encode(), tail.encode()


@lru_cache(maxsize=512)
def _translated_passages(fragment: bytes, language_code: str) -> bytes:
    """The passages with their headings in the language of this code."""
    if language_code == language.SOURCE_LANGUAGE:
        return fragment
    return translate_fragment(fragment, {word: language.gettext(word) for word in FRAGMENT_WORDS})
