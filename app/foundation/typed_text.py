"""Text that people type: names that cannot look alike, and no character that nobody sees."""

import unicodedata

from app.foundation.typography import shortened

UNSEEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's categories of control and format characters, halves of characters, and line separators."""
BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters of other categories that show nothing, and are no spaces."""
JOINERS = frozenset("\u200c\u200d")
"""They shape letters of Persian and of Indian scripts, and join emoji; between Latin letters they show nothing."""
VARIATION_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""They choose between two forms of one character."""
NONCHARACTERS = range(0xFDD0, 0xFDF0)
"""Code points that are no characters, beside the last two of each plane; XML does not allow all of them."""
LAST_TWO = 0xFFFE
"""The digits of the last two code points of each plane, which are no characters either."""
LAST_LATIN = "\u024f"


def tidy_line(text: str) -> str:
    """The text as one line: no space around it, and one plain space for every run of spaces and line breaks."""
    return " ".join(text.split())


def has_unseen_characters(text: str, *, in_lines: bool = False) -> bool:
    """Whether the text has characters that nobody sees; `in_lines`: line breaks and tabs may stand in it."""
    return any(_is_unseen(text, index, in_lines) for index in range(len(text)))


def is_storable_text(text: str) -> bool:
    """Whether every database and file can hold the text: it has no NUL and no half of a character."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def show_unseen_characters(text: str) -> str:
    """Text in lines with every character that nobody sees written as its code point; line breaks become line feeds.

    So a file of such texts is no binary file, no text can command a terminal, and nothing that was typed is lost.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if lines.isprintable() and BLANKS.isdisjoint(lines):
        return lines  # as for nearly every text; only the others are checked character by character
    return "".join(
        f"<U+{ord(character):04X}>" if _is_unseen(lines, index, in_lines=True) else character
        for index, character in enumerate(lines)
    )


def show_in_one_line(text: str) -> str:
    """Text as one line: its line breaks and tabs are written as code points, too."""
    return show_unseen_characters(text).replace("\n", "<U+000A>").replace("\t", "<U+0009>")


def in_one_line(text: str) -> str:
    """The beginning of a text that somebody else may have written, as one line, for a sentence that people read."""
    return show_in_one_line(shortened(text))


def is_obeyed(character: str) -> bool:
    """Whether terminals, browsers or XML obey or refuse a character instead of showing it."""
    if unicodedata.category(character) in UNSEEN_CATEGORIES:
        return True
    return ord(character) in NONCHARACTERS or ord(character) & LAST_TWO == LAST_TWO


def seen_form(name: str) -> str:
    """What people see of a name: two names with the same form look alike."""
    unified = unicodedata.normalize("NFKC", name)
    return tidy_line("".join(char for char in unified if char not in JOINERS | VARIATION_SELECTORS))


def person_form(name: str) -> str:
    """By what one person is told from another: what people see of the name, in any letter case."""
    return seen_form(name).casefold()


def is_same_person(first: str, second: str) -> bool:
    """Whether two names are taken for one person's."""
    return person_form(first) == person_form(second)


def _is_unseen(text: str, index: int, in_lines: bool) -> bool:
    character = text[index]
    if in_lines and character in "\n\t":
        return False
    if character in JOINERS:
        return not (_is_beyond_latin(text[index - 1 : index]) and _is_beyond_latin(text[index + 1 : index + 2]))
    return character in BLANKS or is_obeyed(character)


def _is_beyond_latin(character: str) -> bool:
    return character > LAST_LATIN and unicodedata.category(character) not in UNSEEN_CATEGORIES
