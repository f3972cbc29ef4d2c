"""How far a harvest has come, for people (a bar) or for scripts (JSON lines). Pure."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Never, TextIO

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


BAR_FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} tokens{postfix}"
ReportProgress = Callable[[Progress], None]


def report_nothing(_progress: Progress) -> None:
    """Say nothing."""


def progress_bar(stream: TextIO | None = None) -> ReportProgress:
    """A report that draws a progress bar in tokens, on stderr by default."""
    bars: list[tqdm[Never]] = []

    def report(progress: Progress) -> None:
        if not bars:
            file = stream or sys.stderr
            bars.append(tqdm(desc="harvest", total=progress.total, file=file, unit_scale=True, bar_format=BAR_FORMAT))
        bars[0].set_postfix_str(_describe_pace(progress), refresh=False)
        bars[0].update(progress.tokens - bars[0].n)
        if progress.total is not None and progress.tokens >= progress.total:
            bars[0].close()

    return report


def _describe_pace(progress: Progress) -> str:
    """Speed and time left as the harvest measures them; tqdm would count what was resumed as read in no time."""
    speed = f"{tqdm.format_sizeof(progress.tokens_per_second)}tok/s"
    time_left = [] if progress.eta_seconds is None else [f"{tqdm.format_interval(progress.eta_seconds)} left"]
    shares = f"forward {progress.forward:.0%}, reduction {progress.reduction:.0%}"
    return ", ".join([speed, *time_left, shares])


def json_lines(stream: TextIO) -> ReportProgress:
    """A report that prints one JSON object a line."""

    def report(progress: Progress) -> None:
        print(json.dumps(asdict(progress)), file=stream, flush=True)

    return report
