"""A model's card: its sizes and digests, the result of its training, and warnings about what is unusual."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

from app.foundation.errors import ModelError
from app.foundation.files import write_text_atomically
from app.foundation.json_types import JsonObject, JsonValue
from app.foundation.markdown_text import code_span, escape_markdown
from app.models.config import ModelConfig
from app.models.folder_files import CONFIG_FILE
from app.models.loading import load_any_model
from app.models.model_folder import LoadedModel, load_model
from app.models.pairing_certificate import SUMMARY_FILE, PairingCertificate, TrainingSummary
from app.models.training_checkpoint import CHECKPOINT_FILE, read_training_log

CARD_FILE = "card.md"
LARGEST_FAIR_DIFFERENCE = 0.02  # of the baseline's validation loss
FEWEST_TOKENS = 1_000_000


class TokenizerFacts(TypedDict):
    """The part of a card about the tokenizer."""

    tokens: int
    sha256: str
    bos: int
    """Token id at position 0 of every window."""
    special: list[int]
    """Token ids that never score."""


class TrainingFacts(TypedDict):
    """The part of a card about the training."""

    steps: int
    tokens: int
    validation_loss: float
    """Nats per token."""
    torch: str
    """Version of the library."""
    last_training_loss: float | None
    """Nats per token; None without a log."""
    seed: JsonValue


@dataclass(frozen=True)
class ModelCard:
    """The card of one model, as `firstglance model show` prints it."""

    name: str
    folder: str
    layout: str
    activation: str
    sites: tuple[str, ...]
    n_layers: int
    d_model: int
    d_mlp: int
    d_vocab: int
    n_ctx: int
    parameters: int
    """A tied unembedding is counted once."""
    tokenizer: TokenizerFacts
    weights_sha256: str
    training: TrainingFacts | None
    """None if nothing is known about it."""
    certificate: PairingCertificate | None
    """The pairing certificate, if it is about these weights."""
    provenance: JsonObject
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> JsonObject:
        """The card as JSON."""
        card: JsonObject = asdict(self)
        card["training"] = card["training"] or {}
        card["certificate"] = self.certificate.model_dump(mode="json") if self.certificate else None
        return card | {"sites": list(self.sites), "notes": list(self.notes), "warnings": list(self.warnings)}

    def markdown(self) -> str:
        """The card as a page, the same for the same model."""
        return "\n".join(_page_lines(self)) + "\n"


def describe_model(loaded_model: LoadedModel, name: str = "") -> ModelCard:
    """The card of a loaded model. Raises ModelError if its log or certificate cannot be read."""
    config, folder = loaded_model.config, loaded_model.folder
    certificate = _covering_certificate(loaded_model)
    training = _training_facts(folder)
    return ModelCard(
        name=name or folder.name,
        folder=str(folder),
        layout=loaded_model.layout,
        activation=config.activation,
        sites=config.sites,
        n_layers=config.n_layers,
        d_model=config.d_model,
        d_mlp=config.d_mlp,
        d_vocab=config.d_vocab,
        n_ctx=config.n_ctx,
        parameters=sum(parameter.numel() for parameter in loaded_model.transformer.parameters()),
        tokenizer=TokenizerFacts(
            tokens=loaded_model.tokenizer.size,
            sha256=loaded_model.tokenizer.digest,
            bos=config.bos,
            special=list(config.special),
        ),
        weights_sha256=loaded_model.weights_sha256,
        training=training,
        certificate=certificate,
        provenance=loaded_model.provenance,
        notes=loaded_model.notes,
        warnings=tuple(_warnings(loaded_model, certificate, training)),
    )


def describe_models(folder: Path) -> list[ModelCard]:
    """The cards of all models at or below a folder, by path. Raises ModelError if there is none."""
    model_folders = sorted(path.parent for path in folder.rglob(CONFIG_FILE))
    if not model_folders:
        msg = f"{folder} holds no model; train one with `firstglance train` or name another folder"
        raise ModelError(msg)
    return [
        describe_model(load_any_model(path), path.relative_to(folder).as_posix() if path != folder else path.name)
        for path in model_folders
    ]


def write_card(folder: Path) -> None:
    """Write the card of the model in `folder` beside it, as `card.md`. Raises ModelError if it cannot be read."""
    write_text_atomically(folder / CARD_FILE, describe_model(load_model(folder)).markdown())


def _covering_certificate(loaded_model: LoadedModel) -> PairingCertificate | None:
    """The certificate in the model's folder, if it is about exactly these weights."""
    certificate = PairingCertificate.read(loaded_model.folder)
    if certificate is None or not isinstance(loaded_model.config, ModelConfig):
        return None
    return certificate if certificate.covers(loaded_model.config, loaded_model.weights_sha256) else None


