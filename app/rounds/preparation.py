"""From a design, its archives and a secret seed to items, allocation and distances: what a seal closes over. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.foundation.json_types import JsonObject
from app.rounds.aids import Aids, aids_of
from app.rounds.candidates import Archives, SeenNeurons, sources
from app.rounds.concealment import apart, conceal, draw_codes
from app.rounds.design import Design
from app.rounds.drawing import counts, deal
from app.rounds.item import Item, TrainingAnswer
from app.rounds.ordering import DISTANCE
from app.rounds.planned_items import PlannedItem, specimens
from app.rounds.randomness import SecretRandom


@dataclass(frozen=True)
class PreparedRound:
    """What a seal is made of; the allocation never leaves the process unencrypted."""

    items: tuple[Item, ...]
    """Sorted by code."""
    allocation: dict[str, Any]
    """{"items": [...], "cells": [...]} as plain JSON values."""
    apart: dict[str, dict[str, int]]
    """How far items should stand from others: those with a window in common, and repeats."""
    answers: dict[str, TrainingAnswer]
    """{code of a training item: its verdict and rule}, for the feedback."""
    aids: dict[str, Aids]
    """What may be looked at after a verdict, by code; empty unless the design has aids."""

    def training_answers_content(self) -> JsonObject:
        """The expected answers as JSON values, for the public design."""
        return {code: {"verdict": answer["verdict"], "rule": answer["rule"]} for code, answer in self.answers.items()}


def check(design: Design, archives: Archives, seed: str, left_out: SeenNeurons = frozenset()) -> None:
    """Raise DesignError with the reason if the design cannot be met; `seed` is thrown away afterwards."""
    found = sources(design, archives, left_out)
    specimens(design, found, deal(design, found, seed), seed)


def prepare(design: Design, archives: Archives, seed: str, left_out: SeenNeurons = frozenset()) -> PreparedRound:
    """Draw, conceal and list. `seed` is 64 hexadecimal digits and goes into the seal only."""
    found = sources(design, archives, left_out)
    dealt = deal(design, found, seed)
    made = specimens(design, found, dealt, seed)
    codes = draw_codes(len(made), SecretRandom(seed, "codes"))
    coded = dict(zip(codes, made, strict=True))
    lines = [one.line | {"item": code} | _original(one, codes) for code, one in coded.items()]
    allocation = {
        "items": sorted(lines, key=lambda line: str(line["item"])),
        "cells": [counts(share, found[share.cell.archive_sha256]) for share in dealt],
    }
    return PreparedRound(
        items=tuple(_item(code, coded[code], design, seed) for code in sorted(coded)),
        allocation=allocation,
        apart=_distances(design, coded, codes),
        answers={code: _answer(one) for code, one in coded.items() if one.training},
        aids={code: _aids(code, one, seed) for code, one in coded.items()} if design.aids else {},
    )


def _item(code: str, specimen: PlannedItem, design: Design, seed: str) -> Item:
    return conceal(code, specimen.snippets, specimen.neuron.maximum, design.marks, _order(code, seed))


def _aids(code: str, specimen: PlannedItem, seed: str) -> Aids:
    snippets = list(specimen.snippets)
    _order(code, seed).shuffle(snippets)
    return aids_of(snippets, specimen.neuron)


def _order(code: str, seed: str) -> SecretRandom:
    """What the order of an item's passages is drawn from, anew at each call."""
    return SecretRandom(seed, f"passages {code}")


def _original(specimen: PlannedItem, codes: Sequence[str]) -> dict[str, str]:
    return {} if specimen.original is None else {"repeats": codes[specimen.original]}


def _distances(design: Design, coded: Mapping[str, PlannedItem], codes: Sequence[str]) -> dict[str, dict[str, int]]:
    windows = {code: frozenset(one.window for one in made.snippets) for code, made in coded.items()}
    found = apart(windows, DISTANCE)
    for code, made in coded.items():
        if made.original is not None:
            other = codes[made.original]
            found[code][other] = found[other][code] = max(DISTANCE, design.repeat_distance)
    return found


def _answer(specimen: PlannedItem) -> TrainingAnswer:
    rule = specimen.line["rule"]
    return {"verdict": "interpretable" if rule else "not_interpretable", "rule": rule or ""}
