"""What both kinds of database can store: texts of whole characters without NUL, and integers of 64 bits."""

from app.foundation.errors import InputError
from app.foundation.translatable import translatable
from app.foundation.typed_text import is_storable_text

INTEGERS = range(-(2**63), 2**63)
UNSTORABLE_TEXT = translatable(
    "A text has a character that cannot be stored (NUL, or half of a character). Nothing was changed; go back and type "
    "it anew."
)
UNSTORABLE_NUMBER = translatable("A number is too large to be stored. Nothing was changed; go back and correct it.")


def require_storable(parameters: object) -> None:
    """Raise InputError if a text or integer among a statement's parameters cannot be stored or looked for."""
    if isinstance(parameters, str) and not is_storable_text(parameters):
        raise InputError(UNSTORABLE_TEXT)
    if isinstance(parameters, int) and parameters not in INTEGERS:
        raise InputError(UNSTORABLE_NUMBER)
    if isinstance(parameters, (dict, list, tuple)):
        for value in parameters.values() if isinstance(parameters, dict) else parameters:
            require_storable(value)
