"""A reading room for tests: a round of made-up items, put straight into the tables, and its evaluators."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.foundation.digest import canonical_bytes, sha256
from app.judging.public_design import PublicDesign
from app.rounds.aids import Aids, StrongToken, TokenEffect
from app.rounds.item import Item, Passage
from app.store.engine import Database
from app.store.tables import AdminRow, AidsRow, AssignmentRow, EvaluatorRow, ItemRow, RoundRow
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
BREAKS = ("\n", ".\n\n", ",", "    ")


@dataclass(frozen=True)
class Room:
    """A round in a database, and how to get in."""

    database: Database
    codes: tuple[str, ...]
    token: str = TOKEN
    round_id: str = "round1"
    items: tuple[Item, ...] = field(default=(), repr=False)


def passage(rng: random.Random, tokens: int = 200, share: float = 0.3, group: str = "top") -> Passage:
    """Made-up prose with a peak somewhere and marks of every level."""
    texts = [
        f" {rng.choice(WORDS)}" if rng.random() > 0.06 else rng.choice(("\n", ".\n\n", ",", "    "))
        for _ in range(tokens)
    ]
    levels = [rng.randint(1, 4) if rng.random() < share else 0 for _ in range(tokens)]
    peak = rng.randrange(tokens)
    texts[peak], levels[peak] = " apple", 5
    return Passage(tuple(texts), tuple(levels), peak, group)


def hostile(number: int) -> Passage:
    """Text that tries to act instead of being read."""
    texts = HOSTILE[number % len(HOSTILE)]
    return Passage(texts, tuple(1 + place % 5 for place in range(len(texts))), len(texts) - 2, "top")


def item(code: str, seed: int, tokens: int = 200, share: float = 0.3) -> Item:
    """Twenty passages; every third item holds hostile ones."""
    rng = random.Random(seed)
    passages = [passage(rng, tokens, share) for _ in range(20)]
    if seed % 3 == 2:
        passages[:6] = [hostile(number) for number in range(6)]
    return Item(code, tuple(passages))


def furnish(
    database: Database, items: int = 5, state: str = "collecting", public: dict[str, Any] | None = None
) -> Room:
    """A round with `items` items and one evaluator, Ada."""
    published: dict[str, Any] = {"title": "Spring reading", "groups": {"top": 20}, "hypothesis": True} | (public or {})
    made = tuple(item(f"code{number}", number, share=0.05 + 0.1 * (number % 5)) for number in range(items))
    design = PublicDesign.from_content(published)
    html = [render_passages(one, design) for one in made]
    with database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=NOW))
        session.flush()
        session.add(_round(published, state, response_sizes(html)))
        session.flush()
        for one, fragment in zip(made, html, strict=True):
            content = canonical_bytes(one.content())
            session.add(ItemRow(round_id="round1", code=one.code, content=content.decode(), digest="d", html=fragment))
        session.flush()
        if published.get("aids"):
            session.add_all(
                AidsRow(round_id="round1", item=one.code, content=aids_for(one.passages).model_dump_json())
                for one in made
            )
    room = Room(database, tuple(one.code for one in made), items=made)
    invite(room, "Ada", TOKEN)
    return room


def aids_for(
    passages: tuple[Passage, ...], lowest: float = -8.0, histogram: tuple[int, ...] = (40, 800, 90, 12, 3)
) -> Aids:
    """Aids as a seal would make them of a neuron with these levels, hostile tokens among them."""
    return Aids(
        strengths=tuple(tuple(20 * level for level in one.levels) for one in passages),
        tokens=tuple(StrongToken(text=text, count=3, percent=60) for text in (" apple", "\n", "<b>", "\u202eback")),
        lowest=lowest,
        histogram=histogram,
        promoted=(TokenEffect(text=" pie", percent=100),),
        suppressed=(TokenEffect(text="</code>", percent=-40),),
    )


def _round(public: dict[str, Any], state: str, sizes: tuple[int, int]) -> RoundRow:
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


def invite(room: Room, name: str, token: str, *, exposed: bool = False) -> str:
    """Another evaluator with the same items; the evaluator's id."""
    with room.database.writing() as session:
        session.add(
            EvaluatorRow(
                id=f"id-{name}", round_id=room.round_id, name=name, token_sha256=sha256(token.encode()),
                order_seed="00" * 32, invited_at=NOW, exposed=exposed,
            )
        )  # fmt: skip
        session.flush()
        for position, code in enumerate(room.codes):
            session.add(AssignmentRow(evaluator_id=f"id-{name}", item=code, round_id=room.round_id, position=position))
    return f"id-{name}"
