"""The preregistration of a sealed round, in Markdown with the headings of a registry. Pure.

It is made of the design and the log until the seal alone, so that anyone can make it again. It names the arms: it
is for admins before the unblinding, and for everybody after it.
"""

from collections.abc import Mapping, Sequence

from app.evidence.draws import LoggedStep, draw_history
from app.evidence.event_details import SealedDetail
from app.foundation.markdown_text import escape_markdown
from app.foundation.plurals import plural_of
from app.report.analysis.draws import draw_notes
from app.report.markdown_table import markdown_table
from app.report.methods_text import ACTIVE_SECONDS, AIDS
from app.report.planned_parts import limits_of_planned_parts
from app.report.sample_size_text import sample_size_paragraphs
from app.rounds.analysis_plan import AnalysisPlan
from app.rounds.common_ground import common_ground, ground_sentences
from app.rounds.design import Design
from app.rounds.design_part import DesignPart
from app.rounds.unit_words import UnitWords

PREREGISTRATION_FILE = "preregistration.md"
WITHOUT_PLAN = (
    "The design has the form of version 0.1, which did not contain the analysis plan: beside the sentence above, only "
    "the exclusion rules were fixed in advance."
)
SYMBOLS = (
    "**Symbols.** p is a fraction, k the number of its neurons and s² the sample variance of their mean verdicts. n1 "
    "and n0 are the numbers of neurons of the two arms in a stratum. b is the number of shuffles whose difference is "
    "at least as far from zero as the observed one. Square-and-add squares the distances from the two fractions to "
    "their own limits, adds them, and takes the root as the distance from the difference to its limit. Neuron + "
    "evaluator - judgment is the variance with neurons as clusters, plus that with evaluators as clusters, minus that "
    "of single judgments."
)
NOT_FIXED = (
    "Who the evaluators are, apart from those whom the design names, and how they are recruited and paid.",
    "When the round is locked: an admin decides. No verdict is counted before, and a lock short of the target is "
    "reported as stopped early.",
    "The versions of the libraries; the results state them.",
    "The reading of written hypotheses and comments, and any analysis that this document does not name: post hoc.",
)


def write_preregistration(design: Design, sealed: SealedDetail, other_draws: Sequence[str] = ()) -> str:
    """The preregistration of the round with this design and this entry of its seal in the log.

    `other_draws` are sentences on other draws and announcements than the sealed one.
    """
    sections = {
        "Study information": _study_information(design),
        "Design plan": [*_design_plan(design), *_blinding(design, sealed)],
        "Sampling plan": _sampling_plan(design, sealed, other_draws),
        "Variables": _variables(design),
        "Analysis plan": _analysis_plan(design, sealed),
        "What is not fixed": [_bullets(NOT_FIXED)],
        "Commitment": _commitment(sealed),
        "How to verify": _verification(sealed),
    }
    parts = [f"# Preregistration: {escape_markdown(design.title)}", *_introduction(design)]
    for heading, paragraphs in sections.items():
        parts += [f"## {heading}", *paragraphs]
    return "\n\n".join(parts) + "\n"


def notes_on_other_draws(steps: Sequence[LoggedStep], unit_words: UnitWords) -> list[str]:
    """Sentences on other draws and announcements than the sealed one, from a round's log until the seal.

    Nothing later enters, so that the preregistration stays as it was registered.
    """
    sealed_at = [index for index, step in enumerate(steps) if step.action == "sealed"]
    until_seal = steps[: sealed_at[-1] + 1] if sealed_at else steps
    return draw_notes(draw_history(until_seal), unit_words)


def _introduction(design: Design) -> list[str]:
    design_part = "The design, with the whole analysis plan," if design.planned_analysis else "The design"
    return [
        "Written by First Glance from the round's design and from the log's entry of its seal; nothing was added by "
        f"hand. {design_part} is covered by the commitment at the end. The commitment was "
        "fixed at the seal, before anyone could judge; it shows this to others once it is public, so publish it, or "
        "register this document, before the first judgment.",
        "**This document names the arms.** Evaluators must not see it before they have judged: register it under "
        "embargo, or let the registry's page be seen by nobody who judges.",
    ]


def _study_information(design: Design) -> list[str]:
    plan = design.planned_analysis
    treatment, reference = escape_markdown(design.treatment), escape_markdown(design.reference)
    question = design.outcome.ask_about(plural_of(design.unit_word))
    estimand = [f"Estimand: {plan.estimand}."] if plan else []
    return [
        f"**Question.** Do people who do not know which model they are looking at {question} in the arm "
        f"“{treatment}” than in the arm “{reference}”?",
        f"**Hypotheses.** The test is two-sided: no difference between {treatment} and {reference} "
        "against a difference in either direction.",
        f"**Primary comparison.** {treatment} minus {reference}. In the design's "
        f"words: {escape_markdown(design.primary)}.",
        *estimand,
        markdown_table(
            ["Arm", "Stratum", "Archive (SHA-256)"],
            [
                [escape_markdown(cell.arm), escape_markdown(cell.stratum), f"`{cell.archive_sha256}`"]
                for cell in design.arms
            ],
        ),
    ]