def _training_facts(folder: Path) -> TrainingFacts | None:
    """The facts about a finished training from its summary and log; None without a summary."""
    if not (folder / SUMMARY_FILE).is_file():
        return None
    summary = TrainingSummary.read(folder)
    return TrainingFacts(
        steps=summary.steps,
        tokens=summary.tokens,
        validation_loss=summary.validation_loss,
        torch=summary.torch,
        last_training_loss=next((line["loss"] for line in reversed(read_training_log(folder))), None),
        seed=summary.recipe.get("seed"),
    )


def _warnings(
    loaded_model: LoadedModel, certificate: PairingCertificate | None, training: TrainingFacts | None
) -> Iterator[str]:
    """What a reader should know before trusting a comparison with this model."""
    config, folder = loaded_model.config, loaded_model.folder
    if loaded_model.layout == "First Glance":
        yield from _pairing_warnings(loaded_model, certificate)
    if (folder / CHECKPOINT_FILE).is_file():
        yield "training is not finished: there is a checkpoint beside the weights"
    if isinstance(config, ModelConfig) and config.blocks > 1:
        yield f"softmax and extra LayerNorm run over {config.blocks} blocks of the hidden dimension"
    if config.activation == "solu":
        yield "SoLU has no LayerNorm after it, unlike in the paper's own models"
    if config.bos not in config.special:
        yield f"token {config.bos} begins every window but is not among the special tokens, so it can score"
    if not loaded_model.tokenizer.special:
        yield "the tokenizer marks no token as special, so document ends can score"
    if training is not None and training["tokens"] < FEWEST_TOKENS:
        yield f"trained on {training['tokens']:,} tokens only"


def _pairing_warnings(loaded_model: LoadedModel, certificate: PairingCertificate | None) -> Iterator[str]:
    if not (loaded_model.folder / SUMMARY_FILE).is_file():
        yield "nothing is known about its training: there is no summary.json"
    if certificate is None:
        is_stale = PairingCertificate.read(loaded_model.folder) is not None
        yield (
            "the pairing certificate is about other weights, so nothing proves that this model has a partner"
            if is_stale
            else "there is no pairing certificate, so nothing proves that this model has a partner"
        )
        return
    share = certificate.relative_difference.get(loaded_model.config.activation, 0.0)
    if abs(share) > LARGEST_FAIR_DIFFERENCE:
        yield (
            f"its validation loss differs from the baseline's ({certificate.arm_names[0]}) by {share:+.1%}; "
            "the two models are not equally good"
        )


def _page_lines(card: ModelCard) -> Iterator[str]:
    yield f"# {escape_markdown(card.name)}\n"
    layers = "1 layer" if card.n_layers == 1 else f"{card.n_layers} layers"
    yield f"A language model of {layers} with the MLP activation {code_span(card.activation)}.\n"
    yield "| | |\n|---|---|"
    yield f"| parameters | {card.parameters:,} |"
    yield f"| width, neurons a layer | {card.d_model}, {card.d_mlp} |"
    yield f"| vocabulary, context | {card.d_vocab:,} tokens, {card.n_ctx} tokens |"
    yield f"| sites | {', '.join(map(code_span, card.sites))} |"
    yield f"| format | {escape_markdown(card.layout)} |"
    yield f"| weights, SHA-256 | `{card.weights_sha256}` |"
    yield f"| tokenizer, SHA-256 | `{card.tokenizer['sha256']}` |"
    if card.training:
        yield f"| trained on | {card.training['tokens']:,} tokens in {card.training['steps']:,} steps |"
        yield f"| validation loss | {card.training['validation_loss']:.4f} nats per token |"
    if card.certificate:
        yield from _certificate_lines(card.certificate)
    for title, sentences in (("Notes", card.notes), ("Warnings", card.warnings)):
        if sentences:
            yield f"\n## {title}\n"
            yield from (f"- {escape_markdown(sentence)}" for sentence in sentences)


def _certificate_lines(certificate: PairingCertificate) -> Iterator[str]:
    yield "\n## Pairing certificate\n"
    yield (
        "These models have different activations. The digests show that sizes, initial weights, data order and text "
        "are the same.\n"
    )
    yield "| | |\n|---|---|"
    yield f"| initial weights, SHA-256 | `{certificate.initial_sha256}` |"
    yield f"| data order, SHA-256 | `{certificate.order_sha256}` |"
    yield f"| text, SHA-256 | `{certificate.corpus_sha256}` |"
    yield "\n| activation | validation loss | difference | |\n|---|---|---|---|"
    for arm, loss in certificate.validation_loss.items():
        share = certificate.relative_difference.get(arm, 0.0)
        yield f"| {code_span(arm)} | {loss:.4f} | {certificate.difference[arm]:+.4f} | {share:+.2%} |"
