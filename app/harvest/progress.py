"""How far a harvest has come, for people (a bar) or for scripts (JSON lines). Pure."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from tqdm import tqdm


@dataclass(frozen=True)
class Progress:
    """One report, given after every shard. Times are seconds since this run began, not counting what was resumed."""

    tokens: int
    """Scored so far, earlier runs included."""
    total: int | None
    """Tokens asked for; None if the whole corpus is read, whose length is not known before."""
    windows: int
    tokens_per_second: float
    eta_seconds: float | None
    forward: float
    """Share of the time in the model."""
    reduction: float
    """Share of the time in finding maxima, keeping snippets and sampling."""
    reading: float
    """Share of the time in reading and tokenising text, and in writing."""


Report = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Say nothing."""


def bar(stream: TextIO | None = None) -> Report:
    """A progress bar in tokens, on stderr by default."""
    shown: list[tqdm[Any]] = []

    def report(progress: Progress) -> None:
        if not shown:
            shown.append(
                tqdm(total=progress.total, unit="tok", unit_scale=True, desc="harvest", file=stream or sys.stderr)
            )
        shown[0].update(progress.tokens - shown[0].n)
        shown[0].set_postfix(forward=f"{progress.forward:.0%}", reduction=f"{progress.reduction:.0%}")
        if progress.total is not None and progress.tokens >= progress.total:
            shown[0].close()

    return report


def json_lines(stream: TextIO) -> Report:
    """One JSON object a line."""

    def report(progress: Progress) -> None:
        print(json.dumps(asdict(progress)), file=stream, flush=True)

    return report
