"""Designs to start from: the paper's, the confirmatory one and a quick look. Pure.

`PROVENANCE` says for each choice whether the paper fixes it, leaves it open, or we added it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.rounds.cell import Cell
from app.rounds.design import Design, FieldValue
from app.rounds.preset_settings import DEFAULT_PRESET as DEFAULT_PRESET
from app.rounds.preset_settings import PRESET_NAMES as PRESET_NAMES


@dataclass(frozen=True)
class Provenance:
    """Where one choice comes from."""

    choice: str
    """What was chosen."""
    paper: str
    """What the paper says; empty if it is silent."""
    ours: str
    origin: Literal["paper", "unknown", "ours"]


PROVENANCE: tuple[Provenance, ...] = (
    Provenance(
        "neurons per model",
        "60, drawn at random",
        "60 or 12 in presets, as the design says; drawn from a sealed seed",
        "paper",
    ),
    Provenance(
        "snippets per neuron",
        "typically 20, each a few paragraphs",
        "20 with the highest peaks, unless the design says otherwise",
        "paper",
    ),
    Provenance(
        "marks",
        "shades of red, scaled by the neuron's largest activation",
        "five levels of that, or rank marks",
        "paper",
    ),
    Provenance("time per neuron", "1-2 minutes", "suggested, 1-2 minutes in presets; measured", "paper"),
    Provenance(
        "activation read", "before the extra LayerNorm", "site mlp.act, unless the design says otherwise", "paper"
    ),
    Provenance(
        "blinding", "evaluators do not know the model", "sealed allocation, and a commitment to publish", "paper"
    ),
    Provenance("evaluators", "three, all authors", "any number; three or one in presets", "paper"),
    Provenance("draw over layers", "", "all neurons of the layers named, simple or by layer", "unknown"),
    Provenance("dead neurons", "", "drawn, not shown, count as 0", "unknown"),
    Provenance(
        "who judged what",
        "",
        "everyone judges every item, or a share of them; each in an order of their own",
        "unknown",
    ),
    Provenance("order of snippets", "", "random", "unknown"),
    Provenance("corpus", "", "named in the archive by digest", "unknown"),
    Provenance(
        "interval, test, agreement",
        "",
        "the analysis plan in the design; in designs of version 0.1, the program's",
        "unknown",
    ),
    Provenance("written hypotheses, training, controls, repeats", "", "optional parts of the design", "ours"),
    Provenance("rank marks (solu-rank)", "", "100 marked tokens per item, whatever the sparsity", "ours"),
)


def design_from_preset(
    preset_name: str, *, title: str, arms: Sequence[Cell], reference: str, **changes: FieldValue
) -> Design:
    """The preset's design for these arms, with changes. Raises DesignError for an unknown name or a bad value."""
    return Design.from_preset(preset_name, title=title, arms=arms, reference=reference, **changes)
