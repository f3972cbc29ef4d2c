"""A round from draft to lock, one function per step. Nothing here shows an admin anything that depends on an arm."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.foundation.codes import code, token
from app.foundation.digest import canonical_bytes, sha256
from app.foundation.errors import ArchiveError, LifecycleError, SealError
from app.harvest.archive import Archive
from app.rounds.commitment import commitment_of, digest_of_item, item_bytes, sealed_digest
from app.rounds.design import Design, read_design
from app.rounds.item import Item
from app.rounds.lifecycle import Action, after, require
from app.rounds.preparation import Prepared, check, prepare
from app.rounds.randomness import SEED_BYTES
from app.rounds.sealing import NewKey, new_keyholder, seal
from app.services.assignment import assign, incomplete, make_slots
from app.services.exposure import knows_the_models, seen_neurons
from app.services.log import append
from app.store import rounds as store
from app.store.sealed import keep_seal
from app.store.tables import EvaluatorRow, ItemRow, RoundRow

Render = Callable[[Item, dict[str, Any]], bytes]
"""An item and the public design to the fragment that pages show."""
LONGEST_NAME = 60


@dataclass(frozen=True)
class SealOptions:
    """What a seal may be given beside its keyholders."""

    second: Sequence[str] = ()
    """Recipients of a second person: then both people's keys are needed."""
    measure: Callable[[Sequence[bytes]], tuple[int, int]] | None = None
    """All fragments to the one length of every response: plain and gzip."""
    entropy: Callable[[int], bytes] = secrets.token_bytes


DEFAULTS = SealOptions()


@dataclass(frozen=True)
class Sealed:
    """What a seal publishes."""

    commitment: str
    items: int


@dataclass(frozen=True)
class Pending:
    """A seal that is not yet closed. It holds the allocation, in this process's memory only."""

    round_id: str
    opened: dict[str, Any]
    """{allocation, seed, nonce}"""
    digests: dict[str, str]
    """{code: digest of the item}"""


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


def new_key() -> NewKey:
    """A fresh key for a keyholder, to be shown once and never stored with the round."""
    return new_keyholder()


def create_round(session: Session, design: Design, archives: Mapping[str, Path], by: str, now: datetime) -> str:
    """Store a draft. Raises ArchiveError, or DesignError with the reason, if the round cannot be drawn as designed."""
    left_out = seen_neurons(session, design.named, archives)
    check(design, _opened(archives), secrets.token_hex(SEED_BYTES), left_out)
    row = RoundRow(
        id=code(),
        title=design.title,
        state="draft",
        design=design.canonical,
        public_design=design.public(),
        created_by=by,
        created_at=now,
    )
    store.add_round(session, row, dict(archives))
    append(session, row.id, by, "created", {"design_sha256": design.sha256, "preset": design.preset}, now)
    return row.id


def copy_round(session: Session, round_id: str, by: str, now: datetime) -> str:
    """A new draft with the same design and archives, whatever became of the first."""
    design = read_design(store.round_row(session, round_id).design)
    copied = create_round(session, design, store.archive_paths(session, round_id), by, now)
    append(session, copied, by, "copied", {"from": round_id}, now)
    return copied


def seal_round(
    session: Session,
    round_id: str,
    recipients: Sequence[str],
    render: Render,
    by: str,
    now: datetime,
    options: SealOptions = DEFAULTS,
) -> Sealed:
    """Draw, conceal, encrypt who is who and publish the commitment. Raises SealError, DesignError or ArchiveError."""
    pending = begin_seal(session, round_id, render, options)
    return finish_seal(session, pending, recipients, by, now, options)


