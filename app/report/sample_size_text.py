"""The sample size of a design in words: how many neurons and judgments, and which differences they can show. Pure."""

from dataclasses import replace

from app.report.markdown_table import markdown_table
from app.report.number_text import percent
from app.rounds.design import Design
from app.statistics.power import StudyPlan, detectable_difference, plan_power

TARGET_POWER = 0.8
REFERENCE_FRACTIONS = (0.2, 0.35, 0.5)
VERDICT_CORRELATIONS = (0.3, 0.5, 0.7)
"""The assumptions under which detectable differences are stated."""


def sample_size_paragraphs(design: Design) -> list[str]:
    """What the design's numbers of neurons, evaluators and judgments can show."""
    plan, say = _study_plan(design, REFERENCE_FRACTIONS[0]), design.unit_words.say
    per_cell = f"{_counted(design.neurons, design.unit_word)} per arm and stratum, dead ones included"
    paragraphs = [f"{per_cell}, in {_counted(plan.stratum_count, 'stratum', 'strata')}; {_judgments_text(design)}."]
    if plan.problem() is not None:
        return [*paragraphs, say("With so few neurons no power can be computed.")]
    time = _time_text(plan_power(plan).hours)
    return [
        *paragraphs,
        f"If nothing is missing, that is about {time} of judging at {plan.minutes_per_judgment:g} minutes "
        "each, over both arms of the primary comparison.",
        f"The smallest difference, in percentage points, that the two-sided test at {1 - _level(design):.2g} finds "
        f"with a power of {100 * TARGET_POWER:.0f} %, by the fraction of the reference arm and the correlation of two "
        + say("evaluators' verdicts on one neuron:"),
        *_detectable_paragraphs(design),
        say(
            "These numbers are a normal approximation for these evaluators, with the neuron as unit. They assume that "
            "all drawn neurons are judged as planned; they are not estimates from data."
        ),
    ]


def _study_plan(design: Design, reference_fraction: float) -> StudyPlan:
    """The design as a plan; its treatment fraction is a place holder."""
    arms_by_stratum: dict[str, set[str]] = {}
    for cell in design.arms:
        arms_by_stratum.setdefault(cell.stratum, set()).add(cell.arm)
    return StudyPlan(
        treatment_fraction=0.5,
        reference_fraction=reference_fraction,
        neurons_per_cell=design.neurons,
        evaluator_count=design.evaluators,
        overlap=design.overlap,
        stratum_count=sum({design.treatment, design.reference} <= arms for arms in arms_by_stratum.values()),
        alpha=1 - _level(design),
        minutes_per_judgment=sum(design.minutes) / len(design.minutes),
    )


def _time_text(hours: float) -> str:
    """A time in whole minutes under two hours, otherwise in whole hours."""
    return _counted(round(60 * hours), "minute") if hours < 2 else _counted(round(hours), "hour")


def _detectable_paragraphs(design: Design) -> list[str]:
    """The table of detectable differences, and what its word “none” means if it has one."""
    columns = ["Reference fraction", *(f"correlation {correlation:g}" for correlation in VERDICT_CORRELATIONS)]
    rows = [
        [percent(fraction), *(_detectable_text(design, fraction, correlation) for correlation in VERDICT_CORRELATIONS)]
        for fraction in REFERENCE_FRACTIONS
    ]
    table = markdown_table(columns, rows)
    if not any("none" in cells for cells in rows):
        return [table]
    return [table, "“None” means that not even the largest difference possible is found with this power."]


def _detectable_text(design: Design, reference_fraction: float, correlation: float) -> str:
    plan = replace(_study_plan(design, reference_fraction), verdict_correlation=correlation)
    difference = detectable_difference(plan, TARGET_POWER)
    return "none" if difference is None else f"{100 * difference:.1f}"


def _judgments_text(design: Design) -> str:
    people = _counted(design.evaluators, "evaluator")
    if design.assignment == "crossed":
        return "one evaluator judges every item" if design.evaluators == 1 else f"each of {people} judges every item"
    blocks = f", in blocks of {design.block} items" if design.assignment == "blocks" else ""
    return f"{_counted(design.overlap or 0, 'judgment')} per item from {people}{blocks}"


def _level(design: Design) -> float:
    return design.analysis.constants.level


def _counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
