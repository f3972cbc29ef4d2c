from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

from app.evidence.entries import (
    EventEntry,
    EventEntryV1,
    StoredEvent,
    canonical_time,
    entry_kind,
    entry_time,
    event_entry,
    is_judgment,
    read_judgment,
)
from app.judging.judgment import Judgment
from tests.evidence.chained_judgments import chained_judgments, judgment_v1

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def test_a_time_is_written_alike_whatever_its_zone() -> None:
    local = datetime(2026, 1, 5, 12, 0, tzinfo=timezone(timedelta(hours=3)))
    assert canonical_time(local) == "2026-01-05T09:00:00.000000+00:00"


def test_a_judgment_is_read_from_an_entry_of_either_version() -> None:
    expected = Judgment(
        "i0", "interpretable", "", None, "", 0, 0, NOON, NOON + timedelta(seconds=30), 30.0, False, False
    )
    for entry in (judgment_v1("Ada", 0), chained_judgments("Ada", 1)[0]["entry"]):
        assert (entry_kind(entry), entry_time(entry)) == ("judgment", "2026-01-05T12:00:30.000000+00:00")
        assert is_judgment(entry)
        assert read_judgment(entry) == expected


def test_an_event_s_entry_holds_every_field_that_is_stored_but_its_digest() -> None:
    stored = set(StoredEvent.__annotations__)
    row = SimpleNamespace(**dict.fromkeys(stored, 2) | {"at": NOON})
    fields = stored - {"chain", "version"} | {"round", "v"}
    assert set(event_entry("r1", row)) == fields == set(EventEntry.__annotations__) | set(EventEntryV1.__annotations__)


def test_an_event_of_version_0_1_keeps_the_form_that_its_digest_covers() -> None:
    row = SimpleNamespace(**dict.fromkeys(StoredEvent.__annotations__, 1) | {"at": NOON})
    assert set(event_entry("r1", row)) == set(EventEntryV1.__annotations__)