def begin_seal(session: Session, round_id: str, render: Render, options: SealOptions = DEFAULTS) -> Pending:
    """Draw the neurons and write the items, in state `sealing`; the allocation stays in memory."""
    row = store.round_row(session, round_id, hold=True)
    row.state = after(row.state, "seal")
    seed, nonce = options.entropy(SEED_BYTES).hex(), options.entropy(SEED_BYTES).hex()
    archives = _opened(store.archive_paths(session, round_id))
    design = read_design(row.design)
    prepared = prepare(design, archives, seed, seen_neurons(session, design.named, archives))
    digests = {item.code: digest_of_item(item.content(), nonce) for item in prepared.items}
    row.public_design = dict(row.public_design) | {"training_answers": prepared.answers}
    fragments = [render(item, dict(row.public_design)) for item in prepared.items]
    store.add_items(session, _item_rows(round_id, prepared, digests, fragments))
    if options.measure is not None:
        row.response_bytes, row.response_gzip_bytes = options.measure(fragments)
    return Pending(round_id, {"allocation": prepared.allocation, "seed": seed, "nonce": nonce}, digests)


def finish_seal(
    session: Session,
    pending: Pending,
    recipients: Sequence[str],
    by: str,
    now: datetime,
    options: SealOptions = DEFAULTS,
    audit: Mapping[str, Any] | None = None,
) -> Sealed:
    """Encrypt the allocation, store it and publish the commitment; state and seal change together.

    Raises SealError if the items are no longer those that were drawn: somebody else began the seal anew.
    """
    require_keyholders(recipients, options.second)
    row = store.round_row(session, pending.round_id, hold=True)
    row.state = after(row.state, "finish_seal")
    if {one.code: one.digest for one in store.items(session, row.id)} != pending.digests:
        msg = "The items are not those that were drawn: the seal was begun again meanwhile. Seal the round once more."
        raise SealError(msg)
    digest = sealed_digest(pending.opened)
    layers = [list(recipients), list(options.second)] if options.second else [list(recipients)]
    keep_seal(session, row.id, seal(canonical_bytes(pending.opened), layers), digest)
    design_sha256 = sha256(row.design.encode())
    row.commitment = commitment_of(design_sha256, pending.digests, digest)
    make_slots(session, row.id)
    detail = {
        "commitment": row.commitment,
        "design_sha256": design_sha256,
        "sealed_sha256": digest,
        "items": len(pending.digests),
        "keys": len(recipients) + len(options.second),
        "two_person": bool(options.second),
        "audit": dict(audit) if audit else None,
    }
    append(session, row.id, by, "sealed", detail, now)
    return Sealed(row.commitment, len(pending.digests))


def cancel_seal(session: Session, round_id: str, by: str, why: str, now: datetime) -> None:
    """Take the items of an unfinished seal away; the round is a draft again, with a log that says so."""
    row = store.round_row(session, round_id, hold=True)
    require(row.state, "finish_seal")
    store.remove_items(session, round_id)
    row.state = "draft"
    append(session, round_id, by, "seal cancelled", {"why": why}, now)


def open_round(session: Session, round_id: str, by: str, now: datetime) -> None:
    """Let evaluators judge. Raises LifecycleError unless the round is sealed."""
    row = _step(session, round_id, "open")
    append(session, round_id, by, "opened", {"commitment": row.commitment}, now)


def lock_round(session: Session, round_id: str, by: str, now: datetime) -> Locked:
    """End judging for good and write every evaluator's chain head into the log."""
    row = _step(session, round_id, "lock")
    heads = store.chain_heads(session, round_id)
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
    require(store.round_row(session, round_id, hold=True).state, "invite")
    known_as = _pseudonym(session, round_id, name)
    knows = exposed or knows_the_models(session, round_id, known_as)
    secret = token()
    row = EvaluatorRow(
        id=code(),
        round_id=round_id,
        name=known_as,
        token_sha256=sha256(secret.encode()),
        exposed=knows,
        order_seed=secrets.token_hex(SEED_BYTES),
        invited_at=now,
    )
    store.add_evaluator(session, row)
    detail = {"evaluator": known_as, "exposed": knows, "items_too_near": assign(session, row)}
    append(session, round_id, by, "invited", detail, now)
    return Invitation(row.id, secret)