def _design_plan(design: Design) -> list[str]:
    controls = design.controls
    counts = [
        f"hidden repeats: {design.repeats}, at least {design.repeat_distance} items apart" if design.repeats else "",
        f"planted items of a known rule: {controls.planted}" if controls.planted else "",
        f"items of known purity: {controls.per_step} per cell at {_listed(controls.ladder)}" if controls.ladder else "",
        f"practice items with feedback: {design.training}" + _practice_bar(design) if design.training else "",
    ]
    units = plural_of(design.unit_word)
    return [
        f"**Study type.** Blinded evaluation: {units} of several models, one at a time, in the same form.",
        f"**Assignment.** {_assignment_text(design)} Every evaluator has an order of their own, a uniform shuffle that "
        "is drawn without the allocation.",
        f"**Items beside the {units}.** {_sentence([count for count in counts if count]) or 'None.'}",
    ]


def _practice_bar(design: Design) -> str:
    return f", of which {design.training_pass} must be right" if design.training_pass else ""


def _assignment_text(design: Design) -> str:
    if design.assignment == "crossed":
        return "Every evaluator judges every item."
    if design.assignment == "blocks":
        return f"Every evaluator gets a block of {design.block} items; every item gets {design.overlap} judgments."
    return f"Items are given out singly; every item gets {design.overlap} judgments."


def _blinding(design: Design, sealed: SealedDetail) -> list[str]:
    opening = "a key of each of two people" if sealed.two_person else f"any one of {sealed.keys} keys"
    audit = "A leak audit of all responses ran" if sealed.audit else "No leak audit was run"
    before_verdict = "Before their verdict on an item evaluators" if design.aids else "Evaluators"
    return [
        f"**Blinding.** {before_verdict} see words and marks of it, and nothing else that depends on the arm. Which "
        f"item is which {design.unit_word} was encrypted at the seal; opening it takes {opening}, once, after the "
        f"lock. {audit} before the seal. How much words and marks give away is measured after the lock and stands "
        "beside the result.",
        *([f"**Aids.** {design.unit_words.say(AIDS)}"] if design.aids else []),
    ]


def _sampling_plan(design: Design, sealed: SealedDetail, other_draws: Sequence[str]) -> list[str]:
    layers = f"layers {_listed(design.layers)}" if design.layers else "all layers"
    drawn = "from each layer in proportion to its size" if design.by_layer == "stratified" else "from the whole frame"
    units = plural_of(design.unit_word)
    named = f"; {units} that the named evaluators have seen are left out for everyone" if design.named else ""
    return [
        "**Existing data.** Models and archives exist. At the seal nobody had judged an item of this round.",
        *_archives_text(design),
        f"**Frame.** All {units} of {layers} at {_sites_text(design)}, dead ones included. Live {units} with too few "
        f"snippets or marks to be shown are left out by the same rule in every arm{named}.",
        f"**Draw.** {design.neurons} {units} per arm and stratum, at random {drawn}, from a seed that is sealed with "
        f"the allocation. {' '.join([_seed_text(design, sealed), *map(escape_markdown, other_draws)])}",
        f"**Items.** {sealed.items:,} items were made, controls, practice and repeats included.",
        f"**Evaluators.** {_evaluators_text(design)}",
        "**Sample size and power.**",
        *sample_size_paragraphs(design),
    ]


def _sites_text(design: Design) -> str:
    sites = sorted({design.site_of(cell) for cell in design.arms})
    return f"the site {sites[0]}" if len(sites) == 1 else f"the sites of their arms ({', '.join(sites)})"


def _archives_text(design: Design) -> list[str]:
    grounds = common_ground(design)
    return [f"**Archives.** {escape_markdown(' '.join(ground_sentences(grounds)))}"] if grounds else []


def _evaluators_text(design: Design) -> str:
    count = "one evaluator" if design.evaluators == 1 else f"{design.evaluators:,} evaluators"
    named = (
        f" Named before the seal: {_listed([escape_markdown(name) for name in design.named])}." if design.named else ""
    )
    return f"The design asks for {count}; a lock with fewer is reported as stopped early.{named}"


def _seed_text(design: Design, sealed: SealedDetail) -> str:
    draw = sealed.draw
    if design.seed_rule == "public" and draw is not None:
        name, value = (escape_markdown(text or "") for text in (draw.public_name, draw.public_value))
        return (
            f"The seed is a hash of the server's half, whose digest `{draw.half_sha256}` was logged first, and of the "
            f"public value “{name}”, which is “{value}”. "
            f"This is draw {draw.number} of the round."
        )
    number = f" This is draw {draw.number} of the round." if draw is not None else ""
    return f"The server drew the seed alone, so nothing shows that it drew only once.{number}"


