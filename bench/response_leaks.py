"""Perfect leaks in what surrounds an item's passages, planted in made-up walks: each tells the first arm's items."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from app.leak_audit.findings import labelled_transport
from app.leak_audit.permutation_test import association_test
from app.leak_audit.responses import FetchedResponse, ProbeWalks
from bench.made_up_walk import Leak, MadeUpWalk, make_up_walk, no_leak

ANSWER_SECONDS = 0.004


def shell_says(first_ending: bytes, second_ending: bytes) -> Leak:
    """The page's shell ends with `first_ending` on the first arm's pages and with `second_ending` on the others'."""

    def leak(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
        return replace(response, body=response.body + (first_ending if of_first_arm else second_ending))

    return leak


def header_says(name: str, first: str, second: str) -> Leak:
    """A header has one value for the first arm's items and another for the others'."""

    def leak(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
        return replace(response, headers=(*response.headers, (name, first if of_first_arm else second)))

    return leak


def _other_order(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    return replace(response, headers=response.headers[::-1]) if of_first_arm else response


def _other_status(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    return replace(response, status=response.status + 3) if of_first_arm else response


def _longer(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    return replace(response, body=response.body + b"  ") if of_first_arm else response


def _slower(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    return replace(response, seconds=response.seconds * 10) if of_first_arm else response


def _marked_compression(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    """The compressed page, with another time in its gzip header for the first arm's items."""
    return replace(response, gzip=True, body=gzip.compress(response.body, mtime=int(of_first_arm)))


PAGE_LEAKS: Mapping[str, Leak] = {
    "a word of the page's shell": shell_says(b"<p>sharp </p>", b"<p>smooth</p>"),
    "a comment": shell_says(b"<!-- a -->", b"<!-- b -->"),
    "a tag without attributes": shell_says(b"<b>.</b>", b"<i>.</i>"),
    "how often a tag stands there": shell_says(b"<p></p><p></p>", b"<p></p>......."),
    "where a tag stands": shell_says(b"<hr><br><br>", b"<br><hr><br>"),
    "a number in an attribute": shell_says(b'<p data-q="1">', b'<p data-q="2">'),
    "white space": shell_says(b"<p> \n</p>", b"<p>\n </p>"),
    "a cookie's value": header_says("set-cookie", "hint=aa", "hint=bb"),
    "a number in a header": header_says("etag", '"1"', '"2"'),
    "a fraction in a header": header_says("x-n", "1.5", "2.5"),
    "the order of the headers": _other_order,
    "the status of a page": _other_status,
    "a byte of gzip's header": _marked_compression,
}
ANSWER_LEAKS: Mapping[str, Leak] = {
    "a header of the response to an answer": header_says("x-cache", "warm", "cold"),
    "the status of the response to an answer": _other_status,
    "the length of the response to an answer": _longer,
    "the response to an answer takes ten times as long": _slower,
}
LEAKING_ARM = "quokka"
"""The arm of the made-up walk whose answers leak."""
RESPONSE_LEAKS = (*PAGE_LEAKS, *ANSWER_LEAKS)


def leaking_walk(leak_name: str, seed: int) -> MadeUpWalk:
    """A walk with answers, and with one of RESPONSE_LEAKS; any other name plants none."""
    walk = make_up_walk(seed, PAGE_LEAKS.get(leak_name, no_leak))
    leak = ANSWER_LEAKS.get(leak_name, no_leak)
    arms = {item.item: item.arm for item in walk.material.allocation.items}
    source = np.random.default_rng(seed)
    answers = [leak(_answer(response, source), arms[response.item_code] == LEAKING_ARM) for response in walk.responses]
    return replace(
        walk, responses=[response for pair in zip(walk.responses, answers, strict=True) for response in pair]
    )


def walk_p(walk: MadeUpWalk, seed: int) -> float:
    """The p of the permutation test for a walk."""
    (labelled,) = labelled_transport(ProbeWalks(tuple(walk.responses), ()), walk.material)
    table, source = labelled.feature_table, np.random.default_rng(seed)
    return association_test(table.matrix, table.names, labelled.arm_labels, labelled.strata, source).p


def _answer(response: FetchedResponse, source: np.random.Generator) -> FetchedResponse:
    """The response to the answer that an evaluator gives to a response."""
    return FetchedResponse(
        probe=response.probe,
        request="POST /judge/verdict",
        item_code="",
        position=-1,
        status=303,
        headers=(("location", "/judge"), ("content-length", "0")),
        body=b"",
        gzip=False,
        seconds=ANSWER_SECONDS * (1 + source.random()),
        answered_item=response.item_code,
    )


def response_leak_finder(leak_name: str, refusal_p: float) -> Callable[[np.random.Generator], bool]:
    """A function that plants this leak in a walk of the generator's, and says whether the test refuses it."""

    def find(generator: np.random.Generator) -> bool:
        seed = int(generator.integers(2**31))
        return walk_p(leaking_walk(leak_name, seed), seed) <= refusal_p

    return find
