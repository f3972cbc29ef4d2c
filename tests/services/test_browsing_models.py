"""While a round is open, nothing of its models is browsed, whatever the archive reads of them."""

from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.archive.manifest import ReadingRecord
from app.foundation.errors import AccessError
from app.services.archive_browsing import browse_archive, open_rounds_beside, rounds_on_archive
from app.services.rounds import create_round, round_design
from app.store.engine import Database
from tests.conftest import Clock
from tests.rounds.small_archives import harvest_again, make_archive
from tests.services.stages import ADMIN, open_draft
from tests.services.test_exposure import as_other_units


@pytest.mark.parametrize("site", ["mlp.pre", "mlp.post_ln", "resid.0", "sae:a", "directions:mlp.act", "hook:blocks.0"])
def test_an_archive_of_another_site_of_its_model_is_refused(
    database_with_admin: Database, draft: str, plum_archive: Archive, clock: Clock, site: str
) -> None:
    weights = plum_archive.manifest.model.weights_sha256
    reading = ReadingRecord(read_by="sae", model_weights_sha256=weights) if ":" in site else None
    other = as_other_units(plum_archive, site, reading)
    open_draft(database_with_admin, draft, clock)
    with pytest.raises(AccessError, match=f"judged blind in an open round \\({draft}\\)"):
        browse_archive(database_with_admin, other, ADMIN, None, clock())


def test_an_archive_of_its_model_over_more_text_is_refused_and_of_another_model_is_not(
    database_with_admin: Database, draft: str, plum_archive: Archive, clock: Clock, tmp_path: Path
) -> None:
    open_draft(database_with_admin, draft, clock)
    with pytest.raises(AccessError):
        browse_archive(database_with_admin, harvest_again(plum_archive, tmp_path / "again", 9), ADMIN, None, clock())
    stranger = make_archive(tmp_path / "stranger", seed=77)
    browse_archive(database_with_admin, stranger, ADMIN, None, clock())
    with database_with_admin.reading() as session:
        assert rounds_on_archive(session, stranger) == ()


def test_an_earlier_round_on_another_site_of_its_models_is_not_read_either(
    database_with_admin: Database,
    draft: str,
    plum_archive: Archive,
    fig_archive: Archive,
    clock: Clock,
    tmp_path: Path,
) -> None:
    open_draft(database_with_admin, draft, clock)
    again = [
        harvest_again(archive, tmp_path / f"{seed}", seed)
        for seed, archive in enumerate((plum_archive, fig_archive), 5)
    ]
    with database_with_admin.writing() as session:
        design = round_design(session, draft)
        cells = tuple(
            cell.model_copy(update={"archive_sha256": other.sha256, "harvest": None})
            for cell, other in zip(design.arms, again, strict=True)
        )
        paths = {other.sha256: other.path for other in again}
        other_id = create_round(session, design.with_changes(arms=cells), paths, ADMIN, clock())
    with database_with_admin.reading() as session:
        assert open_rounds_beside(session, other_id, ADMIN) == [draft]
