"""methods.json: answers to what HEDS and CONSORT 2025 ask, as far as the data can give them.

Every entry says where the answer comes from; what only a person can answer is listed as such and left open.
HEDS: Shimorina & Belz 2022, the Human Evaluation Datasheet. CONSORT 2025: Hopewell et al. 2025.
"""

from typing import Any

from app.report.analysis.frame import AnalysisFrame
from app.report.methods_text import LIMITS, decision_rows, methods_text

FROM_PEOPLE = (
    ("CONSORT 5", "Funding and conflicts of interest; say which evaluators are authors"),
    ("CONSORT 11", "Setting and devices"),
    ("HEDS 3.2.2", "How evaluators were recruited and paid, and their relation to the authors"),
    ("HEDS 3.2.4", "Training and expertise of evaluators"),
    ("HEDS 5.1", "Ethics approval"),
    ("HEDS 5.2", "Personal data in the corpus"),
)
NOT_APPLICABLE = (("CONSORT 8", "Patient involvement"), ("CONSORT 24b", "Concomitant care"))


def methods_json(
    title: str, design: dict[str, Any], commitment: str, frame: AnalysisFrame, analysis: dict[str, Any]
) -> Any:  # noqa: ANN401 - JSON
    """The checklist with answers."""
    answers = [*_design(title, design, commitment, frame), *_results(analysis)]
    return {
        "answers": [
            {"item": item, "asks": asks, "answer": answer, "source": source} for item, asks, answer, source in answers
        ],
        "for_people_to_answer": [{"item": item, "asks": asks} for item, asks in FROM_PEOPLE],
        "not_applicable": [{"item": item, "asks": asks} for item, asks in NOT_APPLICABLE],
        "methods": methods_text(frame, analysis),
        "paper_unknown_ours": [
            dict(zip(("choice", "whose", "paper", "here"), row, strict=True)) for row in decision_rows()
        ],
        "limitations": list(LIMITS),
    }


def _design(
    title: str, design: dict[str, Any], commitment: str, frame: AnalysisFrame
) -> list[tuple[str, str, Any, str]]:
    drawn = [
        {"arm": one.arm, "stratum": one.stratum, "eligible": one.eligible, "drawn": one.drawn} for one in frame.cells
    ]
    return [
        ("CONSORT 1", "Title", title, "design.json"),
        ("CONSORT 2", "Registration: digest published before the first judgment", commitment, "commitment.json"),
        ("CONSORT 3", "Protocol and analysis plan", design.get("primary", "see design.json"), "design.json"),
        ("CONSORT 4", "Data, code and key", "in this package; verify.py checks it", "datapackage.json"),
        ("CONSORT 12a / HEDS 3.1", "Frame and sample", drawn, "frame.json"),
        ("CONSORT 13 / HEDS 4.3", "Rubric as shown", design.get("rubric"), "design.json"),
        ("CONSORT 14 / HEDS 4.3.9", "Primary outcome", "difference in fraction INTERPRETABLE", "analysis.json"),
        ("CONSORT 17", "Sequence", "secret 256-bit seed, opened in allocation.json", "allocation.json"),
        ("CONSORT 18", "Concealment", "allocation encrypted and committed before judging", "events.json"),
        ("CONSORT 20 / HEDS 3.3.4", "Blinding", "evaluators saw words and marks only", "items.json"),
        ("CONSORT 21 / HEDS 4.3.10", "Statistical methods", "see methods", "methods.json"),
        (
            "CONSORT 21c",
            "Exclusion rules",
            {k: v for k, v in vars(frame.exclusions).items() if v is not None},
            "frame.json",
        ),
    ]


def _results(analysis: dict[str, Any]) -> list[tuple[str, str, Any, str]]:
    delivery = {name: analysis["time"]["all"][name] for name in ("median", "quartiles", "under_a_minute")}
    broken = "archives were browsed while collecting" if analysis["blind_broken"] else "no opening before the lock"
    return [
        ("CONSORT 16b", "Stopped early", analysis["sensitivity"]["stopped_early"], "analysis.json sensitivity"),
        ("CONSORT 22", "Flow", analysis["flow"], "analysis.json flow"),
        ("CONSORT 24a", "Delivery: seconds per judgment", delivery, "analysis.json time"),
        ("CONSORT 26", "Absolute effect", analysis["difference"], "analysis.json difference"),
        ("CONSORT 26", "Relative effect", analysis["ratio"], "analysis.json ratio"),
        ("CONSORT 26", "Each arm", analysis["arms"], "analysis.json arms"),
        ("CONSORT 28", "Other analyses, all named in advance", analysis["secondary"], "analysis.json secondary"),
        ("HEDS 3.2.1", "Number of evaluators", analysis["evaluators"], "analysis.json evaluators"),
        ("HEDS 4.3.11", "Agreement", analysis["agreement"]["between"], "analysis.json agreement"),
        ("HEDS 3.3.3", "Controls", analysis["controls"]["planted"], "analysis.json controls"),
        ("after CONSORT 2001", "Did the blind hold", analysis["blinding"]["overall"], "analysis.json blinding"),
        ("after CONSORT 2001", "Stimulus AUC", analysis["stimulus"], "analysis.json stimulus"),
        ("after CONSORT 2001", "Breaches", broken, "events.json"),
    ]
