"""A model's card: what exactly was loaded, what its training came to, and what is unusual about it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.foundation.errors import ModelError
from app.foundation.files import write_text_atomically
from app.models.config import ModelConfig
from app.models.loading import load_any_model
from app.models.model_folder import CONFIG_FILE, LoadedModel, load_model
from app.models.pairing_certificate import SUMMARY_FILE, PairingCertificate, TrainingSummary
from app.models.progress import CHECKPOINT_FILE, read_training_log

CARD = "card.md"
LARGEST_FAIR_DIFFERENCE = 0.02  # of the baseline's validation loss
FEWEST_TOKENS = 1_000_000


@dataclass(frozen=True)
class ModelCard:
    """Everything `firstglance model show` prints."""

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
    """The tied unembedding counted once."""
    tokenizer: dict[str, Any]
    """`tokens`, `sha256`, `bos`, `special`."""
    weights_sha256: str
    training: dict[str, Any]
    """`tokens`, `steps`, `validation_loss`, `last_training_loss`, `seed`, `torch`; empty if nothing is known."""
    certificate: dict[str, Any] | None
    """The pairing certificate, if it speaks of these weights."""
    provenance: dict[str, Any]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe."""
        return asdict(self) | {one: list(getattr(self, one)) for one in ("sites", "notes", "warnings")}

    def markdown(self) -> str:
        """The card as a page, the same for the same model."""
        return "\n".join(_page(self)) + "\n"


def describe_model(model: LoadedModel, name: str = "") -> ModelCard:
    """Describe a loaded model. Raises ModelError if its log or certificate cannot be read."""
    config, folder = model.config, model.folder
    certificate = _certificate(model)
    tokenizer = {
        "tokens": model.tokenizer.size,
        "sha256": model.tokenizer.digest,
        "bos": config.bos,
        "special": list(config.special),
    }
    return ModelCard(
        name=name or folder.name,
        folder=str(folder),
        layout=model.layout,
        activation=config.activation,
        sites=config.sites,
        n_layers=config.n_layers,
        d_model=config.d_model,
        d_mlp=config.d_mlp,
        d_vocab=config.d_vocab,
        n_ctx=config.n_ctx,
        parameters=sum(one.numel() for one in model.transformer.parameters()),
        tokenizer=tokenizer,
        weights_sha256=model.weights_sha256,
        training=_training(folder),
        certificate=certificate.model_dump(mode="json") if certificate else None,
        provenance=dict(model.provenance),
        notes=model.notes,
        warnings=tuple(_warnings(model, certificate)),
    )


def describe_models(folder: Path) -> list[ModelCard]:
    """The cards of all models at or below a folder, by path. Raises ModelError if there is none."""
    found = sorted(path.parent for path in folder.rglob(CONFIG_FILE))
    if not found:
        msg = f"{folder} holds no model; train one with `firstglance train` or name another folder"
        raise ModelError(msg)
    return [
        describe_model(load_any_model(one), one.relative_to(folder).as_posix() if one != folder else one.name)
        for one in found
    ]


def write_card(folder: Path) -> None:
    """Write the card of the model in `folder` beside it, as `card.md`. Raises ModelError if it cannot be read."""
    write_text_atomically(folder / CARD, describe_model(load_model(folder)).markdown())


def _certificate(model: LoadedModel) -> PairingCertificate | None:
    """The certificate in the model's folder, if it is about these very weights."""
    found = PairingCertificate.read(model.folder)
    if found is None or not isinstance(model.config, ModelConfig):
        return None
    return found if found.covers(model.config, model.weights_sha256) else None


def _training(folder: Path) -> dict[str, Any]:
    if not (folder / SUMMARY_FILE).is_file():
        return {}
    summary = TrainingSummary.read(folder)
    last = next((line["loss"] for line in reversed(read_training_log(folder))), None)
    facts = summary.model_dump(include={"tokens", "steps", "validation_loss", "torch"})
    return facts | {"last_training_loss": last, "seed": summary.recipe.get("seed")}


