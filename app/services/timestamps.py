"""A round's time stamps: what can be stamped now, and what authorities have signed. Nothing here asks an authority."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.evidence.entries import canonical_time, event_link
from app.evidence.event_details import StampedDigest, TimeStampedDetail
from app.evidence.stamp_checks import LARGEST_DIFFERENCE, StampTarget, stamp_targets, timestamp_files
from app.evidence.timestamps import stamped_time
from app.foundation.errors import LifecycleError, TimestampError
from app.services.log import append_event
from app.store import log as log_store
from app.store import rounds as round_store
from app.store import timestamps as timestamp_store
from app.store.tables import TimestampRow

AT_ONCE = timedelta(0)
"""A time stamp is stored only if it precedes its step by the clocks of both; a verifier allows for their difference."""
ADVICE: dict[StampedDigest | None, str] = {
    None: "There is nothing to stamp yet: announce the draw or seal the round first.",
    "draw": "No draw is announced; announce it first with `firstglance round announce-draw`.",
    "commitment": "The round has no commitment yet; seal it first.",
    "lock": "The round is not locked yet; lock it first.",
}
"""What to do if a round has none of what is to be stamped; None stands for anything."""


@dataclass(frozen=True)
class PendingStamp:
    """What an authority was asked to stamp: `nonce` is the number of the query, which its reply repeats."""

    of: StampedDigest
    digest: str
    authority: str
    """The authority's address, without passwords or keys: it is published."""
    nonce: int


@dataclass(frozen=True)
class RoundStamp:
    """A time stamp as admins see it."""

    of: StampedDigest
    digest: str
    authority: str
    at: datetime
    """The time that the authority states; its signature is checked by `firstglance verify`."""


def digest_to_stamp(session: Session, round_id: str, of: StampedDigest | None) -> StampTarget:
    """What would be stamped now; with `of` None the newest digest that the round has.

    Raises NotFoundError, or LifecycleError if the round has no such digest yet, or if the step that its time stamp has
    to precede was taken already.
    """
    targets = [target for target in _stamp_targets(session, round_id) if of in (None, target.of)]
    if not targets:
        raise LifecycleError(ADVICE[of])
    target = targets[-1]
    if target.step_at is not None:
        msg = f"A time stamp of the {target.of} comes too late: {target.step} was at {target.step_at}."
        raise LifecycleError(msg)
    return target


def store_timestamp(
    session: Session, round_id: str, pending_stamp: PendingStamp, reply: bytes, by: str, now: datetime
) -> datetime:
    """Store an authority's reply, log it, and return the time that it states.

    The log dates it by this server's clock: verifiers allow for the difference between clocks that is accepted here.
    Raises TimestampError as `stamped_time` does, or if the clocks differ by minutes; LifecycleError if the time is past
    the step that it has to precede, which may have been taken while the authority was asked, or before what it stamps.
    """
    round_store.find_round(session, round_id, for_update=True)
    moment = stamped_time(reply, pending_stamp.digest, pending_stamp.nonce)
    if abs(moment - now) > LARGEST_DIFFERENCE:
        msg = f"The authority's clock says {moment}, this server's {now}; set the clock, or ask another authority."
        raise TimestampError(msg)
    targets = _stamp_targets(session, round_id)
    stamped = pending_stamp.of, pending_stamp.digest
    target = next((target for target in targets if (target.of, target.digest) == stamped), None)
    if target is None:
        raise LifecycleError(ADVICE[pending_stamp.of])
    if problem := target.problem_at(moment, AT_ONCE):
        raise LifecycleError(problem)
    row = TimestampRow(
        round_id=round_id,
        of=pending_stamp.of,
        digest=pending_stamp.digest,
        authority=pending_stamp.authority,
        token=reply,
        at=moment,
    )
    timestamp_store.add_timestamp(session, row)
    detail = TimeStampedDetail(of=row.of, digest=row.digest, authority=row.authority, time=canonical_time(moment))
    append_event(session, round_id, by, "time stamped", detail.model_dump(), now)
    return moment


def round_stamps(session: Session, round_id: str) -> tuple[RoundStamp, ...]:
    """The round's time stamps, in the order in which they were stored."""
    rows = timestamp_store.timestamps_of_round(session, round_id)
    return tuple(RoundStamp(row.of, row.digest, row.authority, row.at) for row in rows)


def exported_timestamps(session: Session, round_id: str) -> dict[str, bytes]:
    """{name: content} of the files of an export that hold the round's time stamps."""
    return timestamp_files((row.of, row.token) for row in timestamp_store.timestamps_of_round(session, round_id))


def _stamp_targets(session: Session, round_id: str) -> list[StampTarget]:
    round_row = round_store.find_round(session, round_id)
    links = [event_link(round_id, row) for row in log_store.events_of_round(session, round_id)]
    return stamp_targets(round_row.commitment, links, timestamp_store.first_entry_at(session, round_id))
