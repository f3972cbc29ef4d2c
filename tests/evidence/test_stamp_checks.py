"""What a round's time stamps must show: each digest existed before the step that it must precede."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.evidence.authority_certificates import TrustedCertificates, read_trusted_certificates
from app.evidence.entries import EventAction, EventLink, canonical_time
from app.evidence.stamp_checks import (
    FILE_NAME,
    StampTarget,
    check_timestamps,
    stamp_targets,
    timestamp_files,
)
from app.evidence.timestamp_encoding import encode_query
from app.evidence.timestamps import stamped_time
from app.foundation.json_types import JsonObject
from tests.evidence.stamping_authority import DAY, NOW, StampingAuthority, certify

COMMITMENT = "c0" * 32
STAMPED = NOW
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    root = certify("Root", is_authority=True)
    return StampingAuthority(tmp_path_factory.mktemp("authority"), certify("Authority", root), (root,))


@pytest.fixture(scope="module")
def trusted(authority: StampingAuthority) -> TrustedCertificates:
    (root,) = authority.chain
    return read_trusted_certificates(root.pem)


def token_of(authority: StampingAuthority, digest: str) -> bytes:
    return authority.reply(encode_query(digest, 1))


def event_link(number: int, action: EventAction, hours: float, detail: JsonObject | None = None) -> EventLink:
    at = canonical_time(NOW + timedelta(hours=hours))
    event: dict[str, object] = {"round": "r", "number": number, "at": at, "actor": "Dag", "action": action}
    return {"number": number, "chain": f"{number:064x}", "event": {**event, "detail": detail or {}}}  # type: ignore[typeddict-item]


def test_targets_are_the_draws_the_commitment_and_the_lock_with_the_steps_that_they_precede() -> None:
    actions: list[EventAction] = ["created", "draw announced", "draw announced", "seal begun", "sealed", "opened", "locked", "exported", "key read", "unblinded"]  # fmt: skip  # noqa: E501
    links = [event_link(number, action, number) for number, action in enumerate(actions)]
    targets = stamp_targets(COMMITMENT, links, NOW + 5.5 * timedelta(hours=1))
    assert [(target.of, target.digest[-1], target.step_at) for target in targets] == [
        ("draw", "1", NOW + timedelta(hours=3)),
        ("draw", "2", NOW + timedelta(hours=3)),
        ("commitment", "0", NOW + timedelta(hours=5.5)),
        ("lock", "6", NOW + timedelta(hours=8)),
    ]


def test_a_draft_has_nothing_to_stamp_and_an_open_round_has_no_lock() -> None:
    assert stamp_targets(None, [event_link(0, "created", 0)], None) == []
    (commitment,) = stamp_targets(COMMITMENT, [event_link(0, "sealed", 0)], None)
    assert (commitment.of, commitment.step_at) == ("commitment", None)


def test_the_files_of_an_export_are_numbered_by_kind_and_found_again() -> None:
    files = timestamp_files([("commitment", b"1"), ("lock", b"2"), ("commitment", b"3")])
    assert files == {
        "timestamps/commitment-1.tsr": b"1",
        "timestamps/lock-1.tsr": b"2",
        "timestamps/commitment-2.tsr": b"3",
    }
    assert all(FILE_NAME.fullmatch(name) for name in files)  # by which an export's reader finds them
    assert not FILE_NAME.fullmatch("design.json")


@pytest.mark.parametrize(
    ("step_at", "problem"),
    [(None, ""), (LATER, ""), (EARLIER, "is after the first judgment")],
    ids=["the step is to come", "before the step", "after the step"],
)
def test_a_stamp_must_be_before_its_step(
    authority: StampingAuthority, trusted: TrustedCertificates, step_at: None, problem: str
) -> None:
    targets = [StampTarget("commitment", COMMITMENT, "the first judgment", step_at)]
    files = timestamp_files([("commitment", token_of(authority, COMMITMENT))])
    (finding,) = check_timestamps(files, trusted, targets)
    assert finding.moment is not None
    assert abs(finding.moment - STAMPED) < timedelta(minutes=10)
    assert (finding.problem == "") == (problem == "")
    assert problem in finding.problem


@pytest.mark.parametrize(
    ("minutes", "problem"),
    [(4, ""), (6, "is older than the lock itself, which the log dates")],
    ids=["as clocks differ", "long before the lock"],
)
def test_a_stamp_cannot_be_older_than_what_it_stamps(
    authority: StampingAuthority, trusted: TrustedCertificates, minutes: int, problem: str
) -> None:
    links = [event_link(1, "locked", minutes / 60)]
    token = token_of(authority, links[0]["chain"])
    made_at = stamped_time(token, links[0]["chain"]) + timedelta(minutes=minutes)
    links[0]["event"]["at"] = canonical_time(made_at)
    (finding,) = check_timestamps(timestamp_files([("lock", token)]), trusted, stamp_targets(None, links, None))
    assert problem in finding.problem
    assert bool(problem) == bool(finding.problem)


def test_a_stamp_may_be_later_than_its_step_by_the_allowed_difference_of_clocks() -> None:
    target = StampTarget("commitment", COMMITMENT, "the first judgment", NOW)
    assert target.problem_at(NOW + timedelta(minutes=5)) == ""
    assert "is after the first judgment" in target.problem_at(NOW + timedelta(minutes=5, seconds=1))


@pytest.mark.parametrize(
    ("later_halves", "superseded"),
    [([], False), (["aa"], True), (["bb"], True)],
    ids=["announced once", "another half announced later", "the same half announced once more"],
)
def test_the_stamp_of_an_announcement_that_was_not_used_is_told_from_that_of_the_sealed_draw(
    authority: StampingAuthority, trusted: TrustedCertificates, later_halves: list[str], superseded: bool
) -> None:
    """The sealed draw is from the newest announcement when it was begun, and from no earlier one of the same half."""
    halves = ["bb", *later_halves]
    draw: JsonObject = {"half_sha256": halves[-1], "public_name": "beacon 1", "number": 1}
    links = [
        *(
            event_link(index, "draw announced", 0, {"half_sha256": half, "public_name": "beacon 1"})
            for index, half in enumerate(halves)
        ),
        event_link(2, "seal begun", 1, draw),
        event_link(3, "sealed", 1, {"draw": draw}),
    ]
    files = timestamp_files([("draw", token_of(authority, links[0]["chain"]))])
    (finding,) = check_timestamps(files, trusted, stamp_targets(None, links, None))
    assert (finding.problem, finding.superseded) == ("", superseded)


def test_each_draw_may_be_stamped_and_a_stamp_names_the_problem_of_its_own_draw(
    authority: StampingAuthority,
) -> None:
    draws = [StampTarget("draw", digest * 32, "the seal", LATER) for digest in ("d1", "d2", "d3")]
    files = timestamp_files([("draw", token_of(authority, "d2" * 32))])
    strangers = read_trusted_certificates(certify("Stranger", is_authority=True).pem)
    (finding,) = check_timestamps(files, strangers, draws)
    assert finding.problem.startswith("The authority “Authority” is not trusted")


def test_a_stamp_of_another_round_is_named_with_its_file(
    authority: StampingAuthority, trusted: TrustedCertificates
) -> None:
    targets = [StampTarget("lock", "11" * 32, "the unblinding", NOW + DAY)]
    (finding,) = check_timestamps(timestamp_files([("lock", token_of(authority, "22" * 32))]), trusted, targets)
    assert (finding.file, finding.moment) == ("timestamps/lock-1.tsr", None)
    assert "for another digest" in finding.problem


def test_a_stamp_of_the_commitment_does_not_pass_as_one_of_the_lock(
    authority: StampingAuthority, trusted: TrustedCertificates
) -> None:
    token = token_of(authority, COMMITMENT)
    targets = [StampTarget("commitment", COMMITMENT, "the first judgment", None)]
    problems = [
        finding.problem
        for finding in check_timestamps(
            {"timestamps/lock-1.tsr": token, "timestamps/notes.txt": b"", "timestamps/commitment-0.tsr": token},
            trusted,
            targets,
        )
    ]
    unnamed = "The file's name does not say what was stamped."
    assert problems == [unnamed, "The round has no lock that could have been stamped.", unnamed]


def test_the_folder_of_an_authority_is_not_needed_to_verify(
    authority: StampingAuthority, trusted: TrustedCertificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Verification runs no program: it works where no OpenSSL is."""
    files = timestamp_files([("commitment", token_of(authority, COMMITMENT))])
    monkeypatch.setenv("PATH", str(tmp_path))
    targets = [StampTarget("commitment", COMMITMENT, "the first judgment", None)]
    assert [finding.problem for finding in check_timestamps(files, trusted, targets)] == [""]
