"""A round from draft to lock, one function per step. Nothing here shows an admin anything that depends on an arm."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.foundation.codes import random_code, random_token
from app.foundation.digest import sha256
from app.foundation.errors import LifecycleError
from app.rounds.design import Design, read_design
from app.rounds.lifecycle import Action, after, require
from app.rounds.preparation import check
from app.rounds.randomness import SEED_BYTES
from app.services.archives import proven
from app.services.assignment import assign, incomplete
from app.services.exposure import knows_the_models, seen_neurons
from app.services.log import append
from app.store import rounds as round_store
from app.store.tables import EvaluatorRow, RoundRow

LONGEST_NAME = 60


@dataclass(frozen=True)
class Locked:
    """What the lock fixed."""

    stopped_early: bool
    heads: dict[str, str]
    """{pseudonym: digest of their chain's last judgment}"""


@dataclass(frozen=True)
class Invitation:
    """A link's secret, shown once."""

    evaluator_id: str
    token: str


@dataclass(frozen=True)
class EvaluatorProgress:
    """How far an evaluator is; nothing about what they answered."""

    id: str
    name: str
    exposed: bool
    invited_at: datetime
    joined_at: datetime | None
    judged: int
    assigned: int


@dataclass(frozen=True)
class RoundProgress:
    """How far a round is."""

    id: str
    title: str
    state: str
    commitment: str | None
    items: int
    target: int
    """Evaluators that the design aims at."""
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
    """Store a draft. Raises ArchiveError, or DesignError with the reason, if the round cannot be drawn as designed."""
    left_out = seen_neurons(session, design.named, archives)
    check(design, proven(archives), secrets.token_hex(SEED_BYTES), left_out)
    row = RoundRow(
        id=random_code(),
        title=design.title,
        state="draft",
        design=design.canonical,
        public_design=design.public(),
        created_by=by,
        created_at=now,
    )
    round_store.add_round(session, row, dict(archives))
    append(session, row.id, by, "created", {"design_sha256": design.sha256, "preset": design.preset}, now)
    return row.id


def copy_round(session: Session, round_id: str, by: str, now: datetime) -> str:
    """A new draft with the same design and archives, whatever became of the first."""
    design = read_design(round_store.round_row(session, round_id).design)
    copied = create_round(session, design, round_store.archive_paths(session, round_id), by, now)
    append(session, copied, by, "copied", {"from": round_id}, now)
    return copied


def open_round(session: Session, round_id: str, by: str, now: datetime) -> None:
    """Let evaluators judge. Raises LifecycleError unless the round is sealed."""
    row = _step(session, round_id, "open")
    append(session, round_id, by, "opened", {"commitment": row.commitment}, now)


def lock_round(session: Session, round_id: str, by: str, now: datetime) -> Locked:
    """End judging for good and write every evaluator's chain head into the log."""
    row = _step(session, round_id, "lock")
    heads = round_store.chain_heads(session, round_id)
    early = _stopped_early(session, read_design(row.design), round_id)
    chains = {name: {"judgments": count, "head": head} for name, (count, head) in heads.items()}
    append(session, round_id, by, "locked", {"heads": chains, "stopped_early": early}, now)
    return Locked(early, {name: head for name, (_, head) in heads.items()})


def abandon_round(session: Session, round_id: str, by: str, reason: str, now: datetime) -> None:
    """Give the round up; it stays visible as abandoned, with its reason, for ever."""
    if not reason.strip():
        msg = "Say why the round is given up; the reason stays visible with it."
        raise LifecycleError(msg)
    _step(session, round_id, "abandon")
    append(session, round_id, by, "abandoned", {"reason": reason.strip()}, now)


def invite(session: Session, round_id: str, name: str, exposed: bool, by: str, now: datetime) -> Invitation:
    """Invite an evaluator under a pseudonym. The token is returned once and stored as a digest."""
    require(round_store.round_row(session, round_id, hold=True).state, "invite")
    known_as = _pseudonym(session, round_id, name)
    knows = exposed or knows_the_models(session, round_id, known_as)
    secret = random_token()
    row = EvaluatorRow(
        id=random_code(),
        round_id=round_id,
        name=known_as,
        token_sha256=sha256(secret.encode()),
        exposed=knows,
        order_seed=secrets.token_hex(SEED_BYTES),
        invited_at=now,
    )
    round_store.add_evaluator(session, row)
    detail = {"evaluator": known_as, "exposed": knows, "items_too_near": assign(session, row)}
    append(session, round_id, by, "invited", detail, now)
    return Invitation(row.id, secret)


def reissue(session: Session, evaluator_id: str, by: str, now: datetime) -> Invitation:
    """A new link for a lost one; the old link and any open session end."""
    row = round_store.evaluator(session, evaluator_id)
    require(round_store.round_row(session, row.round_id, hold=True).state, "invite")
    secret = random_token()
    row.token_sha256, row.session_sha256 = sha256(secret.encode()), None
    append(session, row.round_id, by, "link reissued", {"evaluator": row.name}, now)
    return Invitation(row.id, secret)


def progress(session: Session, round_id: str) -> RoundProgress:
    """Counts of judgments per evaluator, never of verdicts."""
    row = round_store.round_row(session, round_id)
    tallies = round_store.tallies(session, round_id)
    nothing = round_store.Tally(0, 0)
    evaluators = tuple(
        EvaluatorProgress(
            id=one.id,
            name=one.name,
            exposed=one.exposed,
            invited_at=one.invited_at,
            joined_at=one.joined_at,
            judged=tallies.get(one.id, nothing).judged,
            assigned=tallies.get(one.id, nothing).assigned,
        )
        for one in round_store.evaluators(session, round_id)
    )
    items = len(round_store.apart(session, round_id, training=False))
    target = read_design(row.design).evaluators
    return RoundProgress(row.id, row.title, row.state, row.commitment, items, target, evaluators)


def design_of(session: Session, round_id: str) -> Design:
    """What was fixed in advance about a round. Raises NotFoundError if there is no such round."""
    return read_design(round_store.round_row(session, round_id).design)


def rounds(session: Session) -> list[RoundSummary]:
    """Every round, newest first, the abandoned ones too."""
    counts = round_store.counts(session)
    return [
        RoundSummary(
            row.id, row.title, row.state, row.commitment, row.created_by, row.created_at, *counts.get(row.id, (0, 0, 0))
        )
        for row in round_store.all_rounds(session)
    ]


def _step(session: Session, round_id: str, action: Action) -> RoundRow:
    row = round_store.round_row(session, round_id, hold=True)
    row.state = after(row.state, action)
    return row


def _stopped_early(session: Session, design: Design, round_id: str) -> bool:
    if design.assignment != "crossed":
        return incomplete(session, round_id)
    done = [
        one for one in round_store.tallies(session, round_id).values() if one.assigned and one.judged >= one.assigned
    ]
    return len(done) < design.evaluators


def _pseudonym(session: Session, round_id: str, name: str) -> str:
    known_as = name.strip()
    if not known_as or len(known_as) > LONGEST_NAME:
        msg = f"A pseudonym has 1 to {LONGEST_NAME} characters; give a shorter one."
        raise LifecycleError(msg)
    if round_store.evaluator_named(session, round_id, known_as) is not None:
        msg = f"“{known_as}” is already invited to this round; choose another pseudonym, or reissue the link."
        raise LifecycleError(msg)
    return known_as
