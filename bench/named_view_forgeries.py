"""The forgeries that reviewers made or could have made of what follows from an export's evidence, by name."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from app.foundation.json_types import JsonObject
from app.judging.judgment import Judgment
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import AnalysisFrame, FlaggedItem
from app.report.export.bundle import Files
from app.report.export.zip_file import json_bytes
from app.report.result import RoundResult
from app.rounds.exclusions import Exclusions
from app.unblinding.observations import Observation
from bench.answers import first_answer
from bench.honest_round import HASTY

FALSE_HEADLINE = "solu minus baseline: +78.0 percentage points (95 % interval +71.0 to +84.0)."
FLAG_COUNT = 75
ForgeFiles = Callable[[Files], Files]
ForgeObservations = Callable[[Sequence[Observation]], list[Observation]]


class ViewForgery(NamedTuple):
    """A forgery of files that follow from the evidence; the digests are made to fit."""

    part: str
    """The file that it changes."""
    forge_files: ForgeFiles
    has_figures: bool = False
    """Whether it needs an export with figures and PDF."""


class ResultForgery(NamedTuple):
    """A forgery of what is analysed; the program analyses it and writes every file that follows."""

    part: str
    forge_result: Callable[[RoundResult], RoundResult]


def _with_frame(change_frame: Callable[[AnalysisFrame], AnalysisFrame]) -> Callable[[RoundResult], RoundResult]:
    return lambda result: _analysed(result, result.observations, change_frame(result.frame))


def _with_observations(forge_observations: ForgeObservations) -> Callable[[RoundResult], RoundResult]:
    return lambda result: _analysed(result, forge_observations(result.observations), result.frame)


def _analysed(result: RoundResult, observations: Sequence[Observation], frame: AnalysisFrame) -> RoundResult:
    return RoundResult(observations, frame, analyse(observations, frame, result.items), result.items)


def _with_judgments(change_judgment: Callable[[Judgment], Judgment], arm: str = "solu") -> ForgeObservations:
    def forge(observations: Sequence[Observation]) -> list[Observation]:
        return [
            replace(observation, judgment=change_judgment(observation.judgment))
            if observation.allocated.arm == arm
            else observation
            for observation in observations
        ]

    return forge


def _without_dead(frame: AnalysisFrame) -> AnalysisFrame:
    return replace(frame, cells=tuple(replace(cell, dead=0) for cell in frame.cells))


def _flag_judgments(result: RoundResult) -> RoundResult:
    """The unwelcome judgments are declared flagged, so they are observations no more."""
    unwelcome = [
        observation
        for observation in result.observations
        if observation.allocated.arm == "solu" and not observation.counts
    ][:FLAG_COUNT]
    flags = tuple(FlaggedItem(observation.evaluator, observation.judgment.item, "fault") for observation in unwelcome)
    observations = [observation for observation in result.observations if observation not in unwelcome]
    return _analysed(result, observations, replace(result.frame, flagged=flags))


def _erase_evaluator(result: RoundResult) -> RoundResult:
    evaluators = tuple(
        replace(enrolled, erased=True) if enrolled.evaluator == HASTY else enrolled
        for enrolled in result.frame.evaluators
    )
    observations = [observation for observation in result.observations if observation.evaluator != HASTY]
    return _analysed(result, observations, replace(result.frame, evaluators=evaluators))


def _relabel_as_repeats(observations: Sequence[Observation]) -> list[Observation]:
    return [
        replace(observation, allocated=replace(observation.allocated, kind="repeat"))
        if not observation.counts and observation.allocated.arm == "solu"
        else observation
        for observation in observations
    ]


def _exchange_arms(observations: Sequence[Observation]) -> list[Observation]:
    exchanged = {"solu": "baseline", "baseline": "solu"}
    return [
        replace(observation, allocated=replace(observation.allocated, arm=exchanged[observation.allocated.arm]))
        for observation in observations
    ]


def _fake_stimuli(frame: AnalysisFrame) -> AnalysisFrame:
    return replace(frame, stimuli=tuple(replace(stimulus, marked=30, level_sum=60) for stimulus in frame.stimuli))


RESULT_FORGERIES: dict[str, ResultForgery] = {
    "dead neurons left out of the frame": ResultForgery("frame.json", _with_frame(_without_dead)),
    "75 judgments declared flagged": ResultForgery("frame.json", _flag_judgments),
    "an evaluator erased in the frame": ResultForgery("frame.json", _erase_evaluator),
    "stimuli in the frame": ResultForgery("frame.json", _with_frame(_fake_stimuli)),
    "seed of the frame": ResultForgery("frame.json", _with_frame(lambda frame: replace(frame, seed="5e" * 32))),
    "rules in the frame": ResultForgery(
        "frame.json",
        _with_frame(lambda frame: replace(frame, exclusions=Exclusions(largest_cannot_judge=0.0))),
    ),
    "a round stopped early": ResultForgery(
        "frame.json", _with_frame(lambda frame: replace(frame, stopped_early=not frame.stopped_early))
    ),
    "judgments relabelled as repeats": ResultForgery("observations.csv", _with_observations(_relabel_as_repeats)),
    "rows repeated": ResultForgery("observations.csv", _with_observations(lambda rows: [*rows, *rows])),
    "rows dropped": ResultForgery("observations.csv", _with_observations(lambda rows: list(rows[::2]))),
    "observed arms": ResultForgery("observations.csv", _with_observations(_exchange_arms)),
    "observed verdicts": ResultForgery(
        "observations.csv",
        _with_observations(_with_judgments(lambda judgment: replace(judgment, verdict=first_answer(judgment.verdict)))),
    ),
    "observed seconds": ResultForgery(
        "observations.csv", _with_observations(_with_judgments(lambda judgment: replace(judgment, active_seconds=5.0)))
    ),
    "observed hypotheses": ResultForgery(
        "observations.csv",
        _with_observations(_with_judgments(lambda judgment: replace(judgment, hypothesis="a clear rule"))),
    ),
}


def _false_numbers(files: Files) -> Files:
    analysis_content: JsonObject = json.loads(files["analysis.json"])
    analysis_content["headline"] = FALSE_HEADLINE
    cast("JsonObject", analysis_content["difference"])["estimate"] = 0.78
    return files | {"analysis.json": json_bytes(analysis_content)}


def _with_text(name: str, text: str) -> ForgeFiles:
    return lambda files: files | {name: files[name] + f"\n{text}\n".encode()}


def _with_other_versions(files: Files) -> Files:
    """A forged report that cannot be made again, because the export says that another SciPy wrote it."""
    program, analysis = json.loads(files["program.json"]), json.loads(files["analysis.json"])
    program["libraries"]["scipy"] = analysis["methods"]["libraries"]["scipy"] = "9.9.9"
    forged = files | {"program.json": json_bytes(program), "analysis.json": json_bytes(analysis)}
    return _with_text("report.md", FALSE_HEADLINE)(forged)


def _drawn_otherwise(files: Files) -> Files:
    name = next(name for name in sorted(files) if name.endswith(".svg"))
    return files | {name: files[name].replace(b"</svg>", b"<text>+78</text></svg>")}


VIEW_FORGERIES: dict[str, ViewForgery] = {
    "headline of the analysis": ViewForgery("analysis.json", _false_numbers),
    "headline of the report": ViewForgery("report.md", _with_text("report.md", FALSE_HEADLINE)),
    "headline of the citation": ViewForgery("CITATION.cff", _with_text("CITATION.cff", f"# {FALSE_HEADLINE}")),
    "README": ViewForgery("README.md", _with_text("README.md", FALSE_HEADLINE)),
    "preregistration": ViewForgery("preregistration.md", _with_text("preregistration.md", "Or the opposite.")),
    "verify.py": ViewForgery("verify.py", lambda files: files | {"verify.py": b'print("Everything agrees.")\n'}),
    "a further file": ViewForgery("erratum.md", lambda files: files | {"erratum.md": FALSE_HEADLINE.encode()}),
    "a file left out": ViewForgery(
        "neurons.csv", lambda files: {name: content for name, content in files.items() if name != "neurons.csv"}
    ),
    "report of other versions": ViewForgery("report.md", _with_other_versions),
    "figure": ViewForgery("figures/", _drawn_otherwise, has_figures=True),
    "PDF": ViewForgery(
        "report.pdf", lambda files: files | {"report.pdf": files["report.pdf"] + b"% +78\n"}, has_figures=True
    ),
}
