"""Which results of the analysis plan a design cannot have, or only in part, and why. Pure.

The plan has the same sentences in every design, so that it can be compared; what a design lacks is said beside them.
"""

from collections import Counter
from collections.abc import Iterator

from app.evidence.event_details import SealedDetail
from app.rounds.design import Design


def limits_of_planned_parts(design: Design, sealed: SealedDetail) -> dict[str, str]:
    """{name of a result in the plan: a sentence on why this round has none of it, or only a part}."""
    absent_parts = [*_absent_results(design), *_absent_extras(design)]
    limits = {name: f"Not in this round: {reason}." for name, reason in absent_parts}
    limits |= {name: f"In this round {limit}." for name, limit in _limited_parts(design)}
    if sealed.audit is None:
        limits["transport"] = "Not in this round: it was sealed without a leak audit."
    return limits


def _absent_results(design: Design) -> Iterator[tuple[str, str]]:
    """The results that the design's arms, strata and layers leave no room for, each with the reason."""
    runs_needed = design.analysis.numbers.fewest_training_runs
    strata = _compared_strata(design)
    runs_by_size = Counter(stratum.partition("/")[0] for stratum in strata)
    if len(strata) < 2:
        yield "heterogeneity", "there is one stratum"
    if design.layers is not None and len(design.layers) == 1:
        yield "depth", design.unit_words.say("all neurons are of one layer")
    if len(design.arm_names) == 2:
        yield "contrasts", "there is no further arm"
    if max(runs_by_size.values(), default=0) < runs_needed:
        yield "training_runs", f"no size has {runs_needed} training runs"


def _absent_extras(design: Design) -> Iterator[tuple[str, str]]:
    """The results that need an optional part of the design which it does not have, each with the reason."""
    controls = design.controls
    if all(limit is None for _, limit in design.exclusions):
        yield "exclusions", "the design has no rule that excludes an evaluator"
    if not controls.planted and not (controls.ladder and controls.per_step):
        yield "controls", "there are no planted items and none of known purity"
    if design.blinding_question != "which_model":
        yield "guesses", "nobody is asked to guess the model"
    if design.blinding_question != "sort":
        yield "sorting", "nobody is asked to sort items into piles"


def _limited_parts(design: Design) -> Iterator[tuple[str, str]]:
    """The results that depend on how many evaluators judge, or that the design has only in part."""
    fewest_evaluators = design.analysis.numbers.fewest_evaluators
    if design.evaluators < fewest_evaluators:
        yield (
            "evaluators_like_these",
            f"only if at least {fewest_evaluators} evaluators judge both arms; the design asks for {design.evaluators}",
        )
    planned_judgments = min(design.overlap or design.evaluators, design.evaluators)
    if planned_judgments == 1:
        between = design.unit_words.say("only if more than the one planned evaluator judge a neuron")
        yield "agreement", between if not design.repeats else f"of evaluators with themselves; between them {between}"
    elif not design.repeats:
        yield "agreement", "only between evaluators: no item is repeated"


def _compared_strata(design: Design) -> list[str]:
    """The strata that have both arms of the primary comparison."""
    cells = {(cell.arm, cell.stratum) for cell in design.arms}
    return sorted(stratum for arm, stratum in cells if arm == design.treatment and (design.reference, stratum) in cells)
