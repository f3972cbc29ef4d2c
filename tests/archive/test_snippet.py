"""The word that a token belongs to."""

from app.archive.snippet import normalised_word


def test_a_word_ignores_case_and_white_space_and_parts_of_characters_are_different_words() -> None:
    assert normalised_word(b" The") == normalised_word(b"the\n") == "the"
    assert len({normalised_word(bytes([byte])) for byte in range(128, 256)}) == 128
