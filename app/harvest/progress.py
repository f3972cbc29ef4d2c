"""Reports of how far a harvest has come, for people (a bar) or for scripts (JSON lines). Pure."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Never, TextIO

from tqdm import tqdm

from app.foundation.json_types import JsonObject


@dataclass(frozen=True)
class Progress:
    """One report, made after every shard. Speed and shares of time are those of this run, without earlier runs."""

    token_count: int
    """Tokens scored so far, earlier runs included."""
    token_limit: int | None
    """Tokens after which the harvest stops; None if it reads the whole corpus, whose length is not known before."""
    window_count: int
    """Windows read so far, earlier runs included."""
    tokens_per_second: float
    eta_seconds: float | None
    model_share: float
    """Share of the time spent in the model."""
    reduction_share: float
    """Share of the time spent in finding maxima, keeping snippets and sampling."""
    text_share: float
    """Share of the time spent in reading and tokenising text, and in writing."""

    def as_dict(self) -> JsonObject:
        """The report under the names that scripts know."""
        return {
            "tokens": self.token_count,
            "total": self.token_limit,
            "windows": self.window_count,
            "tokens_per_second": self.tokens_per_second,
            "eta_seconds": self.eta_seconds,
            "forward": self.model_share,
            "reduction": self.reduction_share,
            "reading": self.text_share,
        }


BAR_FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} tokens{postfix}"
ReportProgress = Callable[[Progress], None]


def report_nothing(_progress: Progress) -> None:
    """Ignore the report."""


def progress_bar() -> ReportProgress:
    """A report that draws a progress bar in tokens on stderr."""
    bars: list[tqdm[Never]] = []

    def report(progress: Progress) -> None:
        if not bars:
            total = progress.token_limit
            bars.append(tqdm(desc="harvest", total=total, file=sys.stderr, unit_scale=True, bar_format=BAR_FORMAT))
        bars[0].set_postfix_str(_describe_pace(progress), refresh=False)
        bars[0].update(progress.token_count - bars[0].n)
        if progress.token_limit is not None and progress.token_count >= progress.token_limit:
            bars[0].close()

    return report


def _describe_pace(progress: Progress) -> str:
    """Speed and time left as the harvest measures them; tqdm would count tokens of earlier runs as read in no time."""
    speed = f"{tqdm.format_sizeof(progress.tokens_per_second)}tok/s"
    time_left = [] if progress.eta_seconds is None else [f"{tqdm.format_interval(progress.eta_seconds)} left"]
    shares = f"forward {progress.model_share:.0%}, reduction {progress.reduction_share:.0%}"
    return ", ".join([speed, *time_left, shares])


def json_lines(stream: TextIO) -> ReportProgress:
    """A report that prints one JSON object on a line."""

    def report(progress: Progress) -> None:
        print(json.dumps(progress.as_dict()), file=stream, flush=True)

    return report
