"""What a round's time stamps have to show: that each digest existed before the step that it must precede. Pure.

The clocks of an authority and of the server differ, so a stamp may be later than its step, or earlier than the log's
entry that made its digest, by LARGEST_DIFFERENCE. The log's own times are the server's word in any case.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import cast, get_args

from app.evidence.authority_certificates import TrustedCertificates
from app.evidence.draw_checks import announcement_in_force
from app.evidence.draws import steps_of_log
from app.evidence.entries import EventLink
from app.evidence.event_details import StampedDigest
from app.evidence.timestamps import is_time_stamp_of, verified_time
from app.foundation.errors import TimestampError

LARGEST_DIFFERENCE = timedelta(minutes=5)
"""Largest difference between the clocks of an authority and of the server; times of both are compared."""
FOLDER = "timestamps/"
"""The folder of an export that holds the time stamps."""
FILE_NAME = re.compile(rf"{FOLDER}({'|'.join(get_args(StampedDigest))})-[1-9][0-9]*\.tsr")


@dataclass(frozen=True)
class StampTarget:
    """A digest of a round that can be stamped, and the step before which its time stamp has to be."""

    of: StampedDigest
    digest: str
    step: str
    """The step in words, such as "the first judgment"."""
    step_at: datetime | None
    """When the step was taken; None if it was not."""
    made_at: datetime | None = None
    """When the digest was made, as the log has it; None if the log does not say."""
    superseded: bool = False
    """Whether it is an announcement of another draw than the sealed one."""

    def problem_at(self, moment: datetime, tolerance: timedelta = LARGEST_DIFFERENCE) -> str:
        """A sentence that says why a time stamp of this moment is too late or too early; empty if it is neither.

        It may be later than the step by the `tolerance`, and older than the digest by LARGEST_DIFFERENCE.
        """
        if self.made_at is not None and moment < self.made_at - LARGEST_DIFFERENCE:
            return (
                f"The time stamp of the {self.of} ({moment}) is older than the {self.of} itself, which the log dates "
                f"{self.made_at}. One of the two times is wrong."
            )
        if self.step_at is None or moment <= self.step_at + tolerance:
            return ""
        return (
            f"The time stamp of the {self.of} ({moment}) is after {self.step} ({self.step_at}); it had to precede it."
        )


@dataclass(frozen=True)
class StampFinding:
    """What checking one time stamp of an export gave."""

    file: str
    of: StampedDigest | None
    """None if the file's name says nothing that can be stamped."""
    moment: datetime | None
    """The time that it proves; None if it proves none."""
    problem: str
    """A sentence that says why the time stamp does not show what it should; empty if it does."""
    superseded: bool = False
    """Whether it is of an announcement of another draw than the sealed one, and says nothing about that one."""


def stamp_targets(
    commitment: str | None, event_links: Sequence[EventLink], first_judgment_at: datetime | None
) -> list[StampTarget]:
    """Everything that can be stamped so far, in the order of the round's life; of several draws, the oldest first.

    The seal that an announced draw precedes is the first "seal begun" after it, which has the public value. The opening
    that the lock precedes is the first "key read" or "unblinded" after it. `first_judgment_at` is the time
    of the first entry in any evaluator's chain; None if there is none.
    """
    targets = _draw_targets(event_links)
    if commitment is not None:
        sealed_at = _first_time(reversed(event_links), "sealed")
        targets.append(StampTarget("commitment", commitment, "the first judgment", first_judgment_at, sealed_at))
    opened_at = _next_times(event_links, "key read", "unblinded")
    targets += [
        StampTarget("lock", link["chain"], "the unblinding", opened_at[index], _time_of(link))
        for index, link in enumerate(event_links)
        if link["event"]["action"] == "locked"
    ]
    return targets


def timestamp_files(stamps: Iterable[tuple[StampedDigest, bytes]]) -> dict[str, bytes]:
    """{name: content} of the files of an export for (of, token) pairs, numbered from 1 in their order."""
    next_numbers: dict[StampedDigest, Iterator[int]] = {of: count(1) for of in get_args(StampedDigest)}
    return {f"{FOLDER}{of}-{next(next_numbers[of])}.tsr": token for of, token in stamps}


def check_timestamps(
    stamp_files: Mapping[str, bytes], trusted: TrustedCertificates, stampable: Sequence[StampTarget]
) -> list[StampFinding]:
    """Check every time stamp of an export against what the round's evidence says should have been stamped, and when."""
    return [_check_timestamp(name, content, trusted, stampable) for name, content in sorted(stamp_files.items())]


def _check_timestamp(
    name: str, reply: bytes, trusted: TrustedCertificates, stampable: Sequence[StampTarget]
) -> StampFinding:
    match = FILE_NAME.fullmatch(name)
    if match is None:
        return StampFinding(name, None, None, "The file's name does not say what was stamped.")
    of = cast(StampedDigest, match[1])
    candidates = [target for target in stampable if target.of == of]
    if not candidates:
        return StampFinding(name, of, None, f"The round has no {of} that could have been stamped.")
    target = next((target for target in candidates if is_time_stamp_of(reply, target.digest)), candidates[-1])
    try:
        moment = verified_time(reply, target.digest, trusted)
    except TimestampError as error:
        return StampFinding(name, of, None, str(error))
    return StampFinding(name, of, moment, target.problem_at(moment), target.superseded)


def _draw_targets(event_links: Sequence[EventLink]) -> list[StampTarget]:
    """The announcements of a draw, each of which must exist before the seal that it precedes."""
    sealed_at = _next_times(event_links, "seal begun", "sealed")
    is_sealed = any(link["event"]["action"] == "sealed" for link in event_links)
    in_force = announcement_in_force(steps_of_log(event_links))
    return [
        StampTarget(
            "draw", link["chain"], "the seal", sealed_at[index], _time_of(link), is_sealed and index != in_force
        )
        for index, link in enumerate(event_links)
        if link["event"]["action"] == "draw announced"
    ]


def _time_of(link: EventLink) -> datetime:
    return datetime.fromisoformat(link["event"]["at"])


def _next_times(event_links: Sequence[EventLink], *actions: str) -> list[datetime | None]:
    """[event]: when the first of these actions was taken, from this event on; None if none was."""
    times: list[datetime | None] = []
    for link in reversed(event_links):
        earlier = times[-1] if times else None
        times.append(_time_of(link) if link["event"]["action"] in actions else earlier)
    return times[::-1]


def _first_time(event_links: Iterable[EventLink], *actions: str) -> datetime | None:
    """When the first of these actions was taken; None if none was."""
    times = (link["event"]["at"] for link in event_links if link["event"]["action"] in actions)
    return next((datetime.fromisoformat(at) for at in times), None)
