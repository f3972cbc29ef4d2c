"""A round in which every name and every answer is hostile, exported once."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.judging.judgment import Judgment
from app.report.export.bundle import UnblindedBundle, unblinded_zip
from app.report.export.zip_file import read_zip
from app.unblinding.observations import Observation
from tests.conftest import without_figures
from tests.hostile import texts
from tests.report.simulated_evidence import SIGNING_KEY, bundle_of, evidence_of, facts_for
from tests.report.simulated_round import frame_for, simulate_observations

TREATMENT = "_$x_1$ \\\\frac {0} <b>solu</b> {{ 7*7 }} %s [a](b)"
REFERENCE = "# | `base`"
TITLE = f"# heading {texts.EMPHASIS} <b onclick=x> [a](b) https://a.example #"


NAMES = [" ".join(texts.TEXTS[start::4]) for start in range(4)]


@pytest.fixture(scope="session")
def hostile_bundle() -> UnblindedBundle:
    observations = simulate_observations(
        evaluators=NAMES, strata=("_1L | $/0",), true_fractions={REFERENCE: 0.3, TREATMENT: 0.6}, shown=4
    )
    observations = [_with_answer(observation, index) for index, observation in enumerate(observations)]
    facts = facts_for(observations, frame_for(observations, reference=REFERENCE, treatment=TREATMENT))
    return bundle_of(evidence_of(replace(facts, design=facts.design.with_changes(title=TITLE))))


@pytest.fixture(scope="session")
def hostile_export(hostile_bundle: UnblindedBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "export.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(hostile_bundle, SIGNING_KEY))
    return path


@pytest.fixture(scope="session")
def hostile_files(hostile_export: Path) -> dict[str, bytes]:
    return dict(read_zip(hostile_export))


def _with_answer(observation: Observation, index: int) -> Observation:
    judgment: Judgment = observation.judgment
    hypothesis, comment = texts.TEXTS[index % len(texts.TEXTS)], texts.TEXTS[(index // 7) % len(texts.TEXTS)]
    return replace(observation, judgment=replace(judgment, hypothesis=hypothesis, comment=comment))
