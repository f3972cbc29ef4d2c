"""Packages that only a part of the face needs: a sentence names what to install if they are missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from app.foundation.errors import SettingsError


@contextmanager
def needed_extra(extra: Literal["models", "web"]) -> Iterator[None]:
    """Raise SettingsError that names the extra to install if a package is missing in the block under `with`."""
    try:
        yield
    except ModuleNotFoundError as error:
        msg = f"the package {error.name} is missing; install it with: pip install 'firstglance[{extra}]'"
        raise SettingsError(msg) from error
