"""Time stamps of a round: what can be stamped when, and what is stored, logged and exported of a reply."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.evidence.authority_certificates import read_trusted_certificates
from app.evidence.entries import event_link
from app.evidence.event_details import StampedDigest
from app.evidence.stamp_checks import StampTarget, check_timestamps, stamp_targets
from app.evidence.timestamp_encoding import encode_query
from app.foundation.errors import LifecycleError, TimestampError
from app.services import timestamps
from app.services.log import append_event, round_events
from app.services.timestamps import PendingStamp
from app.services.unblinding import unblind_round
from app.store.engine import Database
from app.store.log import events_of_round
from app.store.timestamps import first_entry_at as first_entry_time
from tests.conftest import START, Clock
from tests.evidence.stamping_authority import DAY, Certified, StampingAuthority, certify
from tests.services.conftest import StagedRound
from tests.services.judges import judge_everything
from tests.services.stages import ADMIN, KEYS, open_draft, seal_draft

ADDRESS = "https://tsa.example.org/"
NONCE = 7


@pytest.fixture(scope="module")
def root() -> Certified:
    return certify("Root", is_authority=True, start=START - 9 * DAY, end=START + 9 * DAY)


@pytest.fixture(scope="module")
def authority(root: Certified, tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    """An authority of the time at which the tests' rounds take place."""
    signer = certify("Authority", root, start=START - 9 * DAY, end=START + 9 * DAY)
    return StampingAuthority(tmp_path_factory.mktemp("authority"), signer)


def target_of(database: Database, round_id: str, of: StampedDigest | None = None) -> StampTarget:
    with database.reading() as session:
        return timestamps.digest_to_stamp(session, round_id, of)


def store_stamp(
    database: Database,
    round_id: str,
    target: StampTarget,
    authority: StampingAuthority,
    moment: datetime,
    now: datetime | None = None,
) -> datetime:
    """Let the authority stamp the target at a moment, and store its reply `now`, by default at that moment."""
    reply = authority.forged_reply(authority.reply(encode_query(target.digest, NONCE)), moment)
    pending_stamp = PendingStamp(target.of, target.digest, ADDRESS, NONCE)
    with database.writing() as session:
        return timestamps.store_timestamp(session, round_id, pending_stamp, reply, ADMIN, now or moment)


def test_a_draft_has_nothing_to_stamp(database_with_admin: Database, draft: str) -> None:
    expected: dict[StampedDigest | None, str] = {
        None: "announce the draw or seal",
        "draw": "announce it first",
        "commitment": "seal it first",
        "lock": "lock it first",
    }
    for of, advice in expected.items():
        with pytest.raises(LifecycleError, match=advice):
            target_of(database_with_admin, draft, of)


def test_an_announced_draw_is_stamped_before_the_seal(
    database_with_admin: Database, draft: str, clock: Clock, authority: StampingAuthority
) -> None:
    with database_with_admin.writing() as session:
        announced = append_event(session, draft, ADMIN, "draw announced", {}, clock())
    target = target_of(database_with_admin, draft)
    assert (target.of, target.digest) == ("draw", announced)
    store_stamp(database_with_admin, draft, target, authority, clock.move(60))


def test_the_stamp_of_the_commitment_is_stored_logged_and_exported(
    database_with_admin: Database, draft: str, clock: Clock, authority: StampingAuthority, root: Certified
) -> None:
    commitment = seal_draft(database_with_admin, draft, clock).commitment
    target = target_of(database_with_admin, draft)
    assert (target.of, target.digest) == ("commitment", commitment)
    moment = clock.move(60)
    assert store_stamp(database_with_admin, draft, target, authority, moment) == moment
    with database_with_admin.reading() as session:
        (stamp,) = timestamps.round_stamps(session, draft)
        event = round_events(session, draft)[-1]
        files = timestamps.exported_timestamps(session, draft)
    assert (stamp.of, stamp.digest, stamp.authority, stamp.at) == ("commitment", commitment, ADDRESS, moment)
    assert (event.action, event.detail) == (
        "time stamped",
        {"of": "commitment", "digest": commitment, "authority": ADDRESS, "time": "2026-01-05T09:01:00.000000+00:00"},
    )
    (finding,) = check_timestamps(files, read_trusted_certificates(root.pem), [target])
    assert (finding.file, finding.moment, finding.problem) == ("timestamps/commitment-1.tsr", moment, "")


