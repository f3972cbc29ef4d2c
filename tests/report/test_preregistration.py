import re
from typing import Any

import pytest

from app.evidence.draws import LoggedStep
from app.evidence.event_details import AnnouncedDetail, DrawDetail, LeftOut, SealedDetail
from app.report.preregistration import notes_on_other_draws, write_preregistration
from app.rounds.analysis_plan import STANDARD_PLAN
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.planned_numbers import PlannedConstants, PlannedNumbers
from app.rounds.presets import PRESET_NAMES, design_from_preset
from app.rounds.unit_words import UnitWords
from app.statistics.power import StudyPlan, plan_power
from tests.rounds.older_designs import in_older_version

CELLS = [Cell(arm="quokka", archive_sha256="a" * 64), Cell(arm="axolotl", archive_sha256="b" * 64)]
SEALED = SealedDetail(
    commitment="c" * 64,
    design_sha256="d" * 64,
    sealed_sha256="e" * 64,
    items=120,
    keys=2,
    two_person=False,
    audit=None,
    receipt_key="f" * 64,
    draw=DrawDetail(number=1),
)


def make_design(preset_name: str = "solu-rank", **changes: Any) -> Design:
    return design_from_preset(preset_name, **{"title": "A first look", "arms": CELLS, "reference": "axolotl"} | changes)


@pytest.mark.parametrize("preset_name", PRESET_NAMES)
def test_the_preregistration_has_every_sentence_and_number_of_the_plan(preset_name: str) -> None:
    design = make_design(preset_name)
    text = write_preregistration(design, SEALED)
    plan = design.analysis
    sentences = [value for _, value in plan if isinstance(value, str)]
    for sentence in (*sentences, *plan.secondary.values(), *plan.sensitivity.values(), *plan.blinding.values()):
        assert sentence in text
    for part in (PlannedNumbers, PlannedConstants):
        assert all(f"| `{name}` | " in text for name in part.model_fields)


def test_it_has_the_headings_that_a_registry_asks_for() -> None:
    headings = re.findall(r"^## (.*)$", write_preregistration(make_design(), SEALED), re.MULTILINE)
    assert headings == [
        "Study information",
        "Design plan",
        "Sampling plan",
        "Variables",
        "Analysis plan",
        "What is not fixed",
        "Commitment",
        "How to verify",
    ]


def test_the_same_design_and_seal_give_the_same_text() -> None:
    assert write_preregistration(make_design(), SEALED) == write_preregistration(make_design(), SEALED)


def test_it_names_arms_archives_and_digests_and_says_whom_to_keep_it_from() -> None:
    text = write_preregistration(make_design(), SEALED)
    for named in ("quokka", "axolotl", *("abcdef"[index] * 64 for index in range(6))):
        assert named in text
    assert "**This document names the arms.** Evaluators must not see it before they have judged" in text
    assert f"firstglance verify EXPORT.zip --commitment {'c' * 64}" in text


def test_a_number_that_the_design_sets_is_the_one_that_is_registered() -> None:
    design = make_design(analysis=STANDARD_PLAN.model_copy(update={"numbers": PlannedNumbers(shuffles=999)}))
    assert "| `shuffles` | 999 |" in write_preregistration(design, SEALED)


def test_every_field_of_a_design_that_decides_something_is_registered() -> None:
    design = make_design(
        layers=[0, 2],
        by_layer="stratified",
        assignment="blocks",
        overlap=2,
        block=30,
        named=["Ada"],
        controls={"planted": 3, "ladder": [0.6, 0.9], "per_step": 2},
        training=4,
        training_pass=3,
        blinding_question="sort",
        exclusions={"smallest_planted": 0.6},
    )
    text = write_preregistration(design, SEALED)
    for part in (
        "All neurons of layers 0, 2",
        "from each layer in proportion to its size",
        "a block of 30 items; every item gets 2 judgments",
        "Planted items of a known rule: 3; items of known purity: 2 per cell at 0.6, 0.9; practice items with "
        "feedback: 4, of which 3 must be right.",
        "neurons that the named evaluators have seen are left out",
        "two piles of items",
        "Smallest planted: 0.6.",
        "2 judgments per item from 3 evaluators, in blocks of 30 items",
    ):
        assert part in text


def test_a_seed_that_a_public_value_completed_is_registered_with_both_halves() -> None:
    draw = DrawDetail(number=2, seed_rule="public", half_sha256="9" * 64, public_name="beacon 7", public_value="abc")
    text = write_preregistration(make_design(seed_rule="public"), SEALED.model_copy(update={"draw": draw}))
    assert "`" + "9" * 64 + "`" in text
    assert "public value “beacon 7”, which is “abc”. This is draw 2 of the round." in text


def test_a_seed_that_the_server_drew_alone_is_registered_as_such() -> None:
    assert "nothing shows that it drew only once" in write_preregistration(make_design(), SEALED)


