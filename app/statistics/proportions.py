"""Intervals of a fraction p of n observations, and of the difference between two fractions.

Wilson's score interval (1927, J Am Stat Assoc 22:209-212) comes from statsmodels:

    (p + z²/2n ± z sqrt(p (1 - p)/n + z²/4n²)) / (1 + z²/n)

The interval of a difference is made by square and add, method 10 of Newcombe (1998, Stat Med 17:873-890). It needs only
the two fractions and their own intervals, so it also works for fractions with an effective sample size.
"""

import math

from statsmodels.stats.proportion import proportion_confint

from app.statistics.intervals import CONFIDENCE_LEVEL, Estimate, Interval


def wilson_interval(p: float, n: float, confidence: float = CONFIDENCE_LEVEL) -> Interval:
    """Wilson's score interval of the fraction `p` of `n` observations; an effective `n` need not be a whole number.

    Raises:
        ValueError: `n` is not positive.
    """
    if n <= 0:
        msg = f"a fraction of {n} observations has no interval"
        raise ValueError(msg)
    lower, upper = proportion_confint(p * n, n, alpha=1 - confidence, method="wilson")
    return Interval(0.0 if p <= 0 else float(lower), 1.0 if p >= 1 else float(upper))


def effective_sample_size(p: float, variance: float, smallest: float, largest: float) -> float:
    """How many independent observations the fraction `p` is worth: p (1 - p) / variance, within [smallest, largest].

    The idea is that of Korn & Graubard (1998, Surv Methodol 24:193-201).

    Args:
        p: the fraction.
        variance: the variance of the fraction: s²/k for k neurons whose mean verdicts have the sample variance s².
        smallest: the number of neurons. It is also the result if the variance is 0, so that neurons that all agree do
            not make an interval narrower than their number allows.
        largest: the number of judgments.
    """
    if variance <= 0:
        return smallest
    return min(max(p * (1 - p) / variance, smallest), max(largest, smallest))


def square_and_add_difference(minuend: Estimate, subtrahend: Estimate) -> Estimate:
    """The difference d = p1 - p2 of two fractions, with an interval made from their intervals [l1, u1] and [l2, u2].

    lower = d - sqrt((p1 - l1)² + (u2 - p2)²), upper = d + sqrt((u1 - p1)² + (p2 - l2)²), both within [-1, 1].
    """
    p1, (l1, u1) = minuend.value, minuend.interval
    p2, (l2, u2) = subtrahend.value, subtrahend.interval
    difference = p1 - p2
    lower = difference - math.hypot(p1 - l1, u2 - p2)
    upper = difference + math.hypot(u1 - p1, p2 - l2)
    return Estimate(difference, Interval(max(-1.0, lower), min(1.0, upper)))