def test_after_the_first_judgment_the_commitment_is_stamped_no_more(
    database_with_admin: Database, draft: str, clock: Clock, authority: StampingAuthority
) -> None:
    open_draft(database_with_admin, draft, clock)
    target = target_of(database_with_admin, draft)
    clock.move(60)
    judge_everything(database_with_admin, draft, clock)
    clock.move(60)
    with pytest.raises(LifecycleError, match=r"comes too late: the first judgment was at 2026-01-05 09:01"):
        target_of(database_with_admin, draft)
    with pytest.raises(LifecycleError, match="is after the first judgment"):
        store_stamp(database_with_admin, draft, target, authority, clock())
    with database_with_admin.reading() as session:
        assert timestamps.round_stamps(session, draft) == ()


def test_the_lock_is_stamped_until_the_unblinding(locked_round: StagedRound, authority: StampingAuthority) -> None:
    database, round_id, clock = locked_round.database, locked_round.round_id, locked_round.clock
    target = target_of(database, round_id)
    with database.reading() as session:
        (locked,) = (event for event in round_events(session, round_id) if event.action == "locked")
    assert (target.of, target.digest) == ("lock", locked.chain)
    store_stamp(database, round_id, target, authority, clock() + timedelta(seconds=1))
    assert target_of(database, round_id).digest == locked.chain
    with database.writing() as session:
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock() + DAY)
    with pytest.raises(LifecycleError, match="too late: the unblinding"):
        target_of(database, round_id)


def test_what_follows_a_stamp_is_not_dated_before_it_by_a_clock_that_is_behind(
    locked_round: StagedRound, authority: StampingAuthority, root: Certified
) -> None:
    database, round_id, clock = locked_round.database, locked_round.round_id, locked_round.clock
    target = target_of(database, round_id)
    store_stamp(database, round_id, target, authority, clock() + timedelta(minutes=2), now=clock())
    with database.writing() as session:
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock())
    with database.reading() as session:
        links = [event_link(round_id, row) for row in events_of_round(session, round_id)]
        files = timestamps.exported_timestamps(session, round_id)
    (finding,) = check_timestamps(files, read_trusted_certificates(root.pem), stamp_targets(None, links, None))
    assert finding.problem == ""


def test_a_judgment_after_the_stamp_of_an_open_round_s_commitment_verifies_though_the_server_s_clock_is_behind(
    database_with_admin: Database, draft: str, clock: Clock, authority: StampingAuthority, root: Certified
) -> None:
    open_draft(database_with_admin, draft, clock)
    target = target_of(database_with_admin, draft)
    stamped_at = clock.move(60)
    store_stamp(database_with_admin, draft, target, authority, stamped_at + timedelta(minutes=4), now=stamped_at)
    clock.move(-30)  # the server's clock is corrected in the wrong direction
    judge_everything(database_with_admin, draft, clock, most=2)
    with database_with_admin.reading() as session:
        links = [event_link(draft, row) for row in events_of_round(session, draft)]
        files = timestamps.exported_timestamps(session, draft)
        first_entry_at = first_entry_time(session, draft)
    assert first_entry_at is not None
    assert first_entry_at >= stamped_at
    targets = stamp_targets(target.digest, links, first_entry_at)
    (finding,) = check_timestamps(files, read_trusted_certificates(root.pem), targets)
    assert finding.problem == ""


def test_a_stamp_older_than_what_the_log_dates_by_a_clock_that_was_ahead_is_not_stored(
    database_with_admin: Database, draft: str, clock: Clock, authority: StampingAuthority
) -> None:
    sealed_at = clock()
    seal_draft(database_with_admin, draft, clock)
    target = target_of(database_with_admin, draft)
    with pytest.raises(LifecycleError, match="is older than the commitment itself"):
        store_stamp(database_with_admin, draft, target, authority, sealed_at - timedelta(hours=1))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_clocks_that_differ_by_minutes_are_named(
    locked_round: StagedRound, authority: StampingAuthority, minutes: int
) -> None:
    database, round_id, clock = locked_round.database, locked_round.round_id, locked_round.clock
    target = target_of(database, round_id)
    with pytest.raises(TimestampError, match="set the clock, or ask another authority"):
        store_stamp(database, round_id, target, authority, clock() + timedelta(minutes=minutes), now=clock())


def test_a_reply_to_another_query_is_not_stored(
    database_with_admin: Database, draft: str, clock: Clock, authority: StampingAuthority, tmp_path: Path
) -> None:
    seal_draft(database_with_admin, draft, clock)
    target = target_of(database_with_admin, draft)
    pending_stamp = PendingStamp(target.of, target.digest, ADDRESS, NONCE)
    for reply in (
        authority.reply(encode_query(target.digest, NONCE + 1)),
        authority.reply(encode_query("11" * 32, NONCE)),
    ):
        with pytest.raises(TimestampError, match="another"), database_with_admin.writing() as session:
            timestamps.store_timestamp(session, draft, pending_stamp, reply, ADMIN, clock())
    assert not list(tmp_path.glob("*.tsr"))