def test_a_design_of_version_1_is_registered_without_a_plan() -> None:
    sealed = SEALED.model_copy(update={"receipt_key": None, "draw": None})
    text = write_preregistration(in_older_version(make_design(), 1), sealed)
    assert "did not contain the analysis plan" in text
    assert "whole analysis plan" not in text
    assert "Mantel" not in text
    assert "receipts" not in text


def test_text_of_several_lines_stays_in_its_paragraph() -> None:
    text = write_preregistration(make_design(title="A title\n## with a heading", primary="one\n\ntwo"), SEALED)
    assert text.startswith("# Preregistration: A title ## with a heading\n")
    assert "In the design's words: one two." in text


def test_the_detectable_difference_has_the_power_that_is_registered() -> None:
    row = next(line for line in write_preregistration(make_design(), SEALED).splitlines() if line.startswith("| 35.0"))
    difference = float(row.split("|")[3]) / 100
    power = plan_power(StudyPlan(0.35 + difference, 0.35, 60, 3, 0.5)).power
    assert power == pytest.approx(0.8, abs=0.005)


def test_a_design_too_small_for_any_difference_says_so() -> None:
    design = make_design(neurons=2, evaluators=1)
    text = write_preregistration(design, SEALED)
    assert "| none |" in text
    assert "“None” means that not even the largest difference possible is found" in text
    assert "“None” means" not in write_preregistration(make_design(), SEALED)
    assert "no power can be computed" in write_preregistration(make_design(neurons=1), SEALED)


@pytest.mark.parametrize(
    ("neuron_count", "evaluator_count", "text"),
    [
        (6, 1, "about 18 minutes of judging"),
        (60, 1, "about 3 hours of judging"),
        (3, 3, "about 27 minutes of judging"),
        (39, 1, "about 117 minutes of judging"),
    ],
)
def test_the_time_that_a_small_round_takes_is_said_in_minutes(
    neuron_count: int, evaluator_count: int, text: str
) -> None:
    assert text in write_preregistration(make_design(neurons=neuron_count, evaluators=evaluator_count), SEALED)


def test_the_number_of_evaluators_is_said_in_words_that_fit_one_and_many() -> None:
    assert "; one evaluator judges every item." in write_preregistration(make_design(evaluators=1), SEALED)
    text = write_preregistration(make_design(evaluators=3, named=["Ada", "Ben"]), SEALED)
    assert "; each of 3 evaluators judges every item." in text
    assert "The design asks for 3 evaluators" in text
    assert "Named before the seal: Ada, Ben." in text


def test_it_asks_for_publication_and_claims_none() -> None:
    text = write_preregistration(make_design(), SEALED)
    assert "was published" not in text
    assert "Publish it, here or elsewhere, before the first judgment." in text


def test_other_draws_and_announcements_are_registered() -> None:
    sentence = "A half of a seed was announced two times for this round."
    assert sentence in write_preregistration(make_design(), SEALED, [sentence])


def test_what_is_logged_after_the_seal_does_not_change_what_was_registered() -> None:
    announcement = AnnouncedDetail(
        number=1,
        half_sha256="9" * 64,
        public_name="beacon 7",
        value_length=6,
        design_sha256="d" * 64,
        left_out=LeftOut(neuron_count=0, rounds=(), sha256="e" * 64),
    )
    announced = LoggedStep("draw announced", announcement.model_dump(mode="json"))
    sealed = LoggedStep("sealed", SEALED.model_dump(mode="json"))
    locked = LoggedStep(
        "locked",
        {
            "v": 2,
            "evaluators": {},
            "stopped_early": True,
            "related_rounds": [{"round_id": "abc", "draw_count": 3, "announcement_count": 0, "opened": False}],
        },
    )
    notes = notes_on_other_draws([announced, announced, sealed], UnitWords({}))
    assert notes == ["A half of a seed was announced two times for this round."]
    assert notes_on_other_draws([announced, announced, sealed, locked], UnitWords({})) == notes
    assert notes_on_other_draws([sealed], UnitWords({})) == []


def test_symbols_of_the_plan_are_explained() -> None:
    text = write_preregistration(make_design(), SEALED)
    assert "k the number of its neurons and s² the sample variance of their mean verdicts" in text
    assert "Square-and-add squares the distances" in text


def test_aids_and_active_seconds_are_registered() -> None:
    without, with_aids = (write_preregistration(make_design(aids=aids), SEALED) for aids in (False, True))
    assert "Evaluators see words and marks of it, and nothing else that depends on the arm" in without
    assert "aids" not in without.replace("firstglance", "").lower().replace("aids opened", "")
    assert "Before their verdict on an item evaluators see words and marks of it" in with_aids
    assert "**Aids.** After the verdict on an item evaluators could open aids" in with_aids
    assert "Active seconds are the time from the display of an item to its verdict" in without
