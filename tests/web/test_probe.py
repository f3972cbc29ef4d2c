"""The audit's probe: it walks wherever it is called from, and keeps what came over the wire."""

import asyncio
import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.types import Receive, Scope, Send

from app.foundation.errors import LifecycleError
from app.foundation.settings import Settings
from app.leak_audit.findings import find_names_in_responses
from app.leak_audit.responses import TAG, ProbeWalks
from app.store.round_copy import Probe
from app.store.tables import EvaluatorRow, ItemRow, RoundRow
from app.web.app import create_app
from app.web.leak_audit.probe import walk_as_probes
from tests.web.served_round import ServedRound

PROBE = Probe(id="probe", token="token", order_seed="00")


class OnePageSite:
    """Whoever comes in is led to one page, which asks for `step`."""

    def __init__(self, step: str) -> None:
        self.page = f'<main data-step="{step}">'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await receive()
        coming_in = scope["method"] == "POST"
        headers = [(b"location", b"/judge")] if coming_in else []
        await send({"type": "http.response.start", "status": 303 if coming_in else 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.page})


@pytest.fixture
def walks(served_round: ServedRound, tmp_path: Path) -> ProbeWalks:
    """Ada's invitation, followed by a probe; she has agreed to take part."""
    return walk_as_probes(
        create_app(Settings(data=tmp_path, https=True), served_round.database), [Probe("", served_round.token, "")]
    )


def test_a_probe_walks_from_within_a_running_event_loop() -> None:
    async def walk_inside() -> list[str]:
        return [response.request for response in walk_as_probes(OnePageSite("done"), [PROBE]).responses]

    with ThreadPoolExecutor(1) as pool:  # the browser tests of the same process have a loop in this thread
        requests = pool.submit(asyncio.run, walk_inside()).result()
    assert requests == ["GET /i", "POST /i", "GET /judge", "GET /judge/instructions"]


def test_a_probe_that_meets_an_unknown_page_ends_the_audit() -> None:
    with pytest.raises(LifecycleError, match=r"“rest”.*nothing was sealed"):
        walk_as_probes(OnePageSite("rest"), [PROBE])


def test_every_page_of_an_item_is_kept_plain_and_as_the_compressed_bytes_of_the_wire(walks: ProbeWalks) -> None:
    item_pages = [response for response in walks.responses if response.item_code]
    assert len(item_pages) == 5 * 2 * 2
    for plain, compressed in zip(item_pages[::2], item_pages[1::2], strict=True):
        assert (plain.gzip, compressed.gzip) == (False, True)
        assert (plain.item_code, plain.position) == (compressed.item_code, compressed.position)
        assert gzip.decompress(compressed.body).rstrip() == plain.body.rstrip()
        assert ("content-length", str(len(compressed.body))) in compressed.headers
        assert plain.seconds > 0
    assert [page.position for page in item_pages[::2]] == list(range(2, 12))  # after consent and instructions


def test_the_response_to_an_answer_is_kept_with_the_item_that_it_answered(walks: ProbeWalks) -> None:
    answered = [response.answered_item for response in walks.responses if response.request.startswith("POST /judge/")]
    items = [response.item_code for response in walks.responses if response.item_code and not response.gzip]
    assert ([code for code in answered if code], answered[0]) == (items, "")


def test_no_word_of_our_own_pages_names_an_arm(walks: ProbeWalks, served_round: ServedRound) -> None:
    """Whatever an arm is called: only words of the round's title and of the evaluator's name count."""
    with served_round.database.reading() as session:
        fragments = {row.code: row.html for row in session.scalars(select(ItemRow))}
        words_of_the_round = {*session.scalars(select(RoundRow.title)), *session.scalars(select(EvaluatorRow.name))}
    pages = [
        (response.body_without(fragment) + b"".join(TAG.findall(fragment))).decode()
        for response in walks.responses
        if not response.gzip
        for fragment in [fragments.get(response.item_code, b"")]
    ]
    codes = [*(secret.decode() for secret in walks.secrets), *fragments, r"/i/[\w-]+", "[0-9a-f]{8,}"]
    text = re.sub("|".join(codes), "", " ".join(pages))
    words = set(re.findall(r"\w{3,}", text)) - set(re.findall(r"\w+", " ".join(words_of_the_round)))
    assert len(words) > 300
    assert find_names_in_responses(walks.responses, fragments, words, walks.own_text) == []


def test_the_session_and_form_tokens_are_kept_to_be_masked(walks: ProbeWalks) -> None:
    session_token, form_token = walks.secrets
    cookies = [value for response in walks.responses for name, value in response.headers if name == "set-cookie"]
    assert session_token.decode() in cookies[0]
    assert any(form_token in response.body for response in walks.responses)
