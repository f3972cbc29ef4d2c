"""How the archive of one arm was harvested: what arms are compared by, and what reports say of them. Pure."""

from typing import Self

from pydantic import Field

from app.archive.manifest import Manifest, ReadingRecord
from app.rounds.design_part import DesignPart

CONTRAST = "contrast"
"""A group that says nothing of a harvest's options: units that fire on their favourite token everywhere have none."""


class HarvestFacts(DesignPart):
    """How an archive was harvested, as its manifest says; First Glance writes this when the round is created."""

    site: str
    """The name of where the activations were read."""
    reading: str | None = Field(default=None, examples=["sae at blocks.0.hook_mlp_out"])
    """By what and at which place of the model they were read. Without this line the site's name says it all."""
    corpus: str
    """The corpus as it was named to the harvest."""
    corpus_sha256: str
    """Digest of the names and texts of the corpus' documents."""
    tokens: int
    """Tokens of the corpus that were scored."""
    windows: int
    """Windows that were read."""
    window: int
    """Tokens per window."""
    overlap: int
    """Tokens at the start of a window that repeat the window before."""
    k: int
    """Strongest snippets kept per unit."""
    group_names: tuple[str, ...]
    """Groups of which snippets were kept, in alphabetical order; contrast is left out, which units may have none of."""
    model_name: str
    """The model as it was named to the harvest."""
    tokenizer_sha256: str | None = Field(default=None, examples=[""])
    """Digest of the tokenizer. Without this line it is not known."""
    depth: int
    """Layers of the model."""
    arithmetic: str
    """Numbers in which the model was computed."""
    duplicate_span: int | None = Field(default=None, examples=[16])
    """Tokens in common from which windows are near-duplicates. Without this line none were looked for."""

    @classmethod
    def from_manifest(cls, manifest: Manifest) -> Self:
        """What the manifest of an archive says."""
        return cls(
            site=manifest.site,
            reading=None if manifest.reading is None else _reading_in_words(manifest.reading),
            corpus=manifest.corpus.spec,
            corpus_sha256=manifest.corpus.sha256,
            tokens=manifest.corpus.tokens,
            windows=manifest.corpus.windows,
            window=manifest.window,
            overlap=0 if _is_of_rows(manifest) else manifest.overlap,
            k=manifest.k,
            group_names=tuple(sorted(group for group, count in manifest.groups.items() if count and group != CONTRAST)),
            model_name=manifest.model.name,
            tokenizer_sha256=manifest.model.tokenizer_sha256,
            depth=manifest.model.n_layers,
            arithmetic=manifest.dtype,
            duplicate_span=manifest.duplicate_span,
        )


def _reading_in_words(reading: ReadingRecord) -> str:
    """What was read, without digests: two SAEs of one place are what a round compares, two places are not."""
    if reading.output_place is not None:
        return f"{reading.read_by} from {reading.place} to {reading.output_place}"
    return f"{reading.read_by} at {reading.place}"


def _is_of_rows(manifest: Manifest) -> bool:
    """Whether a function was harvested over rows of tokens, which stand for themselves whatever overlap was set."""
    return manifest.site.partition(":")[0] == "callable" and manifest.reading is None