def _warnings(model: LoadedModel, certificate: PairingCertificate | None) -> Iterator[str]:
    """What a reader should know before trusting a comparison with this model."""
    config, folder = model.config, model.folder
    if model.layout == "First Glance":
        yield from _pairing_warnings(model, certificate)
    if (folder / CHECKPOINT_FILE).is_file():
        yield "training is not finished: a checkpoint lies beside the weights"
    if isinstance(config, ModelConfig) and config.blocks > 1:
        yield f"softmax and extra LayerNorm run over {config.blocks} blocks of the hidden dimension"
    if config.activation == "solu":
        yield "SoLU without the LayerNorm after it: the paper's own models have one"
    if config.bos not in config.special:
        yield f"token {config.bos} begins every window but is not among the special tokens, so it can score"
    if not model.tokenizer.special:
        yield "the tokenizer marks no token as special, so document ends can score"
    summary = _training(folder)
    if summary and summary["tokens"] < FEWEST_TOKENS:
        yield f"trained on {summary['tokens']:,} tokens only"


def _pairing_warnings(model: LoadedModel, certificate: PairingCertificate | None) -> Iterator[str]:
    if not (model.folder / SUMMARY_FILE).is_file():
        yield "nothing is known of its training: there is no summary.json"
    if certificate is None:
        stale = PairingCertificate.read(model.folder) is not None
        yield (
            "the pairing certificate speaks of other weights, so nothing proves that this model has a partner"
            if stale
            else "there is no pairing certificate, so nothing proves that this model has a partner"
        )
        return
    share = certificate.relative_difference.get(model.config.activation, 0.0)
    if abs(share) > LARGEST_FAIR_DIFFERENCE:
        yield f"its validation loss is {share:+.1%} of the baseline's ({certificate.arms[0]}); the pair is not level"


def _page(one: ModelCard) -> Iterator[str]:
    yield f"# {one.name}\n"
    layers = "1 layer" if one.n_layers == 1 else f"{one.n_layers} layers"
    yield f"A language model of {layers} with the MLP activation `{one.activation}`.\n"
    yield "| | |\n|---|---|"
    yield f"| parameters | {one.parameters:,} |"
    yield f"| width, neurons a layer | {one.d_model}, {one.d_mlp} |"
    yield f"| vocabulary, context | {one.d_vocab:,} tokens, {one.n_ctx} tokens |"
    yield f"| sites | {', '.join(f'`{site}`' for site in one.sites)} |"
    yield f"| format | {one.layout} |"
    yield f"| weights, SHA-256 | `{one.weights_sha256}` |"
    yield f"| tokenizer, SHA-256 | `{one.tokenizer['sha256']}` |"
    if one.training:
        yield f"| trained on | {one.training['tokens']:,} tokens in {one.training['steps']:,} steps |"
        yield f"| validation loss | {one.training['validation_loss']:.4f} nats per token |"
    if one.certificate:
        yield from _pairing(one.certificate)
    for title, sentences in (("Notes", one.notes), ("Warnings", one.warnings)):
        if sentences:
            yield f"\n## {title}\n"
            yield from (f"- {sentence}" for sentence in sentences)


def _pairing(certificate: dict[str, Any]) -> Iterator[str]:
    yield "\n## Pairing certificate\n"
    yield "These models differ in their activation and, by these digests, in nothing that came before it.\n"
    yield "| | |\n|---|---|"
    for key, says in (("initial_sha256", "initial weights"), ("order_sha256", "data order"), ("corpus_sha256", "text")):
        yield f"| {says}, SHA-256 | `{certificate[key]}` |"
    yield "\n| activation | validation loss | difference | |\n|---|---|---|---|"
    for arm, loss in certificate["validation_loss"].items():
        share = certificate["relative_difference"].get(arm, 0.0)
        yield f"| `{arm}` | {loss:.4f} | {certificate['difference'][arm]:+.4f} | {share:+.2%} |"
