"""The sentences of the plan in designs of version 2, which knew one task and one word for what is judged. Pure.

They are committed to, so they stay word for word; what they say is computed as ever.
"""

SECONDARY_OF_2 = {
    "strata": "the difference in each stratum: square-and-add interval, permutation p, Holm's adjustment over strata",
    "ratio": "Mantel-Haenszel ratio of the fractions, percentile bootstrap over neurons within arm, stratum and layer",
    "heterogeneity": "Cochran's Q over the strata against chi-squared, if there are two strata or more",
    "cells": "the fraction of each arm in each stratum, and of each arm over its strata, each with its interval",
    "per_evaluator": "each evaluator's own fractions and difference, by the primary estimator",
    "evaluators_like_these": "the primary difference with the two-way clustered variance neuron + evaluator - "
    "judgment, at least the neurons' own, and Student's t with one degree of freedom less than evaluators",
    "exposure": "the primary difference among exposed and among naive evaluators, separately",
    "exclusions": "the primary difference and the fractions without the evaluators whom the design's rules exclude, "
    "beside the result with everyone, never in its place",
    "not_token_detectors": "the primary difference among live neurons that are no token detectors; no dead ones",
    "live_only": "the primary difference without dead neurons",
    "depth": "the primary difference within each part of depth: layer l of L, counted from 0, is in part floor(parts * "
    "(l + 0.5) / L); dead neurons by the draw's counts; only if the judged layers lie in two parts",
    "contrasts": "the difference of every further arm against the reference arm, in alphabetical order",
    "training_runs": "for each size its mean difference over training runs, Student's t over runs",
    "agreement": "percent agreement, Gwet's AC1 and Krippendorff's alpha over neurons, all, within arm, and of each "
    "evaluator with themselves on repeats; percentile bootstrap over neurons; percent and AC1 by pair of evaluators",
    "leniency": "each evaluator's share of INTERPRETABLE verdicts",
    "controls": "share of planted items, and of the items of each purity, marked INTERPRETABLE, Wilson's interval",
    "drift": "the fraction in each part of the order, and a normal test of the covariance of position and verdict "
    "within evaluators against its variance under uniform shuffles",
    "time": "quantiles of active seconds per judgment, all, by arm and by evaluator; share of short ones; revisions",
}
"""{name of a secondary result in analysis.json: how it is computed}"""
SENSITIVITY_OF_2 = {
    "missing_for_treatment": "the primary difference with every missing judgment as if it favoured the treatment",
    "missing_for_reference": "the primary difference with every missing judgment as if it favoured the reference",
    "majority": "the primary difference if a neuron's verdict is that of the majority of its judgments",
    "model_check": "estimating equation verdict ~ arm + stratum + evaluator: identity link, neurons as clusters, "
    "independence, robust errors; every evaluator marks every dead neuron NOT INTERPRETABLE",
}
"""{name of a sensitivity analysis in analysis.json: how it is computed}"""
BLINDING_OF_2 = {
    "stimulus": "AUC with DeLong's interval of marked tokens, sum of levels and tokens shown for telling treatment "
    "from reference within strata, weighted by pairs of items; that of marked tokens stands under the headline; with "
    "rank marks only tokens shown, as all items have equal numbers of the others",
    "attacks": "AUC within strata, weighted by pairs of items, of kernel ridge regression on the marks alone, the "
    "words alone, and both; each judged item of treatment and reference is scored by a fit without itself and without "
    "items that show a window which it shows; p = (1 + b) / (1 + shuffles) from shuffles of the arms within strata; "
    "under the headline",
    "transport": "the leak audit before the seal, as the log has it since then",
    "guesses": "James' index over arms and Bang's by arm, normal intervals and a percentile bootstrap over evaluators; "
    "over all guesses, and on items marked INTERPRETABLE and on the others separately",
    "sorting": "for each evaluator Fisher's exact test of pile against arm, each pile standing for the arm that fits "
    "it better; Fisher's combination of the p-values",
}
"""{name of a measure of the blind in analysis.json: how it is computed}"""

SENTENCES_OF_2 = {
    "estimand": "the fraction of the treatment arm's neurons that these evaluators mark INTERPRETABLE minus that of "
    "the reference arm's, within strata; the treatment is the first arm that is not the reference",
    "unit": "the neuron: its verdict is the mean of its judgments, 1 for INTERPRETABLE and 0 otherwise",
    "counted_as_zero": "NOT INTERPRETABLE and cannot judge; every dead neuron, which nobody is shown",
    "weights": "neurons equally within a layer; layers by their size in the frame if the draw was by layer; strata by "
    "Mantel-Haenszel, n1 n0 / (n1 + n0)",
    "interval": "of a fraction: Wilson with effective size p(1 - p)k/s², at least the k neurons and at most the "
    "judgments, dead neurons one each; of the difference: stratified sandwich over neurons, or with one stratum "
    "square-and-add",
    "test": "two-sided permutation test of the arms among neurons with all their judgments, within stratum, and within "
    "layer if the draw was by layer; p = (1 + b) / (1 + shuffles)",
    "exclusion": "the design's rules for evaluators are applied after the lock: median active seconds and cannot "
    "judge over their verdicts on neurons, completed over all their items, planted over planted items; all evaluators "
    "come first",
    "dead": "dead neurons count in full if every shown neuron of their arm and stratum, or layer, was judged, and "
    "otherwise in proportion to the share that was judged",
}
"""{field of the plan: its sentence}; the other fields are what they were."""
