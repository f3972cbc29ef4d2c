"""Token bytes to token texts that together read exactly as the document does. Pure.

A character split over tokens appears on the token that completes it. Bytes that are no UTF-8 and control characters
are made visible, because a browser would drop or obey them.
"""

import codecs
import unicodedata
from collections.abc import Sequence

VISIBLE = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: "␡"}
"""Control characters by their Unicode pictures; line feeds and tabs are laid out."""
ESCAPED = {0xDC00 + byte: f"⟨{byte:02X}⟩" for byte in range(0x80, 0x100)}
"""Surrogate escapes, Python's stand-ins for bytes that are no UTF-8."""


def token_texts(pieces: Sequence[bytes]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The text of each token, and the index of the token that shows it: itself, unless its text is empty."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    texts: list[str] = []
    homes = list(range(len(pieces)))
    unfinished: list[int] = []
    between_characters = True  # the decoder holds back no part of a character
    for index, piece in enumerate(pieces):
        ascii_piece = bool(piece) and piece.isascii()
        if ascii_piece and between_characters:
            texts.append(piece.decode("ascii"))  # nearly every token; the decoder is for all others
            continue
        between_characters = ascii_piece
        texts.append(decoder.decode(piece, final=index == len(pieces) - 1))
        unfinished.append(index)
        if texts[-1]:
            for part in unfinished:
                homes[part] = index
            unfinished.clear()
    return tuple(visible_text(text) for text in texts), tuple(homes)


def visible_text(text: str) -> str:
    """The text with invalid bytes, control and direction-changing characters shown instead of obeyed."""
    if text.isprintable():
        return text  # nearly every token; any other takes a look at each character
    return "".join(_visible_character(character) for character in text.translate(VISIBLE).translate(ESCAPED))


def _visible_character(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf"}:
        return character
    return f"⟨U+{ord(character):04X}⟩"
