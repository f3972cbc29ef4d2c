"""The audit on the real pages: nothing leaks without a leak, and every kind of planted leak is caught."""

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.foundation.errors import LifecycleError, SealError
from app.foundation.settings import Settings
from app.leak_audit.summary import FindingsSummary
from app.rounds.design import Cell
from app.rounds.presets import design_from_preset
from app.services import rounds, seals
from app.services.log import round_events
from app.services.unblinding import unblind_round
from app.store.engine import Database
from app.store.tables import EvaluatorRow, ItemRow, JudgmentRow, RoundRow
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages
from app.web.leak_audit import audited_seal as auditing
from app.web.leak_audit.audited_seal import audit_unblinded_round, audited_seal
from app.web.site import build_site
from tests.conftest import Clock
from tests.rounds.making import make_archive
from tests.services.stages import ADMIN

KEYS = [seals.new_key(), seals.new_key()]
RECIPIENTS = [one.recipient for one in KEYS]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two archives of neurons that live on the same scale, 20 alive in each."""
    folder = tmp_path_factory.mktemp("twins")
    made = [make_archive(folder / name, seed=seed, width=24, dead=0) for name, seed in (("fig", 5), ("plum", 6))]
    return {one.sha256: one.path for one in made}


@pytest.fixture
def base(sqlite_database: Database, clock: Clock) -> Database:
    from app.services.admins import add_admin

    with sqlite_database.writing() as session:
        add_admin(session, ADMIN, "a long enough password", clock())
    return sqlite_database


def drafted(base: Database, twins: dict[str, Path], clock: Clock, neurons: int) -> str:
    cells = [Cell(arm=arm, archive_sha256=digest) for arm, digest in zip(("quokka", "axolotl"), twins, strict=True)]
    design = design_from_preset(
        "quick", title="A first look", arms=cells, reference="axolotl", neurons=neurons, blinding_question="which_model"
    )
    with base.writing() as session:
        return rounds.create_round(session, design, twins, ADMIN, clock())


@pytest.fixture
def audited(base: Database, twins: dict[str, Path], clock: Clock) -> str:
    """Twelve per arm: with fewer, shuffled arms look as telling as a real leak too often."""
    return drafted(base, twins, clock, 12)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, secret="s" * 40)


class Leaky:
    """The real app with a leak around it: told which items are the first arm's, it changes their responses."""

    def __init__(self, app: ASGIApp, kind: str, told: set[str]) -> None:
        self._app, self._kind, self._told = app, kind, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self._app(scope, receive, hold)
        body = b"".join(one.get("body", b"") for one in held)
        if any(code.encode() in body for code in self._told):
            self._change(held)
        for one in held:
            await send(one)

    def _change(self, held: list[Message]) -> None:
        start, body = held[0], held[1]
        if self._kind == "header":
            start["headers"] = [*start["headers"], (b"x-cache", b"warm")]
        elif self._kind == "length":
            body["body"] += b" "
        elif self._kind == "class":
            body["body"] = body["body"].replace(b"<main ", b"<main class='warm' ", 1)
        elif self._kind == "time":
            time.sleep(0.02)


def told_of(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Codes of the first arm's items, learnt by listening to the seal from inside: what a bug could do."""
    told: set[str] = set()
    original = seals.begin_seal

    def listening(*args: Any) -> seals.PendingSeal:
        pending = original(*args)
        told.update(line["item"] for line in pending.opened["allocation"]["items"] if line["arm"] == "quokka")
        return pending

    monkeypatch.setattr(auditing, "begin_seal", listening)
    return told


def seal(base: Database, settings: Settings, round_id: str, clock: Clock) -> Any:
    options = seals.SealOptions(measure=response_sizes)
    return audited_seal(base, settings, round_id, RECIPIENTS, ADMIN, clock(), options)


def test_a_round_without_a_leak_is_sealed_with_its_audit_in_the_log(
    base: Database, audited: str, settings: Settings, clock: Clock
) -> None:
    sealed, audit = seal(base, settings, audited, clock)
    assert audit.passed
    assert audit.gate.swap == FindingsSummary(count=0, first=[])
    assert audit.gate.scan == FindingsSummary(count=0, first=[])
    assert audit.gate.transport.items == 24
    assert 0.5 < audit.gate.transport.detectable < 1
    with base.reading() as session:
        row = session.get_one(RoundRow, audited)
        assert (row.state, row.commitment) == ("sealed", sealed.commitment)
        assert round_events(session, audited)[-1].detail["audit"] == audit.model_dump(mode="json")
        assert session.scalars(select(EvaluatorRow)).all() == []
        assert session.scalars(select(JudgmentRow)).all() == []


def slow(kind: str) -> Any:
    return pytest.param(kind, marks=pytest.mark.slow)


@pytest.mark.parametrize("kind", ["class", slow("header"), slow("length"), slow("time")])
def test_a_planted_leak_is_caught_and_nothing_is_sealed(
    base: Database, audited: str, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    told = told_of(monkeypatch)
    monkeypatch.setattr(auditing, "build_site", lambda *args: Leaky(build_site(*args), kind, told))
    with pytest.raises(SealError, match="The audit found a leak"):
        seal(base, settings, audited, clock)
    with base.reading() as session:
        assert session.get_one(RoundRow, audited).state == "draft"
        assert session.scalars(select(ItemRow)).all() == []
        assert [one.action for one in round_events(session, audited)] == ["created", "seal cancelled"]


def test_an_unblinded_round_is_audited_again_with_the_allocation_that_was_opened(
    base: Database, twins: dict[str, Path], settings: Settings, clock: Clock
) -> None:
    small = drafted(base, twins, clock, 4)
    with base.writing() as session:
        options = seals.SealOptions(measure=response_sizes)
        seals.seal_round(session, small, RECIPIENTS, render_passages, ADMIN, clock(), options)
        rounds.open_round(session, small, ADMIN, clock())
    with pytest.raises(LifecycleError):
        audit_unblinded_round(base, settings, small, ADMIN, clock())
    with base.writing() as session:
        rounds.lock_round(session, small, ADMIN, clock())
        unblind_round(session, small, [KEYS[0].identity], ADMIN, "the round is over", clock())
    audit = audit_unblinded_round(base, settings, small, ADMIN, clock())
    assert audit.passed
    assert audit.gate.transport.items == 8
    with base.reading() as session:
        last = round_events(session, small)[-1]
        assert (last.action, last.detail) == ("audited", audit.model_dump(mode="json"))
