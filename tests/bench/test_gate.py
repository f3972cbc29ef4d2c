"""A small version of the measurement of the gate: no false alarm, and a leak of every kind found."""

import pytest

from app.leak_audit.permutation_test import REFUSAL_P
from bench.gate import END, START, TRUST_PAGE, clean_p, count_found, fewest_items, measure_gate, write_figures
from bench.gate_leaks import EXACT_LEAKS, STATISTICAL_LEAKS


def test_tables_without_a_leak_stop_no_seal() -> None:
    assert all(clean_p(seed) > REFUSAL_P for seed in range(40))


@pytest.mark.parametrize("leak_name", [*EXACT_LEAKS, *STATISTICAL_LEAKS])
def test_a_planted_leak_of_each_kind_is_found(leak_name: str) -> None:
    assert count_found(leak_name, planted=1) == 1


def test_the_page_on_trust_says_from_how_many_items_on_the_p_can_stop_a_seal() -> None:
    page = TRUST_PAGE.read_text(encoding="utf-8")
    assert f"from {fewest_items()} items in two equal arms on" in page[page.index(START) : page.index(END)]


@pytest.mark.slow
def test_chance_stops_next_to_no_seal_and_leaks_are_found() -> None:
    figures = measure_gate(table_count=2_000, planted=100, processes=2)
    assert figures.alarms <= 3
    assert min(figures.found.values()) >= 95
    assert all(kind in write_figures(figures) for kind in figures.found)
