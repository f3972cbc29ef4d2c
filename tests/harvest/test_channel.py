"""The sites at which activations are read, which are listed in rooms that know nothing of each other."""

from typing import get_args

from app.archive.site import MLP_SITES, UNNAMED_CALLABLE
from app.harvest.scan.channel import LARGEST_LAYER_COUNT, NUMBERED_SITES, channel_number
from app.models.config import Site


def test_models_and_archives_know_the_same_sites_of_the_mlp() -> None:
    assert {*get_args(Site)} == {*MLP_SITES}
    assert {*NUMBERED_SITES} == {*MLP_SITES, UNNAMED_CALLABLE}


def test_the_sites_of_version_0_1_keep_the_numbers_from_which_their_draws_follow() -> None:
    numbers = [channel_number((site, 3)) for site in ("mlp.act", "mlp.pre", "mlp.post_ln", "callable")]
    assert numbers == [3, 4096 + 3, 2 * 4096 + 3, 3 * 4096 + 3]


def test_an_open_name_has_a_number_of_its_own_for_ever() -> None:
    assert channel_number(("sae:a", 2)) - channel_number(("sae:a", 0)) == 2
    assert channel_number(("sae:a", 0)) == 246867802713534464
    names = [f"sae:{number}" for number in range(2000)]
    numbers = {channel_number((name, layer)) for name in names for layer in (0, LARGEST_LAYER_COUNT - 1)}
    assert len(numbers) == 2 * len(names)
