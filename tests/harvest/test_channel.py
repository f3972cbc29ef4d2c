"""The sites at which activations are read, which are listed in rooms that know nothing of each other."""

from typing import get_args

from app.harvest.scan.channel import CALLABLE_SITE, SITES
from app.models.config import Site
from app.rounds.design import Design


def test_models_harvests_and_designs_know_the_same_sites() -> None:
    assert {*SITES} == {*get_args(Site), CALLABLE_SITE}
    assert {*get_args(Design.model_fields["site"].annotation)} == {*get_args(Site)}
