"""A round of made-up items with its evaluators, written straight into the tables."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import select

from app.evidence.entries import EntryKind
from app.foundation.digest import canonical_bytes, sha256
from app.judging.judgment import Judgment
from app.judging.public_design import PublicDesign
from app.rounds.aids import Aids, StrongToken, TokenEffect
from app.store.base import Base
from app.store.engine import Database
from app.store.tables import AdminRow, AidsRow, AssignmentRow, ChainEntryRow, EvaluatorRow, ItemRow, RoundRow
from app.tasks.item import Item, Passage
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TOKEN = "invitation-of-ada-0123456789"
HOSTILE: tuple[tuple[str, ...], ...] = (
    ("<script>", "alert(1)", "</script>", "<img src=x onerror=alert(2)>", "</pre></li></ol>", "<!--"),
    ("\u202eright to left", "\u2066isolate", "\u200b", "\u200d", "\ufeff", "plain"),
    ("", "", "", "\N{GRINNING FACE}", " family ", "\N{MAN}\u200d\N{WOMAN}"),
    ("\\xff", "\x00", "\x1b[31m", "\x7f", "\x85", "&amp;&#0;&lt;"),
    ("\tif x:\r", "\n\t\treturn", "\r\n", "\n\n\n", "    ", "\t"),
    ("a" * 5_000, " end", "\N{ARABIC LETTER ALEF}\N{ARABIC LETTER BEH}", " שלום", "漢字", "e\u0301"),
)
PROSE = (
    "the quick apple fell far from its old tree while music played on the radio and nobody in the room was listening "
    "closely enough to say which song it had been before the news began again at seven o'clock that evening"
)
WORDS = PROSE.split()
PRACTICE = {
    "code0": {"verdict": "interpretable", "rule": "the word “apple”"},
    "code1": {"verdict": "not_interpretable", "rule": ""},
}
"""Training answers for a public design whose first two items are for practice."""

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class ServedRound:
    """A round in a database, and the token of Ada's invitation."""

    database: Database
    codes: tuple[str, ...]
    token: str = TOKEN
    round_id: str = "round1"
    items: tuple[Item, ...] = field(default=(), repr=False)


def made_up_passage(rng: random.Random, tokens: int = 200, share: float = 0.3, group: str = "top") -> Passage:
    """Made-up prose with a peak somewhere and marks of every level."""
    texts = [
        f" {rng.choice(WORDS)}" if rng.random() > 0.06 else rng.choice(("\n", ".\n\n", ",", "    "))
        for _ in range(tokens)
    ]
    levels = [rng.randint(1, 4) if rng.random() < share else 0 for _ in range(tokens)]
    peak = rng.randrange(tokens)
    texts[peak], levels[peak] = " apple", 5
    return Passage(tuple(texts), tuple(levels), peak, group)


def hostile_passage(number: int) -> Passage:
    """Text that tries to act instead of being read."""
    texts = HOSTILE[number % len(HOSTILE)]
    return Passage(texts, tuple(1 + index % 5 for index in range(len(texts))), len(texts) - 2, "top")


@cache
def made_up_item(code: str, seed: int, tokens: int = 200, share: float = 0.3) -> Item:
    """Twenty passages; every third item has hostile ones."""
    rng = random.Random(seed)
    passages = [made_up_passage(rng, tokens, share) for _ in range(20)]
    if seed % 3 == 2:
        passages[:6] = [hostile_passage(number) for number in range(6)]
    return Item(code, tuple(passages))


@cache
def _round_item(number: int) -> Item:
    return made_up_item(f"code{number}", number, share=0.05 + 0.1 * (number % 5))


@cache
def _content(number: int) -> str:
    return canonical_bytes(_round_item(number).content()).decode()


@cache
def _fragment(number: int, groups: tuple[tuple[str, int], ...]) -> bytes:
    """An item's passages as HTML, which depend on nothing else in a design than its groups."""
    return render_passages(_round_item(number), PublicDesign(groups=groups))


