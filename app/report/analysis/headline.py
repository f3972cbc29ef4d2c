"""The report's first sentences: the answer in plain words, and what the round cannot answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.leak_audit.summary import Thresholds
from app.report.analysis.draws import draw_notes
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.giveaways import StimulusAuc, TransportResults
from app.report.analysis.primary import ArmResult, Contrast, PrimaryResults
from app.report.analysis.stimulus_attacks import StimulusAttack
from app.report.number_text import percent, points, points_range
from app.rounds.analysis_plan import plan_deviations

NOTHING_GIVEN_AWAY = 0.5
"""The AUC of scores that tell nothing; that no shuffle exceeds it says that nothing could be scored."""
PLAN_NOT_IN_DESIGN = "The design has the form of version 0.1: the plan of the analysis was not in it."


@dataclass(frozen=True)
class HeadlineSentences:
    """The report's first sentences."""

    headline: str
    marks_alone: str
    """How well marks and words tell the arms apart; reports print it under the headline."""
    transport_alone: Annotated[str, Field(alias="wire_alone")]
    """How well everything else that was sent tells them apart."""
    notes: tuple[str, ...]
    """What the report cannot say."""

    def in_order(self) -> tuple[str, str, str, tuple[str, ...]]:
        """The values of the fields, in the order of the fields."""
        return self.headline, self.marks_alone, self.transport_alone, self.notes


def headline_sentences(
    primary: PrimaryResults,
    stimulus: Sequence[StimulusAuc],
    attacks: Sequence[StimulusAttack] | None,
    transport: TransportResults | None,
    frame: AnalysisFrame,
) -> HeadlineSentences:
    """The report's first sentences, from the numbers that they quote."""
    return HeadlineSentences(
        headline=_headline(primary, frame),
        marks_alone=_marks_sentence(stimulus) if attacks is None else _attacks_sentence(attacks, frame),
        transport_alone=_audit_sentence(transport),
        notes=(
            *_notes_on_arms(primary.arms, frame),
            *_notes_on_difference(primary, frame),
            *_notes_on_plan(frame),
            *draw_notes(frame.draws, frame.units),
        ),
    )


def headline_of_version_0_1_0(primary: PrimaryResults, frame: AnalysisFrame) -> str:
    """The headline in the words of version 0.1.0, whose exports still have to verify."""
    fractions = _fraction_phrases(primary.arms, frame)
    if not fractions:
        return _headline(primary, frame)
    people = "this one evaluator" if primary.evaluators == 1 else f"these {primary.evaluators} evaluators"
    sentence = f"{_join_with_and(fractions)} were {frame.outcome.participle}, for {people}."
    return f"{_warnings(frame)}{sentence} {_difference_sentence(primary.difference, minus='less')}"


def _headline(primary: PrimaryResults, frame: AnalysisFrame) -> str:
    """One or two sentences: the fractions, for whom they hold, and the difference with its interval."""
    fractions = _fraction_phrases(primary.arms, frame)
    if not fractions:
        unit = "an item" if frame.unit_words else "a neuron"
        return f"{_warnings(frame)}Nobody has judged {unit} of this round, so there is nothing to report."
    people = "This one evaluator" if primary.evaluators == 1 else f"These {primary.evaluators} evaluators"
    sentence = frame.outcome.tell(people, _join_with_and(fractions))
    return f"{_warnings(frame)}{sentence} {_difference_sentence(primary.difference)}"


def _warnings(frame: AnalysisFrame) -> str:
    """What a reader must know before the numbers; empty if there is nothing."""
    blind_broken = "Blind broken. " if frame.blind_broken else ""
    stopped_early = "Stopped early. " if frame.stopped_early else ""
    return blind_broken + stopped_early


def _fraction_phrases(arms: Mapping[str, ArmResult], frame: AnalysisFrame) -> list[str]:
    """The fraction of each arm that was judged, as a part of a sentence."""
    return [
        f"{percent(result.fraction)} of the {frame.units.of_arm(arm)} of {arm}"
        for arm, result in arms.items()
        if result.fraction is not None
    ]


def _attacks_sentence(attacks: Sequence[StimulusAttack], frame: AnalysisFrame) -> str:
    """How well a program tells treatment from reference by the stimulus, each part beside what is usual by chance."""
    if not attacks:
        return "How much marks and words give away to a program was not measured."
    if all(attack.usual <= NOTHING_GIVEN_AWAY for attack in attacks):
        return (
            "How much marks and words give away to a program could not be measured: each item shares a window of text "
            "with nearly all others, and an item is never scored by those."
        )
    figures = {
        attack.part: f"AUC {attack.auc:.2f} (p = {attack.p:.2g}; up to {attack.usual:.2f} is usual by chance)"
        for attack in attacks
    }
    return (
        f"A program tried to tell {frame.treatment} from {frame.reference}: by the marks alone with "
        f"{figures['marks']}, by the words alone with {figures['words']}, by both with {figures['both']}. "
        f"An AUC of 0.5 or less gives nothing away.{_left_out_arms(frame)}"
    )


