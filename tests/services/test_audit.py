"""The audit on the real pages: nothing leaks without a leak, and every kind of planted leak is caught."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.foundation.errors import LifecycleError, SealError
from app.foundation.settings import Settings
from app.leak_audit.features import FeatureTable
from app.leak_audit.findings import LabelledFeatures
from app.leak_audit.permutation_test import REFUSAL_P
from app.leak_audit.summary import FindingsSummary
from app.rounds.cell import Cell
from app.rounds.presets import design_from_preset
from app.services import leak_audit, rounds, seals
from app.services.admins import add_admin
from app.services.log import round_events
from app.services.unblinding import unblind_round
from app.store.engine import Database
from app.store.tables import ChainEntryRow, EvaluatorRow, ItemRow, RoundRow
from app.web.leak_audit import audited_seal as auditing
from app.web.leak_audit.audited_seal import (
    SealRequest,
    audit_unblinded_round,
    seal_in_this_process,
    seal_with_real_pages,
)
from app.web.site import build_site
from tests.conftest import Clock
from tests.rounds.small_archives import make_archive
from tests.services.stages import ADMIN, KEYS, prove_keys_once

FIRST_ARM, REFERENCE = "quokka", "axolotl"
SEED = "5e" * 32


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two archives of neurons that live on the same scale, 24 alive in each."""
    folder = tmp_path_factory.mktemp("twins")
    archives = [make_archive(folder / name, seed=seed, width=24, dead=0) for name, seed in (("fig", 5), ("plum", 6))]
    return {archive.sha256: archive.path for archive in archives}


@pytest.fixture
def base(sqlite_database: Database, clock: Clock) -> Database:
    with sqlite_database.writing() as session:
        add_admin(session, ADMIN, "a long enough password", clock())
    return sqlite_database


def make_draft(
    base: Database,
    twins: dict[str, Path],
    clock: Clock,
    neurons: int,
    *,
    hypothesis: bool,
    arms: tuple[str, str] = (FIRST_ARM, REFERENCE),
    stratum: str = "1L/0",
) -> str:
    cells = [Cell(arm=arm, stratum=stratum, archive_sha256=digest) for arm, digest in zip(arms, twins, strict=True)]
    design = design_from_preset(
        "quick",
        title="A look",
        arms=cells,
        reference=arms[1],
        neurons=neurons,
        blinding_question="which_model",
        hypothesis=hypothesis,
    )
    with base.writing() as session:
        return rounds.create_round(session, design, twins, ADMIN, clock())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, secret="s" * 40)


class LeakyApp:
    """The real app with a leak around it: it knows which items are the first arm's, and changes their responses."""

    def __init__(self, app: ASGIApp, kind: str, first_arm: set[str]) -> None:
        self._app, self._kind, self._first_arm = app, kind, first_arm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def hold_back(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, hold_back)
        body = b"".join(message.get("body", b"") for message in messages)
        if any(code.encode() in body for code in self._first_arm):
            self._leak(*messages[:2])
        for message in messages:
            await send(message)

    def _leak(self, start: Message, body: Message) -> None:
        if self._kind == "header":
            start["headers"] = [*start["headers"], (b"x-cache", b"warm")]
        elif self._kind == "length":
            body["body"] += b" "
        elif self._kind == "class":
            body["body"] = body["body"].replace(b"<main ", b"<main class='warm' ", 1)
        elif self._kind == "time":
            time.sleep(0.02)


