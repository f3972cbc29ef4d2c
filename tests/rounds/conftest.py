import pytest

from app.archive.archive import Archive
from app.rounds.design import Design
from tests.rounds.small_archives import two_arms


@pytest.fixture
def archives(plum_archive: Archive, fig_archive: Archive) -> dict[str, Archive]:
    return {archive.sha256: archive for archive in (plum_archive, fig_archive)}


@pytest.fixture
def design(plum_archive: Archive, fig_archive: Archive) -> Design:
    return two_arms(plum_archive, fig_archive, neurons=10)