def _left_out_arms(frame: AnalysisFrame) -> str:
    """What was not tried, as a sentence with a space before it; empty if there are two arms."""
    others = [arm for arm in frame.arms if arm not in (frame.treatment, frame.reference)]
    if not others:
        return ""
    return f" It did not try to tell {_join_with_and(others)} from them."


def _marks_sentence(stimulus: Sequence[StimulusAuc]) -> str:
    """What version 0.1 said of the stimulus: its designs planned no attacks."""
    marked = next((feature for feature in stimulus if feature.feature == "marked"), None)
    if marked is None or marked.auc is None or marked.interval is None:
        return "How much the marks alone give away was not measured."
    auc, (lower, upper) = marked.auc, marked.interval
    if auc < 0.5:  # fewer marks tell as much as more
        auc, lower, upper = 1 - auc, 1 - upper, 1 - lower
    return (
        f"The number of marked tokens alone tells the arms apart with AUC {auc:.2f} "
        f"({lower:.2f} to {upper:.2f}); 0.5 would give nothing away."
    )


def _audit_sentence(transport: TransportResults | None) -> str:
    """What the leak audit before the seal showed."""
    if transport is None:
        return "No leak audit was run before the seal."
    start = f"Before the seal an audit read {transport.responses:,} responses"
    if transport.leaks or transport.changed_by_swap or transport.names_spoken:
        return f"{start} and found a leak: see transport in analysis.json."
    if transport.thresholds is None:
        return start + _end_of_version_0_1(transport)
    return f"{start}: none changed with the arms or named them. {_test_sentence(transport, transport.thresholds)}"


def _end_of_version_0_1(transport: TransportResults) -> str:
    """What version 0.1 said of its classifiers, whose AUCs decided."""
    if transport.auc is None or transport.detectable is None:
        return ": none changed with the arms or named them. There were too few items for its attackers."
    return (
        ": beside words and marks nothing told the arms apart "
        f"(attackers' AUC {transport.auc:.2f}; {transport.detectable:.2f} would have shown as a leak)."
    )


def _test_sentence(transport: TransportResults, thresholds: Thresholds) -> str:
    """What the test of all else that was sent showed, whose p decides."""
    p_text = f"p = {transport.p:.2g}, {transport.items} items"
    refusal = f"p = {thresholds.refusal_p:g} or less"
    if transport.p <= thresholds.warning_p:
        return (
            f"What was sent beside words and marks went with the arms more than chance usually makes it ({p_text}): "
            f"a warning, but not enough to refuse the seal, which takes {refusal}."
        )
    if not thresholds.is_sure_to_refuse:
        return (
            f"What was sent beside words and marks showed no sign of the arms ({p_text}), but with so few items even a "
            f"plain leak may stay above the {refusal} that would have refused the seal."
        )
    return f"What was sent beside words and marks showed no sign of the arms ({p_text}; {refusal} refuses the seal)."


def _difference_sentence(difference: Contrast, minus: str = "minus") -> str:
    if difference.estimate is None or difference.interval is None:
        return "The arms cannot be compared."
    excludes_zero = difference.interval.lower > 0 or difference.interval.upper < 0
    conclusion = "the interval leaves out zero" if excludes_zero else "the interval includes zero"
    return (
        f"{difference.treatment} {minus} {difference.reference}: {points(difference.estimate)} percentage points "
        f"(95 % interval {points_range(difference.interval)}); {conclusion}."
    )


def _notes_on_arms(arms: Mapping[str, ArmResult], frame: AnalysisFrame) -> list[str]:
    notes = [
        f"The arm {arm} has no judged {frame.units.word_of(arm)}, so it has no fraction."
        for arm, result in arms.items()
        if result.fraction is None
    ]
    notes += [
        f"Every judgment of the arm {arm} is the same; its interval is Wilson's on its {result.n:g} "
        f"{frame.units.of_arm(arm)}."
        for arm, result in arms.items()
        if result.fraction in (0.0, 1.0)
    ]
    return notes


def _notes_on_difference(primary: PrimaryResults, frame: AnalysisFrame) -> list[str]:
    notes = []
    if primary.difference.estimate is None:
        notes.append(f"{primary.treatment} and {primary.reference} were not both judged in any stratum: no difference.")
    elif primary.ratio.estimate is None:
        unit = frame.units.word_of(primary.reference)
        notes.append(f"No {unit} of {primary.reference} was {frame.outcome.participle}, so there is no ratio.")
    elif primary.ratio.interval is None:
        notes.append(f"The ratio has no upper limit: resampled fractions of {primary.reference} reach zero.")
    if primary.evaluators == 1:
        notes.append("There is one evaluator: nothing can be said about agreement or about other evaluators.")
    return notes


def _notes_on_plan(frame: AnalysisFrame) -> list[str]:
    """What the program computes otherwise than the design planned."""
    return [PLAN_NOT_IN_DESIGN] if frame.plan is None else plan_deviations(frame.plan)


def _join_with_and(parts: Sequence[str]) -> str:
    """Parts of an enumeration: a, b and c."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
