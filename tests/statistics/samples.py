"""Samples of neurons for tests."""

import numpy as np

from app.statistics.neuron_sample import NeuronSample, Substratum


def make_sample(*mean_verdicts: float, digest: str = "k", dead: float = 0) -> NeuronSample:
    """A sample without layers, with one judgment per neuron."""
    return NeuronSample((Substratum(np.array(mean_verdicts, dtype=np.float64), dead),), len(mean_verdicts), digest)


def make_plain_sample(interpretable: int, total: int, digest: str = "") -> NeuronSample:
    """A sample of `total` neurons with one judgment each."""
    mean_verdicts = np.concatenate([np.ones(interpretable), np.zeros(total - interpretable)])
    return NeuronSample((Substratum(mean_verdicts),), total, digest)
