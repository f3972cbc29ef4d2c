"""The methods in words, and the table of what is the paper's, what the paper leaves open, and what is ours."""

from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.pairing import pairing_sentences
from app.rounds.presets import PROVENANCE

ORIGINS = {"paper": "the paper", "unknown": "not stated in the paper", "ours": "ours"}

LIMITATIONS = (
    "Top examples show what a neuron does when it fires strongly; they say nothing about its weaker firings.",
    "An interval is over neurons of these trained models; one training run cannot speak for an architecture.",
    "Words and marks cannot be made blind: how much the marks alone give away is printed beside the headline.",
    "“Interpretable at first glance” is less than interpretable: both kinds of error are expected.",
    "The claim is “unchanged since the commitment”, never “nobody knew”.",
)

DECISION_COLUMNS = ("Choice", "Whose", "The paper", "Here")


def methods_paragraphs(frame: AnalysisFrame, analysis: Analysis) -> list[str]:
    """Paragraphs that say what was done, written from the plan."""
    people = "one evaluator" if analysis.evaluators == 1 else f"{analysis.evaluators} evaluators"
    drawn = "by layer, and weighted back to the layers' sizes" if frame.by_layer else "at random from the whole frame"
    return [
        f"Neurons were drawn {drawn}; the seed was sealed. {analysis.judgments:,} judgments by {people} were "
        "analysed. The unit is the neuron: its verdict is the mean of its judgments. Dead neurons and “cannot judge” "
        "count NOT INTERPRETABLE; items flagged as faulty or distressing are missing. "
        f"Marks were {frame.marks}.",
        "A fraction has Wilson's interval with effective sample size p(1 - p)k/s², between the number of neurons and "
        "the number of judgments. A difference within a stratum has the square-and-add interval of its two fractions. "
        "The primary result is the Mantel-Haenszel difference over strata with a stratified sandwich interval (the "
        "square-and-add interval if there is one stratum), and a permutation test of the opened allocation within "
        f"stratum{' and layer' if frame.by_layer else ''}; if they disagree, the interval decides.",
        "Stratum p-values are Holm-adjusted. Agreement coefficients and the ratio have bootstrap intervals over "
        f"neurons ({analysis.methods.bootstrap_draws:,} draws); the test has {analysis.methods.shuffles:,} "
        "shuffles. All draws are seeded by the commitment. Controls, training items and second judgments of repeats "
        "enter no fraction. Anything not named in the design is post hoc and marked so.",
        *pairing_sentences(frame),
    ]


def decision_rows() -> list[tuple[str, ...]]:
    """What was chosen, whose choice it is, what the paper says, how it is done here: as DECISION_COLUMNS."""
    return [
        (decision.choice, ORIGINS[decision.origin], decision.paper or "nothing", decision.ours)
        for decision in PROVENANCE
    ]
