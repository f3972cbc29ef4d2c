"""The methods in words, and the table of what the paper fixes, what it leaves open and what we chose."""

from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.pairing import pairing_sentences
from app.rounds.common_ground import ground_sentences
from app.rounds.presets import PROVENANCE
from app.rounds.unit_words import UnitWords
from app.tasks.outcome import Outcome

ORIGINS = {
    "paper": "the paper",
    "unknown": "us, because the paper does not say",
    "ours": "us, in addition to the paper",
}
"""{origin of a choice: who decided it, as reports say it}"""

LIMITS_OF_SNIPPETS = (
    "Top examples show what a neuron does when it fires strongly; they say nothing about its weaker firings.",
    "An interval is over neurons of these trained models; one training run cannot speak for an architecture.",
    "Words and marks cannot be made blind: the report says beside its headline how much they give away.",
)
LIMITS_OF_PROOF = (
    "By itself the export shows only that it agrees with itself. What was published or saved before shows more: the "
    "commitment binds design, items and allocation, the lock's digest also every answer, and a receipt one evaluator's "
    "answers.",
    "Nothing can show that nobody knew which item came from which model.",
)

ACTIVE_SECONDS = (
    "Active seconds are the time from the display of an item to its verdict, without the time in which the page was "
    "hidden; of a pause without pointer, key or scrolling at most a minute counts. The page's script measures them, "
    "and they are cut to the time between display and verdict by the server's clock. Where no script runs, that whole "
    "time counts. Of several verdicts on an item the times are those of the last one; writing a rule counts for "
    "nothing."
)
BLIND_BROKEN = (
    "By the log, somebody read archives of this round, or neurons of an earlier round on the same models, before the "
    "lock. Their text tells which item is which."
)
AIDS = (
    "After the verdict on an item evaluators could open aids: the strength of every token, the strongest tokens, a "
    "histogram of the activations and the tokens that the neuron promotes and suppresses. A histogram can tell the "
    "models apart. The verdict on that item could not be changed any more, but what an evaluator learned from aids can "
    "bear upon their later verdicts."
)

DRAWN_BY_VERSION_0_1_0 = (
    "The server drew the seed alone; nothing shows that it drew only once. Version 0.1 sealed the round and counted no "
    "draws."
)

DECISION_HEADING = "What the paper fixes, what it leaves open, what we chose"
DECISION_COLUMNS = ("Choice", "Decided by", "In the paper", "In First Glance")


def limitations(outcome: Outcome, unit_words: UnitWords) -> list[str]:
    """What no round can say, and what no round of this task can."""
    return [*map(unit_words.say, LIMITS_OF_SNIPPETS), *map(unit_words.say, outcome.limits), *LIMITS_OF_PROOF]


def methods_paragraphs(frame: AnalysisFrame, analysis: Analysis) -> list[str]:
    """Paragraphs that say what was done, made from the frame and the analysis."""
    say, counted = frame.units.say, "What is counted" if frame.unit_words else "The unit"
    people = "one evaluator" if analysis.evaluators == 1 else f"{analysis.evaluators} evaluators"
    drawn = "by layer, and weighted back to the layers' sizes" if frame.by_layer else "at random from the whole frame"
    return [
        say(
            f"Neurons were drawn {drawn}; the seed was sealed. {analysis.judgments:,} judgments by {people} were "
            f"analysed. {counted} is the neuron: its verdict is the mean of its judgments. Dead neurons and “cannot "
            f"judge” count as {frame.outcome.opposite}; items flagged as faulty or distressing are missing. "
            f"Marks were {frame.marks}."
        ),
        *([frame.stated_outcome.counting_sentence] if frame.stated_outcome else []),
        *([" ".join(ground_sentences(frame.grounds))] if frame.grounds else []),
        *([say(BLIND_BROKEN)] if frame.blind_broken else []),
        *([say(AIDS)] if frame.aids else []),
        ACTIVE_SECONDS,
        " ".join(analysis.draws.sentences) if analysis.draws else DRAWN_BY_VERSION_0_1_0,
        say(
            "A fraction p of k neurons has Wilson's interval with effective sample size p(1 - p)k/s², which lies "
            "between the number of neurons and the number of judgments; s² is the variance of the neurons' mean "
            "verdicts. A difference within a stratum has the square-and-add interval of its two fractions. The "
            "primary result is the Mantel-Haenszel difference over strata with a stratified sandwich interval (the "
            "square-and-add interval if there is one stratum), and a permutation test of the opened allocation within "
            f"stratum{' and layer' if frame.by_layer else ''}; if they disagree, the interval decides."
        ),
        say(
            "Stratum p-values are Holm-adjusted. Agreement coefficients and the ratio have bootstrap intervals over "
            f"neurons ({analysis.methods.bootstrap_draws:,} draws); the test has {analysis.methods.shuffles:,} "
            "shuffles. All draws are seeded by the commitment. Controls, practice items and second judgments of "
            "repeats enter no fraction. Anything not named in the design is post hoc and marked so."
        ),
        *pairing_sentences(frame),
    ]


def decision_rows(outcome: Outcome) -> list[tuple[str, ...]]:
    """The rows of the table of choices, with the columns DECISION_COLUMNS; the task's criterion comes first."""
    rows: list[tuple[str, ...]] = [
        (decision.choice, ORIGINS[decision.origin], decision.paper or "not stated", decision.ours)
        for decision in PROVENANCE
    ]
    criterion = [("criterion", ORIGINS["paper"], *outcome.criterion)] if outcome.criterion else []
    return [*criterion, *rows]
