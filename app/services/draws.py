"""Announce a draw, and begin one: every draw that is begun is numbered and logged in the transaction that begins it.

The half of the seed that an announcement binds lies in a file that only the server's owner can read, outside the
database, until the seal is finished: with the public value it gives the draw away.

A seal that is begun again after an interruption draws anew, with two exceptions, both of them no choice: with the same
announced half and the same value the draw is the same, so it keeps its number; and a half that was begun with one
value takes no other, so that nobody can try values.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.evidence.draws import (
    draw_history,
    half_digest,
    left_out_digest,
    public_value_problem,
    seed_from_halves,
)
from app.evidence.event_details import AnnouncedDetail, CreatedDetail, DrawDetail, LeftOut, read_detail
from app.foundation.digest import sha256, short_digest
from app.foundation.errors import LifecycleError, SealError
from app.foundation.private import remove_private_file, write_private_file
from app.foundation.typography import visible_text
from app.rounds.allocation import SeedHalves
from app.rounds.archive_frame import SeenNeurons
from app.rounds.design import Design, read_design
from app.rounds.lifecycle import require_allowed
from app.rounds.randomness import SEED_BYTES
from app.services.draw_log import logged_steps
from app.services.exposure import seen_neurons_by_round
from app.services.log import Event, append_event, latest_event, round_events
from app.services.related_rounds import known_fingerprints, related_round_ids
from app.store import rounds as round_store

HALVES_FOLDER = "draws"
LONGEST_PUBLIC_TEXT = 500
"""Most characters of the name of a public value, and of the value."""
ANNOUNCE_FIRST = "The design has a public value complete the seed. Announce the draw first: `round announce-draw`."
Entropy = Callable[[int], bytes]
"""A function that returns so many random bytes."""


@dataclass(frozen=True)
class AnnouncedDraw:
    """The newest announcement of a round."""

    announcement: AnnouncedDetail
    at: datetime
    chain: str
    """The chain digest of the log's entry: a time stamp of it shows when the half was fixed."""


@dataclass(frozen=True)
class BegunDraw:
    """A draw whose seed is known to this process: what is sealed of it, and what is logged."""

    seed: str
    halves: SeedHalves | None
    """None if the server drew the whole seed alone."""
    detail: DrawDetail


def announce_draw(  # noqa: PLR0913 - who announces what, when, and where its half is kept
    session: Session,
    round_id: str,
    public_name: str,
    data_folder: Path,
    by: str,
    now: datetime,
    entropy: Entropy = secrets.token_bytes,
    *,
    value_length: int,
) -> AnnouncedDraw:
    """Draw the server's half of the seed, and log its digest with the name of the public value that completes it.

    `value_length` is the number of characters that the value will have. Announcing again is possible until the seal is
    finished, and counted. Raises LifecycleError if the round is sealed or its design has the server draw the seed
    alone, and SealError if the name is empty or has invisible characters, or if the design was changed.
    """
    round_row = round_store.find_round(session, round_id, for_update=True)
    require_allowed(round_row.state, "announce")
    design = read_design(round_row.design)
    _require_public_rule(design)
    events = round_events(session, round_id)
    design_sha256 = require_design_as_created(round_row.design, events)
    name = _require_public_text(public_name, "name")
    number = draw_history(logged_steps(events)).announced + 1
    half = entropy(SEED_BYTES).hex()
    file = half_file(data_folder, round_id, number)
    remove_private_file(file)  # left by an announcement that was interrupted before it was logged
    write_private_file(file, half)
    announcement = AnnouncedDetail(
        number=number,
        half_sha256=half_digest(half),
        public_name=name,
        value_length=value_length,
        design_sha256=design_sha256,
        left_out=left_out_detail(neurons_to_leave_out(session, design)),
    )
    chain = append_event(session, round_id, by, "draw announced", announcement.model_dump(mode="json"), now)
    return AnnouncedDraw(announcement, now, chain)


def announced_draw(session: Session, round_id: str) -> AnnouncedDraw | None:
    """The newest announcement of the round; None if there is none."""
    return _newest_announcement(round_events(session, round_id))


