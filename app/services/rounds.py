"""A round from draft to lock, one function per step. Nothing here shows an admin anything that depends on an arm."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.evidence.event_details import ChainHead, LockedDetail
from app.foundation.codes import random_code, random_token
from app.foundation.digest import sha256
from app.foundation.errors import LifecycleError
from app.foundation.json_types import JsonObject
from app.rounds.design import Design, read_design
from app.rounds.lifecycle import Action, require_allowed, state_after
from app.rounds.preparation import require_drawable
from app.rounds.randomness import SEED_BYTES
from app.services.archives import verified_archives
from app.services.assignment import assign_items, finished_evaluators, lacks_judgments
from app.services.exposure import knows_the_models, seen_neurons
from app.services.log import append_event
from app.store import rounds as round_store
from app.store.tables import EvaluatorRow, RoundRow

LONGEST_NAME = 60


@dataclass(frozen=True)
class LockedRound:
    """What the lock fixed."""

    stopped_early: bool
    chain_heads: dict[str, str]
    """{pseudonym: digest of the last judgment in that evaluator's chain}"""


@dataclass(frozen=True)
class Invitation:
    """The secret of an invitation link, shown once."""

    evaluator_id: str
    token: str


@dataclass(frozen=True)
class EvaluatorProgress:
    """How far an evaluator has come; nothing about the answers."""

    id: str
    name: str
    exposed: bool
    invited_at: datetime
    joined_at: datetime | None
    judged: int
    assigned: int


@dataclass(frozen=True)
class RoundProgress:
    """How far a round has come."""

    id: str
    title: str
    state: str
    commitment: str | None
    items: int
    target: int
    """Evaluators that the design asks for."""
    evaluators: tuple[EvaluatorProgress, ...]


@dataclass(frozen=True)
class RoundSummary:
    """One line of the list of rounds."""

    id: str
    title: str
    state: str
    commitment: str | None
    created_by: str
    created_at: datetime
    items: int
    evaluators: int
    judgments: int


def create_round(session: Session, design: Design, archives: Mapping[str, Path], by: str, now: datetime) -> str:
    """Store a draft and return its id.

    Raises ArchiveError, or DesignError with the reason, if the round cannot be drawn as designed.
    """
    left_out = seen_neurons(session, design.named, archives)
    require_drawable(design, verified_archives(archives), secrets.token_hex(SEED_BYTES), left_out)
    row = RoundRow(
        id=random_code(),
        title=design.title,
        state="draft",
        design=design.canonical,
        public_design=design.public_content(),
        created_by=by,
        created_at=now,
    )
    round_store.add_round(session, row, dict(archives))
    append_event(session, row.id, by, "created", {"design_sha256": design.sha256, "preset": design.preset}, now)
    return row.id


def copy_round_as_draft(session: Session, round_id: str, by: str, now: datetime) -> str:
    """Store a new draft with the same design and archives, whatever became of the round; the draft's id."""
    archives = round_store.archive_paths(session, round_id)
    draft_id = create_round(session, round_design(session, round_id), archives, by, now)
    append_event(session, draft_id, by, "copied", {"from": round_id}, now)
    return draft_id


def open_round(session: Session, round_id: str, by: str, now: datetime) -> None:
    """Let evaluators judge. Raises LifecycleError unless the round is sealed."""
    row = _step(session, round_id, "open")
    append_event(session, round_id, by, "opened", {"commitment": row.commitment}, now)


def lock_round(session: Session, round_id: str, by: str, now: datetime) -> LockedRound:
    """End judging for good and write every evaluator's chain head into the log."""
    row = _step(session, round_id, "lock")
    chains = round_store.chain_heads(session, round_id)
    stopped_early = _is_short_of_target(session, read_design(row.design), round_id)
    heads = {name: ChainHead(judgments=count, head=head) for name, (count, head) in chains.items()}
    detail = LockedDetail(heads=heads, stopped_early=stopped_early)
    append_event(session, round_id, by, "locked", detail.model_dump(), now)
    return LockedRound(stopped_early, {name: head for name, (_, head) in chains.items()})


def abandon_round(session: Session, round_id: str, by: str, reason: str, now: datetime) -> None:
    """Abandon the round; it stays visible, with the reason, for ever."""
    if not reason.strip():
        msg = "Say why the round is abandoned; the reason stays visible with it."
        raise LifecycleError(msg)
    _step(session, round_id, "abandon")
    append_event(session, round_id, by, "abandoned", {"reason": reason.strip()}, now)


def invite_evaluator(session: Session, round_id: str, name: str, exposed: bool, by: str, now: datetime) -> Invitation:
    """Invite an evaluator under a pseudonym. The token is returned once and stored as a digest."""
    require_allowed(round_store.find_round(session, round_id, hold=True).state, "invite")
    pseudonym = _free_pseudonym(session, round_id, name)
    is_exposed = exposed or knows_the_models(session, round_id, pseudonym)
    secret = random_token()
    row = EvaluatorRow(
        id=random_code(),
        round_id=round_id,
        name=pseudonym,
        token_sha256=sha256(secret.encode()),
        exposed=is_exposed,
        order_seed=secrets.token_hex(SEED_BYTES),
        invited_at=now,
    )
    round_store.add_evaluator(session, row)
    items_too_near = assign_items(session, row)
    detail: JsonObject = {"evaluator": pseudonym, "exposed": is_exposed, "items_too_near": items_too_near}
    append_event(session, round_id, by, "invited", detail, now)
    return Invitation(row.id, secret)


def reissue_invitation(session: Session, evaluator_id: str, by: str, now: datetime) -> Invitation:
    """Give an evaluator who lost the link a new one; the old link and any open session end."""
    row = round_store.find_evaluator(session, evaluator_id)
    require_allowed(round_store.find_round(session, row.round_id, hold=True).state, "invite")
    secret = random_token()
    row.token_sha256, row.session_sha256 = sha256(secret.encode()), None
    append_event(session, row.round_id, by, "link reissued", {"evaluator": row.name}, now)
    return Invitation(row.id, secret)


def round_progress(session: Session, round_id: str) -> RoundProgress:
    """How many judgments each evaluator gave, never which verdicts. Raises NotFoundError."""
    row = round_store.find_round(session, round_id)
    tallies = round_store.tallies_by_evaluator(session, round_id)
    evaluators = tuple(
        _evaluator_progress(evaluator, tallies.get(evaluator.id, round_store.Tally(0, 0)))
        for evaluator in round_store.evaluators_of_round(session, round_id)
    )
    return RoundProgress(
        id=row.id,
        title=row.title,
        state=row.state,
        commitment=row.commitment,
        items=len(round_store.item_distances(session, round_id, training=False)),
        target=read_design(row.design).evaluators,
        evaluators=evaluators,
    )


def round_design(session: Session, round_id: str) -> Design:
    """What was fixed in advance about a round. Raises NotFoundError if there is no such round."""
    return read_design(round_store.find_round(session, round_id).design)


def list_rounds(session: Session) -> list[RoundSummary]:
    """Every round, newest first, the abandoned ones too."""
    counts = round_store.counts_by_round(session)
    return [_summary(row, *counts.get(row.id, (0, 0, 0))) for row in round_store.all_rounds(session)]


def _step(session: Session, round_id: str, action: Action) -> RoundRow:
    """Lock the round's row and move it to the state that the action leads to."""
    row = round_store.find_round(session, round_id, hold=True)
    row.state = state_after(row.state, action)
    return row


def _evaluator_progress(evaluator: EvaluatorRow, tally: round_store.Tally) -> EvaluatorProgress:
    return EvaluatorProgress(
        id=evaluator.id,
        name=evaluator.name,
        exposed=evaluator.exposed,
        invited_at=evaluator.invited_at,
        joined_at=evaluator.joined_at,
        judged=tally.judged,
        assigned=tally.assigned,
    )


def _summary(row: RoundRow, items: int, evaluators: int, judgments: int) -> RoundSummary:
    return RoundSummary(
        id=row.id,
        title=row.title,
        state=row.state,
        commitment=row.commitment,
        created_by=row.created_by,
        created_at=row.created_at,
        items=items,
        evaluators=evaluators,
        judgments=judgments,
    )


def _is_short_of_target(session: Session, design: Design, round_id: str) -> bool:
    if design.assignment != "crossed":
        return lacks_judgments(session, round_id)
    return finished_evaluators(session, round_id) < design.evaluators


def _free_pseudonym(session: Session, round_id: str, name: str) -> str:
    """The name without surrounding spaces. Raises LifecycleError if it is unusable or taken in this round."""
    pseudonym = name.strip()
    if not pseudonym or len(pseudonym) > LONGEST_NAME:
        msg = f"A pseudonym has 1 to {LONGEST_NAME} characters; give a shorter one."
        raise LifecycleError(msg)
    if round_store.evaluator_named(session, round_id, pseudonym) is not None:
        msg = f"“{pseudonym}” is already invited to this round; choose another pseudonym, or reissue the link."
        raise LifecycleError(msg)
    return pseudonym
