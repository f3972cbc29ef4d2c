"""Whatever surrounds an item's passages is tested: each perfect leak there is refused, and none where there is none."""

import gzip

import pytest

from app.leak_audit.permutation_test import REFUSAL_P
from app.leak_audit.response_traits import gzip_header_trait, mask, numbers_in, shell_traits
from app.web.evaluator.padding import gzipped
from bench.made_up_walk import make_up_walk
from bench.response_leaks import RESPONSE_LEAKS, leaking_walk, walk_p


@pytest.mark.parametrize("leak_name", RESPONSE_LEAKS)
def test_a_perfect_leak_beside_the_passages_is_refused(leak_name: str) -> None:
    assert walk_p(leaking_walk(leak_name, 1), 1) <= REFUSAL_P


def test_a_walk_with_answers_and_without_a_leak_is_not_refused() -> None:
    assert all(walk_p(leaking_walk("none", seed), seed) > REFUSAL_P for seed in range(4))


def test_the_code_of_the_item_and_secrets_tell_nothing() -> None:
    response = make_up_walk(1).responses[0]
    text = f"{response.item_code} and token1"
    assert mask(text, response, (b"token1", b"")) == "ITEM and SECRET"


def test_numbers_are_kept_beside_what_is_equal_without_them() -> None:
    assert shell_traits("<p>Item 7 of 9</p>") >= {"Item # of #", "Item 7 of 9", "<p> then Item # of #"}
    assert numbers_in('<p data-q="1.5">Item 7') == {
        'number 0 of <p data-q="#">': 1.5,
        'number 0 of data-q="#"': 1.5,
        "number 0 of Item #": 7.0,
    }


def test_how_long_the_padding_of_a_compressed_page_is_tells_nothing_and_its_bytes_do() -> None:
    lengths = (4_000, 5_000, 90_000, 95_000)
    bodies = [gzipped(b"<main>", b"words" * (length // 100), b"</main>", length) for length in lengths]
    assert len({gzip_header_trait(body) for body in bodies}) == 1
    assert gzip.decompress(bodies[0]).startswith(b"<main>")
    changed = bodies[0][:20] + b"\1" + bodies[0][21:]
    assert gzip_header_trait(changed) != gzip_header_trait(bodies[0])
