"""Texts of tokens from their bytes; together they read exactly as the document does. Pure.

A character that is split over tokens is shown by the token that completes it. Bytes that are not UTF-8, and control
characters, are made visible, because a browser would drop or obey them.
"""

import codecs
from collections.abc import Sequence

from app.foundation.typed_text import is_obeyed

VISIBLE = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: "␡"}
"""{control character: its Unicode picture}; line feeds and tabs are left as they are."""
ESCAPED = {0xDC00 + byte: f"⟨{byte:02X}⟩" for byte in range(0x80, 0x100)}
"""{surrogate escape: the byte in visible form}; Python writes bytes that are not UTF-8 as surrogate escapes."""


def token_texts(pieces: Sequence[bytes]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """(the text of each token, the index of the token that shows it).

    A token shows itself, unless it is a part of a character: then the token that completes the character shows it.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    texts: list[str] = []
    shown_at_index = list(range(len(pieces)))
    parts_of_character: list[int] = []
    decoder_is_empty = True  # not after a piece beyond ASCII, which may end within a character
    for index, piece in enumerate(pieces):
        ascii_piece = bool(piece) and piece.isascii()
        if ascii_piece and decoder_is_empty:
            texts.append(piece.decode("ascii"))  # as for nearly every token; only the others need the decoder
            continue
        decoder_is_empty = ascii_piece
        texts.append(decoder.decode(piece, final=index == len(pieces) - 1))
        parts_of_character.append(index)
        if texts[-1]:
            for part in parts_of_character:
                shown_at_index[part] = index
            parts_of_character.clear()
    return tuple(visible_text(text) for text in texts), tuple(shown_at_index)


def visible_text(text: str) -> str:
    """The text with invalid bytes, control and direction-changing characters shown instead of obeyed."""
    if text.isprintable():
        return text  # as for nearly every token; only the others are checked character by character
    return "".join(_visible_character(character) for character in text.translate(VISIBLE).translate(ESCAPED))


def _visible_character(character: str) -> str:
    if character in "\n\t" or not is_obeyed(character):
        return character
    return f"⟨U+{ord(character):04X}⟩"
