"""`firstglance harvest` and `firstglance archive`."""

from pathlib import Path
from typing import Any, get_args

import click

from app.cli.common import EXISTING, as_json, print_json, print_pairs, print_table
from app.cli.models import gelu_option
from app.foundation.errors import ArchiveError
from app.foundation.settings import Settings
from app.harvest.archive import Archive
from app.models.config import Site


@click.command("harvest")
@click.argument("model")
@gelu_option
@click.option(
    "--corpus", default="stdlib", show_default=True, help="stdlib, or a file or folder of .txt, .md, .rst, .py, .jsonl."
)
@click.option(
    "--out", type=EXISTING, required=True, help="The archive's folder; a killed harvest goes on from where it was."
)
@click.option("--name", help="The model's name in the archive (default: its folder's name).")
@click.option("--tokens", type=click.IntRange(1), help="Stop after this many tokens (default: the whole corpus).")
@click.option("--site", type=click.Choice(get_args(Site)), default="mlp.act", show_default=True)
@click.option("--top", "k", type=click.IntRange(1), default=20, show_default=True, help="Snippets kept per neuron.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order in which documents are read.")
def harvest_command(model: str, gelu: str, corpus: str, out: Path, name: str | None, **options: Any) -> None:  # noqa: ANN401
    """Run MODEL over a corpus and keep, for every neuron, the text that makes it fire hardest.

    MODEL is a folder, a model that comes with First Glance, or OWNER/NAME on the hub.
    """
    from app.harvest.options import HarvestOptions
    from app.harvest.run import harvest_model
    from app.models.sources import load

    loaded = load(model, gelu="exact" if gelu == "exact" else "tanh")
    archive = harvest_model(loaded, name or Path(model).resolve().name, corpus, out, HarvestOptions(**options))
    click.echo(f"{out}  {archive.sha256}")


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
    found = [_facts(Archive.open(path.parent)) for path in sorted(source.rglob("manifest.json"))]
    if not found:
        msg = f"{source} holds no archive; make one with `firstglance harvest` or name another folder"
        raise ArchiveError(msg)
    if json_wanted:
        print_json(found)
        return
    keys = ["model", "activation", "site", "neurons", "dead", "tokens", "path", "sha256"]
    print_table(keys, [[str(one[key])[:12] if key == "sha256" else one[key] for key in keys] for one in found])


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
