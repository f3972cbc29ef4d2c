"""Published worked examples, at the tolerance to which they were published (tests/data/oracles.json)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels
from statsmodels.genmod.cov_struct import Exchangeable, Independence
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.stats.multitest import multipletests

from app.statistics.agreement import agreement_coefficients
from app.statistics.blinding import bang_indices, james_index
from app.statistics.intervals import Estimate
from app.statistics.mantel_haenszel import (
    StratumComparison,
    cochran_q_test,
    mantel_haenszel_difference,
    mantel_haenszel_ratio,
)
from app.statistics.power import StudyPlan, plan_power
from app.statistics.proportions import square_and_add_difference, wilson_interval
from app.statistics.resampling import permutation_p_value
from tests.statistics.samples import make_plain_sample

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case for case in json.loads((Path(__file__).parents[1] / "data" / "oracles.json").read_text())
}


def near(case: dict[str, Any], expected: float, key: str = "") -> Any:
    tolerance = case.get("tolerance_by_key", {}).get(key, case["tolerance"])
    return pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("wilson-")])
def test_wilson_intervals_equal_the_published_ones(name: str) -> None:
    case = CASES[name]
    x, n = case["inputs"]["x"], case["inputs"]["n"]
    interval = make_plain_sample(x, n).estimate_fraction().interval
    assert [interval.lower, interval.upper] == [near(case, limit) for limit in case["expected"]]
    assert interval == wilson_interval(x / n, n)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("newcombe-")])
def test_square_and_add_intervals_equal_the_published_ones(name: str) -> None:
    case = CASES[name]
    inputs = case["inputs"]
    estimate = StratumComparison(
        "",
        make_plain_sample(inputs["x1"], inputs["n1"]),
        make_plain_sample(inputs["x2"], inputs["n2"]),
    ).estimate_difference()
    assert list(estimate.interval) == [near(case, limit) for limit in case["expected"]]


def test_the_paper_s_own_fractions_get_the_derived_intervals() -> None:
    case = CASES["derived-solu-36-21"]
    first, second = (
        make_plain_sample(36, 60).estimate_fraction(),
        make_plain_sample(21, 60).estimate_fraction(),
    )
    estimates = {"wilson1": first, "wilson2": second, "newcombe": square_and_add_difference(first, second)}
    for key, estimate in estimates.items():
        assert list(estimate.interval) == [near(case, limit) for limit in case["expected"][key]]


def compare_published_tables(case: dict[str, Any]) -> list[StratumComparison]:
    return [
        StratumComparison(
            str(index),
            make_plain_sample(treatment[0], sum(treatment)),
            make_plain_sample(reference[0], sum(reference)),
        )
        for index, (treatment, reference) in enumerate(case["inputs"]["tables"])
    ]


def test_the_mantel_haenszel_difference_and_its_q_equal_the_published_ones() -> None:
    case = CASES["mh-rd-rothman"]
    strata = compare_published_tables(case)
    estimate = mantel_haenszel_difference(strata, confidence=0.9)
    assert estimate.value == near(case, case["expected"]["rd"])
    # Published with Sato's variance; the sandwich over neurons is another estimator of the same quantity.
    assert list(estimate.interval) == [pytest.approx(limit, abs=5e-4) for limit in case["expected"]["ci"]]
    heterogeneity = cochran_q_test(strata)
    assert heterogeneity is not None
    assert heterogeneity.q == near(case, case["expected"]["Q"])
    assert heterogeneity.p_value == pytest.approx(case["expected"]["Q_p"], abs=5e-4)


def test_the_mantel_haenszel_ratio_equals_the_published_one() -> None:
    case = CASES["mh-rr-rothman"]
    ratio = mantel_haenszel_ratio(compare_published_tables(case))
    assert ratio is not None
    assert np.log(ratio) == near(case, case["expected"]["log_rr"])


def test_the_permutation_test_agrees_with_the_exact_conditional_test() -> None:
    case = CASES["stratified-exact-rabbits"]
    strata = [
        StratumComparison(
            str(index),
            make_plain_sample(treatment[0], sum(treatment), f"a{index}"),
            make_plain_sample(reference[0], sum(reference), f"b{index}"),
        )
        for index, (treatment, reference) in enumerate(case["inputs"]["tables"])
    ]
    p_value = permutation_p_value(strata, "rabbits", permutation_count=200_000)
    assert p_value == pytest.approx(case["expected"]["exact_two_sided"], abs=case["tolerance"] + 3 * 0.0005)


def category_counts(case: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    rows = case["inputs"]["ratings"]
    categories = sorted({rating for row in rows for rating in row if rating is not None})
    return np.array(
        [[sum(rating == category for rating in row) for category in categories] for row in rows], dtype=float
    )


def test_percent_agreement_and_ac1_with_missing_judgments_equal_the_published_ones() -> None:
    percent, ac1, _ = agreement_coefficients(category_counts(CASES["irr-raw4-ac"]))
    assert ac1 == near(CASES["irr-raw4-ac"], CASES["irr-raw4-ac"]["expected"]["coef"], "coef")
    assert percent == near(CASES["irr-raw4-pa"], CASES["irr-raw4-pa"]["expected"]["coef"], "coef")


def test_krippendorff_s_alpha_equals_the_published_one() -> None:
    case = CASES["kripp-raw4"]
    assert agreement_coefficients(category_counts(case))[2] == near(case, case["expected"][0])


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("blinding-")])
def test_blinding_indices_equal_the_published_ones(name: str) -> None:
    case = CASES[name]
    counts = np.array(case["inputs"]["counts"], dtype=float)
    overall_index, arm_indices = james_index(counts), bang_indices(counts)
    expected = case["expected"]
    assert overall_index is not None
    assert overall_index.value == near(case, expected["james"])
    if "james_se" in expected:
        assert overall_index.standard_error == near(case, expected["james_se"])
    for index, arm_index in enumerate(arm_indices):
        assert arm_index is not None
        assert arm_index.value == near(case, expected["bang"][index])
        if "bang_se" in expected:
            assert arm_index.standard_error == near(case, expected["bang_se"][index])
        if "bang_ci" in expected:
            assert list(arm_index.interval) == [near(case, limit) for limit in expected["bang_ci"][index]]
        if "bang_onesided" in expected:
            limits = [arm_index.one_sided_limits.lower, arm_index.one_sided_limits.upper]
            assert limits == [near(case, limit) for limit in expected["bang_onesided"][index]]


def test_james_interval_equals_the_published_one() -> None:
    case = CASES["blinding-houweling-investigators"]
    index = james_index(np.array(case["inputs"]["counts"], dtype=float))
    assert index is not None
    assert list(index.interval) == [near(case, limit) for limit in case["expected"]["james_ci"]]


def test_power_equals_that_of_r() -> None:
    case = CASES["power-prop-r"]
    inputs = case["inputs"]
    assert plan_power(StudyPlan(inputs["p2"], inputs["p1"], inputs["n"])).power == near(case, case["expected"])


def test_the_installed_holm_correction_gives_published_values() -> None:
    case = CASES["holm-4"]
    assert multipletests(case["inputs"]["p"], method="holm")[1].tolist() == [
        near(case, limit) for limit in case["expected"]
    ]


def test_the_installed_gee_gives_published_estimates() -> None:
    """statsmodels computes the model-based check; the data of this example are in its package."""
    case = CASES["gee-logistic-1"]
    path = Path(statsmodels.__file__).parent / "genmod" / "tests" / "results" / "gee_logistic_1.csv"
    data = pd.read_csv(path, header=None).to_numpy()
    design = np.column_stack([np.ones(len(data)), data[:, 2:]])
    for structure, key in ((Independence(), "ind"), (Exchangeable(), "exch")):
        fitted = GEE(data[:, 1], design, groups=data[:, 0], family=Binomial(), cov_struct=structure).fit()
        assert fitted.params.tolist() == [near(case, limit) for limit in case["expected"][f"{key}_coef"]]
        assert fitted.bse.tolist() == [near(case, limit) for limit in case["expected"][f"{key}_se"]]


def test_the_difference_of_an_estimate_from_itself_is_zero() -> None:
    estimate = make_plain_sample(21, 60).estimate_fraction()
    difference = square_and_add_difference(estimate, estimate)
    assert difference == Estimate(0.0, difference.interval)
    assert difference.interval.lower == pytest.approx(-difference.interval.upper)
