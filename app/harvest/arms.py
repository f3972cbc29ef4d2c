"""Loaded models as arms of a harvest, and the text they read in common."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.foundation.errors import ModelError
from app.harvest.corpus import Corpus
from app.harvest.logits import effects_of
from app.harvest.manifest import ModelRecord
from app.harvest.neuron import EffectsOf
from app.harvest.options import HarvestOptions
from app.harvest.reading import Read
from app.harvest.windows import Piece, Shard, shards
from app.models.checkpoints import LoadedModel

CERTIFICATE = "certificate.json"


@dataclass(frozen=True)
class Arm:
    """One model of a harvest."""

    record: ModelRecord
    neurons: Mapping[int, int]
    """Neurons per layer read."""
    read: Read
    effects: EffectsOf | None
    pieces: list[bytes]


@dataclass(frozen=True)
class Text:
    """The windows that every arm reads."""

    corpus: Corpus
    encode: Callable[[list[str]], list[list[int]]]
    window: int
    overlap: int
    bos: int
    special: tuple[int, ...]
    tokens: int | None

    def shards(self) -> Iterator[Shard]:
        """All shards, up to the window with which enough tokens have been scored."""
        pieces = self.corpus.pieces(self.encode, self.window - 1, self.overlap)
        return shards(self._enough(pieces), self.window, self.bos, self.special)

    def _enough(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        left = self.tokens
        for piece in pieces:
            yield piece
            if left is None:
                continue
            left -= sum(token not in self.special for token in piece.tokens[piece.context :])
            if left <= 0:
                return


def arm_of(name: str, model: LoadedModel, options: HarvestOptions) -> Arm:
    """A loaded model at the options' site. Raises ModelError if it has no such site or layer."""
    config, transformer, site = model.config, model.transformer, options.site
    layers = tuple(range(config.n_layers)) if options.layers is None else tuple(sorted(set(options.layers)))
    transformer.require((site,), layers)
    transformer.to(options.device)
    pieces = model.tokenizer.pieces
    return Arm(
        record=_record(name, model),
        neurons=dict.fromkeys(layers, config.d_mlp),
        read=lambda tokens: transformer.forward_to(site, tokens, layers),
        effects=effects_of(transformer, site, pieces),
        pieces=pieces,
    )


def text_of(models: list[LoadedModel], spec: str, options: HarvestOptions) -> Text:
    """The text as the models' common tokenizer cuts it. Raises ModelError if they have none in common."""
    first = models[0]
    for model in models[1:]:
        if (model.tokenizer.digest, model.config.bos, model.config.special) != (
            first.tokenizer.digest,
            first.config.bos,
            first.config.special,
        ):
            msg = f"{model.folder} and {first.folder} have different tokenizers, so they cannot read the same windows"
            raise ModelError(msg)
    window = options.window_for(min(model.config.n_ctx for model in models))
    corpus = Corpus(spec, options.seed)
    encode = first.tokenizer.encode_many
    return Text(corpus, encode, window, options.overlap, first.config.bos, first.config.special, options.tokens)


def _record(name: str, model: LoadedModel) -> ModelRecord:
    return ModelRecord(
        name=name,
        activation=model.config.activation,
        n_layers=model.config.n_layers,
        d_mlp=model.config.d_mlp,
        weights_sha256=model.weights_sha256,
        tokenizer_sha256=model.tokenizer.digest,
        certificate=_certificate(model),
    )


def _certificate(model: LoadedModel) -> dict[str, Any] | None:
    """The pairing certificate in the model's folder or the one above, if it is about this model."""
    for folder in (model.folder, model.folder.parent):
        path = folder / CERTIFICATE
        if path.is_file():
            certificate: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return certificate if model.config.activation in certificate.get("arms", []) else None
    return None