def begin_draw(  # noqa: PLR0913 - all that a draw follows from, and who began it when
    session: Session,
    round_id: str,
    public_value: str,
    data_folder: Path | None,
    by: str,
    now: datetime,
    left_out: LeftOut,
    entropy: Entropy = secrets.token_bytes,
) -> BegunDraw:
    """Make the seed of a new draw by the design's rule, number the draw and log that it is begun.

    `left_out` says which neurons cannot be drawn: from the same seed, others left out give another draw.

    Raises SealError if a value is missing, is not asked for, or cannot complete the announced half, or if the design
    is not the one with which the round was created and the draw announced.
    """
    round_row = round_store.find_round(session, round_id)
    design, events = read_design(round_row.design), round_events(session, round_id)
    design_sha256 = require_design_as_created(round_row.design, events)
    draw_count = draw_history(logged_steps(events)).draw_count
    if design.seed_rule == "server":
        if public_value.strip():
            msg = "The design has the server draw the seed alone, so it takes no public value; leave the value out."
            raise SealError(msg)
        draw = BegunDraw(entropy(SEED_BYTES).hex(), None, DrawDetail(number=draw_count + 1, left_out=left_out))
    else:
        first_detail = DrawDetail(number=draw_count + 1, left_out=left_out)
        announced = _require_announcement(events, design_sha256, left_out)
        draw = _complete_announced_draw(announced, events, round_id, public_value, data_folder, first_detail)
    same_archives = related_round_ids(session, round_id)
    detail = draw.detail.model_copy(update={"same_archives": same_archives})
    append_event(session, round_id, by, "seal begun", detail.model_dump(mode="json"), now)
    return replace(draw, detail=detail)


def neurons_to_leave_out(session: Session, design: Design) -> dict[str, SeenNeurons]:
    """{id of a round: the neurons of the design's archives that an evaluator named in it has seen there}."""
    fingerprints = known_fingerprints(session, {cell.archive_sha256 for cell in design.arms})
    return seen_neurons_by_round(session, design.named, fingerprints)


def left_out_detail(seen_by_round: Mapping[str, SeenNeurons]) -> LeftOut:
    """What the log says about the neurons that are left out, by the rounds in which they were seen."""
    neurons = sorted(frozenset().union(*seen_by_round.values()))
    return LeftOut(neuron_count=len(neurons), rounds=tuple(sorted(seen_by_round)), sha256=left_out_digest(neurons))


def remove_halves_once_sealed(session: Session, data_folder: Path | None, round_id: str) -> None:
    """Delete the files of all announced halves of a round as soon as its seal is stored.

    With the logged value they would give the draw away; but if the seal could not be stored, it needs them again.
    """
    if data_folder is None:
        return
    files = list((data_folder / HALVES_FOLDER).glob(f"{round_id}-*.half"))

    @event.listens_for(session, "after_commit", once=True)
    def remove_files(_session: Session) -> None:
        for file in files:
            remove_private_file(file)


def remove_halves_of_sealed_rounds(session: Session, data_folder: Path) -> None:
    """Delete the halves that a process left which was killed right after it had stored a seal."""
    sealed_ids = {round_row.id for round_row in round_store.all_rounds(session) if round_row.commitment is not None}
    for file in (data_folder / HALVES_FOLDER).glob("*-*.half"):
        if file.name.rpartition("-")[0] in sealed_ids:
            remove_private_file(file)


def half_file(data_folder: Path, round_id: str, number: int) -> Path:
    """The file of the half that announcement number `number` binds."""
    return data_folder / HALVES_FOLDER / f"{round_id}-{number}.half"


def require_design_as_created(design_text: str, events: Sequence[Event]) -> str:
    """The digest of a round's design. Raises SealError if it is not the design with which the round was created."""
    design_sha256 = sha256(design_text.encode())
    created = read_detail(CreatedDetail, latest_event(events, "created").detail)
    if created.design_sha256 != design_sha256:
        msg = (
            f"The design of this round has the digest {short_digest(design_sha256)}, but the round was created with "
            f"{short_digest(created.design_sha256)}, so somebody changed the database. Restore a backup, or create "
            "another round with the design that you want."
        )
        raise SealError(msg)
    return design_sha256


