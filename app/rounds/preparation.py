"""From a design, its archives and a secret seed to items, allocation and distances: what a seal closes over. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.foundation.json_types import JsonObject
from app.rounds.aids import Aids, build_aids
from app.rounds.candidates import Archives, SeenNeurons, archive_frames
from app.rounds.concealment import conceal_snippets, draw_codes, shared_window_distances
from app.rounds.design import Design
from app.rounds.drawing import cell_counts, draw_cells
from app.rounds.item import Item, TrainingAnswer
from app.rounds.ordering import WINDOW_DISTANCE
from app.rounds.planned_items import PlannedItem, plan_items
from app.rounds.randomness import SecretRandom


@dataclass(frozen=True)
class PreparedRound:
    """What a seal is made of; the allocation never leaves the process unencrypted."""

    items: tuple[Item, ...]
    """Sorted by code."""
    allocation: dict[str, Any]
    """{"items": [...], "cells": [...]} as plain JSON values."""
    distances: dict[str, dict[str, int]]
    """How far items should stand from others: those with a window in common, and repeats."""
    training_answers: dict[str, TrainingAnswer]
    """{code of a training item: its verdict and rule}, for the feedback."""
    aids: dict[str, Aids]
    """What may be looked at after a verdict, by code; empty unless the design has aids."""

    def training_answers_content(self) -> JsonObject:
        """The expected answers as JSON values, for the public design."""
        return {
            code: {"verdict": answer["verdict"], "rule": answer["rule"]}
            for code, answer in self.training_answers.items()
        }


def require_drawable(design: Design, archives: Archives, seed: str, left_out: SeenNeurons = frozenset()) -> None:
    """Raise DesignError with the reason if the design cannot be met; `seed` is thrown away afterwards."""
    found = archive_frames(design, archives, left_out)
    plan_items(design, found, draw_cells(design, found, seed), seed)


def prepare_round(design: Design, archives: Archives, seed: str, left_out: SeenNeurons = frozenset()) -> PreparedRound:
    """Draw, conceal and list. `seed` is 64 hexadecimal digits and goes into the seal only."""
    found = archive_frames(design, archives, left_out)
    dealt = draw_cells(design, found, seed)
    made = plan_items(design, found, dealt, seed)
    codes = draw_codes(len(made), SecretRandom(seed, "codes"))
    coded = dict(zip(codes, made, strict=True))
    lines = [one.line | {"item": code} | _original(one, codes) for code, one in coded.items()]
    allocation = {
        "items": sorted(lines, key=lambda line: str(line["item"])),
        "cells": [cell_counts(share, found[share.cell.archive_sha256]) for share in dealt],
    }
    return PreparedRound(
        items=tuple(_item(code, coded[code], design, seed) for code in sorted(coded)),
        allocation=allocation,
        distances=_distances(design, coded, codes),
        training_answers={code: _answer(one) for code, one in coded.items() if one.training},
        aids={code: _aids(code, one, seed) for code, one in coded.items()} if design.aids else {},
    )


def _item(code: str, specimen: PlannedItem, design: Design, seed: str) -> Item:
    return conceal_snippets(code, specimen.snippets, specimen.neuron.maximum, design.marks, _order(code, seed))


def _aids(code: str, specimen: PlannedItem, seed: str) -> Aids:
    snippets = list(specimen.snippets)
    _order(code, seed).shuffle(snippets)
    return build_aids(snippets, specimen.neuron)


def _order(code: str, seed: str) -> SecretRandom:
    """What the order of an item's passages is drawn from, anew at each call."""
    return SecretRandom(seed, f"passages {code}")


def _original(specimen: PlannedItem, codes: Sequence[str]) -> dict[str, str]:
    return {} if specimen.original is None else {"repeats": codes[specimen.original]}


def _distances(design: Design, coded: Mapping[str, PlannedItem], codes: Sequence[str]) -> dict[str, dict[str, int]]:
    windows = {code: frozenset(one.window for one in made.snippets) for code, made in coded.items()}
    found = shared_window_distances(windows, WINDOW_DISTANCE)
    for code, made in coded.items():
        if made.original is not None:
            other = codes[made.original]
            found[code][other] = found[other][code] = max(WINDOW_DISTANCE, design.repeat_distance)
    return found


def _answer(specimen: PlannedItem) -> TrainingAnswer:
    rule = specimen.line["rule"]
    return {"verdict": "interpretable" if rule else "not_interpretable", "rule": rule or ""}
