"""Did the blind hold? What marks and wire give away, what people guessed, and how they sorted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.report.analysis.frame import AnalysisFrame, Guess, Piled, Stimulus
from app.report.number_text import estimated, limits, number
from app.statistics.auc import stratified_auc
from app.statistics.blinding import BlindingIndex, bang_indices, james_index
from app.statistics.resampling import BOOTSTRAP_DRAWS, percentile_interval, seeded_generator
from app.unblinding.observations import Observation

Floats = NDArray[np.float64]
STIMULUS = {"marked": "marked tokens", "level_sum": "sum of levels", "tokens": "tokens shown"}


def transport(frame: AnalysisFrame) -> dict[str, Any] | None:
    """What the audit before the seal found in everything but words and marks; None if there was no audit."""
    if frame.audit is None:
        return None
    gate = frame.audit["gate"]
    found = gate["transport"]
    return {
        "responses": frame.audit["responses"],
        "changed_by_swap": gate["swap"]["count"],
        "names_spoken": gate["scan"]["count"],
        "auc": max(found["aucs"].values(), default=None),
        **{name: found[name] for name in ("aucs", "p", "permutations", "detectable", "items", "leaks")},
    }


def given_away(observations: Sequence[Observation], frame: AnalysisFrame) -> list[dict[str, Any]]:
    """AUC of each feature of the marks for telling treatment from reference within strata; 0.5 gives nothing away."""
    place = {one.allocated.item: (one.allocated.arm, one.allocated.stratum) for one in observations}
    shown = [one for one in frame.stimuli if one.item in place]
    return [{"feature": name, "label": label} | _auc(shown, place, frame, name) for name, label in STIMULUS.items()]


def blinding(observations: Sequence[Observation], frame: AnalysisFrame) -> dict[str, Any]:
    """James' and Bang's indices over all guesses and within verdict, and the sorting test."""
    arms = {one.allocated.item: one.allocated.arm for one in observations}
    verdicts = {(one.evaluator, one.allocated.item): one.judgment.verdict for one in observations}
    compared = (frame.treatment, frame.reference)
    guesses = [one for one in frame.guesses if arms.get(one.item) in compared]
    yes = [one for one in guesses if verdicts.get((one.evaluator, one.item)) == "interpretable"]
    no = [one for one in guesses if verdicts.get((one.evaluator, one.item)) not in ("interpretable", None)]
    return {
        "guesses": len(guesses),
        "overall": _indices(guesses, arms, frame),
        "within_interpretable": _indices(yes, arms, frame),
        "within_not": _indices(no, arms, frame),
        "sorting": _sorting(frame.piles, arms, frame),
    }


def _auc(
    shown: Sequence[Stimulus], place: Mapping[str, tuple[str, str]], frame: AnalysisFrame, feature: str
) -> dict[str, Any]:
    groups = []
    for stratum in frame.strata:
        first, second = (
            np.array([getattr(one, feature) for one in shown if place[one.item] == (arm, stratum)], dtype=np.float64)
            for arm in (frame.treatment, frame.reference)
        )
        groups.append((first, second))
    found = estimated(stratified_auc(groups))
    return {"auc": found["estimate"], "interval": found["interval"], "items": sum(a.size + b.size for a, b in groups)}


def _indices(guesses: Sequence[Guess], arms: Mapping[str, str], frame: AnalysisFrame) -> dict[str, Any] | None:
    if not guesses:
        return None
    tables = {
        name: _table([one for one in guesses if one.evaluator == name], arms, frame)
        for name in sorted({one.evaluator for one in guesses})
    }
    stacked = np.stack(list(tables.values()))
    total = stacked.sum(axis=0)
    first, second = bang_indices(total)
    return {
        "table": [[round(float(value)) for value in row] for row in total],
        "rows": [frame.treatment, frame.reference, "don't know"],
        "columns": [frame.treatment, frame.reference],
        "james": _index(james_index(total), _bootstrapped(stacked, frame, "james", james_index)),
        "bang": {
            frame.treatment: _index(first, _bootstrapped(stacked, frame, "bang", lambda one: bang_indices(one)[0])),
            frame.reference: _index(second, _bootstrapped(stacked, frame, "bang", lambda one: bang_indices(one)[1])),
        },
        "per_evaluator": [{"evaluator": name, "table": one.astype(int).tolist()} for name, one in tables.items()],
    }


def _table(guesses: Sequence[Guess], arms: Mapping[str, str], frame: AnalysisFrame) -> Floats:
    """Rows guess (treatment, reference, don't know), columns truth (treatment, reference)."""
    counts = np.zeros((3, 2))
    rows = {frame.treatment: 0, frame.reference: 1}
    for one in guesses:
        counts[rows.get(one.guess or "", 2), rows[arms[one.item]]] += 1
    return counts


def _index(index: BlindingIndex | None, bootstrap: list[float] | None) -> dict[str, Any] | None:
    if index is None:
        return None
    return {
        "estimate": number(index.value),
        "error": number(index.standard_error),
        "interval": limits(index.interval),
        "bootstrap_interval": bootstrap,
    }


def _bootstrapped(
    tables: Floats, frame: AnalysisFrame, purpose: str, statistic: Callable[[Floats], BlindingIndex | None]
) -> list[float] | None:
    """Percentile interval over resampled evaluators; None for fewer than two."""
    count = len(tables)
    if count < 2:
        return None
    source = seeded_generator(frame.seed, f"guesses {purpose}", str(count))
    draws = source.multinomial(count, np.full(count, 1 / count), size=BOOTSTRAP_DRAWS // 10)
    found = [statistic(np.tensordot(draw, tables, axes=1)) for draw in draws]
    return limits(percentile_interval(np.array([one.value for one in found if one is not None])))


def _sorting(piles: Sequence[Piled], arms: Mapping[str, str], frame: AnalysisFrame) -> dict[str, Any] | None:
    """Agreement of two piles with the arms up to relabelling, each evaluator's exact p, and Fisher's combination."""
    known = [one for one in piles if arms.get(one.item) in (frame.treatment, frame.reference)]
    rows = [
        _sorted_by(name, [one for one in known if one.evaluator == name], arms, frame)
        for name in sorted({one.evaluator for one in known})
    ]
    if not rows:
        return None
    combined = stats.combine_pvalues([one["p"] for one in rows], method="fisher")
    return {"per_evaluator": rows, "p": number(float(combined.pvalue))}


def _sorted_by(name: str, piles: Sequence[Piled], arms: Mapping[str, str], frame: AnalysisFrame) -> dict[str, Any]:
    first = {one.pile for one in piles}
    label = min(first)
    treated = sum(arms[one.item] == frame.treatment for one in piles)
    in_pile = sum(one.pile == label for one in piles)
    both = sum(one.pile == label and arms[one.item] == frame.treatment for one in piles)
    total = len(piles)

    def agreeing(overlap: Any) -> Any:  # noqa: ANN401 - a number or an array of numbers
        matches = overlap + (total - in_pile - (treated - overlap))
        return np.maximum(matches, total - matches)

    overlaps = np.arange(max(0, in_pile + treated - total), min(in_pile, treated) + 1)
    chances = stats.hypergeom(total, treated, in_pile).pmf(overlaps)
    observed = int(agreeing(both))
    p = float(chances[agreeing(overlaps) >= observed].sum())
    return {"evaluator": name, "items": total, "agreeing": observed, "p": min(1.0, p)}
