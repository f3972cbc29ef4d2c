from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

from app.evidence.entries import (
    EventEntry,
    JudgmentEntry,
    StoredEvent,
    StoredJudgment,
    canonical_time,
    event_entry,
    judgment_entry,
)

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def test_a_time_is_written_alike_whatever_its_zone() -> None:
    local = datetime(2026, 1, 5, 12, 0, tzinfo=timezone(timedelta(hours=3)))
    assert canonical_time(local) == "2026-01-05T09:00:00.000000+00:00"


def test_a_judgment_s_entry_holds_every_field_that_is_stored_but_its_digest() -> None:
    stored = set(StoredJudgment.__annotations__)
    row = SimpleNamespace(**dict.fromkeys(stored, 1) | {"shown_at": NOON, "judged_at": NOON})
    assert set(judgment_entry("Ada", row)) == stored - {"chain"} | {"evaluator"} == set(JudgmentEntry.__annotations__)


def test_an_event_s_entry_holds_every_field_that_is_stored_but_its_digest() -> None:
    stored = set(StoredEvent.__annotations__)
    row = SimpleNamespace(**dict.fromkeys(stored, 1) | {"at": NOON})
    assert set(event_entry("r1", row)) == stored - {"chain"} | {"round"} == set(EventEntry.__annotations__)
