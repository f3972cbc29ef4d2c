"""Text that people typed, within Markdown: it reads as it was typed, and nothing in it is markup, link or HTML."""

import re

from app.foundation.typed_text import show_unseen_characters

MARKUP = re.compile(
    r"[\\`*\[\]<|~$]"  # anywhere
    r"|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)"  # an underscore within a word and a lone ampersand are none
    r"|\A[#>]|\A[-+](?=[ -]|\Z)|(?<=\A\d)[.)](?=\ |\Z)|(?<=\ )\#(?=\#*\Z)"  # at the start or the end of a line
)
ADDRESS = re.compile(r"(?i)\b(?:https?|ftp|mailto|xmpp)(?=:)|\bwww(?=\.)|(?<=\w)(?=@\w)")
"""Where an address begins that many programs make a link of by themselves."""
SPACES = re.compile(r"[ \t\n]+")


def escape_markdown(text: str) -> str:
    """The text as one line of Markdown that shows it as it is."""
    line = MARKUP.sub(lambda match: f"\\{match.group()}", _in_one_line(text))
    return ADDRESS.sub(lambda match: f"{match.group()}\\", line)


def code_span(text: str) -> str:
    """The text as code in a line of Markdown."""
    line = _in_one_line(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{fence}{line}{fence}" if len(fence) == 1 else f"{fence} {line} {fence}"


def _in_one_line(text: str) -> str:
    return SPACES.sub(" ", show_unseen_characters(text)).strip(" ")
