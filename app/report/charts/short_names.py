"""Names for a figure, which has less room than the table below it: shortened so that different ones stay different."""

import os.path
from collections import Counter
from collections.abc import Sequence

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def short_names(names: Sequence[str], longest: int) -> list[str]:
    """Each name in at most `longest` characters: whole, or else with an ellipsis in its middle.

    Names that would look alike begin after the ellipsis where they differ; if that does not help, they are numbered.
    """
    shortened = {name: _with_a_gap(name, longest) for name in names}
    for look_alikes in _look_alikes(shortened):
        differ_from = len(os.path.commonprefix(look_alikes))  # noqa: RUF071 - of characters, as it is
        shortened |= {name: _with_a_gap(name, longest, differ_from) for name in look_alikes}
    for look_alikes in _look_alikes(shortened):
        for number, name in enumerate(look_alikes, start=1):
            mark = f"{ELLIPSIS} {number}"
            shortened[name] = f"{name[: longest - len(mark)]}{mark}"
    return [shortened[name] for name in names]


def _look_alikes(shortened: dict[str, str]) -> list[list[str]]:
    """The groups of different names that are shortened alike; those that stand whole are in none."""
    counts = Counter(shortened.values())
    names_by_form: dict[str, list[str]] = {}
    for name, short_name in shortened.items():
        if counts[short_name] > 1 and name != short_name:
            names_by_form.setdefault(short_name, []).append(name)
    return list(names_by_form.values())


def _with_a_gap(name: str, longest: int, resume_at: int | None = None) -> str:
    """The name with an ellipsis before its last part, or before the part from `resume_at` on."""
    if len(name) <= longest:
        return name
    kept = longest - len(ELLIPSIS)
    head = (kept + 1) // 2 if resume_at is None else kept // 3
    tail_at = len(name) - (kept - head)
    if resume_at is not None:
        tail_at = min(tail_at, max(resume_at, head))
    return f"{name[:head]}{ELLIPSIS}{name[tail_at : tail_at + kept - head]}"
