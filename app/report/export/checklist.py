"""methods.json: answers to what HEDS and CONSORT 2025 ask, as far as the data can give them.

Every answer names the file that it comes from; questions that only people can answer are listed without an answer.
HEDS: Shimorina & Belz 2022, the Human Evaluation Datasheet. CONSORT 2025: Hopewell et al. 2025.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter

from app.foundation.json_types import JsonObject, JsonValue, to_json_value
from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.methods_text import decision_rows, limitations, methods_paragraphs
from app.report.preregistration import PREREGISTRATION_FILE


@dataclass(frozen=True)
class OpenQuestion:
    """A question of a checklist that only people can answer, or that does not apply."""

    item: str
    """The name of the checklist, and the number of the question within it."""
    asks: str


@dataclass(frozen=True)
class AnsweredQuestion:
    """A question of a checklist, with the answer and the file that it comes from."""

    item: str
    asks: str
    answer: JsonValue
    source: str


@dataclass(frozen=True)
class MethodDecision:
    """One choice of the protocol, as a row of the table of choices."""

    choice: str
    decided_by: Annotated[str, Field(alias="whose")]
    paper: str
    in_this_round: Annotated[str, Field(alias="here")]


@dataclass(frozen=True)
class MethodsChecklist:
    """methods.json; its keys are the names of the fields, or their aliases."""

    answers: tuple[AnsweredQuestion, ...]
    for_people_to_answer: tuple[OpenQuestion, ...]
    not_applicable: tuple[OpenQuestion, ...]
    methods: tuple[str, ...]
    decisions: Annotated[tuple[MethodDecision, ...], Field(alias="paper_unknown_ours")]
    limitations: tuple[str, ...]

    def content(self) -> JsonObject:
        """The checklist as plain JSON values."""
        json_object: JsonObject = _CHECKLIST.dump_python(self, mode="json", by_alias=True)
        return json_object


_CHECKLIST = TypeAdapter(MethodsChecklist)


QUESTIONS_FOR_PEOPLE = (
    OpenQuestion("CONSORT 5", "Funding and conflicts of interest; say which evaluators are authors"),
    OpenQuestion("CONSORT 11", "Setting and devices"),
    OpenQuestion("HEDS 3.2.2", "How evaluators were recruited and paid, and their relation to the authors"),
    OpenQuestion("HEDS 3.2.4", "Training and expertise of evaluators"),
    OpenQuestion("HEDS 5.1", "Ethics approval"),
    OpenQuestion("HEDS 5.2", "Personal data in the corpus"),
)
QUESTIONS_NOT_APPLICABLE = (
    OpenQuestion("CONSORT 8", "Patient involvement"),
    OpenQuestion("CONSORT 24b", "Concomitant care"),
)


def methods_checklist(
    title: str, design_content: JsonObject, commitment: str, frame: AnalysisFrame, analysis: Analysis
) -> MethodsChecklist:
    """The checklist with the answers that the data can give."""
    answers = (*_answers_on_design(title, design_content, commitment, frame), *_answers_on_results(analysis))
    return MethodsChecklist(
        answers=answers,
        for_people_to_answer=QUESTIONS_FOR_PEOPLE,
        not_applicable=QUESTIONS_NOT_APPLICABLE,
        methods=tuple(methods_paragraphs(frame, analysis)),
        decisions=tuple(MethodDecision(*row) for row in decision_rows(frame.outcome)),
        limitations=tuple(limitations(frame.outcome, frame.units)),
    )


def _answers_on_design(
    title: str, design_content: JsonObject, commitment: str, frame: AnalysisFrame
) -> Iterator[AnsweredQuestion]:
    drawn = [
        {"arm": cell.arm, "stratum": cell.stratum, "eligible": cell.eligible, "drawn": cell.drawn}
        for cell in frame.cells
    ]
    rules = {name: limit for name, limit in frame.exclusions if limit is not None}
    answers = (
        ("CONSORT 1", "Title", title, "design.json"),
        (
            "CONSORT 2",
            "Registration: the digest printed at the seal; say where and when it was published",
            commitment,
            "commitment.json",
        ),
        ("CONSORT 3", "Protocol and analysis plan", _plan_answer(design_content), "design.json"),
        ("CONSORT 4", "Data, code and key", "in this package; firstglance verify checks it", "datapackage.json"),
        ("CONSORT 12a / HEDS 3.1", "Frame and sample", drawn, "frame.json"),
        ("CONSORT 13 / HEDS 4.3", "Rubric as shown", design_content.get("rubric"), "design.json"),
        ("CONSORT 14 / HEDS 4.3.9", "Primary outcome", f"difference in fraction {frame.outcome.name}", "analysis.json"),
        (
            "CONSORT 17",
            "Sequence",
            "secret 256-bit seed, opened in allocation.json",
            "allocation.json",
        ),
        (
            "CONSORT 18",
            "Concealment",
            "in the log the commitment to the encrypted allocation comes before the opening",
            "events.json",
        ),
        ("CONSORT 20 / HEDS 3.3.4", "Blinding", _blinding_answer(frame), "frame.json"),
        ("CONSORT 21 / HEDS 4.3.10", "Statistical methods", "see methods", "methods.json"),
        ("CONSORT 21c", "Exclusion rules", rules, "frame.json"),
    )
    for item, asks, answer, source in answers:
        yield AnsweredQuestion(item, asks, to_json_value(answer), source)


def _blinding_answer(frame: AnalysisFrame) -> str:
    """What the log says of who knew the models, and whether somebody broke the blind."""
    exposed_count = sum(evaluator.exposed for evaluator in frame.evaluators)
    answer = (
        "items name no arm and show words and marks; by the log "
        f"{exposed_count} of {len(frame.evaluators)} evaluators knew the models"
    )
    return f"{answer}; the blind was broken" if frame.blind_broken else answer


def _plan_answer(design_content: JsonObject) -> str:
    """Where the plan stands, and the primary comparison in the design's words."""
    primary = design_content.get("primary", "not stated")
    if "analysis" not in design_content:
        return f"the design has no plan beside its primary comparison: {primary}"
    return (
        f"the whole plan is analysis in design.json, in words in {PREREGISTRATION_FILE}; primary comparison: {primary}"
    )


