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


FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} tokens{postfix}"
ReportProgress = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Say nothing."""


def bar(stream: TextIO | None = None) -> ReportProgress:
    """A progress bar in tokens, on stderr by default."""
    shown: list[tqdm[Any]] = []

    def report(progress: Progress) -> None:
        if not shown:
            file = stream or sys.stderr
            shown.append(tqdm(desc="harvest", total=progress.total, file=file, unit_scale=True, bar_format=FORMAT))
        shown[0].set_postfix_str(_pace(progress), refresh=False)
        shown[0].update(progress.tokens - shown[0].n)
        if progress.total is not None and progress.tokens >= progress.total:
            shown[0].close()

    return report


def _pace(progress: Progress) -> str:
    """Speed and time left as the harvest measures them; tqdm would count what was resumed as read in no time."""
    speed = f"{tqdm.format_sizeof(progress.tokens_per_second)}tok/s"
    left = [] if progress.eta_seconds is None else [f"{tqdm.format_interval(progress.eta_seconds)} left"]
    shares = f"forward {progress.forward:.0%}, reduction {progress.reduction:.0%}"
    return ", ".join([speed, *left, shares])


def json_lines(stream: TextIO) -> ReportProgress:
    """One JSON object a line."""

    def report(progress: Progress) -> None:
        print(json.dumps(asdict(progress)), file=stream, flush=True)

    return report
