"""Whether the package `app` that Python finds is First Glance's own: in a checkout another can stand before it.

In the wheel First Glance's code is `firstglance.app`, which nothing can hide.
"""

from importlib.util import find_spec
from pathlib import Path

OWN_PARENTS = {Path(__file__).resolve().parent, Path(__file__).resolve().parent.parent}
"""Where `app` may be: inside `firstglance` in the wheel, beside it in a checkout."""


def require_own_code() -> None:
    """Raise ImportError that says what to do if another package called `app` hides First Glance's own."""
    try:
        from app.foundation.paths import PACKAGE
    except ImportError as error:
        raise ImportError(_sentence()) from error
    if PACKAGE.parent not in OWN_PARENTS:
        raise ImportError(_sentence())


def _sentence() -> str:
    spec = find_spec("app")
    return (
        f"{(spec and spec.origin) or 'another package'} is called app, too, and hides the code of First Glance, which "
        "runs from a checkout here. Run Python from another folder, or install First Glance's wheel, in which that "
        "code is inside the package firstglance"
    )
