"""Whole harvests: one or more models, or a function, read a corpus and are written to archives.

All arms read the same windows, which are tokenised once.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.archive.archive import Archive
from app.foundation.arrays import TokenIds
from app.foundation.errors import ArchiveError, CorpusError, ModelError
from app.foundation.files import write_text_atomically
from app.foundation.typography import shortened
from app.harvest.arms.callable_arm import Activate, FunctionOrigin, Vocabulary, callable_arm, callable_reader
from app.harvest.arms.model_arm import model_arm
from app.harvest.arms.reader import MakeReader
from app.harvest.arms.site_reader import site_reader
from app.harvest.options import HarvestOptions
from app.harvest.pipeline import ArmArchives, run_harvest
from app.harvest.plan import HarvestPlan
from app.harvest.progress import ReportProgress, progress_bar
from app.harvest.scan.device import resolve_device
from app.harvest.shard_run import ScanRunner, find_pilot
from app.harvest.text.source import TokenRows, corpus_source
from app.models.model_folder import LoadedModel

PAIR_FILE = "pair.json"
LARGEST_TOKEN_ID = (1 << 24) - 1
"""The largest token id that a callable may be given."""


def harvest_model(
    model: LoadedModel,
    name: str,
    spec: str,
    out: Path | str,
    options: HarvestOptions | None = None,
    progress: ReportProgress | None = None,
    run_scans: ScanRunner | None = None,
) -> Archive:
    """Harvest one model over a corpus into an archive at `out`, at the site that the options name.

    `run_scans` reads the shards: this process by default, or a cluster (`ray_cluster.scan_on_ray`).
    Raises CorpusError if there is no text, ModelError if the model has no such site or layer, ArchiveError if `out`
    exists, cannot be written, or has a checkpoint of a harvest with other options.
    """
    options = options or HarvestOptions()
    return harvest_units(model, site_reader([options.site]), name, spec, out, options, progress, run_scans)


def harvest_units(  # noqa: PLR0913 - the parameters of `harvest_model`, and the reader
    model: LoadedModel,
    make_reader: MakeReader,
    name: str,
    spec: str,
    out: Path | str,
    options: HarvestOptions | None = None,
    progress: ReportProgress | None = None,
    run_scans: ScanRunner | None = None,
) -> Archive:
    """Harvest what a reader reads of a model: the latents of an SAE, a module, directions, or any function.

    `make_reader` comes from `sae_reader`, `hook_reader`, `site_reader`, `direction_reader` or `callable_reader`. Other
    arguments and errors are those of `harvest_model`.
    """
    out, options = _absolute_archive_path(out), options or HarvestOptions()
    arm = model_arm(name, model, make_reader, options)
    site = arm.only_site
    plan = HarvestPlan([arm], corpus_source([model], spec, options), [{site: out}], _checkpoint_folder(out), options)
    return run_harvest(plan, spec, progress or progress_bar(), run_scans)[0][site]


def harvest_callable(
    model: LoadedModel,
    fn: Activate,
    name: str,
    spec: str,
    out: Path | str,
    options: HarvestOptions | None = None,
    layer: int = 0,
) -> Archive:
    """Harvest any function of a loaded model's token ids over a corpus, such as a probe on its activations.

    `fn` maps token ids [window, position] to activations [window, position, unit], which become units of the site
    `callable:NAME` in `layer`. The text is cut and encoded as for the model itself, so both archives have one corpus.
    Raises SettingsError if the name cannot be a site's, and the errors of `harvest_model`.
    """
    return harvest_units(model, callable_reader(fn, name, layer), name, spec, out, options)


def harvest_sites(  # noqa: PLR0913 - the parameters of `harvest_model`, and the sites
    model: LoadedModel,
    name: str,
    spec: str,
    out: Path | str,
    sites: Sequence[str],
    options: HarvestOptions | None = None,
    progress: ReportProgress | None = None,
    run_scans: ScanRunner | None = None,
) -> dict[str, Archive]:
    """Harvest one model at several sites in one pass into archives at `out`/<site>; raises as `harvest_model`."""
    out, options = _absolute_archive_path(out), options or HarvestOptions()
    paths: dict[str, Path] = {site: out / site for site in sites}
    arm = model_arm(name, model, site_reader(sites), options)
    plan = HarvestPlan([arm], corpus_source([model], spec, options), [paths], _checkpoint_folder(out), options)
    return run_harvest(plan, spec, progress or progress_bar(), run_scans)[0]


def harvest_pair(
    models: Mapping[str, LoadedModel],
    spec: str,
    out: Path | str,
    options: HarvestOptions | None = None,
    progress: ReportProgress | None = None,
    run_scans: ScanRunner | None = None,
    make_reader: MakeReader | None = None,
) -> dict[str, Archive]:
    """Harvest several models over the same windows into archives at `out`/<name>, and write pair.json beside them.

    They are read at the options' site, or by `make_reader`. pair.json says what the archives have in common. Raises
    ModelError if there is no model, if a name cannot be a folder's name or if the models do not share a tokenizer;
    otherwise it raises the errors of `harvest_model`.
    """
    _require_folder_names(models)
    folder, options = _absolute_archive_path(out), options or HarvestOptions()
    make_reader = make_reader or site_reader([options.site])
    arms = [model_arm(name, model, make_reader, options) for name, model in models.items()]
    text = corpus_source(list(models.values()), spec, options)
    site = arms[0].only_site
    plan = HarvestPlan(arms, text, [{site: folder / name} for name in models], _checkpoint_folder(folder), options)

    def by_name(arm_archives: ArmArchives) -> dict[str, Archive]:
        return {name: by_site[site] for name, by_site in zip(models, arm_archives, strict=True)}

    def write_pair_file(arm_archives: ArmArchives) -> None:
        _write_pair_file(by_name(arm_archives), folder)

    return by_name(run_harvest(plan, spec, progress or progress_bar(), run_scans, write_pair_file))


def harvest(  # noqa: PLR0913 - most are named and have defaults
    fn: Activate,
    token_rows: Tensor | NDArray[np.integer] | Sequence[Sequence[int]],
    out: Path | str,
    *,
    name: str = "callable",
    vocabulary: Vocabulary | None = None,
    options: HarvestOptions | None = None,
    progress: ReportProgress | None = None,
    origin: FunctionOrigin | None = None,
) -> Archive:
    """Harvest any function of token ids, such as one that reads a hook of another library's model.

    Args:
        fn: Token ids [window, position] -> activations [window, position, unit]; units become neurons of one layer.
        token_rows: Token ids [window, position], with BOS where the model wants it, all rows of one length.
        out: The archive's folder, which must not exist. A harvest that was stopped goes on with the same call, if
            `fn` still returns the same activations for the first window that is scored.
        name: The model's name in the archive.
        vocabulary: The bytes of each token id, and the ids that are never scored; without it tokens are numbers.
        options: As in `harvest_model`; `tokens`, `window`, `overlap`, `site` and `layers` do not apply.
        progress: As in `harvest_model`.
        origin: The name of what is read, its layer, and what is known of the model: its depth and its tokenizer.

    Raises:
        CorpusError: There are no tokens, they have another shape, or none of them is scored.
        ModelError: The function returns another shape, or values that are not finite.
        ArchiveError: As in `harvest_model`.
        SettingsError: The origin's name cannot be a site's.
    """
    out, options, vocabulary = _absolute_archive_path(out), options or HarvestOptions(), vocabulary or Vocabulary()
    text = TokenRows(_as_token_ids(token_rows), vocabulary.special)
    pilot, _ = find_pilot(text)
    first_window = pilot.first_scored_windows(1).token_ids.astype(np.int64)
    trial_window = torch.from_numpy(first_window).to(resolve_device(options.device))
    arm = callable_arm(fn, name, trial_window, vocabulary.pieces_up_to(int(text.token_ids.max())), origin)
    plan = HarvestPlan([arm], text, [{arm.only_site: out}], _checkpoint_folder(out), options)
    return run_harvest(plan, "rows", progress or progress_bar())[0][arm.only_site]


def _as_token_ids(token_rows: Tensor | NDArray[np.integer] | Sequence[Sequence[int]]) -> TokenIds:
    """Token ids [window, position]. Raises CorpusError if rows differ in length or if these are no token ids."""
    try:
        rows = np.asarray(token_rows.cpu() if isinstance(token_rows, Tensor) else token_rows)
    except ValueError as error:
        msg = "tokens must be rows of one length; pad the shorter ones with an id that is special in the vocabulary"
        raise CorpusError(msg) from error
    if not rows.size:
        return rows.astype(np.int32)
    if not np.issubdtype(rows.dtype, np.integer) or rows.min() < 0 or rows.max() > LARGEST_TOKEN_ID:
        msg = f"tokens must be token ids, whole numbers from 0 to {LARGEST_TOKEN_ID}"
        raise CorpusError(msg)
    return rows.astype(np.int32)


def _require_folder_names(models: Mapping[str, LoadedModel]) -> None:
    if not models:
        msg = "there is no model to harvest; name at least one"
        raise ModelError(msg)
    for name in models:
        if Path(name).name != name or name in {"", "..", PAIR_FILE}:
            msg = f"{name!r} cannot be the name of an archive's folder; give the model a plain name"
            raise ModelError(msg)


def _absolute_archive_path(out: Path | str) -> Path:
    """The absolute path of an archive. Raises ArchiveError for the root of a disk, and for what no disk can name."""
    path = Path(out).absolute()
    if not path.name:
        msg = f"{path} exists already; name a folder in it for the archive"
        raise ArchiveError(msg)
    if "\0" in str(path):
        msg = f"{shortened(repr(str(out)))} cannot be a folder's name; choose another place for the archive"
        raise ArchiveError(msg)
    return path


def _checkpoint_folder(out: Path) -> Path:
    return out.with_name(out.name + ".partial")


def _write_pair_file(archives: Mapping[str, Archive], folder: Path) -> None:
    first = next(iter(archives.values())).manifest
    arms = {
        name: {"archive_sha256": archive.sha256, "weights_sha256": archive.manifest.model.weights_sha256}
        for name, archive in archives.items()
    }
    record = {"corpus": first.corpus.model_dump(), "tokenizer_sha256": first.model.tokenizer_sha256, "arms": arms}
    write_text_atomically(folder / PAIR_FILE, json.dumps(record, indent=2) + "\n")