def _require_announcement(events: Sequence[Event], design_sha256: str, left_out: LeftOut) -> AnnouncedDraw:
    """The newest announcement. Raises SealError if there is none, or if it is not of this design and these neurons."""
    announced = _newest_announcement(events)
    if announced is None:
        raise SealError(ANNOUNCE_FIRST)
    if announced.announcement.design_sha256 != design_sha256:
        msg = "The draw was announced for another design, so somebody changed the database. Restore a backup."
        raise SealError(msg)
    if announced.announcement.left_out != left_out:
        msg = (
            "Since the announcement a round was unblinded in which a named evaluator had seen neurons of these models, "
            "so the announcement does not fix the draw any more. Announce it again, with a value that nobody knows yet."
        )
        raise SealError(msg)
    return announced


def _complete_announced_draw(
    announced: AnnouncedDraw,
    events: Sequence[Event],
    round_id: str,
    public_value: str,
    data_folder: Path | None,
    first_detail: DrawDetail,
) -> BegunDraw:
    """The draw from an announced half and the value; `first_detail` has its number if it is a new one."""
    if data_folder is None:
        raise SealError(ANNOUNCE_FIRST)
    value = _require_public_text(public_value, "value")
    if problem := public_value_problem(value, announced.announcement.value_length):
        raise SealError(problem)
    halves = SeedHalves(_read_half(data_folder, round_id, announced), announced.announcement.public_name, value)
    detail = first_detail.model_copy(
        update={
            "seed_rule": "public",
            "half_sha256": announced.announcement.half_sha256,
            "public_name": halves.public_name,
            "public_value": halves.public_value,
        }
    )
    seed = seed_from_halves(halves.half, halves.public_name, halves.public_value)
    return BegunDraw(seed, halves, _numbered_as_before(detail, events))


def _numbered_as_before(detail: DrawDetail, events: Sequence[Event]) -> DrawDetail:
    """The detail of a draw, with its former number if it is begun again. Raises SealError if its value is another."""
    begun = [read_detail(DrawDetail, event.detail) for event in events if event.action == "seal begun"]
    from_half = [draw for draw in begun if draw.half_sha256 == detail.half_sha256]
    if from_half and from_half[0].public_value != detail.public_value:
        msg = (
            f"The announced half was begun with the value “{from_half[0].public_value}” and takes no other, because "
            "values could be tried. Give that value, or announce the draw again."
        )
        raise SealError(msg)
    former = next((draw for draw in from_half if draw.left_out == detail.left_out), None)
    return detail if former is None else detail.model_copy(update={"number": former.number, "again": True})


def _newest_announcement(events: Sequence[Event]) -> AnnouncedDraw | None:
    event = next((event for event in reversed(events) if event.action == "draw announced"), None)
    if event is None:
        return None
    return AnnouncedDraw(read_detail(AnnouncedDetail, event.detail), event.at, event.chain)


def _read_half(data_folder: Path, round_id: str, announced: AnnouncedDraw) -> str:
    """The announced half in its file. Raises SealError if it is not there or not the one that was announced."""
    file = half_file(data_folder, round_id, announced.announcement.number)
    try:
        half = file.read_text(encoding="utf-8").strip()
        digest = half_digest(half)
    except (OSError, ValueError) as error:
        msg = f"The announced half of the seed cannot be read from {file}. Put it back, or announce the draw again."
        raise SealError(msg) from error
    if digest != announced.announcement.half_sha256:
        msg = f"The half of the seed in {file} is not the one that was announced. Put it back, or announce again."
        raise SealError(msg)
    return half


def _require_public_rule(design: Design) -> None:
    if design.seed_rule != "public":
        msg = 'The design has the server draw the seed alone. To announce a draw, set seed_rule = "public" in it.'
        raise LifecycleError(msg)


def _require_public_text(text: str, noun: str) -> str:
    """The text without surrounding spaces. Raises SealError if it is empty, too long or not all visible."""
    stripped = text.strip()
    if not stripped or len(stripped) > LONGEST_PUBLIC_TEXT:
        msg = f"The {noun} of the public value has 1 to {LONGEST_PUBLIC_TEXT} characters; give it as it is published."
        raise SealError(msg)
    if not stripped.isprintable():
        msg = (
            f"The {noun} of the public value has characters that nobody sees: “{visible_text(stripped)}”. Type it anew."
        )
        raise SealError(msg)
    return stripped