def listen_to_the_seal(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Codes of the first arm's items, learnt by listening to the seal from inside: what a bug could do."""
    first_arm: set[str] = set()
    prepare_seal = seals.prepare_seal

    def listening(*args: Any) -> seals.PreparedSeal:
        prepared = prepare_seal(*args)
        items = prepared.seal_content.allocation.items
        first_arm.update(item.item for item in items if item.arm == FIRST_ARM)
        return prepared

    monkeypatch.setattr(auditing, "prepare_seal", listening)
    return first_arm


def seal(base: Database, settings: Settings, round_id: str, clock: Clock) -> Any:
    with base.writing() as session:
        prove_keys_once(session, round_id, clock())
    return seal_in_this_process(base, settings, round_id, SealRequest(), ADMIN, clock)


def test_a_round_without_a_leak_is_sealed_with_its_audit_in_the_log(
    base: Database, twins: dict[str, Path], settings: Settings, clock: Clock
) -> None:
    draft = make_draft(base, twins, clock, 8, hypothesis=True)
    sealed, audit = seal(base, settings, draft, clock)
    assert audit.passed
    assert audit.gate.swap == FindingsSummary(count=0, first=[])
    assert audit.gate.name_search == FindingsSummary(count=0, first=[])
    assert audit.gate.lengths == FindingsSummary(count=0, first=[])
    assert audit.gate.transport.items == 16
    assert audit.gate.transport.thresholds is not None
    assert audit.gate.transport.thresholds.plain_leak_p == pytest.approx(3 * 2 / 12_870, abs=1e-6)  # 16 over 8
    with base.reading() as session:
        row = session.get_one(RoundRow, draft)
        assert (row.state, row.commitment) == ("sealed", sealed.commitment)
        assert round_events(session, draft)[-1].detail["audit"] == audit.model_dump(mode="json")
        assert session.scalars(select(EvaluatorRow)).all() == []
        assert session.scalars(select(ChainEntryRow)).all() == []


@pytest.mark.parametrize(("arms", "stratum"), [(("base", "random"), "code"), (("original", "first"), "text")])
def test_a_round_whose_arms_are_called_like_words_of_our_pages_is_sealed(
    base: Database,
    twins: dict[str, Path],
    settings: Settings,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    arms: tuple[str, str],
    stratum: str,
) -> None:
    lighten_the_audit(monkeypatch)
    draft = make_draft(base, twins, clock, 2, hypothesis=False, arms=arms, stratum=stratum)
    _, audit = seal(base, settings, draft, clock)
    assert (audit.passed, audit.gate.name_search.count) == (True, 0)


def test_a_leak_that_only_repeats_have_is_found_and_chance_among_them_is_not() -> None:
    neurons, repeats = labelled_features(40, leaks=False), labelled_features(20, leaks=True)
    test = leak_audit._test_transport([neurons, repeats], SEED)
    assert test.p <= REFUSAL_P
    assert test.item_count == 20
    clean = leak_audit._test_transport([neurons, labelled_features(20, leaks=False)], SEED)
    alone = leak_audit._test_transport([neurons], SEED)
    assert min(1.0, 2 * alone.p) >= clean.p > REFUSAL_P
    nobody = LabelledFeatures(FeatureTable((), ("a",), np.empty((0, 1))), np.empty(0, dtype=np.int64), ())
    assert leak_audit._test_transport([nobody], SEED).p == 1.0


def labelled_features(item_count: int, *, leaks: bool) -> LabelledFeatures:
    arms = np.arange(item_count) % 2
    features = np.random.default_rng(item_count).normal(size=(item_count, 3))
    if leaks:
        features[:, 1] = arms
    codes = tuple(map(str, range(item_count)))
    return LabelledFeatures(FeatureTable(codes, ("a", "b", "c"), features), arms, ("1L/0",) * item_count)


def slow(kind: str) -> Any:
    return pytest.param(kind, marks=pytest.mark.slow)


def lighten_the_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One probe, which finds a leak in the markup by itself: it is on every page."""
    monkeypatch.setattr(leak_audit, "PROBES", 1)


@pytest.mark.parametrize("kind", ["class", slow("header"), slow("length"), slow("time")])
def test_a_planted_leak_is_caught_and_nothing_is_sealed(
    base: Database,
    twins: dict[str, Path],
    settings: Settings,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """Twelve neurons per arm: with fewer, shuffled arms look as telling as a real leak too often."""
    quick = kind == "class"
    draft = make_draft(base, twins, clock, 12, hypothesis=not quick)
    first_arm = listen_to_the_seal(monkeypatch)
    monkeypatch.setattr(auditing, "build_site", lambda *args: LeakyApp(build_site(*args), kind, first_arm))
    if quick:
        lighten_the_audit(monkeypatch)
    with pytest.raises(SealError, match="The audit found a leak"):
        seal(base, settings, draft, clock)
    with base.reading() as session:
        assert session.get_one(RoundRow, draft).state == "draft"
        assert session.scalars(select(ItemRow)).all() == []
        actions = [event.action for event in round_events(session, draft) if not event.action.startswith("key ")]
    assert actions == ["created", "seal begun", "seal cancelled"]


def test_an_unblinded_round_is_audited_again_with_the_allocation_that_was_opened(
    base: Database, twins: dict[str, Path], settings: Settings, clock: Clock
) -> None:
    small = make_draft(base, twins, clock, 4, hypothesis=False)
    with base.writing() as session:
        prove_keys_once(session, small, clock())
        seal_with_real_pages(session, settings, small, ADMIN, clock())
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
        event = round_events(session, small)[-1]
        assert (event.action, event.detail) == ("audited", audit.model_dump(mode="json"))