def _answers_on_results(analysis: Analysis) -> Iterator[AnsweredQuestion]:
    pace = analysis.time.all
    delivery = {"median": pace.median, "quartiles": pace.quartiles, "under_a_minute": pace.under_a_minute}
    breaches = (
        "by the log, archives were browsed before the lock"
        if analysis.blind_broken
        else "the log has no browsing of archives before the lock; what happened outside the server it cannot say"
    )
    answers = (
        ("CONSORT 16b", "Stopped early", analysis.sensitivity.stopped_early, "analysis.json sensitivity"),
        ("CONSORT 22", "Flow", analysis.flow, "analysis.json flow"),
        ("CONSORT 24a", "Delivery: seconds per judgment", delivery, "analysis.json time"),
        ("CONSORT 26", "Absolute effect", analysis.difference, "analysis.json difference"),
        ("CONSORT 26", "Relative effect", analysis.ratio, "analysis.json ratio"),
        ("CONSORT 26", "Each arm", analysis.arms, "analysis.json arms"),
        ("CONSORT 28", "Other analyses", analysis.secondary, "analysis.json secondary"),
        ("HEDS 3.2.1", "Number of evaluators", analysis.evaluators, "analysis.json evaluators"),
        ("HEDS 4.3.11", "Agreement", analysis.agreement.between, "analysis.json agreement"),
        ("HEDS 3.3.3", "Controls", analysis.controls.planted, "analysis.json controls"),
        ("after CONSORT 2001", "Did the blind hold", analysis.blinding.overall, "analysis.json blinding"),
        ("after CONSORT 2001", "Stimulus AUC", analysis.stimulus, "analysis.json stimulus"),
        ("after CONSORT 2001", "AUC of programs by marks and words", analysis.attacks, "analysis.json attacks"),
        ("after CONSORT 2001", "Breaches", breaches, "events.json"),
    )
    for item, asks, answer, source in answers:
        yield AnsweredQuestion(item, asks, to_json_value(answer), source)
