"""How the archive of one arm was harvested: what arms are compared by, and what reports say of them. Pure."""

from typing import Self

from pydantic import Field

from app.archive.manifest import Manifest
from app.rounds.design_part import DesignPart

CONTRAST = "contrast"
"""A group that says nothing of a harvest's options: units that fire on their favourite token everywhere have none."""


class HarvestFacts(DesignPart):
    """How an archive was harvested, as its manifest says; First Glance writes this when the round is created."""

    site: str
    """Where the activations were read."""
    corpus: str
    """The corpus as it was named to the harvest."""
    corpus_sha256: str
    """Digest of the names and texts of the corpus' documents."""
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
            corpus=manifest.corpus.spec,
            corpus_sha256=manifest.corpus.sha256,
            window=manifest.window,
            overlap=manifest.overlap,
            k=manifest.k,
            group_names=tuple(sorted(group for group, count in manifest.groups.items() if count and group != CONTRAST)),
            model_name=manifest.model.name,
            tokenizer_sha256=manifest.model.tokenizer_sha256,
            depth=manifest.model.n_layers,
            arithmetic=manifest.dtype,
            duplicate_span=manifest.duplicate_span,
        )
