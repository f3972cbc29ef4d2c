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
from app.statistics.neuron_sample import NeuronSample, Substratum
from app.statistics.power import StudyPlan, plan_power
from app.statistics.proportions import square_and_add_difference, wilson_interval
from app.statistics.resampling import permutation_p_value

CASES: dict[str, dict[str, Any]] = {
    one["id"]: one for one in json.loads((Path(__file__).parents[1] / "data" / "oracles.json").read_text())
}


def near(case: dict[str, Any], expected: float, key: str = "") -> Any:
    tolerance = case.get("tolerance_by_key", {}).get(key, case["tolerance"])
    return pytest.approx(expected, abs=tolerance)


def plain(positive: int, total: int, key: str = "") -> NeuronSample:
    """Neurons with one judgment each."""
    means = np.concatenate([np.ones(positive), np.zeros(total - positive)])
    return NeuronSample((Substratum(means),), total, key)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("wilson-")])
def test_wilson_intervals(name: str) -> None:
    case = CASES[name]
    x, n = case["inputs"]["x"], case["inputs"]["n"]
    interval = plain(x, n).estimate_fraction().interval
    assert [interval.lower, interval.upper] == [near(case, one) for one in case["expected"]]
    assert interval == wilson_interval(x / n, n)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("newcombe-")])
def test_square_and_add_intervals(name: str) -> None:
    case = CASES[name]
    given = case["inputs"]
    found = StratumComparison(
        "", plain(given["x1"], given["n1"]), plain(given["x2"], given["n2"])
    ).estimate_difference()
    assert [found.interval.lower, found.interval.upper] == [near(case, one) for one in case["expected"]]


def test_the_paper_s_own_rates() -> None:
    case = CASES["derived-solu-36-21"]
    first, second = plain(36, 60).estimate_fraction(), plain(21, 60).estimate_fraction()
    pairs = {"wilson1": first, "wilson2": second, "newcombe": square_and_add_difference(first, second)}
    for key, found in pairs.items():
        assert [found.interval.lower, found.interval.upper] == [near(case, one) for one in case["expected"][key]]


def rothman(case: dict[str, Any]) -> list[StratumComparison]:
    return [
        StratumComparison(str(place), plain(one[0], sum(one)), plain(other[0], sum(other)))
        for place, (one, other) in enumerate(case["inputs"]["tables"])
    ]


def test_the_mantel_haenszel_difference_and_its_q() -> None:
    case = CASES["mh-rd-rothman"]
    strata = rothman(case)
    found = mantel_haenszel_difference(strata, confidence=0.9)
    assert found.value == near(case, case["expected"]["rd"])
    # Published with Sato's variance; the sandwich over neurons is another estimator of the same quantity.
    assert [found.interval.lower, found.interval.upper] == [
        pytest.approx(one, abs=5e-4) for one in case["expected"]["ci"]
    ]
    spread = cochran_q_test(strata)
    assert spread is not None
    assert spread.q == near(case, case["expected"]["Q"])
    assert spread.p_value == pytest.approx(case["expected"]["Q_p"], abs=5e-4)


def test_the_mantel_haenszel_ratio() -> None:
    case = CASES["mh-rr-rothman"]
    found = mantel_haenszel_ratio(rothman(case))
    assert found is not None
    assert np.log(found) == near(case, case["expected"]["log_rr"])


def test_the_permutation_test_is_the_exact_conditional_test() -> None:
    case = CASES["stratified-exact-rabbits"]
    strata = [
        StratumComparison(str(place), plain(one[0], sum(one), f"a{place}"), plain(other[0], sum(other), f"b{place}"))
        for place, (one, other) in enumerate(case["inputs"]["tables"])
    ]
    found = permutation_p_value(strata, "rabbits", permutation_count=200_000)
    assert found == pytest.approx(case["expected"]["exact_two_sided"], abs=case["tolerance"] + 3 * 0.0005)


def ratings(case: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    rows = case["inputs"]["ratings"]
    categories = sorted({one for row in rows for one in row if one is not None})
    return np.array([[sum(one == category for one in row) for category in categories] for row in rows], dtype=float)


def test_percent_agreement_and_ac1_with_missing_judgments() -> None:
    percent, ac1, _ = agreement_coefficients(ratings(CASES["irr-raw4-ac"]))
    assert ac1 == near(CASES["irr-raw4-ac"], CASES["irr-raw4-ac"]["expected"]["coef"], "coef")
    assert percent == near(CASES["irr-raw4-pa"], CASES["irr-raw4-pa"]["expected"]["coef"], "coef")


def test_krippendorff_s_nominal_alpha() -> None:
    case = CASES["kripp-raw4"]
    assert agreement_coefficients(ratings(case))[2] == near(case, case["expected"][0])


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("blinding-")])
def test_blinding_indices(name: str) -> None:
    case = CASES[name]
    counts = np.array(case["inputs"]["counts"], dtype=float)
    whole, arms = james_index(counts), bang_indices(counts)
    expected = case["expected"]
    assert whole is not None
    assert whole.value == near(case, expected["james"])
    if "james_se" in expected:
        assert whole.standard_error == near(case, expected["james_se"])
    for place, arm in enumerate(arms):
        assert arm is not None
        assert arm.value == near(case, expected["bang"][place])
        if "bang_se" in expected:
            assert arm.standard_error == near(case, expected["bang_se"][place])
        if "bang_ci" in expected:
            assert [arm.interval.lower, arm.interval.upper] == [near(case, one) for one in expected["bang_ci"][place]]
        if "bang_onesided" in expected:
            limits = [arm.one_sided_limits.lower, arm.one_sided_limits.upper]
            assert limits == [near(case, one) for one in expected["bang_onesided"][place]]


def test_james_interval() -> None:
    case = CASES["blinding-houweling-investigators"]
    found = james_index(np.array(case["inputs"]["counts"], dtype=float))
    assert found is not None
    assert [found.interval.lower, found.interval.upper] == [near(case, one) for one in case["expected"]["james_ci"]]


def test_power_of_two_proportions() -> None:
    case = CASES["power-prop-r"]
    given = case["inputs"]
    assert plan_power(StudyPlan(given["p2"], given["p1"], given["n"])).power == near(case, case["expected"])


def test_holm() -> None:
    case = CASES["holm-4"]
    assert multipletests(case["inputs"]["p"], method="holm")[1].tolist() == [
        near(case, one) for one in case["expected"]
    ]


def test_the_installed_gee_gives_published_estimates() -> None:
    """The library behind the model-based check, on the data that its own package carries."""
    case = CASES["gee-logistic-1"]
    path = Path(statsmodels.__file__).parent / "genmod" / "tests" / "results" / "gee_logistic_1.csv"
    data = pd.read_csv(path, header=None).to_numpy()
    design = np.column_stack([np.ones(len(data)), data[:, 2:]])
    for structure, key in ((Independence(), "ind"), (Exchangeable(), "exch")):
        fitted = GEE(data[:, 1], design, groups=data[:, 0], family=Binomial(), cov_struct=structure).fit()
        assert fitted.params.tolist() == [near(case, one) for one in case["expected"][f"{key}_coef"]]
        assert fitted.bse.tolist() == [near(case, one) for one in case["expected"][f"{key}_se"]]


def test_an_estimate_against_itself_is_zero() -> None:
    one = plain(21, 60).estimate_fraction()
    found = square_and_add_difference(one, one)
    assert found == Estimate(0.0, found.interval)
    assert found.interval.lower == pytest.approx(-found.interval.upper)
