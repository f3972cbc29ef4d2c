"""The database without its key tells no arm, stratum, control or repeat; whatever leak is planted into it is found."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from app.archive.archive import Archive
from app.foundation.json_types import JsonObject
from app.store.engine import Database
from bench.attacked_round import AttackedRound, attacked_design, judge_half, seal_attacked_round
from bench.database_attack import Alarm
from bench.database_leaks import ALL_LEAKS, NEURONS, PEAKS, attack_round, open_files, places_of_leak
from bench.planted_leaks import PLANTED_LEAKS, planted_places
from tests.conftest import KINDS, fresh_database
from tests.rounds.small_archives import make_archive
from tests.tasks.tasks import NAMES, TASKS

FEW_LEAKS = ("aids encrypted without padding", "aids with arms in turn", "distances as JSON", "null for controls")
"""One for each way in which the attack looks, rows in another order after all that changes them."""
Target = tuple[Database, AttackedRound]
MakeTarget = Callable[..., Target]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Archive]:
    """Archives of three arms in two strata."""
    folder = tmp_path_factory.mktemp("cells")
    cells = [(arm, stratum) for arm in ("quokka", "axolotl", "numbat") for stratum in ("1L", "2L")]
    return {cell: make_archive(folder / "-".join(cell), seed=seed, width=18, weak=1) for seed, cell in enumerate(cells)}


@pytest.fixture(scope="module", params=KINDS)
def make_target(
    request: pytest.FixtureRequest,
    archives: dict[tuple[str, str], Archive],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MakeTarget]:
    """A function that makes a half judged round in a new database of each kind."""
    with ExitStack() as stack:

        def make(seed: int, task_fields: JsonObject | None = None) -> Target:
            data = tmp_path_factory.mktemp("attacked")
            database = stack.enter_context(fresh_database(request, data))
            design = attacked_design(archives, NEURONS, {"top": PEAKS}, task_fields)
            attacked = seal_attacked_round(database, data, design, archives, seed)
            judge_half(database, attacked, seed)
            return database, attacked

        yield make


@pytest.fixture(scope="module", params=TASKS, ids=NAMES)
def target_of_task(request: pytest.FixtureRequest, make_target: MakeTarget) -> tuple[Target, MakeTarget]:
    """A half judged round of each task, and the function that makes another one."""
    fields = None if request.param.has_controls else request.param.design_fields
    make = partial(make_target, task_fields=fields)
    return make(1), make


@pytest.fixture(scope="module")
def target(make_target: MakeTarget) -> Target:
    return make_target(1)


def places(alarms: list[Alarm]) -> set[tuple[str, str]]:
    return {(alarm.place, alarm.label) for alarm in alarms}


def test_a_half_judged_database_tells_nothing(target_of_task: tuple[Target, MakeTarget]) -> None:
    """One attack in a thousand gives an alarm by chance: it counts if a second round gives it, too."""
    target, make = target_of_task
    alarms = places(attack_round(*target, seed=1))
    if alarms:
        alarms &= places(attack_round(*make(2), seed=2))
    assert alarms == set()


def test_nobody_else_can_read_the_files_beside_the_database(target: Target) -> None:
    _, attacked = target
    files = [name for name in open_files(attacked.data) if not name.startswith("test.db")]  # copied by the fixture
    assert files == []


def test_planted_leaks_are_found(target: Target) -> None:
    """Four at once and on SQLite alone, to save time."""
    if target[0].engine.dialect.name != "sqlite":
        return
    leaks = [PLANTED_LEAKS[name] for name in FEW_LEAKS]
    alarms = attack_round(*target, 1, leaks)
    assert [name for name, leak in zip(FEW_LEAKS, leaks, strict=True) if not planted_places(alarms, leak)] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_LEAKS)
def test_every_planted_leak_is_found(target: Target, make_target: MakeTarget, name: str) -> None:
    """A leak that goes with the arms but for a few items may be missed in a small round: then a second one decides."""
    assert places_of_leak(*target, name, seed=1) or places_of_leak(*make_target(2), name, seed=2)
