"""The same design with the names of its two arms exchanged."""

from app.rounds.design import Design

OTHER_ARM = {"quokka": "axolotl", "axolotl": "quokka"}


def swap_arms(design: Design) -> Design:
    cells = [cell.model_copy(update={"arm": OTHER_ARM[cell.arm]}) for cell in design.arms]
    return design.with_changes(arms=tuple(cells))
