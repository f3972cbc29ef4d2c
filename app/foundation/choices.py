"""Options with a fixed set of values: types say which, and what was typed is checked, since Python checks no types."""

from collections.abc import Collection

from app.foundation.errors import SettingsError
from app.foundation.typography import shortened


def require_choice(option: str, value: object, choices: Collection[str]) -> None:
    """Raise SettingsError that names the choices, unless an option has one of them."""
    if not isinstance(value, str) or value not in choices:
        msg = f"{option} is {shortened(repr(value))}; give one of {', '.join(choices)}"
        raise SettingsError(msg)
