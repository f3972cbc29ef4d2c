"""The seed follows from two halves, and a round's log counts every draw, whatever became of it."""

import hashlib
from typing import Any

import pytest

from app.evidence.draw_checks import draw_problems, logged_draw_problems
from app.evidence.draws import (
    LoggedStep,
    draw_history,
    half_digest,
    left_out_digest,
    public_value_problem,
    seed_from_halves,
)
from app.foundation.errors import SealError
from app.foundation.json_types import JsonObject
from app.rounds.allocation import Allocation, SealContent, SeedHalves
from app.rounds.design_fields import SeedRule

HALF, NAME, VALUE = "5e" * 32, "beacon round 7", "b0"
HALVES = SeedHalves(HALF, NAME, VALUE)
SEED = seed_from_halves(HALF, NAME, VALUE)
CONTENT = SealContent.to_seal(Allocation((), ()), SEED, "0a" * 32, HALVES)
NOBODY_S: JsonObject = {"neuron_count": 0, "rounds": [], "sha256": left_out_digest(())}
SOMEBODY_S: JsonObject = {"neuron_count": 2, "rounds": ["r7"], "sha256": "5a" * 32}
PUBLIC_DRAW: JsonObject = {
    "number": 1,
    "again": False,
    "seed_rule": "public",
    "half_sha256": half_digest(HALF),
    "public_name": NAME,
    "public_value": VALUE,
    "left_out": NOBODY_S,
}
ANNOUNCEMENT: JsonObject = {
    "number": 1,
    "half_sha256": half_digest(HALF),
    "public_name": NAME,
    "value_length": len(VALUE),
    "design_sha256": "d",
    "left_out": NOBODY_S,
}
ANNOUNCED = LoggedStep("draw announced", ANNOUNCEMENT)
BEGUN = LoggedStep("seal begun", PUBLIC_DRAW)


def begun(number: int, **changes: Any) -> LoggedStep:
    return LoggedStep("seal begun", {"number": number, **changes})


def cancelled(number: int | None) -> LoggedStep:
    return LoggedStep("seal cancelled", {"why": "a leak"} | ({} if number is None else {"number": number}))


def sealed(draw: JsonObject | None) -> LoggedStep:
    detail: JsonObject = {"commitment": "c", "design_sha256": "d", "sealed_sha256": "s", "items": 3, "keys": 2}
    return LoggedStep("sealed", detail | {"two_person": False, "audit": None, "draw": draw})


def counts(*steps: LoggedStep) -> tuple[int, int, int, int]:
    """(number of the sealed draw, all draws, cancelled ones, interrupted ones)"""
    history = draw_history(steps)
    return history.number, history.draw_count, history.cancelled, history.restarted


def test_the_digest_of_a_half_is_that_of_its_bytes_and_the_seed_is_one_of_all_three_parts() -> None:
    assert half_digest(HALF) == hashlib.sha256(bytes.fromhex(HALF)).hexdigest()
    text = f'{{"half":"{HALF}","public_name":"{NAME}","public_value":"{VALUE}"}}'
    assert hashlib.sha256(text.encode()).hexdigest() == SEED
    changed = {seed_from_halves("5f" * 32, NAME, VALUE), seed_from_halves(HALF, "round 8", VALUE)}
    assert SEED not in changed | {seed_from_halves(HALF, NAME, "b1")}


def test_a_round_that_was_sealed_at_once_has_one_draw() -> None:
    assert counts(begun(1), sealed({"number": 1})) == (1, 1, 0, 0)


def test_cancelled_and_interrupted_draws_are_counted_and_the_sealed_one_is_neither() -> None:
    steps = [begun(1), cancelled(1), begun(2), begun(3), sealed({"number": 3})]
    assert counts(*steps) == (3, 3, 1, 1)


def test_a_draw_that_another_process_began_anew_and_that_is_cancelled_late_is_counted_once() -> None:
    assert counts(begun(1), begun(2), cancelled(1), sealed({"number": 2})) == (2, 2, 1, 0)


def test_a_draw_that_was_cancelled_and_begun_again_from_the_same_halves_is_one_draw() -> None:
    steps = [ANNOUNCED, BEGUN, cancelled(1), LoggedStep("seal begun", PUBLIC_DRAW | {"again": True})]
    history = draw_history([*steps, sealed(PUBLIC_DRAW)])
    assert (history.number, history.draw_count, history.cancelled, history.begun_again) == (1, 1, 0, 1)
    assert (history.announced, history.public_name, history.public_value) == (1, NAME, VALUE)