def reissue(session: Session, evaluator_id: str, by: str, now: datetime) -> Invitation:
    """A new link for a lost one; the old link and any open session end."""
    row = store.evaluator(session, evaluator_id)
    require(store.round_row(session, row.round_id, hold=True).state, "invite")
    secret = token()
    row.token_sha256, row.session_sha256 = sha256(secret.encode()), None
    append(session, row.round_id, by, "link reissued", {"evaluator": row.name}, now)
    return Invitation(row.id, secret)


def progress(session: Session, round_id: str) -> RoundProgress:
    """Counts of judgments per evaluator, never of verdicts."""
    row = store.round_row(session, round_id)
    tallies = store.tallies(session, round_id)
    nothing = store.Tally(0, 0)
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
        for one in store.evaluators(session, round_id)
    )
    items = len(store.apart(session, round_id, training=False))
    target = read_design(row.design).evaluators
    return RoundProgress(row.id, row.title, row.state, row.commitment, items, target, evaluators)


def design_of(session: Session, round_id: str) -> Design:
    """What was fixed in advance about a round. Raises NotFoundError if there is no such round."""
    return read_design(store.round_row(session, round_id).design)


def rounds(session: Session) -> list[RoundSummary]:
    """Every round, newest first, the abandoned ones too."""
    counts = store.counts(session)
    return [
        RoundSummary(
            row.id, row.title, row.state, row.commitment, row.created_by, row.created_at, *counts.get(row.id, (0, 0, 0))
        )
        for row in store.all_rounds(session)
    ]


def _step(session: Session, round_id: str, action: Action) -> RoundRow:
    row = store.round_row(session, round_id, hold=True)
    row.state = after(row.state, action)
    return row


def _opened(paths: Mapping[str, Path]) -> dict[str, Archive]:
    """The archives, each proven to be the one that its digest names."""
    found = {}
    for digest, path in paths.items():
        archive = Archive.open(path)
        archive.verify()
        if archive.sha256 != digest:
            msg = f"The archive in {path} is not the one that the design names; it was replaced since. Put it back."
            raise ArchiveError(msg)
        found[digest] = archive
    return found


def _item_rows(
    round_id: str, prepared: Prepared, digests: Mapping[str, str], fragments: Sequence[bytes]
) -> list[ItemRow]:
    return [
        ItemRow(
            round_id=round_id,
            code=item.code,
            content=item_bytes(item.content()).decode(),
            digest=digests[item.code],
            html=html,
            training=item.code in prepared.answers,
            apart=prepared.apart[item.code],
        )
        for item, html in zip(prepared.items, fragments, strict=True)
    ]


def require_keyholders(recipients: Sequence[str], second: Sequence[str]) -> None:
    """Raise SealError unless a lost key can be made up for, and two people have two keys."""
    if len({*recipients, *second}) < 2:
        msg = "Name two keyholders, or one keyholder and a recovery key: a single lost key would lose the round."
        raise SealError(msg)
    if set(recipients) & set(second):
        msg = "For two-person opening the two people need different keys."
        raise SealError(msg)


def _stopped_early(session: Session, design: Design, round_id: str) -> bool:
    if design.assignment != "crossed":
        return incomplete(session, round_id)
    done = [one for one in store.tallies(session, round_id).values() if one.assigned and one.judged >= one.assigned]
    return len(done) < design.evaluators


def _pseudonym(session: Session, round_id: str, name: str) -> str:
    known_as = name.strip()
    if not known_as or len(known_as) > LONGEST_NAME:
        msg = f"A pseudonym has 1 to {LONGEST_NAME} characters; give a shorter one."
        raise LifecycleError(msg)
    if store.evaluator_named(session, round_id, known_as) is not None:
        msg = f"“{known_as}” is already invited to this round; choose another pseudonym, or reissue the link."
        raise LifecycleError(msg)
    return known_as
