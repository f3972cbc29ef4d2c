from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.rounds.token_text import token_texts, visible_text

PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs"], include_characters="\n\t"))


def cut(data: bytes, offsets: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(offset % (len(data) + 1) for offset in offsets)})
    return [data[start:end] for start, end in pairwise(edges)]


@given(PRINTABLE, st.lists(st.integers(0, 10_000)))
def test_the_texts_read_as_the_document_does_wherever_it_is_cut(text: str, offsets: list[int]) -> None:
    texts, _ = token_texts(cut(text.encode(), offsets))
    assert "".join(texts) == text


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_any_bytes_read_alike_wherever_they_are_cut_and_nothing_is_hidden(data: bytes, offsets: list[int]) -> None:
    texts, shown_at_index = token_texts(cut(data, offsets))
    uncut, _ = token_texts([data] if data else [])
    assert "".join(texts) == "".join(uncut)
    assert all(texts[index] for index in shown_at_index)
    assert all(shown_at >= index for index, shown_at in enumerate(shown_at_index))


def test_a_split_character_stands_on_the_token_that_completes_it() -> None:
    texts, shown_at_index = token_texts([b"caf", b"\xc3", b"\xa9", b"!"])
    assert texts == ("caf", "", "é", "!")
    assert shown_at_index == (0, 2, 2, 3)


def test_bytes_that_are_no_text_are_visible() -> None:
    assert token_texts([b"a\xff", b"\xe2\x82"])[0] == ("a⟨FF⟩", "⟨E2⟩⟨82⟩")


def test_control_and_direction_characters_are_shown_instead_of_obeyed() -> None:
    assert visible_text("\x00\x1b\r\u202e\u200b\n\t") == "␀␛␍⟨U+202E⟩⟨U+200B⟩\n\t"