def test_a_log_of_version_0_1_0_counts_what_it_has_and_says_that_it_does_not_have_all() -> None:
    created = LoggedStep("created", {"design_sha256": "d", "preset": "quick"})
    history = draw_history([created, cancelled(None), cancelled(None), sealed(None)])
    assert (history.number, history.draw_count, history.cancelled) == (3, 3, 2)
    assert not history.starts_logged
    assert history.same_archives is None


def test_draws_of_the_rounds_that_a_round_was_copied_from_are_added_up() -> None:
    copied = LoggedStep("copied", {"from": "abc", "state": "sealed", "draw_count": 4, "announcement_count": 2})
    history = draw_history([copied, begun(1)])
    assert (history.copied_from, history.copied_state) == ("abc", "sealed")
    assert (history.total_draw_count, history.total_announced_count) == (5, 2)


def test_an_entry_of_another_form_is_refused() -> None:
    with pytest.raises(SealError, match="about “draw” has another form"):
        draw_history([LoggedStep("seal begun", {"number": "many"})])


def test_a_seed_from_an_announced_half_and_the_value_that_was_named_has_no_problem() -> None:
    assert draw_problems("public", CONTENT, [ANNOUNCED, BEGUN, sealed(PUBLIC_DRAW)]) == []


def content_with(**changes: str) -> SealContent:
    """A seal whose halves were changed, and its seed with them."""
    halves = SeedHalves(**{"half": HALF, "public_name": NAME, "public_value": VALUE} | changes)
    seed = seed_from_halves(halves.half, halves.public_name, halves.public_value)
    return SealContent.to_seal(Allocation((), ()), seed, "0a" * 32, halves)


def announced_again(**changes: str) -> LoggedStep:
    return LoggedStep("draw announced", {**ANNOUNCEMENT, "number": 2, **changes})


CREATED_OTHERWISE = LoggedStep("created", {"design_sha256": "e", "preset": "quick"})
OTHER_SEED = SealContent.to_seal(Allocation((), ()), "77" * 32, "0a" * 32, HALVES)
NO_HALVES = SealContent.to_seal(Allocation((), ()), SEED, "0a" * 32)
LOGGED = [ANNOUNCED, BEGUN, sealed(PUBLIC_DRAW)]
OTHER_HALF = PUBLIC_DRAW | {"half_sha256": half_digest("5f" * 32)}
OTHER_NAME = PUBLIC_DRAW | {"public_name": "round 8"}
OTHER_VALUE = PUBLIC_DRAW | {"public_value": "b1"}


@pytest.mark.parametrize(
    ("rule", "content", "steps", "problem"),
    [
        ("public", OTHER_SEED, LOGGED, "does not follow from the server's half"),
        ("public", NO_HALVES, LOGGED, "names none"),
        ("public", CONTENT, [ANNOUNCED, BEGUN, sealed(None)], "names none"),
        ("server", CONTENT, LOGGED, "the design has the server draw it alone"),
        ("public", content_with(half="5f" * 32), LOGGED, "does not have the digest that the log has"),
        ("public", content_with(half="zz"), LOGGED, "not 64 hexadecimal digits"),
        ("public", content_with(public_value="b1"), LOGGED, "another text for it"),
        ("public", CONTENT, [BEGUN, sealed(PUBLIC_DRAW)], "not the one that was announced before"),
        ("public", CONTENT, [BEGUN, ANNOUNCED, sealed(PUBLIC_DRAW)], "not the one that was announced before"),
        ("public", CONTENT, [ANNOUNCED, sealed(PUBLIC_DRAW)], "does not say that the sealed draw was begun"),
        (
            "public",
            content_with(half="5f" * 32),
            [ANNOUNCED, LoggedStep("seal begun", OTHER_HALF), sealed(OTHER_HALF)],
            "not the one that was announced before",
        ),
        (
            "public",
            content_with(public_name="round 8"),
            [ANNOUNCED, LoggedStep("seal begun", OTHER_NAME), sealed(OTHER_NAME)],
            "not the one that was named in the log's announcement",
        ),
        (
            "public",
            CONTENT,
            [ANNOUNCED, LoggedStep("seal begun", OTHER_VALUE), BEGUN, sealed(PUBLIC_DRAW)],
            "completed by more than one value",
        ),
        (
            "public",
            CONTENT,
            [ANNOUNCED, announced_again(), BEGUN, sealed(PUBLIC_DRAW)],
            "Announcement 2 has the half of an earlier one",
        ),
        (
            "public",
            CONTENT,
            [ANNOUNCED, announced_again(half_sha256="77" * 32), BEGUN, sealed(PUBLIC_DRAW)],
            "not the one that was announced before",
        ),
        ("public", CONTENT, [CREATED_OTHERWISE, *LOGGED], "was created with another design (e…) than the one"),
        (
            "public",
            CONTENT,
            [LoggedStep("draw announced", ANNOUNCEMENT | {"design_sha256": "e"}), BEGUN, sealed(PUBLIC_DRAW)],
            "By the log announcement 1 of the draw is for another design (e…) than the one that was sealed (d…)",
        ),
        (
            "public",
            CONTENT,
            [LoggedStep("draw announced", ANNOUNCEMENT | {"left_out": SOMEBODY_S}), BEGUN, sealed(PUBLIC_DRAW)],
            "left out other neurons than the log's announcement says",
        ),
        ("server", NO_HALVES, [CREATED_OTHERWISE, begun(1), sealed({"number": 1})], "was created with another design"),
        ("public", CONTENT, [ANNOUNCED, BEGUN, sealed(PUBLIC_DRAW | {"seed_rule": "server"})], "names none"),
    ],
)
def test_everything_that_contradicts_the_rule_for_the_seed_is_named(
    rule: SeedRule, content: SealContent, steps: list[LoggedStep], problem: str
) -> None:
    assert any(problem in sentence for sentence in draw_problems(rule, content, steps))


