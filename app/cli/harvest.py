"""`firstglance harvest` and `firstglance archive`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from app.archive.archive import Archive
from app.cli.common import EXISTING, as_json, print_json, print_pairs, print_table
from app.cli.models import gelu_option
from app.foundation.errors import ArchiveError, SettingsError
from app.foundation.settings import Settings
from app.models.config import Site

if TYPE_CHECKING:
    from app.harvest.pipeline import ScanRunner
    from app.harvest.progress import ReportProgress
    from app.models.model_folder import LoadedModel


@click.command("harvest")
@click.argument("models", nargs=-1, required=True)
@gelu_option
@click.option(
    "--corpus",
    default="stdlib",
    show_default=True,
    help="stdlib; a file, folder or pattern of .txt, .md, .rst, .py, .jsonl, .parquet, also .gz and .zst; or "
    "datasets:NAME[:SPLIT[:COLUMN]].",
)
@click.option(
    "--out", type=EXISTING, required=True, help="The archive's folder; a killed harvest goes on from where it was."
)
@click.option("--name", help="The model's name in the archive (default: its folder's name).")
@click.option("--tokens", type=click.IntRange(1), help="Stop after this many tokens (default: the whole corpus).")
@click.option("--site", "sites", type=click.Choice(get_args(Site)), multiple=True, help="Default mlp.act; may repeat.")
@click.option("--layer", "layers", type=click.IntRange(0), multiple=True, help="Default all; may repeat.")
@click.option("--top", "k", type=click.IntRange(1), default=20, show_default=True, help="Snippets kept per neuron.")
@click.option("--top-only", is_flag=True, help="Leave out quantile, value, random and contrast snippets.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order of documents and of every draw.")
@click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu", show_default=True)
@click.option("--dtype", type=click.Choice(["float32", "bfloat16"]), default="float32", show_default=True)
@click.option("--ray", help="Deal shards to a Ray cluster: its address, or local.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Ray actors, one core each.")
@click.option("--json", "json_wanted", is_flag=True, help="Progress and result as JSON lines.")
def harvest_command(models: tuple[str, ...], gelu: str, corpus: str, out: Path, **given: Any) -> None:  # noqa: ANN401
    """Run MODELS over a corpus and keep, for every neuron, the text that makes it fire hardest.

    A model is a folder, a model that comes with First Glance, or OWNER/NAME on the hub. Several models read the same
    windows in one run, each into OUT/<its name>; several sites of one model go into OUT/<site>.
    """
    from app.harvest.progress import bar, json_lines
    from app.models.loading import load_any_model

    if given["name"] and len(models) > 1:
        msg = f"--name names one model, and {len(models)} are given; leave it out: each has its folder's name"
        raise SettingsError(msg)
    names = [given["name"]] if given["name"] else [Path(one).resolve().name for one in models]
    if len(set(names)) < len(names):
        msg = f"the models are called {', '.join(names)}; give their folders different names"
        raise SettingsError(msg)
    loaded = {
        name: load_any_model(one, gelu="exact" if gelu == "exact" else "tanh")
        for name, one in zip(names, models, strict=True)
    }
    report = json_lines(sys.stdout) if given["json_wanted"] else bar()
    for path, archive in _harvested(loaded, corpus, out, given, report).items():
        if given["json_wanted"]:
            click.echo(json.dumps({"path": str(path), "sha256": archive.sha256}))
        else:
            click.echo(f"{path}  {archive.sha256}")


def _harvested(
    loaded: dict[str, "LoadedModel"], corpus: str, out: Path, given: dict[str, Any], report: "ReportProgress"
) -> dict[Path, Archive]:
    """The archives by their paths. Raises SettingsError on models of one name, or of several sites each."""
    from app.harvest.options import HarvestOptions
    from app.harvest.run import harvest_model, harvest_pair, harvest_sites

    sites: tuple[Site, ...] = given["sites"] or ("mlp.act",)
    shared = {key: given[key] for key in ("tokens", "k", "seed", "device", "dtype")}
    options = HarvestOptions(site=sites[0], layers=given["layers"] or None, **shared)
    options = options.top_only() if given["top_only"] else options
    reader = _reader(given)
    name, model = next(iter(loaded.items()))
    if len(sites) > 1:
        if len(loaded) > 1:
            msg = "several sites are read of one model at a time; name one model, or one site"
            raise SettingsError(msg)
        found = harvest_sites(model, name, corpus, out, sites, options, report, reader)
        return {out / site: archive for site, archive in found.items()}
    if len(loaded) > 1:
        pair = harvest_pair(loaded, corpus, out, options, report, reader)
        return {out / name: archive for name, archive in pair.items()}
    return {out: harvest_model(model, name, corpus, out, options, report, reader)}


def _reader(given: dict[str, Any]) -> "ScanRunner | None":
    if given["ray"] is None:
        return None
    from app.harvest.ray_cluster import Cluster, on_ray

    return on_ray(Cluster(address=given["ray"], workers=given["workers"]))


@click.group("archive")
def archive_command() -> None:
    """List, show and verify archives."""


@archive_command.command("list")
@click.argument("folder", type=EXISTING, required=False)
@as_json
@click.pass_obj
def list_archives(settings: Settings, folder: Path | None, json_wanted: bool) -> None:
    """Print the archives in FOLDER (default: the data folder's)."""
    source = folder or settings.data / "archives"
    found = [_facts(archive) for archive in _archives_in(source)]
    if not found:
        msg = f"{source} holds no archive; make one with `firstglance harvest` or name another folder"
        raise ArchiveError(msg)
    if json_wanted:
        print_json(found)
        return
    keys = ["model", "activation", "site", "neurons", "dead", "tokens", "path", "sha256"]
    print_table(keys, [[str(one[key])[:12] if key == "sha256" else one[key] for key in keys] for one in found])


def _archives_in(folder: Path) -> Iterator[Archive]:
    """Every archive that can be opened; what a killed run left is passed over, what is no archive is named."""
    for path in sorted(folder.rglob("manifest.json")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        try:
            yield Archive.open(path.parent)
        except ArchiveError as error:
            click.echo(f"left out: {error}", err=True)


@archive_command.command("show")
@click.argument("archive", type=EXISTING)
@as_json
def show_archive(archive: Path, json_wanted: bool) -> None:
    """Print what ARCHIVE was made from and what it holds."""
    opened = Archive.open(archive)
    if json_wanted:
        print_json({"sha256": opened.sha256, **opened.manifest.model_dump(mode="json")})
        return
    print_pairs(_facts(opened))


@archive_command.command("verify")
@click.argument("archive", type=EXISTING)
def verify_archive(archive: Path) -> None:
    """Recompute the digest of every file of ARCHIVE; ends with 1 and the file's name if one was changed."""
    opened = Archive.open(archive)
    opened.verify()
    click.echo(f"{archive} is whole and unchanged: {opened.sha256}")


def _facts(archive: Archive) -> dict[str, object]:
    manifest = archive.manifest
    return {
        "path": str(archive.path),
        "model": manifest.model.name,
        "activation": manifest.model.activation or "unknown",
        "layers": manifest.model.n_layers,
        "neurons": manifest.counts.neurons,
        "dead": manifest.counts.dead,
        "site": manifest.site,
        "snippets": manifest.counts.snippets,
        "corpus": manifest.corpus.spec,
        "tokens": manifest.corpus.tokens,
        "corpus_sha256": manifest.corpus.sha256,
        "weights_sha256": manifest.model.weights_sha256,
        "sha256": archive.sha256,
    }