def _variables(design: Design) -> list[str]:
    rubric = design.rubric.filled_in(design.peaks_per_item, among_groups=len(design.groups) > 1)
    answers = [escape_markdown(choice.label) for choice in rubric.choices]
    answers += ["cannot judge"] if design.cannot_judge else []
    criteria = "\n>\n".join(f"> {escape_markdown(criterion)}" for criterion in rubric.criteria)
    groups = _listed([f"{count} {group}" for group, count in design.groups.items()])
    questions = [
        "a hypothesis in words" if design.hypothesis else "",
        "confidence from 1 to 5" if design.hypothesis and design.confidence else "",
        {"none": "", "which_model": "a guess of the model, exposed evaluators only", "sort": "two piles of items"}[
            design.blinding_question
        ],
    ]
    return [
        f"**Manipulated.** The arm. **Shown.** Snippets per item: {groups}; marks: {design.marks}.",
        f"**Measured.** One verdict per evaluator and item, {' / '.join(answers)}, to the question: "
        f"{escape_markdown(rubric.question)}",
        *([criteria] if criteria else []),
        *_what_counts(design),
        f"**Also asked, after the verdict.** {_sentence([text for text in questions if text]) or 'Nothing.'}",
        "**Also recorded.** Active seconds, position in the order, revisions, items flagged as faulty or distressing"
        f"{', aids opened' if design.aids else ''}. {ACTIVE_SECONDS}",
    ]


def _what_counts(design: Design) -> list[str]:
    """Which answers count as 1, by the labels of their buttons; designs of versions 1 and 2 say it in their plan."""
    outcome = design.planned_analysis.outcome if design.planned_analysis else None
    if outcome is None:
        return []
    labels = [escape_markdown(design.rubric.label(answer)) for answer in outcome.counted_answers]
    counted = " / ".join(labels) if labels else "The right answer to the item, which the seal holds"
    return [f"**Counted as 1.** {counted}. Every other answer counts as 0."]


def _analysis_plan(design: Design, sealed: SealedDetail) -> list[str]:
    rules = [f"{name.replace('_', ' ')}: {limit:g}" for name, limit in design.exclusions if limit is not None]
    exclusions = f"**Exclusion rules for evaluators.** {_sentence(rules) or 'None.'}"
    plan = design.planned_analysis
    if plan is None:
        return [exclusions, WITHOUT_PLAN]
    limits = limits_of_planned_parts(design, sealed)
    return [
        _bullets(_plan_sentences(plan)),
        design.unit_words.say(SYMBOLS),
        exclusions,
        "### Secondary results",
        _named_sentences(plan.secondary, limits),
        "### Sensitivity analyses",
        _named_sentences(plan.sensitivity, limits),
        "### Measures of the blind",
        _named_sentences(plan.blinding, limits),
        "### Numbers that the analysis reads from the design",
        _number_table(plan.numbers, design),
        "### Numbers that are built into the program",
        _number_table(plan.constants, design),
    ]


def _plan_sentences(plan: AnalysisPlan) -> list[str]:
    """Every field of the plan that is one sentence, under its name."""
    return [f"**{name.replace('_', ' ').capitalize()}**: {text}." for name, text in plan if isinstance(text, str)]


def _named_sentences(sentences: Mapping[str, str], limits: Mapping[str, str]) -> str:
    """The plan's sentences under their names, each with what this design lacks of it."""
    return _bullets([f"`{name}`: {text}. {limits.get(name, '')}".rstrip() for name, text in sentences.items()])


def _number_table(number_part: DesignPart, design: Design) -> str:
    fields = type(number_part).model_fields
    values = number_part.model_dump(mode="json")
    rows = [
        [f"`{name}`", str(values[name]), design.unit_words.say(field.description or "")]
        for name, field in fields.items()
    ]
    return markdown_table(["Number", "Value", "Meaning"], rows)


def _commitment(sealed: SealedDetail) -> list[str]:
    key = [["public half of the key that signs receipts", f"`{sealed.receipt_key}`"]] if sealed.receipt_key else []
    rows = [
        ["commitment", f"`{sealed.commitment}`"],
        ["design", f"`{sealed.design_sha256}`"],
        ["content of the seal", f"`{sealed.sealed_sha256}`"],
        *key,
    ]
    return [
        markdown_table(["What", "SHA-256" if not key else "Digest or key"], rows),
        "The commitment is a SHA-256 over the digests of the design, of every item and of the content of the seal"
        f"{', and over the key' if key else ''}. Publish it, here or elsewhere, before the first judgment.",
    ]


def _verification(sealed: SealedDetail) -> list[str]:
    return [
        "After the unblinding the round's export contains the design, the opened seal and this document. Check it "
        "against the commitment that was registered here:",
        f"```\nfirstglance verify EXPORT.zip --commitment {sealed.commitment}\n```",
        "A design, an item or an allocation that was changed since gives another commitment. Add the digest that is "
        "published at the lock with `--lock` to check the judgments in the same way.",
    ]


def _bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _listed(values: Sequence[str | float]) -> str:
    return ", ".join(map(str, values))


def _sentence(parts: Sequence[str]) -> str:
    """The parts as one sentence; empty if there are none."""
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""
