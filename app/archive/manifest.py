"""The manifest of an archive: what was harvested and how, and the digests that reveal any changed byte. Pure."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from app.foundation.digest import sha256_of_json
from app.foundation.json_types import JsonObject

FORMAT = 1
SINCE_0_2 = ("reading", "controls")
"""Fields that archives of version 0.1 do not have. They are left out where they say nothing, so addresses stay."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelRecord(_Record):
    """The model that was read; digests are None for a callable that First Glance did not load."""

    name: str
    activation: str | None
    n_layers: int = Field(ge=1)
    d_mlp: int = Field(ge=1)
    """Units per layer that were read: neurons, latents, directions."""
    weights_sha256: str | None
    tokenizer_sha256: str | None
    certificate: JsonObject | None = None
    """The pairing certificate that the trainer wrote beside the model."""


class ReadingRecord(_Record):
    """What was read of the model, where this was no site of its own."""

    read_by: Literal["sae", "transcoder", "hook", "directions", "callable"]
    place: str | None = None
    """The hook's or module's name."""
    output_place: str | None = None
    """For a transcoder, the hook whose value it reconstructs."""
    architecture: str | None = None
    """Of an SAE or a transcoder, as its config says."""
    sha256: str | None = None
    """The digest of the config and the weights of an SAE or a transcoder."""
    model_weights_sha256: str
    """The digest of the model alone; `weights_sha256` covers what was read of it, too."""


class ControlRecord(_Record):
    """What makes the archive a control: something in it was drawn at random."""

    control: Literal["directions", "random-model"]
    seed: int
    description: str
    """How it was made, as a sentence."""


class CorpusRecord(_Record):
    """The text that was read."""

    spec: str
    sha256: str
    """Digest of the names and texts of all documents, in the order in which they were read."""
    documents: int
    windows: int
    tokens: int
    """Scored tokens: every token of a document once; BOS and the context that windows repeat are not counted."""


class Counts(_Record):
    """The numbers of neurons, snippets, documents and tokens in a harvest."""

    neurons: int
    live: int
    dead: int
    snippets: int
    suppressed: int
    """Windows left out of a top list because it has a stronger near-duplicate, summed over all neurons."""
    skipped_documents: int
    """Documents that were binary."""
    masked_tokens: int
    """BOS and other special tokens, which are read but never scored."""


class Manifest(_Record):
    """manifest.json."""

    format: int = FORMAT
    model: ModelRecord
    corpus: CorpusRecord
    site: str
    window: int
    """Tokens per window, BOS included."""
    overlap: int
    """Tokens at the start of a window that repeat the window before and are only context."""
    k: int
    seed: int
    dtype: str = "float32"
    """Arithmetic of the model while it was read."""
    duplicate_span: int | None
    groups: dict[str, int]
    """The number of snippets of each group."""
    counts: Counts
    sample_tokens: int
    """How many sampled tokens histograms, densities and quantiles are computed from."""
    sample_bound: float
    """Largest distance between a neuron's sampled distribution function and the corpus's, with probability 0.95."""
    versions: dict[str, str]
    files: dict[str, str]
    """SHA-256 of every other file of the archive; a manifest without both tables is refused."""
    reading: ReadingRecord | None = None
    controls: tuple[ControlRecord, ...] = ()
    address: str = ""
    """The archive's content address: SHA-256 of the canonical JSON of all of the above."""

    def computed_address(self) -> str:
        """The content address, computed from all other fields."""
        return sha256_of_json(self.model_dump(mode="json", exclude={"address"}))

    @model_serializer(mode="wrap")
    def _without_what_says_nothing(self, serialize: SerializerFunctionWrapHandler) -> JsonObject:
        dumped: JsonObject = serialize(self)
        return {name: dumped_value for name, dumped_value in dumped.items() if dumped_value or name not in SINCE_0_2}

    def with_address(self) -> Self:
        """A copy whose address is filled in."""
        return self.model_copy(update={"address": self.computed_address()})