@cache
def _aids_content(number: int) -> str:
    return made_up_aids(_round_item(number).passages).model_dump_json()


def make_round(
    database: Database, items: int = 5, state: str = "collecting", public: dict[str, Any] | None = None
) -> ServedRound:
    """A round with `items` items and one evaluator, Ada."""
    published: dict[str, Any] = {"title": "Spring reading", "groups": {"top": 20}, "hypothesis": True} | (public or {})
    fragments = [_fragment(number, PublicDesign.from_content(published).groups) for number in range(items)]
    with database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=NOW))
        session.flush()
        session.add(_round_row(published, state, response_sizes(fragments)))
        session.flush()
        session.add_all(_item_rows(fragments))
        session.flush()
        if published.get("aids"):
            session.add_all(
                AidsRow(round_id="round1", item=f"code{number}", content=_aids_content(number))
                for number in range(items)
            )
    made_up = tuple(_round_item(number) for number in range(items))
    served_round = ServedRound(database, tuple(item.code for item in made_up), items=made_up)
    invite(served_round, "Ada", TOKEN)
    return served_round


def made_up_aids(
    passages: tuple[Passage, ...], lowest: float = -8.0, histogram: tuple[int, ...] = (40, 800, 90, 12, 3)
) -> Aids:
    """Aids as a seal would make them of a neuron with these levels, hostile tokens among them."""
    return Aids(
        strengths=tuple(tuple(20 * level for level in passage.levels) for passage in passages),
        tokens=tuple(StrongToken(text=text, count=3, percent=60) for text in (" apple", "\n", "<b>", "\u202eback")),
        lowest=lowest,
        histogram=histogram,
        promoted=(TokenEffect(text=" pie", percent=100),),
        suppressed=(TokenEffect(text="</code>", percent=-40),),
    )


def invite(served_round: ServedRound, name: str, token: str, *, exposed: bool = False) -> str:
    """Invite another evaluator to the same items. Returns the evaluator's id."""
    with served_round.database.writing() as session:
        session.add(
            EvaluatorRow(
                id=f"id-{name}", round_id=served_round.round_id, name=name, token_sha256=sha256(token.encode()),
                order_seed="00" * 32, invited_at=NOW, exposed=exposed,
            )
        )  # fmt: skip
        session.flush()
        for position, code in enumerate(served_round.codes):
            session.add(
                AssignmentRow(evaluator_id=f"id-{name}", item=code, round_id=served_round.round_id, position=position)
            )
    return f"id-{name}"


def stored_rows(served_round: ServedRound, table: type[Row]) -> list[Row]:
    """Every row of a table."""
    with served_round.database.reading() as session:
        return list(session.scalars(select(table)))


def stored_entries(served_round: ServedRound, kind: EntryKind) -> list[ChainEntryRow]:
    """Every entry of one kind, in order of the chains."""
    query = select(ChainEntryRow).where(ChainEntryRow.kind == kind)
    with served_round.database.reading() as session:
        return list(session.scalars(query.order_by(ChainEntryRow.evaluator_id, ChainEntryRow.number)))


def stored_judgments(served_round: ServedRound) -> list[Judgment]:
    """Every judgment, in order of the chains."""
    return [row.read_judgment() for row in stored_entries(served_round, "judgment")]


def _round_row(public: dict[str, Any], state: str, sizes: tuple[int, int]) -> RoundRow:
    return RoundRow(
        id="round1",
        title="Spring reading",
        state=state,
        design='{"arms":[{"arm":"zebra"},{"arm":"aardvark"}]}',
        public_design=public,
        commitment="c" * 64,
        response_bytes=sizes[0],
        response_gzip_bytes=sizes[1],
        created_by="Dag",
        created_at=NOW,
    )


def _item_rows(fragments: Sequence[bytes]) -> list[ItemRow]:
    return [
        ItemRow(round_id="round1", code=f"code{number}", content=_content(number), digest="d", html=fragment)
        for number, fragment in enumerate(fragments)
    ]
