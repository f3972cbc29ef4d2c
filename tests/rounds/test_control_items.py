import pytest

from app.archive.archive import Archive
from app.foundation.errors import DesignError
from app.foundation.json_types import JsonObject
from app.rounds.allocation import AllocatedItem, ItemKind
from app.rounds.design import Design, FieldValue
from app.rounds.neighbours import distances_between
from app.rounds.preparation import PreparedRound, prepare_round
from app.tasks.item import Item
from tests.rounds.swapped_arms import swap_arms

SEED = "5e" * 32


def with_controls(design: Design, **changes: FieldValue) -> Design:
    controls: JsonObject = {"planted": 2, "ladder": [0.6, 0.9], "per_step": 1}
    settings: dict[str, FieldValue] = {
        "neurons": 4,
        "controls": controls,
        "repeats": 2,
        "repeat_distance": 3,
        "training": 2,
    }
    return design.with_changes(**settings | changes)


@pytest.fixture
def prepared(design: Design, archives: dict[str, Archive]) -> PreparedRound:
    return prepare_round(with_controls(design), archives, SEED)


def items_by_code(prepared: PreparedRound) -> dict[str, Item]:
    return {item.code: item for item in prepared.items}


def allocated_of_kind(prepared: PreparedRound, *kinds: ItemKind) -> list[AllocatedItem]:
    return [allocated for allocated in prepared.allocation.items if allocated.kind in kinds]


def test_a_planted_item_follows_the_rule_that_the_allocation_names(prepared: PreparedRound) -> None:
    items = items_by_code(prepared)
    planted = allocated_of_kind(prepared, "planted")
    assert len(planted) == 2
    for allocated in planted:
        passages = items[allocated.item].passages
        words = {passage.texts[passage.peak].strip().lower() for passage in passages}
        assert [f"the word “{word}”" for word in words] == [allocated.rule]


def test_the_ladder_has_every_step_in_every_arm(prepared: PreparedRound) -> None:
    steps = sorted((allocated.arm, allocated.purity) for allocated in allocated_of_kind(prepared, "purity"))
    assert steps == [("axolotl", 0.6), ("axolotl", 0.9), ("quokka", 0.6), ("quokka", 0.9)]


def test_controls_are_made_of_neurons_that_were_not_drawn(prepared: PreparedRound) -> None:
    drawn = {(allocated.arm, allocated.neuron) for allocated in allocated_of_kind(prepared, "neuron")}
    controls = allocated_of_kind(prepared, "planted", "purity", "training")
    donors = [(allocated.arm, allocated.neuron) for allocated in controls]
    assert drawn.isdisjoint(donors)
    assert len(set(donors)) == len(donors)


def test_a_repeat_shows_the_same_passages_in_another_order_and_stands_apart(prepared: PreparedRound) -> None:
    items = items_by_code(prepared)
    repeats = allocated_of_kind(prepared, "repeat")
    assert len(repeats) == 2
    for allocated in repeats:
        original, repeat = items[str(allocated.repeats)], items[allocated.item]
        assert sorted(map(repr, original.passages)) == sorted(map(repr, repeat.passages))
        assert original.passages != repeat.passages
        distances = distances_between(prepared.items, repeat_distance=17)
        assert distances[repeat.code][original.code] == distances[original.code][repeat.code] == 17


def test_practice_items_have_expected_answers_and_half_of_them_have_no_rule(prepared: PreparedRound) -> None:
    answers = prepared.practice_answers
    assert set(answers) == {allocated.item for allocated in allocated_of_kind(prepared, "training")}
    assert sorted(answer["verdict"] for answer in answers.values()) == ["interpretable", "not_interpretable"]
    for answer in answers.values():
        assert (answer["verdict"] == "interpretable") == answer["rule"].startswith("the word")


def test_swapping_the_arms_changes_no_byte_of_the_controls(
    design: Design, archives: dict[str, Archive], prepared: PreparedRound
) -> None:
    swapped = prepare_round(swap_arms(with_controls(design)), archives, SEED)
    assert [item.content() for item in swapped.items] == [item.content() for item in prepared.items]


@pytest.mark.parametrize("controls", [{"ladder": [0.6], "per_step": 15}, {"planted": 40}], ids=["ladder", "planted"])
def test_more_controls_than_there_are_spare_neurons_are_refused(
    design: Design, archives: dict[str, Archive], controls: JsonObject
) -> None:
    with pytest.raises(DesignError, match="Too few neurons are left for the controls"):
        prepare_round(with_controls(design, controls=controls), archives, SEED)


def test_a_planted_rule_needs_a_word_that_is_in_enough_windows(
    design: Design, archives: dict[str, Archive], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.rounds.controls.SHORTEST_WORD", 99)
    with pytest.raises(DesignError, match="too little text for planted items"):
        prepare_round(with_controls(design, training=0, controls={"planted": 1}), archives, SEED)
