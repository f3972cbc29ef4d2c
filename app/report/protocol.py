"""The methods in words, and the table of what is the paper's, what the paper leaves open, and what is ours."""

from typing import Any

from app.report.frame import Frame

PAPER = "the paper"
OURS = "ours"
OPEN = "not stated in the paper"

DECISIONS = (
    ("Randomised order, evaluators blind to the model", PAPER, "each evaluator has a shuffle of their own"),
    ("INTERPRETABLE if 80 % of the strongest firings follow one rule", PAPER, "judged over the peaks shown"),
    ("About 20 snippets, marks by activation, 1 to 2 minutes", PAPER, "as the design says"),
    ("60 neurons per model", PAPER, "as the design says"),
    ("How neurons are drawn over layers", OPEN, "at random from the frame by a sealed seed"),
    ("Dead neurons", OPEN, "count NOT INTERPRETABLE without being shown, by one rule for every arm"),
    ("Whether everyone judges every neuron", OPEN, "as the design says"),
    ("Order of snippets and corpus", OPEN, "random order; the corpus's digest is in the archive"),
    ("Intervals, tests, agreement", OPEN, "as under Analysis, fixed before the first judgment"),
    ("16 of 20 peaks make 80 %", OURS, "the operational form of the paper's rule"),
    ("Five levels of marks instead of continuous shades", OURS, "readable without colour"),
    ("Sealed allocation, commitment, hash-chained judgments", OURS, "anyone can recompute them"),
    ("Written hypothesis after the verdict", OURS, "never enters a fraction"),
)

LIMITS = (
    "Top examples show what a neuron does when it fires strongly; they say nothing about its weaker firings.",
    "An interval is over neurons of these trained models; one training run cannot speak for an architecture.",
    "Words and marks cannot be made blind: how much the marks alone give away is printed beside the headline.",
    "“Interpretable at first glance” is less than interpretable: both kinds of error are expected.",
    "The claim is “unchanged since the commitment”, never “nobody knew”.",
)


def methods_text(frame: Frame, analysis: dict[str, Any]) -> list[str]:
    """Paragraphs that say what was done, written from the plan."""
    judged = f"{analysis['judgments']:,} judgments by {analysis['evaluators']} evaluators"
    drawn = "by layer, and weighted back to the layers' sizes" if frame.by_layer else "at random from the whole frame"
    return [
        f"Neurons were drawn {drawn}; the seed was sealed. {judged} were analysed. The unit is the neuron: its "
        "verdict is the mean of its judgments. Dead neurons and “cannot judge” count NOT INTERPRETABLE; items "
        "flagged as faulty or distressing are missing. Marks were " + frame.marks + ".",
        "A fraction has Wilson's interval with effective sample size p(1 - p)k/s², between the number of neurons and "
        "the number of judgments. A difference within a stratum has the square-and-add interval of its two fractions. "
        "The primary result is the Mantel-Haenszel difference over strata with a stratified sandwich interval (the "
        "square-and-add interval if there is one stratum), and a permutation test of the opened allocation within "
        f"stratum{' and layer' if frame.by_layer else ''}; if they disagree, the interval decides.",
        "Stratum p-values are Holm-adjusted. Agreement coefficients and the ratio have bootstrap intervals over "
        f"neurons ({analysis['methods']['bootstrap_draws']:,} draws); the test has {analysis['methods']['shuffles']:,} "
        "shuffles. All draws are seeded by the commitment. Controls, training items and second judgments of repeats "
        "enter no fraction. Anything not named in the design is post hoc and marked so.",
    ]


def decision_rows() -> list[tuple[str, str, str]]:
    """(decision, whose it is, how it was done here)."""
    return list(DECISIONS)
