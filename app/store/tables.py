"""Every table but the sealed one. Rows are never called models: a model is a transformer.

The pages of evaluators can read rounds, items, aids, evaluators, assignments and chains; none of these has a column
that could hold an arm. Entries of chains and events are appended and never changed.
"""

import json
from datetime import datetime
from typing import Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.evidence.entries import ChainEntry, ChainLink, EntryKind, EventAction, is_judgment, read_judgment
from app.evidence.event_details import StampedDigest
from app.foundation.json_types import JsonObject
from app.judging.judgment import Judgment, Step, Verdict
from app.rounds.lifecycle import State
from app.store.base import Base, UtcDateTime
from app.tasks.item import Item

Outcome = Literal["running", "sealed", "failed"]
"""How a seal that was begun stands, as far as the process that makes it has said."""


class AdminRow(Base):
    """Someone who may create rounds."""

    __tablename__ = "admins"

    name: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RoundRow(Base):
    """One round: its design, its state and what was published about it."""

    __tablename__ = "rounds"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'sealed', 'collecting', 'locked', 'unblinded', 'abandoned')", name="state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    state: Mapped[State] = mapped_column(String, default="draft")
    design: Mapped[str] = mapped_column(Text)
    """The design's canonical JSON; its digest is in the commitment."""
    public_design: Mapped[JsonObject] = mapped_column(JSON)
    """The part of the design that evaluators' pages may read: rubric, marks, switches, times."""
    commitment: Mapped[str | None]
    response_bytes: Mapped[int] = mapped_column(default=0)
    """Length of every item response before compression; 0 until the seal."""
    response_gzip_bytes: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[str] = mapped_column(ForeignKey("admins.name"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ArchiveRow(Base):
    """The path of a cell's archive on this server, for the seal and the leak audit only."""

    __tablename__ = "round_archives"

    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str]
    fingerprints: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """What archives of the same neurons have in common; None if version 0.1 made the round, until its seal."""


class ItemRow(Base):
    """One item as evaluators see it. Nobody can check its digest without the nonce in the seal."""

    __tablename__ = "items"

    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    """Canonical JSON of `Item.content()`."""
    digest: Mapped[str]
    """HMAC-SHA256 of the content under the round's sealed nonce."""
    html: Mapped[bytes] = mapped_column(LargeBinary)
    """The passages as rendered at the seal, UTF-8."""
    training: Mapped[bool] = mapped_column(default=False)
    """Whether the item is for practice before the round. Only the seal knows the controls and repeats."""

    def read_item(self) -> Item:
        """The item that `content` describes."""
        return Item.from_content(json.loads(self.content))


class AidsRow(Base):
    """The aids of an item, which evaluators may open after their verdict on it: they can tell the arm."""

    __tablename__ = "aids"
    __table_args__ = (ForeignKeyConstraint(["round_id", "item"], ["items.round_id", "items.code"]),)

    round_id: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    """JSON of `app.rounds.aids.Aids`."""


class SealRunRow(Base):
    """The newest seal of a round that was begun: how far it is, and how it ended. It says nothing about any item."""

    __tablename__ = "seal_runs"
    __table_args__ = (CheckConstraint("outcome IN ('running', 'sealed', 'failed')", name="outcome"),)

    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    run_code: Mapped[str]
    """A random code, so that a run which was thought dead cannot write over the one after it."""
    started_by: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    step: Mapped[str]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    """How many parts the step has; 0 if nobody knows."""
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """The last sign of life; a run without one for a while was interrupted."""
    outcome: Mapped[Outcome] = mapped_column(String, default="running")
    problem: Mapped[str] = mapped_column(Text, default="")
    """Why nothing was sealed; empty unless the run failed."""


class EvaluatorRow(Base):
    """Someone who rates, known by a pseudonym; the invitation's token is kept as a digest."""

    __tablename__ = "evaluators"
    __table_args__ = (UniqueConstraint("round_id", "name"), UniqueConstraint("round_id", "block"))

    id: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), index=True)
    name: Mapped[str]
    """Pseudonym, as shown to admins and in exports."""
    token_sha256: Mapped[str] = mapped_column(unique=True)
    session_sha256: Mapped[str | None] = mapped_column(index=True)
    exposed: Mapped[bool] = mapped_column(default=False)
    order_seed: Mapped[str]
    """Seed of this evaluator's own order, hexadecimal; drawn without the allocation."""
    block: Mapped[int | None]
    """The number of the evaluator's block of items, in a block design; unique, so that no block is assigned twice."""
    phase: Mapped[int] = mapped_column(default=1)
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    joined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    consented_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AssignmentRow(Base):
    """An item at a position in an evaluator's order; in an overlap design, also a lease."""

    __tablename__ = "assignments"
    __table_args__ = (
        ForeignKeyConstraint(["round_id", "item"], ["items.round_id", "items.code"]),
        UniqueConstraint("evaluator_id", "position"),
        UniqueConstraint("round_id", "item", "copy"),
    )

    evaluator_id: Mapped[str] = mapped_column(ForeignKey("evaluators.id"), primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"))
    position: Mapped[int]
    copy: Mapped[int | None]
    """Which of the item's k judgments this one is, in overlap and block designs; unique for the item."""
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SlotRow(Base):
    """A slot for one of the k judgments that an item needs in an overlap design: open, leased or judged."""

    __tablename__ = "slots"
    __table_args__ = (
        ForeignKeyConstraint(["round_id", "item"], ["items.round_id", "items.code"]),
        Index("ix_slots_open", "round_id", "judged", "place"),
    )

    round_id: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    copy: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(BigInteger)
    """A random number that orders the slots; each evaluator searches from a number of their own."""
    evaluator_id: Mapped[str | None] = mapped_column(ForeignKey("evaluators.id"))
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """After this time another evaluator may lease the slot, unless it was judged."""
    judged: Mapped[bool] = mapped_column(default=False)


class ChainEntryRow(Base):
    """One entry of an evaluator's chain: a judgment, a flag, a guess, or that aids were opened.

    `content` and `chain` are the evidence. The columns between `kind` and `active_seconds` repeat parts of the content,
    for queries; unblinding checks that they do.
    """

    __tablename__ = "chain_entries"
    __table_args__ = (
        ForeignKeyConstraint(["round_id", "item"], ["items.round_id", "items.code"]),
        UniqueConstraint("evaluator_id", "key"),
        CheckConstraint("kind IN ('judgment', 'flag', 'guess', 'aids opened')", name="kind"),
        CheckConstraint("step IN ('verdict', 'hypothesis')", name="step"),
        Index("ix_chain_entries_kind", "round_id", "kind", "item"),
    )

    evaluator_id: Mapped[str] = mapped_column(ForeignKey("evaluators.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """0, 1, 2, ... in this evaluator's chain."""
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"))
    kind: Mapped[EntryKind] = mapped_column(String)
    item: Mapped[str]
    key: Mapped[str | None]
    """The id of an answer, from its page: two answers with one id are one judgment."""
    verdict: Mapped[Verdict | None] = mapped_column(String)
    step: Mapped[Step | None] = mapped_column(String)
    """`verdict`, or `hypothesis`, which repeats the verdict and adds the texts written after it."""
    revision: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    active_seconds: Mapped[float | None]
    content: Mapped[str] = mapped_column(Text)
    """The entry as canonical JSON, which is never changed."""
    chain: Mapped[str]
    """SHA-256 over the previous chain digest and the content."""

    def read_entry(self) -> ChainEntry:
        """The entry that `content` holds."""
        entry: ChainEntry = json.loads(self.content)
        return entry

    def read_link(self, evaluator: str) -> ChainLink:
        """The entry with its number and digest, in the chain of the evaluator with this pseudonym."""
        return {"evaluator": evaluator, "number": self.number, "chain": self.chain, "entry": self.read_entry()}

    def read_judgment(self) -> Judgment:
        """The judgment that `content` holds. Raises ValueError if the entry is of another kind."""
        entry = self.read_entry()
        if not is_judgment(entry):
            msg = f"entry {self.number} is a {self.kind}, not a judgment"
            raise ValueError(msg)
        return read_judgment(entry)


class EventRow(Base):
    """One entry of a round's append-only, hash-chained log."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("round_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"))
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str]
    action: Mapped[EventAction] = mapped_column(String)
    """What happened: sealed, opened, invited, locked, refused, unblinded, ..."""
    detail: Mapped[JsonObject] = mapped_column(JSON)
    version: Mapped[int]
    """Version of the entry's form: 1, or 2 since program version 0.2.0."""
    program: Mapped[str | None]
    """Version of the program that wrote a version-2 entry."""
    chain: Mapped[str]


class TimestampRow(Base):
    """A time stamp by an outside authority, as RFC 3161 has it."""

    __tablename__ = "timestamps"
    __table_args__ = (CheckConstraint("of IN ('draw', 'commitment', 'lock')", name="of"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), index=True)
    of: Mapped[StampedDigest] = mapped_column(String)
    """What was stamped: the draw's half, the commitment or the lock."""
    digest: Mapped[str]
    """The digest that was stamped, 64 hexadecimal digits."""
    authority: Mapped[str]
    """Address of the authority."""
    token: Mapped[bytes] = mapped_column(LargeBinary)
    """The authority's response, DER."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """The time in the token."""
