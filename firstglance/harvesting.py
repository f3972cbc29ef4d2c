"""Harvests of a model, of several over the same windows, or of any function. Torch is loaded when one begins."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.archive.archive import Archive
from app.archive.site import require_site
from app.foundation.errors import SettingsError
from app.harvest.options import Device, Dtype, HarvestOptions
from app.harvest.reading_choices import Control, ReadingChoices
from app.models.config import GeluForm
from firstglance.extras import needed_extra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from app.harvest.arms.callable_arm import Activate
    from app.harvest.progress import ReportProgress


def harvest(
    model: str | Path,
    *,
    out: str | Path,
    corpus: str | Path = "stdlib",
    name: str | None = None,
    site: str | None = None,
    sae: str | Path | None = None,
    hook: str | None = None,
    control: Control | None = None,
    layers: Sequence[int] | None = None,
    tokens: int | None = None,
    top: int = 20,
    top_only: bool = False,
    seed: int = 0,
    device: Device = "cpu",
    dtype: Dtype = "float32",
    gelu: GeluForm = "tanh",
    quiet: bool = False,
) -> Archive:
    """Run a model over a corpus, and keep the text that activates each of its units most in an archive at `out`.

    The units are the neurons of the MLP unless `site`, the folder of an `sae` or transcoder, a module's `hook` or a
    `control` says otherwise. Without `layers` all are read, without `tokens` all of the corpus; `top_only` keeps no
    snippets but the strongest. Raises ModelError, CorpusError, ArchiveError or SettingsError, which say what to do.
    """
    choices = _choices(site, sae, hook, control)
    _require_text(name)
    options = _options(site, layers, tokens, top, seed, device, dtype)
    with needed_extra("models"):
        from app.harvest.harvests import harvest_units
        from app.models.loading import load_any_model
    make_reader, kept = choices.make_reader(), options.top_only() if top_only else options
    archive_name = name or Path(model).resolve().name + choices.name_suffix
    loaded = choices.models_to_read({archive_name: load_any_model(model, gelu=gelu)}, seed)
    return harvest_units(loaded[archive_name], make_reader, archive_name, str(corpus), out, kept, _report(quiet=quiet))


def harvest_pair(
    models: Mapping[str, str | Path],
    *,
    out: str | Path,
    corpus: str | Path = "stdlib",
    site: str | None = None,
    hook: str | None = None,
    control: Control | None = None,
    layers: Sequence[int] | None = None,
    tokens: int | None = None,
    top: int = 20,
    top_only: bool = False,
    seed: int = 0,
    device: Device = "cpu",
    dtype: Dtype = "float32",
    gelu: GeluForm = "tanh",
    quiet: bool = False,
) -> dict[str, Archive]:
    """Run several models, {name: model}, over the same windows, into one archive each at `out`/<name>.

    So their arms agree in all that arms have to agree in. The names are those of the archives; everything else is as
    in `harvest`. Raises ModelError also if the models do not share a tokenizer.
    """
    choices = _choices(site, None, hook, control)
    options = _options(site, layers, tokens, top, seed, device, dtype)
    with needed_extra("models"):
        from app.harvest import harvests
        from app.models.loading import load_any_model
    make_reader, kept = choices.make_reader(), options.top_only() if top_only else options
    loaded = {name: load_any_model(model, gelu=gelu) for name, model in models.items()}
    read = choices.models_to_read(loaded, seed)
    return harvests.harvest_pair(read, str(corpus), out, kept, _report(quiet=quiet), make_reader=make_reader)


def harvest_callable(
    activate: "Activate",
    model: str | Path,
    *,
    out: str | Path,
    name: str,
    corpus: str | Path = "stdlib",
    layer: int = 0,
    tokens: int | None = None,
    top: int = 20,
    top_only: bool = False,
    seed: int = 0,
    device: Device = "cpu",
    gelu: GeluForm = "tanh",
) -> Archive:
    """Harvest any function of a model's token ids over a corpus, such as a probe, or a hook of another library's model.

    `activate` takes token ids [window, position], as `model` encodes the corpus, and returns activations [window,
    position, unit]: units of the site callable:NAME in `layer`. So it is an arm beside that model's own archives.
    Raises SettingsError if the name cannot be a site's, ModelError if the function returns another shape, and more as
    `harvest` does.
    """
    _require_text(name)
    options = _options(None, None, tokens, top, seed, device, "float32")
    with needed_extra("models"):
        from app.harvest import harvests
        from app.models.loading import load_any_model
    kept = options.top_only() if top_only else options
    return harvests.harvest_callable(load_any_model(model, gelu=gelu), activate, name, str(corpus), out, kept, layer)


def harvest_rows(
    activate: "Activate",
    token_rows: "Tensor | NDArray[np.int64] | NDArray[np.int32] | Sequence[Sequence[int]]",
    *,
    out: str | Path,
    name: str,
    pieces: Sequence[bytes] = (),
    special: Sequence[int] = (),
    layer: int = 0,
    n_layers: int = 1,
    tokenizer_sha256: str | None = None,
    top: int = 20,
    top_only: bool = False,
    seed: int = 0,
    device: Device = "cpu",
    quiet: bool = False,
) -> Archive:
    """Harvest any function of token ids over rows of tokens that you made, where First Glance cannot load the model.

    `activate` is as in `harvest_callable`; `token_rows` are windows of one length. `pieces` are the bytes of every
    token id, without which tokens are shown as numbers; `special` ids, such as BOS and padding, are never scored.
    `n_layers` and `tokenizer_sha256` say what is known of the model, for arms that are to be compared.
    Raises CorpusError, ModelError if the function returns another shape, SettingsError or ArchiveError.
    """
    _require_text(name)
    options = _options(None, None, None, top, seed, device, "float32")
    with needed_extra("models"):
        from app.harvest import harvests
        from app.harvest.arms.callable_arm import FunctionOrigin, Vocabulary
    return harvests.harvest(
        activate,
        token_rows,
        out,
        name=name,
        vocabulary=Vocabulary(tuple(pieces), tuple(special)),
        options=options.top_only() if top_only else options,
        progress=_report(quiet=quiet),
        origin=FunctionOrigin(name, layer, n_layers, tokenizer_sha256),
    )


def _choices(site: str | None, sae: str | Path | None, hook: str | None, control: Control | None) -> ReadingChoices:
    """What is to be read, as the command's options say it. Raises SettingsError if it does not go together."""
    sites = () if site is None else (_known_site(site),)
    return ReadingChoices(sites, None if sae is None else Path(sae), hook, control)


def _require_text(name: str | None) -> None:
    """Raise SettingsError for a name that is no text; it would be refused when the archive is written."""
    if name is not None and not isinstance(name, str):
        msg = f"name is {name!r}; give a text"
        raise SettingsError(msg)


def _known_site(site: str) -> str:
    try:
        return require_site(site)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _options(
    site: str | None,
    layers: Sequence[int] | None,
    tokens: int | None,
    top: int,
    seed: int,
    device: Device,
    dtype: Dtype,
) -> HarvestOptions:
    return HarvestOptions(
        tokens=tokens,
        k=top,
        seed=seed,
        site=site or HarvestOptions.site,
        layers=None if layers is None else tuple(layers),
        device=device,
        dtype=dtype,
    )


def _report(*, quiet: bool) -> "ReportProgress":
    from app.harvest.progress import progress_bar, report_nothing

    return report_nothing if quiet else progress_bar()
