"""Rounds and their exports, which are made once, because drawing their figures takes seconds."""

from pathlib import Path

import pytest

from app.judging.judgment import Verdict
from app.report.analysis.analysis import Analysis, analyse
from app.report.analysis.frame import AnalysisFrame, Guess, MarkCounts
from app.report.export.bundle import UnblindedBundle, unblinded_zip
from app.report.export.figures import draw_figures
from app.unblinding.observations import Observation
from tests.conftest import without_figures
from tests.report.simulated_evidence import SIGNING_KEY, bundle_for
from tests.report.simulated_round import arms_by_item, frame_for, observe, simulate_observations

HOSTILE_NAME = "<script>alert(1)</script>\"&'"


@pytest.fixture(scope="session")
def observations() -> list[Observation]:
    return simulate_observations()


@pytest.fixture(scope="session")
def bundle(observations: list[Observation]) -> UnblindedBundle:
    return bundle_for(observations, frame_for(observations))


@pytest.fixture(scope="session")
def exported_with_figures(bundle: UnblindedBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The round as a zip."""
    path = tmp_path_factory.mktemp("export") / "with_figures.zip"
    path.write_bytes(unblinded_zip(bundle, SIGNING_KEY))
    return path


@pytest.fixture(scope="session")
def exported(bundle: UnblindedBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The round as a zip without figures, which `verify_without_figures` checks quickly."""
    path = tmp_path_factory.mktemp("export") / "round.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(bundle, SIGNING_KEY))
    return path


@pytest.fixture(scope="session")
def two_exports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The zips of two rounds with one contrast, a stratum each."""
    folder = tmp_path_factory.mktemp("two_exports")
    paths = (folder / "round1.zip", folder / "round2.zip")
    for seed, path in enumerate(paths, start=1):
        observations = simulate_observations(seed, strata=("1L/0",))
        with without_figures():
            path.write_bytes(unblinded_zip(bundle_for(observations, frame_for(observations)), SIGNING_KEY))
    return paths


@pytest.fixture(scope="session")
def five_evaluators() -> list[Observation]:
    """The observations of five evaluators, one of whom has markup as a name."""
    return simulate_observations(evaluators=("Ash", "Birch", "Cedar", "Dogwood", HOSTILE_NAME), shown=12)


@pytest.fixture(scope="session")
def full_frame(five_evaluators: list[Observation]) -> AnalysisFrame:
    """A frame with guesses and stimuli."""
    arms = arms_by_item(five_evaluators)
    guesses = tuple(
        Guess(name, True, ("solu", "baseline", None)[index % 3], item)
        for name in ("Ash", "Birch")
        for index, item in enumerate(sorted(arms))
    )
    stimuli = tuple(
        MarkCounts(item, 40 + 7 * (arm == "solu") + index % 13, 90, 900)
        for index, (item, arm) in enumerate(arms.items())
    )
    return frame_for(five_evaluators, guesses=guesses, stimuli=stimuli)


@pytest.fixture(scope="session")
def full_analysis(five_evaluators: list[Observation], full_frame: AnalysisFrame) -> Analysis:
    """The analysis of a round that has something for every chart."""
    verdicts: tuple[Verdict, ...] = ("interpretable", "not_interpretable")
    ladder = [
        observe(name, f"p{purity}{index}", "solu", verdict, kind="purity", purity=purity)
        for name in ("Ash", "Birch")
        for purity in (0.5, 0.95)
        for index, verdict in enumerate(verdicts)
    ]
    return analyse([*five_evaluators, *ladder], full_frame)


@pytest.fixture(scope="session")
def svg_figures(full_analysis: Analysis) -> dict[str, bytes]:
    """The figures of that analysis as SVG files."""
    return draw_figures(full_analysis, ("svg",))
