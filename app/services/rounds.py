"""The steps of a round from draft to lock. Nothing here shows an admin anything that depends on an arm."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.evidence.draws import draw_history
from app.evidence.event_details import CopiedDetail, CreatedDetail, LockedDetail
from app.foundation.codes import random_code, random_token, token_digest
from app.foundation.errors import InputError, LifecycleError, NotFoundError
from app.foundation.json_types import JsonObject
from app.foundation.typed_text import has_unseen_characters, person_form, show_unseen_characters, tidy_line
from app.rounds.analysis_plan import require_computable_plan
from app.rounds.comparability import require_comparable, with_harvests
from app.rounds.design import Design, read_design
from app.rounds.lifecycle import Action, State, allows, require_allowed, require_reason, state_after
from app.rounds.preparation import require_drawable
from app.rounds.randomness import SEED_BYTES
from app.services.archives import archive_fingerprints, verified_archives
from app.services.assignment import assign_items, finished_evaluators, lacks_judgments
from app.services.draw_log import logged_steps
from app.services.enrolments import enrolments
from app.services.exposure import reasons_by_person, reasons_of_exposure, seen_neurons
from app.services.key_standing import NO_PROVED_KEY
from app.services.log import append_event, has_proved_key, lock_digest, result_digest, round_events
from app.services.related_rounds import related_rounds
from app.store import chains as chain_store
from app.store import evaluators as evaluator_store
from app.store import exposure as exposure_store
from app.store import rounds as round_store
from app.store.tables import EvaluatorRow, RoundRow

LONGEST_PSEUDONYM = 60
NAME_OF_ERASED = "erased "
"""How the name begins that stands in place of the pseudonym of somebody whose answers were erased."""

DECLARED = "said so at the invitation"
"""The reason of somebody who was declared exposed."""


@dataclass(frozen=True)
class Invitation:
    """The secret of an invitation link, shown once."""

    evaluator_id: str
    pseudonym: str
    """The name as it is stored, which may be typed otherwise."""
    token: str
    exposed_because: tuple[str, ...] = ()
    """Why the evaluator counts as exposed; empty for a naive evaluator and for a new link."""


@dataclass(frozen=True)
class EvaluatorProgress:
    """How many items an evaluator has judged; nothing about the answers."""

    id: str
    name: str
    exposed: bool
    invited_at: datetime
    joined_at: datetime | None
    judged: int
    assigned: int
    erased: bool = False
    exposed_since: tuple[str, ...] = ()
    """Why the logs call somebody exposed who was naive at the invitation; the lock will say so."""

    @property
    def exposed_since_sentence(self) -> str:
        """What page and command say of somebody who became exposed since the invitation."""
        reasons = "; ".join(self.exposed_since)
        return f"{self.name} became exposed since the invitation, and the lock will say so: {reasons}."


@dataclass(frozen=True)
class RoundProgress:
    """The state of a round and how many items each evaluator has judged."""

    id: str
    title: str
    state: State
    commitment: str | None
    lock: str | None
    """The lock's digest, to be published; None before the lock."""
    result: str | None
    """The digest of the newest result, to be published; None before the unblinding."""
    items: int
    target: int
    """How many evaluators the design asks for."""
    evaluators: tuple[EvaluatorProgress, ...]


@dataclass(frozen=True)
class RoundSummary:
    """One line of the list of rounds."""

    id: str
    title: str
    state: State
    commitment: str | None
    created_by: str
    created_at: datetime
    items: int
    evaluators: int
    judgments: int


def create_round(session: Session, design: Design, paths: Mapping[str, Path], by: str, now: datetime) -> str:
    """Store a draft that uses those of the archives at `paths` {digest: path} that its design names; return its id.

    Raises ArchiveError, or DesignError with the reason, if its arms cannot be compared or drawn as designed.
    """
    design = design if design.planned_analysis else design.in_newest_version()
    require_computable_plan(design.analysis, design.task)
    named_digests = {cell.archive_sha256 for cell in design.arms}
    named_paths = {digest: path for digest, path in paths.items() if digest in named_digests}
    archives = verified_archives(named_paths)
    require_comparable(design, archives)
    design = with_harvests(design, archives)
    fingerprints = {digest: archive_fingerprints(archive) for digest, archive in archives.items()}
    left_out = seen_neurons(session, design.named, fingerprints)
    require_drawable(design, archives, secrets.token_hex(SEED_BYTES), left_out)
    earlier_rounds = exposure_store.rounds_sharing_archives(session, named_digests)
    round_row = RoundRow(
        id=random_code(),
        title=design.title,
        state="draft",
        design=design.canonical,
        public_design=design.public_content(),
        created_by=by,
        created_at=now,
    )
    round_store.add_round(session, round_row, named_paths, fingerprints)
    created = CreatedDetail(
        design_sha256=design.sha256,
        preset=design.preset,
        same_archives=tuple(earlier_rounds),
    )
    append_event(session, round_row.id, by, "created", created.model_dump(mode="json"), now)
    return round_row.id


