"""Words that people read and that can be translated where they are shown."""


def marked(text: str) -> str:
    """The text itself; the mark lets the catalogue of translations find it."""
    return text