@pytest.mark.parametrize(
    "value", ["c0ffee\u200b", "C0ffee", "c0ffee ", " c0ffee", "c0  ffee", "c0\tffee", "é", "e\u0301", "c0ffee\n", ""]
)
def test_a_public_value_that_can_be_spelled_in_more_ways_than_one_is_refused_and_named(value: str) -> None:
    assert "is not written by the rule" in public_value_problem(value, None)
    draw = PUBLIC_DRAW | {"public_value": value}
    announced = LoggedStep("draw announced", ANNOUNCEMENT | {"value_length": len(value)})
    steps = [announced, LoggedStep("seal begun", draw), sealed(draw)]
    (problem,) = draw_problems("public", content_with(public_value=value), steps)
    assert "is not written by the rule" in problem
    assert "\u200b" not in problem


@pytest.mark.parametrize("value", ["b0", "31.4", "3 17 22 41", "-0.5 %", "rien ne va plus!"])
def test_lower_case_ascii_with_single_spaces_is_a_public_value(value: str) -> None:
    assert public_value_problem(value, None) == ""


@pytest.mark.parametrize("value", ["05 12 19 23 38 42", "42 38 23 19 12 05", "05-12-19-23-38-42", "05,12,19,23,38,42"])
def test_a_length_leaves_several_spellings_of_lottery_numbers_so_the_name_has_to_say_which(value: str) -> None:
    assert public_value_problem(value, 17) == ""


def test_a_public_value_has_the_length_that_was_announced() -> None:
    assert public_value_problem(VALUE, len(VALUE)) == ""
    assert "has 4 characters; the announcement says that it has 2" in public_value_problem("0xb0", 2)
    announced = LoggedStep("draw announced", {**ANNOUNCED.detail, "value_length": 3})
    (problem,) = draw_problems("public", CONTENT, [announced, BEGUN, sealed(PUBLIC_DRAW)])
    assert "has not the length" in problem
    assert draw_history([announced, BEGUN, sealed(PUBLIC_DRAW)]).value_length == 3


def test_a_seed_that_the_server_drew_alone_needs_no_announcement() -> None:
    assert draw_problems("server", NO_HALVES, [begun(1), sealed({"number": 1})]) == []


@pytest.mark.parametrize("field", ["value_length", "design_sha256", "left_out"])
def test_an_announcement_that_leaves_something_of_the_draw_open_is_refused(field: str) -> None:
    detail = {name: part for name, part in ANNOUNCEMENT.items() if name != field}
    with pytest.raises(SealError, match="about “announced” has another form"):
        draw_problems("public", CONTENT, [LoggedStep("draw announced", detail), BEGUN, sealed(PUBLIC_DRAW)])


def test_what_the_log_says_of_the_draw_is_checked_without_the_opened_seal() -> None:
    assert logged_draw_problems(LOGGED) == []
    assert logged_draw_problems(LOGGED[:2]) == []
    (problem,) = logged_draw_problems([CREATED_OTHERWISE, *LOGGED])
    assert "draws could be tried" in problem


def test_a_second_announcement_with_a_half_of_its_own_is_no_contradiction() -> None:
    """The draw may be announced anew before the seal, also while a seal from the first is not finished."""
    newer = announced_again(half_sha256="77" * 32)
    assert draw_problems("public", CONTENT, [newer, ANNOUNCED, BEGUN, sealed(PUBLIC_DRAW)]) == []
    assert draw_problems("public", CONTENT, [ANNOUNCED, BEGUN, newer, sealed(PUBLIC_DRAW)]) == []
