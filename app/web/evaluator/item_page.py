"""The item page: a frame around passages that were rendered at the seal, in responses that all have one length."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.foundation.digest import sha256
from app.judging.public_design import PublicDesign
from app.rounds.rubric import CANNOT_JUDGE
from app.services.item_pages import ItemPage
from app.web import language
from app.web.evaluator.aids_view import aids_context
from app.web.evaluator.padding import gzipped, padded
from app.web.evaluator.passages import WORDS, render_with_strengths, translated
from app.web.evaluator.rubric_text import local
from app.web.security import EVALUATOR_COOKIE, form_token, session_of
from app.web.templating import text_of

SPLIT = "\N{OBJECT REPLACEMENT CHARACTER}passages\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands where the passages go; a text of an evaluator that held it would have been escaped on another line."""
TEXTS = ("verdict", "hypothesis", "confidence", "comment")
PLAIN = "text/html; charset=utf-8"


def item_response(request: Request, desk: ItemPage, **context: Any) -> Response:  # noqa: ANN401 - of the template
    """The page of an item, of the same length as every other item's, compressed if the browser takes gzip."""
    language.choose(request)
    head, tail = _frame(request, _context(request, desk) | context)
    fragment = _in_language(_passages(desk), language.current())
    plain, compressed = desk.visit.response_sizes
    headers = {"Content-Type": PLAIN, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = gzipped(head, fragment, tail, compressed)
        return Response(body, headers=headers | {"Content-Encoding": "gzip"})
    return Response(padded(head + fragment + tail, plain), headers=headers)


def _passages(desk: ItemPage) -> bytes:
    """What was rendered at the seal; with its strengths once the verdict is locked."""
    if desk.item_with_aids is None:
        return desk.passages_html
    item, aids = desk.item_with_aids
    return render_with_strengths(item, aids.strengths, desk.visit.design)


def _context(request: Request, desk: ItemPage) -> dict[str, Any]:
    design = desk.visit.design
    answers = answers_of(design)
    texts = desk.latest_judgment
    return {
        "answers": answers,
        "texts": {name: getattr(texts, name, None) or "" for name in TEXTS},
        "said": dict(answers).get(texts.verdict, "") if texts else "",
        "reader": sha256(desk.visit.evaluator_id.encode())[:12],
        "key": "",
        "heading": _heading(desk),
        "progress": _progress(desk),
        "desk": desk,
        "design": design,
        "wording": local(design.rubric),
        "form_token": form_token(session_of(request, EVALUATOR_COOKIE)),
        "training": desk.visit.design.training_answers.get(desk.due.item_code, {}),
        "again": desk.due.standing_answer is not None and desk.due.kind == "verdict",
        "passages": Markup(SPLIT),  # noqa: S704 - a constant
        "aids": aids_context(desk.item_with_aids[1]) if desk.item_with_aids else None,
    }


def _heading(desk: ItemPage) -> str:
    if desk.is_practice:
        return language.gettext("Practice %(number)s of %(total)s") % vars(desk)
    if desk.visit.design.assignment == "overlap" and desk.due.kind != "guess":
        return language.gettext("Item %(number)s") % vars(desk)
    return language.gettext("Item %(number)s of %(total)s") % vars(desk)


def _progress(desk: ItemPage) -> str:
    """A count, never a share; where items are given out one at a time there is no total to count against."""
    if desk.is_practice:
        return _heading(desk)
    if desk.visit.design.assignment == "overlap" and desk.due.kind != "guess":
        return language.gettext("%(done)s done") % vars(desk)
    return language.gettext("%(done)s of %(total)s done") % vars(desk)


def answers_of(design: PublicDesign) -> list[tuple[str, str]]:
    """The answers that the design allows, in the order of their keys, and their labels as this reader sees them."""
    wording = local(design.rubric)
    answers = [("interpretable", wording.interpretable), ("not_interpretable", wording.not_interpretable)]
    return [*answers, ("cannot_judge", language.gettext(CANNOT_JUDGE))] if design.cannot_judge else answers


def _frame(request: Request, context: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The page before and after its passages."""
    head, _, tail = text_of(request, "judging/item.html", context).partition(SPLIT)
    return head.encode(), tail.encode()


@lru_cache(maxsize=512)
def _in_language(fragment: bytes, name: str) -> bytes:
    """The fragment with its few own words in the reader's language."""
    return fragment if name == "en" else translated(fragment, {word: language.gettext(word) for word in WORDS})
