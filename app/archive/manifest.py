"""What an archive says about itself: enough to see if two compare, and to find any changed byte. Pure."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from app.foundation.digest import sha256_of_json

FORMAT = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelRecord(_Record):
    """The model that was read; digests are None for a callable that First Glance did not load."""

    name: str
    activation: str | None
    n_layers: int = Field(ge=1)
    d_mlp: int = Field(ge=1)
    """Neurons per layer."""
    weights_sha256: str | None
    tokenizer_sha256: str | None
    certificate: dict[str, Any] | None = None
    """The pairing certificate that the trainer wrote beside the model: what the arms have in common."""


class CorpusRecord(_Record):
    """The text that was read."""

    spec: str
    sha256: str
    """Digest of names and texts in the order read."""
    documents: int
    windows: int
    tokens: int
    """Scored tokens: every token of a document once, context and BOS not counted."""


class Counts(_Record):
    """How many of each."""

    neurons: int
    live: int
    dead: int
    snippets: int
    suppressed: int
    """Windows that would stand in a top list but for a near-duplicate that is stronger, over all neurons."""
    skipped_documents: int
    """Documents that were binary."""
    masked_tokens: int
    """BOS and other special tokens that were read but never score."""


class Manifest(_Record):
    """manifest.json."""

    format: int = FORMAT
    model: ModelRecord
    corpus: CorpusRecord
    site: str
    window: int
    """Tokens per window, BOS included."""
    overlap: int
    """Tokens at the start of a window that are only context."""
    k: int
    seed: int
    dtype: str = "float32"
    """Arithmetic of the model while it was read."""
    duplicate_span: int | None
    groups: dict[str, int]
    """Snippets kept, by group."""
    counts: Counts
    sample_tokens: int
    """Tokens behind histograms, densities and quantiles."""
    sample_bound: float
    """No neuron's sampled distribution function is further than this from the corpus's, with probability 0.95."""
    versions: dict[str, str]
    files: dict[str, str]
    """SHA-256 of every other file of the archive."""
    address: str = ""
    """The archive's content address: SHA-256 of the canonical JSON of all of the above."""

    def computed_address(self) -> str:
        """What `address` must be."""
        return sha256_of_json(self.model_dump(mode="json", exclude={"address"}))

    def addressed(self) -> Self:
        """The same manifest with its address filled in."""
        return self.model_copy(update={"address": self.computed_address()})
