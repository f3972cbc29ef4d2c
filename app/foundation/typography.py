"""Characters that printed numbers need and keyboards lack."""

MINUS_SIGN = "\N{MINUS SIGN}"
"""As wide as a plus sign, and never at the end of a line."""
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
"""Between a number and its unit, so that no line breaks there."""

LONGEST_VALUE = 80
"""Most characters of a quoted value in a sentence."""


def with_minus_sign(number: str) -> str:
    """A printed number with a minus sign in place of its hyphen."""
    return number.replace("-", MINUS_SIGN)


def shortened(value: str) -> str:
    """The beginning of a value that somebody else may have written, for a sentence that people read."""
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"


def visible_text(text: str) -> str:
    """The text with every character that cannot be seen, such as a zero-width space, written as its code point."""
    return "".join(char if char.isprintable() else f"<U+{ord(char):04X}>" for char in text)
