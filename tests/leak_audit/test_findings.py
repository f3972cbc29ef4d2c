"""What an audit finds without attackers: differences under a swap, and names outside the words of the passages."""

import gzip
from dataclasses import replace
from random import Random

from app.leak_audit.findings import compare_responses, find_lengths, find_names_in_responses
from app.leak_audit.responses import FetchedResponse
from bench.made_up_walk import item_response, make_up_walk


def test_what_changes_when_the_arms_are_swapped_is_named() -> None:
    responses = make_up_walk(3).responses
    assert compare_responses(responses, responses, ()) == []
    changed = [*responses[:5], replace(responses[5], body=responses[5].body + b"x"), *responses[6:]]
    assert compare_responses(responses, changed, ()) == [f"GET /judge (item {responses[5].item_code})"]
    assert compare_responses(responses, responses[:-1], ()) == ["80 responses against 79"]


def test_session_tokens_may_differ_under_a_swap_and_nothing_else() -> None:
    def visit(token: bytes) -> list[FetchedResponse]:
        response = item_response("abc", 0, Random(0))
        plain = replace(response, body=response.body + token)
        return [plain, replace(plain, gzip=True, body=gzip.compress(plain.body, mtime=0))]

    assert compare_responses(visit(b"token1"), visit(b"token2"), (b"token1", b"token2")) == []
    assert len(compare_responses(visit(b"token1"), visit(b"token2"), ())) == 2


def test_names_are_found_as_words_of_pages_and_not_in_headers_or_the_words_of_passages() -> None:
    response = item_response("abc", 0, Random(0))
    fragment = b"<ol><li>a quokka in the text</li></ol>"
    innocent = replace(response, body=b"<main>" + fragment + b"</main>")
    assert find_names_in_responses([innocent], {"abc": fragment}, ["Quokka", "A"]) == []
    part_of_a_word = replace(innocent, body=innocent.body + b"<!-- quokkas -->", headers=(("policy", "quokka-uri"),))
    assert find_names_in_responses([part_of_a_word], {"abc": fragment}, ["Quokka"]) == []
    guilty = replace(innocent, body=innocent.body + b"<!-- quokka -->")
    assert find_names_in_responses([guilty], {"abc": fragment}, ["Quokka"]) == ["GET /judge says “quokka”"]
    in_markup = b'<ol><li class="quokka">text</li></ol>'
    assert find_names_in_responses([replace(response, body=in_markup)], {"abc": in_markup}, ["Quokka"])


def test_a_page_of_another_length_than_most_is_named() -> None:
    responses = make_up_walk(4).responses
    assert find_lengths(responses) == []
    shorter = replace(responses[7], body=responses[7].body[:-1])
    length = len(shorter.body)
    code = shorter.item_code
    assert find_lengths([*responses[:7], shorter, *responses[8:]]) == [
        f"GET /judge (item {code}) has {length} bytes, not {length + 1}"
    ]
