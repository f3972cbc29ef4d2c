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
from app.cli.options import MOST_TOKENS, PATH, SEED, SiteName, gelu_option
from app.cli.printing import print_text
from app.foundation.errors import SettingsError
from app.harvest.options import MOST_SNIPPETS, Device, Dtype, HarvestOptions
from app.harvest.reading_choices import Control, ReadingChoices
from app.models.config import MOST_LAYERS, GeluForm

if TYPE_CHECKING:
    from app.harvest.arms.reader import MakeReader
    from app.harvest.progress import ReportProgress
    from app.harvest.shard_run import ScanRunner
    from app.models.model_folder import LoadedModel


class HarvestChoices(TypedDict):
    """The options of a harvest."""

    sites: tuple[str, ...]
    sae_folder: Path | None
    module_name: str | None
    control: Control | None
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
@click.option(
    "--name",
    help="The model's name in the archive (default: its folder's name, with -random after it for a random twin).",
)
@click.option(
    "--tokens",
    "token_limit",
    type=click.IntRange(1, MOST_TOKENS),
    help="Stop after this many tokens (default: the whole corpus).",
)
@click.option(
    "--site",
    "sites",
    type=SiteName(),
    multiple=True,
    help="Site to read, mlp.pre, mlp.act, mlp.post_ln or resid.LAYER (default: mlp.act); may be given several times. "
    "With --sae or --hook, the name of what they read (default: sae:FOLDER'S NAME, hook:NAME).",
)
@click.option(
    "--sae",
    "sae_folder",
    type=PATH,
    help="Read the latents of an SAE or a transcoder: a folder of SAELens with cfg.json and sae_weights.safetensors.",
)
@click.option(
    "--hook",
    "module_name",
    help="Read the output of the model's module of this name, as PyTorch names it, such as blocks.0.attention.",
)
@click.option(
    "--control",
    type=click.Choice(get_args(Control)),
    help="Read a control in place of it: as many random directions in the same space, with the norms of the encoder's "
    "directions or norm 1; or the same in a randomly initialised twin of the model. Both are drawn from --seed.",
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
    type=click.IntRange(1, MOST_SNIPPETS),
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
    windows in one run, each into OUT/<its name>; several sites of one model go into OUT/<site>. In place of neurons the
    units can be the latents of an SAE (--sae), the output of any module (--hook), or a control (--control).
    """
    from app.harvest.progress import json_lines, progress_bar
    from app.models.loading import load_any_model

    reading = _reading_choices(harvest_choices)
    names = _archive_names(model_names, name, reading.name_suffix)
    make_reader = reading.make_reader()
    loaded = {name: load_any_model(model, gelu=gelu_form) for name, model in zip(names, model_names, strict=True)}
    models = reading.models_to_read(loaded, harvest_choices["seed"])
    report = json_lines(sys.stdout) if json_wanted else progress_bar()
    archives = _harvest_models(models, make_reader, corpus, out, harvest_choices, report)
    for path, archive in archives.items():
        if json_wanted:
            print_text(json.dumps({"path": str(path), "sha256": archive.sha256}))
        else:
            print_text(f"{path}  {archive.sha256}")


def _reading_choices(harvest_choices: HarvestChoices) -> ReadingChoices:
    return ReadingChoices(
        sites=harvest_choices["sites"],
        sae_folder=harvest_choices["sae_folder"],
        module_name=harvest_choices["module_name"],
        control=harvest_choices["control"],
    )


def _archive_names(model_names: tuple[str, ...], name: str | None, suffix: str) -> list[str]:
    """The models' names in their archives. Raises SettingsError if two models have the same name."""
    if name is not None and len(model_names) > 1:
        msg = (
            f"--name works with one model only; you named {len(model_names)}. "
            "Without it each archive takes its folder's name"
        )
        raise SettingsError(msg)
    names = [name] if name else [Path(model).resolve().name + suffix for model in model_names]
    if len(set(names)) < len(names):
        msg = f"two models have the same name ({', '.join(names)}); give their folders different names"
        raise SettingsError(msg)
    return names


def _harvest_models(
    models: "Mapping[str, LoadedModel]",
    make_reader: "MakeReader",
    corpus: str,
    out: Path,
    harvest_choices: HarvestChoices,
    report: "ReportProgress",
) -> dict[Path, Archive]:
    """Harvest and return {path: archive}, one for each model or for each site.

    Raises SettingsError for several models at several sites.
    """
    from app.harvest.harvests import harvest_pair, harvest_sites, harvest_units

    options, sites, runner = _harvest_options(harvest_choices), harvest_choices["sites"], _scan_runner(harvest_choices)
    if len(sites) > 1 and len(models) > 1:
        msg = "several sites can be read in one model only; name one model, or one site"
        raise SettingsError(msg)
    if len(models) > 1:
        pair = harvest_pair(models, corpus, out, options, report, runner, make_reader)
        return {out / name: archive for name, archive in pair.items()}
    name, model = next(iter(models.items()))
    if len(sites) > 1:
        by_site = harvest_sites(model, name, corpus, out, sites, options, report, runner)
        return {out / site: archive for site, archive in by_site.items()}
    return {out: harvest_units(model, make_reader, name, corpus, out, options, report, runner)}


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
