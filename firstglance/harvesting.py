"""Harvests of a model, of several over the same windows, or of any function. Torch is loaded when one begins."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.archive.archive import Archive
from app.harvest.options import HarvestOptions
from firstglance.extras import needed_extra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from app.harvest.progress import ReportProgress


def harvest(
    model: str | Path,
    *,
    out: str | Path,
    corpus: str | Path = "stdlib",
    name: str | None = None,
    site: Literal["mlp.pre", "mlp.act", "mlp.post_ln"] = "mlp.act",
    layers: Sequence[int] | None = None,
    tokens: int | None = None,
    top: int = 20,
    top_only: bool = False,
    seed: int = 0,
    device: Literal["cpu", "cuda", "auto"] = "cpu",
    dtype: Literal["float32", "bfloat16"] = "float32",
    gelu: Literal["tanh", "exact"] = "tanh",
    quiet: bool = False,
) -> Archive:
    """Run a model over a corpus, and keep the text that activates each of its units most in an archive at `out`.

    `model` is a folder, a model that comes with First Glance, or OWNER/NAME on the hub; `corpus` is "stdlib", a file,
    folder or pattern, or datasets:NAME. Without `layers` all are read, without `tokens` all of the corpus; `top_only`
    keeps no snippets but the strongest. A harvest that was stopped goes on with the same call.

    Raises ModelError, CorpusError, ArchiveError or SettingsError, whose message says what to do.
    """
    read_layers = None if layers is None else tuple(layers)
    options = HarvestOptions(tokens=tokens, k=top, seed=seed, site=site, layers=read_layers, device=device, dtype=dtype)
    with needed_extra("models"):
        from app.harvest.harvests import harvest_model
        from app.models.loading import load_any_model
    loaded = load_any_model(model, gelu=gelu)
    kept = options.top_only() if top_only else options
    return harvest_model(loaded, name or _name_of(model), str(corpus), out, kept, _progress(quiet=quiet))


def harvest_pair(
    models: Mapping[str, str | Path],
    *,
    out: str | Path,
    corpus: str | Path = "stdlib",
    site: Literal["mlp.pre", "mlp.act", "mlp.post_ln"] = "mlp.act",
    layers: Sequence[int] | None = None,
    tokens: int | None = None,
    top: int = 20,
    top_only: bool = False,
    seed: int = 0,
    device: Literal["cpu", "cuda", "auto"] = "cpu",
    dtype: Literal["float32", "bfloat16"] = "float32",
    quiet: bool = False,
) -> dict[str, Archive]:
    """Run several models, {name: model}, over the same windows, into one archive each at `out`/<name>.

    So their arms agree in all that arms have to agree in. The names are those of the archives; everything else is as
    in `harvest`. Raises ModelError also if the models do not share a tokenizer.
    """
    read_layers = None if layers is None else tuple(layers)
    options = HarvestOptions(tokens=tokens, k=top, seed=seed, site=site, layers=read_layers, device=device, dtype=dtype)
    with needed_extra("models"):
        from app.harvest import harvests
        from app.models.loading import load_any_model
    loaded = {name: load_any_model(model) for name, model in models.items()}
    kept = options.top_only() if top_only else options
    return harvests.harvest_pair(loaded, str(corpus), out, kept, _progress(quiet=quiet))


def harvest_callable(
    activate: "Callable[[Tensor], Tensor]",
    token_rows: "Tensor | NDArray[np.integer] | Sequence[Sequence[int]]",
    *,
    out: str | Path,
    name: str = "callable",
    pieces: Sequence[bytes] = (),
    special: Sequence[int] = (),
    top: int = 20,
    top_only: bool = False,
    seed: int = 0,
    device: Literal["cpu", "cuda", "auto"] = "cpu",
    quiet: bool = False,
) -> Archive:
    """Harvest any function of token ids, such as one that reads a hook of another library's model.

    `activate` takes token ids [window, position] and returns activations [window, position, unit]; `token_rows` are the
    windows, all of one length. `pieces` are the bytes of every token id, without which tokens are shown as numbers;
    `special` ids, such as BOS and padding, are read and never scored.

    Raises CorpusError, ModelError if the function returns another shape, or ArchiveError.
    """
    options = HarvestOptions(k=top, seed=seed, device=device)
    with needed_extra("models"):
        from app.harvest import harvests
        from app.harvest.arms.callable_arm import Vocabulary
    vocabulary = Vocabulary(tuple(pieces), tuple(special))
    kept = options.top_only() if top_only else options
    return harvests.harvest(
        activate, token_rows, out, name=name, vocabulary=vocabulary, options=kept, progress=_progress(quiet=quiet)
    )


def _name_of(model: str | Path) -> str:
    """The model's name in its archive: its folder's."""
    return Path(model).resolve().name


def _progress(*, quiet: bool) -> "ReportProgress":
    from app.harvest.progress import progress_bar, report_nothing

    return report_nothing if quiet else progress_bar()