def copy_round_as_draft(session: Session, round_id: str, by: str, now: datetime) -> str:
    """Store a new draft with the round's design and archives, in any state of the round; returns the draft's id.

    The new draft's log counts the draws of the round and of those that it was copied from.
    """
    round_row = round_store.find_round(session, round_id)
    paths = round_store.archive_paths(session, round_id)
    draft_id = create_round(session, read_design(round_row.design).in_newest_version(), paths, by, now)
    history = draw_history(logged_steps(round_events(session, round_id)))
    copied = CopiedDetail(
        source=round_id,
        state=round_row.state,
        draw_count=history.total_draw_count,
        announcement_count=history.total_announced_count,
    )
    append_event(session, draft_id, by, "copied", copied.model_dump(), now)
    return draft_id


def open_round(session: Session, round_id: str, by: str, now: datetime) -> None:
    """Let evaluators judge. Raises LifecycleError unless the round is sealed and a key of it was proved."""
    require_allowed(round_store.find_round(session, round_id).state, "open")
    if not has_proved_key(round_events(session, round_id)):
        raise LifecycleError(NO_PROVED_KEY)
    round_row = _change_state(session, round_id, "open")
    append_event(session, round_id, by, "opened", {"commitment": round_row.commitment}, now)


def lock_round(session: Session, round_id: str, by: str, now: datetime) -> LockedDetail:
    """End judging for good, write the end of every chain into the log, and return what the log says.

    Whoever became exposed since the invitation, by the logs as they are now, is exposed from then on.
    Raises SealError if an entry of a chain was changed since it was made.
    """
    round_row = _change_state(session, round_id, "lock")
    roster = enrolments(session, round_id, str(round_row.commitment))
    for evaluator in evaluator_store.evaluators_of_round(session, round_id):
        evaluator.exposed = roster[evaluator.name].exposed
    locked = LockedDetail(
        roster=roster,
        stopped_early=is_short_of_target(session, round_id),
        related_rounds=related_rounds(session, round_id),
    )
    latest = chain_store.latest_time(session, round_id)
    append_event(session, round_id, by, "locked", locked.model_dump(), max(now, latest or now))
    return locked


def abandon_round(session: Session, round_id: str, by: str, reason: str, now: datetime) -> None:
    """Abandon the round, which stays visible with the reason. Raises LifecycleError without a reason."""
    reason = require_reason(reason)
    _change_state(session, round_id, "abandon")
    append_event(session, round_id, by, "abandoned", {"reason": reason}, now)


def invite_evaluator(session: Session, round_id: str, name: str, exposed: bool, by: str, now: datetime) -> Invitation:
    """Invite an evaluator under a pseudonym. The token is returned once and stored as a digest."""
    require_allowed(round_store.find_round(session, round_id, for_update=True).state, "invite")
    pseudonym = _free_pseudonym(session, round_id, name)
    reasons = ((DECLARED,) if exposed else ()) + reasons_of_exposure(session, round_id, pseudonym)
    secret = random_token()
    evaluator = EvaluatorRow(
        id=random_code(),
        round_id=round_id,
        name=pseudonym,
        token_sha256=token_digest(secret),
        exposed=bool(reasons),
        order_seed=secrets.token_hex(SEED_BYTES),
        invited_at=now,
    )
    evaluator_store.add_evaluator(session, evaluator)
    items_too_near = assign_items(session, evaluator)
    detail: JsonObject = {"evaluator": pseudonym, "exposed": bool(reasons), "items_too_near": items_too_near}
    append_event(session, round_id, by, "invited", detail | {"exposed_because": list(reasons)}, now)
    return Invitation(evaluator.id, pseudonym, secret, reasons)


def reissue_invitation(session: Session, round_id: str, evaluator_id: str, by: str, now: datetime) -> Invitation:
    """Give an evaluator of the round who lost the link a new one; the old link and any session stop working.

    Raises NotFoundError for somebody of another round, or whose answers were erased.
    """
    evaluator = evaluator_store.find_evaluator(session, evaluator_id)
    if evaluator.round_id != round_id or evaluator.erased_at is not None:
        raise NotFoundError(evaluator_store.NO_SUCH_EVALUATOR)
    require_allowed(round_store.find_round(session, evaluator.round_id, for_update=True).state, "invite")
    secret = random_token()
    evaluator.token_sha256, evaluator.session_sha256 = token_digest(secret), None
    append_event(session, evaluator.round_id, by, "link reissued", {"evaluator": evaluator.name}, now)
    return Invitation(evaluator.id, evaluator.name, secret)


