"""What somebody may type, or a corpus may hold, and what no reader may obey."""

import unicodedata

COLOUR = "\x1b[31mred\x1b[0m"
TITLE_OF_WINDOW = "\x1b]0;owned\x07"
CSI_OF_ONE_BYTE = "\x9b31m"
FORGED_LINE = "ada\r\n2026-01-01 ERROR all is well\x0b\x85\u2028"
TURNED = "ada\u202egpj.exe"
CONTROLS = "a\x00b\x08c\x7fd"
NO_CHARACTER = "a\ufffeb\uffff\ufdd0"
HTML = "<script>alert(1)</script>\"'&amp;<img src=x onerror=alert(1)>"
LINK = "[here](javascript:alert(1)) ![x](//evil.example/x.png) <https://a.example> https://a.example www.a.example"
EMPHASIS = "**bold** _slanted_ `code` ~~gone~~ | cell | $x_1$ \\| \\"
HEADING = "# heading #"
FORMULA = "=HYPERLINK(1)"
TEMPLATE = "{{ 7 * 7 }} {peaks.__class__} {0} %(x)s %s"
TYPST = '#set page(fill: red) "\\u{1b}" #import "x"'
MATH = "$\\frac{1}{0}$ $"

TEXTS = (
    COLOUR, TITLE_OF_WINDOW, CSI_OF_ONE_BYTE, FORGED_LINE, TURNED, CONTROLS, NO_CHARACTER, HTML, LINK, EMPHASIS,
    HEADING, FORMULA, TEMPLATE, TYPST, MATH,
)  # fmt: skip


def commanding_characters(text: str) -> set[str]:
    """Characters in the text that a terminal or a reader obeys without showing them; line feeds and tabs are fine."""
    return {character for character in text if character not in "\n\t" and is_commanding(character)}


def is_commanding(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or character in "\ufffe\uffff\ufdd0"
