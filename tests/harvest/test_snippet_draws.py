"""Every site and layer has draws of its own."""

import itertools

import numpy as np

from app.harvest.options import LARGEST_SEED, HarvestOptions
from app.harvest.scan.channel import LARGEST_LAYER_COUNT, NUMBERED_SITES, channel_number
from app.harvest.scan.pilot import PilotStatistics
from app.harvest.scan.snippet_draws import SnippetDraws


def test_no_site_and_layer_has_the_draws_of_another_seed() -> None:
    pilot = PilotStatistics.from_sample(np.ones((4, 1), np.float32))
    sites = (*NUMBERED_SITES, "resid.0", "resid.1", "sae:a", "sae:b", "callable:a")
    layers = (0, 1, 99, 100, LARGEST_LAYER_COUNT - 1)
    numbers = [channel_number((site, layer)) for site in sites for layer in layers]
    seeds = [
        SnippetDraws(pilot, 8, HarvestOptions(seed=seed), number).seed
        for seed in (-LARGEST_SEED, -1, 0, 1, LARGEST_SEED)
        for number in numbers
    ]
    assert len({seed % 2**63 for seed in seeds}) == len(seeds)  # all that the hash takes of a seed
    assert min(abs(first - second) for first, second in itertools.combinations(seeds, 2)) >= 10
