"""What an audit finds without its test of features: changes under a swap, and names beside the words of passages."""

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
    assert compare_responses(responses, changed, ()) == ["GET /judge (an item)"]
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


def test_a_name_that_pages_of_any_round_have_is_no_leak_and_any_other_is_one() -> None:
    own_text = '<link href="css/base.css"><p>Item 0 of 0 in random order</p>'
    page = replace(item_response("abc", 0, Random(0)), body=own_text.replace("0", "7").encode())
    for name in ("base", "Random", "item 7", "css", "777", "random order"):
        assert find_names_in_responses([page], {}, [name], own_text) == []
    plants = (
        b"quokka 2",
        b"<!-- quokka -->",
        b'<p data-arm="quokka">',
        b"<script>let arm='quokka'</script>",
        b"a&amp;b",
    )
    for plant in plants:
        leaking = replace(page, body=page.body + plant)
        assert len(find_names_in_responses([leaking], {}, ["quokka", "a&b", "base"], own_text)) == 1


def test_a_page_of_another_length_than_most_is_named() -> None:
    responses = make_up_walk(4).responses
    assert find_lengths(responses) == []
    shorter = replace(responses[7], body=responses[7].body[:-1])
    length = len(shorter.body)
    assert find_lengths([*responses[:7], shorter, *responses[8:]]) == [
        f"GET /judge (an item) has {length} bytes, not {length + 1}"
    ]
