"""What can be wrong with a design as a whole, in sentences that say what to change. Pure."""

import re

from app.foundation.plurals import plural_of
from app.rounds.design_fields import DesignFields
from app.tasks.registry import task_named

GIVEAWAYS = ("solu", "gelu", "relu", "softmax", "layernorm", "baseline")
"""Words that no text for evaluators may contain, besides the names of the arms."""

SITES_UNTIL_2 = ("mlp.pre", "mlp.act", "mlp.post_ln")
"""The sites that designs of versions 1 and 2 can have."""
OWN_WORDS = ("neuron", "unit")
"""Words for what is judged that stand on evaluators' pages whatever the arms are called."""


def complaints_about(unchecked: DesignFields) -> list[str]:
    """A sentence for everything that is wrong with the design as a whole; empty if it can stand."""
    return [
        *_about_version(unchecked),
        *_about_arms(unchecked),
        *_about_counts(unchecked),
        *_about_assignment(unchecked),
        *_about_words(unchecked),
        *_about_task(unchecked),
    ]


def _about_version(unchecked: DesignFields) -> list[str]:
    later = sorted(unchecked.absent_fields & unchecked.model_fields_set)
    if "analysis" in later or "seed_rule" in later:
        return ["a design of version 1 has no plan of the analysis; leave out the line version = 1"]
    later += sorted({name for cell in unchecked.arms for name in unchecked.absent_cell_fields & cell.model_fields_set})
    if later:
        return [
            f"a design of version {unchecked.version} has no {later[0]}; "
            f"leave out the line version = {unchecked.version}"
        ]
    if unchecked.version < 3 and unchecked.site not in SITES_UNTIL_2:
        return [f"a design of version {unchecked.version} knows no site {unchecked.site}; leave out the line version"]
    return []


def _about_arms(unchecked: DesignFields) -> list[str]:
    cells = [(cell.arm, cell.stratum) for cell in unchecked.arms]
    strata = {stratum for _, stratum in cells}
    complaints = []
    if len(set(cells)) < len(cells):
        complaints.append("an arm stands twice in one stratum; give each pair of arm and stratum one archive")
    if len(unchecked.arm_names) < 2:
        complaints.append("a comparison needs two arms; name a second one")
    words = {(cell.arm, cell.unit) for cell in unchecked.arms}
    if len(words) > len(unchecked.arm_names):
        complaints.append("an arm's units are called differently in two strata; give them one word")
    if len(set(unchecked.contrasts)) < len(unchecked.contrasts):
        complaints.append("contrasts names a field twice; name each once")
    lacking = sorted(stratum for stratum in strata if (unchecked.reference, stratum) not in cells)
    if lacking:
        complaints.append(
            f"the reference arm “{unchecked.reference}” is missing in stratum {lacking[0]}; add its archive"
        )
    return complaints


def _about_counts(unchecked: DesignFields) -> list[str]:
    drawn_count = unchecked.neurons * len(unchecked.arms)
    steps, per_step = unchecked.controls.ladder, unchecked.controls.per_step
    complaints = {
        f"there are {unchecked.repeats} repeats but only {drawn_count} neurons; repeat fewer": unchecked.repeats
        > drawn_count,
        f"repeats cannot be {unchecked.repeat_distance} places apart among {drawn_count} items; lower the distance": (
            unchecked.repeats > 0 and unchecked.repeat_distance >= drawn_count
        ),
        "a purity ladder needs steps (ladder) and a number of items for each (per_step); set both or neither": bool(
            steps
        )
        != bool(per_step),
        f"{unchecked.training} practice items cannot have {unchecked.training_pass} correct answers; "
        "lower training_pass": ((unchecked.training_pass or 0) > unchecked.training),
        "minutes needs the shorter time first; swap the two": unchecked.minutes[0] > unchecked.minutes[1],
    }
    return [complaint for complaint, applies in complaints.items() if applies]


def _about_assignment(unchecked: DesignFields) -> list[str]:
    crossed, blocks = unchecked.assignment == "crossed", unchecked.assignment == "blocks"
    complaints = {
        "overlap and block designs need overlap, and a crossed design must not have it; add or remove that line": (
            crossed != (unchecked.overlap is None)
        ),
        f"an overlap of {unchecked.overlap} needs as many evaluators, but evaluators is {unchecked.evaluators}; "
        "change one": ((unchecked.overlap or 0) > unchecked.evaluators),
        "hidden repeats need a crossed design; set repeats to 0, or assignment to crossed": (
            unchecked.repeats > 0 and not crossed
        ),
        "block (how many items one evaluator gets) is for block designs, which need it; add or remove that line": (
            blocks != (unchecked.block is not None)
        ),
    }
    return [complaint for complaint, applies in complaints.items() if applies]


def _about_words(unchecked: DesignFields) -> list[str]:
    words = [unchecked.title, unchecked.consent, unchecked.contact]
    standard = task_named(unchecked.task).rubric
    if unchecked.rubric != standard:  # the standard words hold no arm's name, except by accident ("a")
        words += map(str, unchecked.rubric.filled_in(unchecked.peaks_per_item).model_dump().values())
    if unchecked.unit_word not in OWN_WORDS:
        words += [unchecked.unit_word, plural_of(unchecked.unit_word)]
    shown = " ".join(words).lower()
    names = [arm.lower() for arm in unchecked.arm_names]
    for word in [*names, *GIVEAWAYS]:
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", shown):
            return [f"evaluators read title, rubric, consent and unit: “{word}” must not be in them; use other words"]
    return []


def _about_task(unchecked: DesignFields) -> list[str]:
    task, controls = task_named(unchecked.task), unchecked.controls
    asked_for = controls.planted + controls.per_step + unchecked.training
    complaints = {
        f"the task {task.name} has no items of known truth; set planted and training to 0 and leave the purity ladder "
        "out": bool(asked_for) and task.control_answers is None,
        f"aids show what the right answer to an item of the task {task.name} follows from; set aids to false": (
            unchecked.aids and task.has_right_answers
        ),
    }
    return [complaint for complaint, applies in complaints.items() if applies]
