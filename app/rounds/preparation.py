"""Prepare a round from a design, its archives and a secret seed: items, allocation and aids. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.foundation.errors import DesignError
from app.foundation.json_types import JsonObject
from app.rounds.aids import Aids, build_aids
from app.rounds.allocation import Allocation
from app.rounds.archive_frame import ArchiveFrame, Archives, SeenNeurons, archive_frames
from app.rounds.cell_draws import CellDraw, allocated_cell, draw_cells
from app.rounds.concealment import draw_codes, passages_of
from app.rounds.control_items import ControlItemMaker
from app.rounds.design import Design
from app.rounds.frame_draws import neuron_key
from app.rounds.planned_items import PlannedItem
from app.rounds.randomness import SecretRandom
from app.tasks.item import Item, PracticeAnswer
from app.tasks.registry import task_named
from app.tasks.task import Presentation
from app.tasks.task_checks import require_presentable


@dataclass(frozen=True)
class PreparedRound:
    """Everything that a seal needs; the allocation never leaves the process unencrypted."""

    items: tuple[Item, ...]
    """Sorted by code."""
    allocation: Allocation
    practice_answers: dict[str, PracticeAnswer]
    """{code of a practice item: the expected answer}, for the feedback; sorted by code."""
    aids: dict[str, Aids]
    """{code: what may be opened after a verdict}, sorted by code; empty unless the design has aids."""

    def practice_answers_content(self) -> JsonObject:
        """The expected answers as JSON values, for the public design."""
        answers = self.practice_answers.items()
        return {code: {"verdict": answer["verdict"], "rule": answer["rule"]} for code, answer in answers}


def require_drawable(design: Design, archives: Archives, seed: str, seen_neurons: SeenNeurons = frozenset()) -> None:
    """Raise DesignError with the reason if no round can be drawn for the design; `seed` is not used again."""
    frames = archive_frames(design, archives, seen_neurons)
    _plan_items(design, frames, draw_cells(design, frames, seed), seed)


def prepare_round(
    design: Design, archives: Archives, seed: str, seen_neurons: SeenNeurons = frozenset()
) -> PreparedRound:
    """Draw the neurons and make items and allocation. `seed` is 64 hexadecimal digits, which only the seal stores.

    Raises DesignError with the reason if no round can be drawn for the design.
    """
    frames = archive_frames(design, archives, seen_neurons)
    cell_draws = draw_cells(design, frames, seed)
    planned_items = _plan_items(design, frames, cell_draws, seed)
    codes = draw_codes(len(planned_items), SecretRandom(seed, "codes"))
    coded = dict(zip(codes, planned_items, strict=True))
    by_code = [(code, coded[code]) for code in sorted(coded)]
    presented = {code: _present(code, planned, design, seed) for code, planned in by_code}
    return PreparedRound(
        items=tuple(Item(code, presented[code].passages) for code, _ in by_code),
        allocation=Allocation(
            items=tuple(
                planned.allocated(code, _repeated_code(planned, codes), presented[code].right_answer)
                for code, planned in by_code
            ),
            cells=tuple(allocated_cell(cell_draw, frames[cell_draw.cell.archive_sha256]) for cell_draw in cell_draws),
        ),
        practice_answers={code: _practice_answer(item, design) for code, item in by_code if item.kind == "training"},
        aids={code: _aids(code, planned, seed) for code, planned in by_code} if design.aids else {},
    )


def _plan_items(
    design: Design, frames: Mapping[str, ArchiveFrame], cell_draws: Sequence[CellDraw], seed: str
) -> list[PlannedItem]:
    """All items of the round, in an order that swapping the arms does not change."""
    maker = ControlItemMaker(design, frames, cell_draws, seed)
    drawn_items = _drawn_items(frames, cell_draws)
    controls = [*maker.planted_items(), *maker.ladder_items(), *maker.practice_items()]
    return [*drawn_items, *controls, *_repeats(design, drawn_items, seed)]


def _drawn_items(frames: Mapping[str, ArchiveFrame], cell_draws: Sequence[CellDraw]) -> list[PlannedItem]:
    pairs = [(cell_draw.cell, neuron) for cell_draw in cell_draws for neuron in cell_draw.live_neurons]
    pairs.sort(key=lambda pair: (pair[0].archive_sha256, *neuron_key(pair[1])))
    planned_items = []
    for cell, neuron in pairs:
        archive_frame = frames[cell.archive_sha256]
        snippets = tuple(archive_frame.shown_snippets_of(neuron))
        planned_items.append(PlannedItem(snippets, neuron, cell, archive_frame.n_layers, "neuron"))
    return planned_items


def _repeats(design: Design, drawn_items: Sequence[PlannedItem], seed: str) -> list[PlannedItem]:
    if design.repeats > len(drawn_items):
        msg = f"There are {design.repeats} repeats but only {len(drawn_items)} live neurons to repeat; repeat fewer."
        raise DesignError(msg)
    indices = sorted(SecretRandom(seed, "repeats").sample(range(len(drawn_items)), design.repeats))
    return [replace(drawn_items[index], kind="repeat", repeated_index=index) for index in indices]


def _present(code: str, planned: PlannedItem, design: Design, seed: str) -> Presentation:
    """What the task shows of a planned item, and the right answer to it."""
    passages = passages_of(planned.snippets, planned.neuron.maximum, design.marks, _passage_order(code, seed))
    task = task_named(design.task)
    return require_presentable(task, passages, task.present(passages))


def _practice_answer(planned: PlannedItem, design: Design) -> PracticeAnswer:
    """The expected answer to a practice item, which only a task with controls has."""
    expected = task_named(design.task).control_answers
    assert expected is not None  # the design is refused if it asks for practice items of another task
    return {"verdict": expected.with_rule if planned.rule else expected.without_rule, "rule": planned.rule or ""}


def _aids(code: str, planned: PlannedItem, seed: str) -> Aids:
    snippets = list(planned.snippets)
    _passage_order(code, seed).shuffle(snippets)
    return build_aids(snippets, planned.neuron)


def _passage_order(code: str, seed: str) -> SecretRandom:
    """The generator that shuffles an item's passages; each call returns a new one that gives the same order."""
    return SecretRandom(seed, f"passages {code}")


def _repeated_code(planned: PlannedItem, codes: Sequence[str]) -> str | None:
    return None if planned.repeated_index is None else codes[planned.repeated_index]
