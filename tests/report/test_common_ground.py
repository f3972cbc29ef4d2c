"""What archives have in common, and the contrasts that a design declares, are printed wherever a round is described."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.report.export.bundle import Files, unblinded_files, unblinded_zip
from app.report.methods_text import methods_paragraphs
from app.rounds.common_ground import common_ground, ground_sentences
from app.rounds.design import Design
from app.rounds.harvest_facts import HarvestFacts
from app.unblinding.observations import Observation
from tests.conftest import without_figures
from tests.report.simulated_evidence import SIGNING_KEY, bundle_of, evidence_of, facts_for
from tests.report.simulated_round import frame_for
from tests.report.tampering import verify_without_figures

FACTS = HarvestFacts(
    site="mlp.act",
    corpus="stdlib",
    corpus_sha256="1" * 64,
    tokens=5000,
    windows=26,
    window=256,
    overlap=64,
    k=20,
    group_names=("top",),
    model_name="solu-1l",
    tokenizer_sha256="2" * 64,
    depth=1,
    arithmetic="float32",
    duplicate_span=16,
)
COMMON = (
    "The archives of all arms have in common: site mlp.act; windows 256 tokens with an overlap of 64; k 20 strongest, "
    "of the groups top; tokenizer 222222222222… (of model “solu-1l”); depth 1 (of model “solu-1l”); arithmetic "
    "float32; duplicate span 16 tokens."
)


def with_two_texts(design: Design) -> Design:
    """The design with arms over two texts, one with a hostile name, as it declares."""
    other = FACTS.model_copy(update={"corpus": "<b>*own*", "corpus_sha256": "3" * 64})
    cells = [
        cell.model_copy(update={"harvest": FACTS if cell.arm == design.reference else other}) for cell in design.arms
    ]
    return design.with_changes(arms=tuple(cells), contrasts=["corpus"])


@pytest.fixture(scope="module")
def exported_contrast(observations: list[Observation], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of a round that compares two texts."""
    facts = facts_for(observations, frame_for(observations))
    bundle = bundle_of(evidence_of(replace(facts, design=with_two_texts(facts.design))))
    path = tmp_path_factory.mktemp("contrast") / "round.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(bundle, SIGNING_KEY))
    return path


@pytest.fixture(scope="module")
def files(observations: list[Observation]) -> Files:
    facts = facts_for(observations, frame_for(observations))
    bundle = bundle_of(evidence_of(replace(facts, design=with_two_texts(facts.design))))
    with without_figures():
        return unblinded_files(bundle.evidence, bundle.result, {})


def test_report_and_preregistration_print_what_is_common_and_what_is_declared(files: Files) -> None:
    for name in ("report.md", "preregistration.md"):
        text = files[name].decode()
        assert COMMON in text
        assert "By the design, arms of a stratum differ in: corpus “" in text
        assert "“stdlib” (111111111111…) with 5,000 scored tokens in 26 windows for “baseline” in “" in text
        assert "“\\<b>\\*own\\*” (333333333333…) with 5,000 scored tokens in 26 windows for “solu” in “" in text
    assert COMMON in " ".join(json.loads(files["methods.json"])["methods"])
    assert json.loads(files["frame.json"])["grounds"][1]["agreement"] == "contrast"


def test_such_an_export_verifies(exported_contrast: Path) -> None:
    verification = verify_without_figures(exported_contrast)
    assert [check for check in verification.checks if not check.ok] == []


def test_a_design_that_does_not_say_how_archives_were_harvested_has_no_such_sentence(
    observations: list[Observation],
) -> None:
    facts = facts_for(observations, frame_for(observations))
    result = bundle_of(evidence_of(facts)).result
    assert common_ground(facts.design) is None
    assert "grounds" not in result.frame.content()
    assert "have in common" not in " ".join(methods_paragraphs(result.frame, result.analysis))


def test_strata_that_differ_are_told_from_declared_contrasts(observations: list[Observation]) -> None:
    design = facts_for(observations, frame_for(observations)).design
    strata = sorted({cell.stratum for cell in design.arms})
    assert len(strata) > 1
    cells = [
        cell.model_copy(update={"harvest": FACTS.model_copy(update={"depth": 1 + strata.index(cell.stratum)})})
        for cell in design.arms
    ]
    grounds = common_ground(design.with_changes(arms=tuple(cells), contrasts=["draw"]))
    assert grounds is not None
    sentences = ground_sentences(grounds)
    assert sentences[1] == "By the design, arms of a stratum differ in: draw arms of the same units."
    assert sentences[2].startswith("Strata differ from each other in: depth ")
    assert "1 (of model “solu-1l”) for “" in sentences[2]
