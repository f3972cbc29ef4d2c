"""`firstglance harvest`: stores the text that activates each neuron of a model most, in archives.

Modules that load torch are imported in the functions that need them, so that help and wrong options answer at once.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack, get_args

import click

from app.archive.archive import Archive
from app.cli.options import MOST_TOKENS, PATH, SEED, gelu_option
from app.cli.printing import print_text
from app.foundation.errors import SettingsError
from app.harvest.options import Device, Dtype, HarvestOptions
from app.models.config import MOST_LAYERS, GeluForm, Site

if TYPE_CHECKING:
    from app.harvest.progress import ReportProgress
    from app.harvest.shard_run import ScanRunner
    from app.models.model_folder import LoadedModel


class HarvestChoices(TypedDict):
    """The options of a harvest."""

    sites: tuple[str, ...]
    layer_indices: tuple[int, ...]
    token_limit: int | None
    top_count: int
    top_only: bool
    seed: int
    device: Device
    dtype: Dtype
    ray: str | None
    workers: int


@click.command("harvest")
@click.argument("model_names", metavar="MODELS...", nargs=-1, required=True)
@gelu_option
@click.option(
    "--corpus",
    default="stdlib",
    show_default=True,
    help="stdlib; a file, folder or pattern of .txt, .md, .rst, .py, .jsonl, .parquet, also .gz and .zst; or "
    "datasets:NAME[:SPLIT[:COLUMN]].",
)
@click.option(
    "--out", type=PATH, required=True, help="The archive's folder; with the same folder a killed harvest goes on."
)
@click.option("--name", help="The model's name in the archive (default: its folder's name).")
@click.option(
    "--tokens",
    "token_limit",
    type=click.IntRange(1, MOST_TOKENS),
    help="Stop after this many tokens (default: the whole corpus).",
)
@click.option(
    "--site",
    "sites",
    type=click.Choice(get_args(Site)),
    multiple=True,
    help="Site to read (default: mlp.act); may be given several times.",
)
@click.option(
    "--layer",
    "layer_indices",
    type=click.IntRange(0, MOST_LAYERS),
    multiple=True,
    help="Layer to read (default: all); may be given several times.",
)
@click.option(
    "--top",
    "top_count",
    type=click.IntRange(1, 10_000),
    default=HarvestOptions.k,
    show_default=True,
    help="Snippets kept per neuron.",
)
@click.option(
    "--top-only", is_flag=True, help="Keep top snippets only, no quantile, value_bin, random and contrast snippets."
)
@click.option(
    "--seed",
    type=SEED,
    default=HarvestOptions.seed,
    show_default=True,
    help="Seed of the order of documents and of every draw.",
)
@click.option("--device", type=click.Choice(get_args(Device)), default=HarvestOptions.device, show_default=True)
@click.option("--dtype", type=click.Choice(get_args(Dtype)), default=HarvestOptions.dtype, show_default=True)
@click.option("--ray", help="Read the text on a Ray cluster; give its address, or local.")
@click.option(
    "--workers",
    type=click.IntRange(1, 10_000),
    default=2,
    show_default=True,
    help="Number of Ray actors, with one core each.",
)
@click.option("--json", "json_wanted", is_flag=True, help="Print progress and result as JSON lines.")
def harvest_command(
    model_names: tuple[str, ...],
    gelu_form: GeluForm,
    corpus: str,
    out: Path,
    name: str | None,
    json_wanted: bool,
    **harvest_choices: Unpack[HarvestChoices],
) -> None:
    """Run MODELS over a corpus and keep, for every neuron, the text that activates it most.

    A model is a folder, a model that comes with First Glance, or OWNER/NAME on the hub. Several models read the same
    windows in one run, each into OUT/<its name>; several sites of one model go into OUT/<site>.
    """
    from app.harvest.progress import json_lines, progress_bar
    from app.models.loading import load_any_model

    names = _archive_names(model_names, name)
    loaded = {name: load_any_model(model, gelu=gelu_form) for name, model in zip(names, model_names, strict=True)}
    archives = _harvest_models(
        loaded, corpus, out, harvest_choices, json_lines(sys.stdout) if json_wanted else progress_bar()
    )
    for path, archive in archives.items():
        if json_wanted:
            print_text(json.dumps({"path": str(path), "sha256": archive.sha256}))
        else:
            print_text(f"{path}  {archive.sha256}")


def _archive_names(model_names: tuple[str, ...], name: str | None) -> list[str]:
    """The models' names in their archives. Raises SettingsError if two models have the same name."""
    if name is not None and len(model_names) > 1:
        msg = (
            f"--name works with one model only; you named {len(model_names)}. "
            "Without it each archive takes its folder's name"
        )
        raise SettingsError(msg)
    names = [name] if name else [Path(model).resolve().name for model in model_names]
    if len(set(names)) < len(names):
        msg = f"two models have the same name ({', '.join(names)}); give their folders different names"
        raise SettingsError(msg)
    return names


def _harvest_models(
    loaded: "Mapping[str, LoadedModel]",
    corpus: str,
    out: Path,
    harvest_choices: HarvestChoices,
    report: "ReportProgress",
) -> dict[Path, Archive]:
    """Harvest and return {path: archive}, one for each model or for each site.

    Raises SettingsError for several models at several sites.
    """
    from app.harvest.harvests import harvest_model, harvest_pair, harvest_sites

    options, sites, runner = _harvest_options(harvest_choices), harvest_choices["sites"], _scan_runner(harvest_choices)
    if len(sites) > 1 and len(loaded) > 1:
        msg = "several sites can be read in one model only; name one model, or one site"
        raise SettingsError(msg)
    if len(loaded) > 1:
        pair = harvest_pair(loaded, corpus, out, options, report, runner)
        return {out / name: archive for name, archive in pair.items()}
    name, model = next(iter(loaded.items()))
    if len(sites) > 1:
        by_site = harvest_sites(model, name, corpus, out, sites, options, report, runner)
        return {out / site: archive for site, archive in by_site.items()}
    return {out: harvest_model(model, name, corpus, out, options, report, runner)}


def _harvest_options(harvest_choices: HarvestChoices) -> HarvestOptions:
    options = HarvestOptions(
        tokens=harvest_choices["token_limit"],
        k=harvest_choices["top_count"],
        seed=harvest_choices["seed"],
        site=harvest_choices["sites"][0] if harvest_choices["sites"] else HarvestOptions.site,
        layers=harvest_choices["layer_indices"] or None,
        device=harvest_choices["device"],
        dtype=harvest_choices["dtype"],
    )
    return options.top_only() if harvest_choices["top_only"] else options


def _scan_runner(harvest_choices: HarvestChoices) -> "ScanRunner | None":
    """The function that reads the shards on a Ray cluster; None, for this process, if no cluster is named."""
    if harvest_choices["ray"] is None:
        return None
    from app.harvest.ray_cluster import Cluster, scan_on_ray

    return scan_on_ray(Cluster(address=harvest_choices["ray"], workers=harvest_choices["workers"]))