def round_progress(session: Session, round_id: str) -> RoundProgress:
    """How many judgments each evaluator gave, never which verdicts. Raises NotFoundError."""
    round_row = round_store.find_round(session, round_id)
    tallies = round_store.tallies_by_evaluator(session, round_id)
    exposed_because = reasons_by_person(session, round_id) if allows(round_row.state, "invite") else {}
    evaluators = tuple(
        _evaluator_progress(
            evaluator,
            tallies.get(evaluator.id, round_store.Tally(0, 0)),
            () if evaluator.exposed else exposed_because.get(person_form(evaluator.name), ()),
        )
        for evaluator in evaluator_store.evaluators_of_round(session, round_id)
    )
    return RoundProgress(
        id=round_row.id,
        title=round_row.title,
        state=round_row.state,
        commitment=round_row.commitment,
        lock=lock_digest(session, round_id),
        result=result_digest(session, round_id),
        items=len(round_store.item_codes(session, round_id, practice=False)),
        target=read_design(round_row.design).evaluators,
        evaluators=evaluators,
    )


def is_short_of_target(session: Session, round_id: str) -> bool:
    """Whether the round has fewer judgments than its design asks for, so that a lock now would stop it early."""
    design = round_design(session, round_id)
    if design.assignment != "crossed":
        return lacks_judgments(session, round_id)
    return finished_evaluators(session, round_id) < design.evaluators


def round_design(session: Session, round_id: str) -> Design:
    """The design of a round. Raises NotFoundError if there is no such round."""
    return read_design(round_store.find_round(session, round_id).design)


def list_rounds(session: Session) -> list[RoundSummary]:
    """Every round, newest first, including abandoned ones."""
    counts = round_store.counts_by_round(session)
    return [
        _round_summary(round_row, counts.get(round_row.id, round_store.RoundCounts()))
        for round_row in round_store.all_rounds(session)
    ]


def _change_state(session: Session, round_id: str, action: Action) -> RoundRow:
    """Lock the round's row and move it to the state that the action leads to."""
    round_row = round_store.find_round(session, round_id, for_update=True)
    round_row.state = state_after(round_row.state, action)
    return round_row


def _evaluator_progress(
    evaluator: EvaluatorRow, tally: round_store.Tally, exposed_since: tuple[str, ...]
) -> EvaluatorProgress:
    return EvaluatorProgress(
        id=evaluator.id,
        name=evaluator.name,
        exposed=evaluator.exposed,
        invited_at=evaluator.invited_at,
        erased=evaluator.erased_at is not None,
        joined_at=evaluator.joined_at,
        judged=tally.judged,
        assigned=tally.assigned,
        exposed_since=exposed_since,
    )


def _round_summary(round_row: RoundRow, round_counts: round_store.RoundCounts) -> RoundSummary:
    return RoundSummary(
        id=round_row.id,
        title=round_row.title,
        state=round_row.state,
        commitment=round_row.commitment,
        created_by=round_row.created_by,
        created_at=round_row.created_at,
        items=round_counts.items,
        evaluators=round_counts.evaluators,
        judgments=round_counts.judgments,
    )


def _free_pseudonym(session: Session, round_id: str, name: str) -> str:
    """The name as one line. Raises InputError if it is unusable, or taken or looks like another of this round."""
    pseudonym = tidy_line(name)
    if not pseudonym or len(pseudonym) > LONGEST_PSEUDONYM:
        msg = f"A pseudonym has 1 to {LONGEST_PSEUDONYM} characters; give a shorter one."
        raise InputError(msg)
    if has_unseen_characters(pseudonym):
        msg = f"“{show_unseen_characters(pseudonym)}” has characters that nobody sees. Type the pseudonym anew."
        raise InputError(msg)
    if person_form(pseudonym).startswith(NAME_OF_ERASED):
        msg = f"“{pseudonym}” looks like the name of somebody whose answers were erased; choose another pseudonym."
        raise InputError(msg)
    invited = {person_form(evaluator.name) for evaluator in evaluator_store.evaluators_of_round(session, round_id)}
    if person_form(pseudonym) in invited:
        msg = f"“{pseudonym}” is already invited to this round; choose another pseudonym, or reissue the link."
        raise InputError(msg)
    return pseudonym
