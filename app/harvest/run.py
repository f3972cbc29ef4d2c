"""A harvest from beginning to end: models over a corpus, archives out.

All arms read the same windows, tokenised once.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app.archive.archive import Archive
from app.foundation.errors import ArchiveError, CorpusError, ModelError
from app.foundation.files import write_text_atomically
from app.harvest.arms import CALLABLE, Vocabulary, arm_of, arm_of_callable
from app.harvest.options import HarvestOptions
from app.harvest.pipeline import Archives, HarvestPlan, ScanRunner, carry_out, with_pilot
from app.harvest.progress import ReportProgress, bar
from app.harvest.scan.device import device_of
from app.harvest.text.source import RowsText, text_of
from app.models.config import Site
from app.models.model_folder import LoadedModel

PAIR = "pair.json"
MOST_TOKENS = 1 << 24
"""Token ids of a callable are below this."""


def harvest_model(
    model: LoadedModel,
    name: str,
    spec: str,
    out: Path | str,
    options: HarvestOptions | None = None,
    progress: ReportProgress | None = None,
    reader: ScanRunner | None = None,
) -> Archive:
    """Harvest one model over a corpus into an archive at `out`.

    `reader` says who reads the shards: this process, or a cluster (`cluster.on_ray`).
    Raises CorpusError if there is no text, ModelError if the model has no such site or layer, ArchiveError if `out`
    exists, cannot be written, or was begun with other options.
    """
    out, options = _place(out), options or HarvestOptions()
    arm = arm_of(name, model, [options.site], options)
    plan = HarvestPlan([arm], text_of([model], spec, options), [{options.site: out}], _notes(out), options)
    return carry_out(plan, spec, progress or bar(), reader)[0][options.site]


def harvest_sites(  # noqa: PLR0913 - what `harvest_model` takes, and the sites
    model: LoadedModel,
    name: str,
    spec: str,
    out: Path | str,
    sites: Sequence[Site],
    options: HarvestOptions | None = None,
    progress: ReportProgress | None = None,
    reader: ScanRunner | None = None,
) -> dict[str, Archive]:
    """Harvest one model at several sites in one pass into archives at `out`/<site>; raises as `harvest_model`."""
    out, options = _place(out), options or HarvestOptions()
    outs: dict[str, Path] = {site: out / site for site in sites}
    plan = HarvestPlan(
        [arm_of(name, model, sites, options)], text_of([model], spec, options), [outs], _notes(out), options
    )
    return carry_out(plan, spec, progress or bar(), reader)[0]


def harvest_pair(
    models: Mapping[str, LoadedModel],
    spec: str,
    out: Path | str,
    options: HarvestOptions | None = None,
    progress: ReportProgress | None = None,
    reader: ScanRunner | None = None,
) -> dict[str, Archive]:
    """Harvest several arms over the same windows into archives at `out`/<name>, and say what they share in pair.json.

    Raises ModelError if there is no arm, if a name is no folder's name or if the arms do not share a tokenizer, and
    what `harvest_model` raises.
    """
    _require_names(models)
    place, options = _place(out), options or HarvestOptions()
    site = options.site
    arms = [arm_of(name, model, [site], options) for name, model in models.items()]
    text = text_of(list(models.values()), spec, options)
    plan = HarvestPlan(arms, text, [{site: place / name} for name in models], _notes(place), options)

    def by_name(found: Archives) -> dict[str, Archive]:
        return {name: one[site] for name, one in zip(models, found, strict=True)}

    def write_pair(found: Archives) -> None:
        _write_pair(by_name(found), place)

    return by_name(carry_out(plan, spec, progress or bar(), reader, write_pair))


def harvest(
    fn: Callable[[Tensor], Tensor],
    tokens: Tensor | npt.NDArray[np.integer[Any]] | Sequence[Sequence[int]],
    out: Path | str,
    *,
    name: str = "callable",
    vocabulary: Vocabulary | None = None,
    options: HarvestOptions | None = None,
    progress: ReportProgress | None = None,
) -> Archive:
    """Harvest any function of token ids, such as one that reads a hook of another library's model.

    Args:
        fn: Token ids [window, position] -> activations [window, position, unit]; units become neurons of layer 0.
        tokens: Token ids [window, position], with BOS where the model wants it, all rows of one length.
        out: The archive's folder, which must not exist. A harvest that was stopped goes on with the same call, if
            `fn` still gives the very same for the first window that scores.
        name: The model's name in the archive.
        vocabulary: The bytes of token ids, and which never score; without it tokens are shown as numbers.
        options: As for a model; `tokens`, `window`, `overlap`, `site` and `layers` do not apply.
        progress: As for a model.

    Raises:
        CorpusError: Tokens are of another shape or none, or none of them scores.
        ModelError: The function gives another shape, or what is no number.
        ArchiveError: As for a model.
    """
    out, options, vocabulary = _place(out), options or HarvestOptions(), vocabulary or Vocabulary()
    text = RowsText(_rows(tokens), vocabulary.special)
    pilot, _ = with_pilot(text)
    probe = torch.from_numpy(pilot.beginning(1).tokens.astype(np.int64)).to(device_of(options.device))
    arm = arm_of_callable(fn, name, probe, vocabulary.pieces_to(int(text.rows.max())))
    plan = HarvestPlan([arm], text, [{CALLABLE: out}], _notes(out), options)
    return carry_out(plan, "rows", progress or bar())[0][CALLABLE]


def _rows(tokens: Tensor | npt.NDArray[np.integer[Any]] | Sequence[Sequence[int]]) -> npt.NDArray[np.int32]:
    """Token ids of any form. Raises CorpusError if rows differ in length or what is given are no token ids."""
    try:
        rows = np.asarray(tokens.cpu() if isinstance(tokens, Tensor) else tokens)
    except ValueError as error:
        msg = "tokens must be rows of one length; pad the shorter ones with an id that is special in the vocabulary"
        raise CorpusError(msg) from error
    if not rows.size:
        return rows.astype(np.int32)
    if not np.issubdtype(rows.dtype, np.integer) or rows.min() < 0 or rows.max() >= MOST_TOKENS:
        msg = f"tokens must be token ids, whole numbers from 0 to {MOST_TOKENS - 1}"
        raise CorpusError(msg)
    return rows.astype(np.int32)


def _require_names(models: Mapping[str, LoadedModel]) -> None:
    if not models:
        msg = "there is no model to harvest; name at least one"
        raise ModelError(msg)
    for name in models:
        if Path(name).name != name or name in {"", "..", PAIR}:
            msg = f"{name!r} cannot be the name of an archive's folder; give the model a plain name"
            raise ModelError(msg)


def _place(out: Path | str) -> Path:
    """Where an archive is to be, as a path with a name. Raises ArchiveError for the root of a disk."""
    place = Path(out).absolute()
    if not place.name:
        msg = f"{place} exists already; archives are never overwritten, choose another place"
        raise ArchiveError(msg)
    return place


def _notes(out: Path) -> Path:
    return out.with_name(out.name + ".partial")


def _write_pair(archives: Mapping[str, Archive], out: Path) -> None:
    shared = next(iter(archives.values())).manifest
    arms = {
        name: {"archive_sha256": one.sha256, "weights_sha256": one.manifest.model.weights_sha256}
        for name, one in archives.items()
    }
    record = {"corpus": shared.corpus.model_dump(), "tokenizer_sha256": shared.model.tokenizer_sha256, "arms": arms}
    write_text_atomically(out / PAIR, json.dumps(record, indent=2) + "\n")
