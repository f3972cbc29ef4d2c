"""What the archives of a round's arms have in common, and in what they differ by the design, in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.harvest_facts import HarvestFacts
from app.rounds.harvest_fields import HARVEST_FIELDS, HarvestField, HarvestValue, quoted

Agreement = Literal["common", "contrast", "strata"]
"""Whether all arms have a value in common, differ in it as the design declares, or differ between strata alone."""


@dataclass(frozen=True)
class Ground:
    """One field of the harvests: the one value of all arms, or each value with the arms that have it."""

    name: str
    agreement: Agreement
    text: str


def common_ground(design: Design) -> tuple[Ground, ...] | None:
    """A ground for every field; None if the design does not say how its archives were harvested."""
    harvests = [(cell, cell.harvest) for cell in design.arms if cell.harvest is not None]
    if len(harvests) < len(design.arms):
        return None
    grounds = [_ground(design, harvest_field, harvests) for harvest_field in HARVEST_FIELDS]
    if "draw" in design.contrasts:
        grounds.append(Ground("draw", "contrast", "arms of the same units"))
    return tuple(grounds)


def ground_sentences(grounds: Sequence[Ground]) -> list[str]:
    """One sentence for each kind of ground that there is."""
    beginnings = {
        "common": "The archives of all arms have in common:",
        "contrast": "By the design, arms of a stratum differ in:",
        "strata": "Strata differ from each other in:",
    }
    texts = {
        kind: "; ".join(f"{ground.name} {ground.text}" for ground in grounds if ground.agreement == kind)
        for kind in beginnings
    }
    return [f"{beginnings[kind]} {text}." for kind, text in texts.items() if text]


def _ground(design: Design, harvest_field: HarvestField, harvests: Sequence[tuple[Cell, HarvestFacts]]) -> Ground:
    by_value: dict[HarvestValue, list[tuple[Cell, HarvestFacts]]] = {}
    for cell, harvest in harvests:
        by_value.setdefault(harvest_field.value_of(harvest, design.contrasts), []).append((cell, harvest))
    if harvest_field.contrast in design.contrasts:
        agreement: Agreement = "contrast"
    else:
        agreement = "common" if len(by_value) == 1 else "strata"
    texts = [_value_with_arms(design, harvest_field, members) for members in by_value.values()]
    if agreement == "common":
        texts = [harvest_field.words_of(harvests[0][1], design.contrasts)]
    return Ground(harvest_field.noun, agreement, " and ".join(texts))


def _value_with_arms(design: Design, harvest_field: HarvestField, members: Sequence[tuple[Cell, HarvestFacts]]) -> str:
    words = harvest_field.words_of(members[0][1], design.contrasts)
    arms = ", ".join(f"{quoted(cell.arm)} in {quoted(cell.stratum)}" for cell, _ in members)
    return f"{words} for {arms}"
