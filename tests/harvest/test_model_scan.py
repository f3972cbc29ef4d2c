"""An archive does not depend on the other sites that are read in the same pass."""

from dataclasses import replace
from pathlib import Path

from app.harvest.harvests import harvest_model, harvest_sites
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.models.config import Site
from app.models.model_folder import LoadedModel


def test_the_archive_of_a_site_is_the_same_whatever_is_read_with_it(
    solu: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    options = HarvestOptions(k=3, window=24, overlap=8, sample=50, batch_size=32)
    sites: tuple[Site, ...] = ("mlp.pre", "mlp.post_ln", "mlp.act")
    together = harvest_sites(solu, "tiny", str(texts), tmp_path / "all", sites, options, report_nothing)
    for site in sites:
        alone = harvest_model(solu, "tiny", str(texts), tmp_path / site, replace(options, site=site), report_nothing)
        assert alone.sha256 == together[site].sha256
