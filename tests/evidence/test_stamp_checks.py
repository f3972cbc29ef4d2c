"""What a round's time stamps must show: each digest existed before the step that it must precede."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.evidence.authority_certificates import TrustedCertificates, read_trusted_certificates
from app.evidence.entries import EventAction, EventLink, canonical_time
from app.evidence.stamp_checks import (
    StampTarget,
    check_timestamps,
    stamp_targets,
    timestamp_files,
    timestamps_of_export,
)
from app.evidence.timestamp_encoding import encode_query
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


def event_link(number: int, action: EventAction, hours: int) -> EventLink:
    at = canonical_time(NOW + timedelta(hours=hours))
    event: dict[str, object] = {"round": "r", "number": number, "at": at, "actor": "Dag", "action": action}
    return {"number": number, "chain": f"{number:064x}", "event": {**event, "detail": {}}}  # type: ignore[typeddict-item]


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
    assert timestamps_of_export({"design.json": b"", **files}) == files


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
