"""The trainer: one readable loop that trains every arm of a size from the same weights and batches.

All arms start from the same initial weights (drawn by name, so the arm makes no difference) and see the same
rows in the same order. A run that was killed goes on from its last checkpoint and, on a CPU with the same number
of threads, ends with the same weights bit for bit. What was the same is proved by digests in the certificate.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from tqdm import tqdm

from app.foundation.digest import sha256_of_parts
from app.foundation.errors import ModelError, error_summary
from app.models.config import Activation, ModelConfig
from app.models.loss_curves import write_loss_curves
from app.models.model_card import write_card
from app.models.model_folder import TOKENIZER_FILE, save_model
from app.models.pairing_certificate import SUMMARY_FILE, PairingCertificate, TrainingSummary, certify_arms
from app.models.progress import LogLine, delete_progress, require_same_plan, restore_progress, save_progress
from app.models.recipe import Recipe
from app.models.training_rows import TrainingRows, prepare_training_rows
from app.models.transformer import Transformer

WORK = ".work"

StepLoss = Callable[[Transformer, Tensor], Tensor]


def train_arms(
    source: Path, out: Path, config: ModelConfig, activations: Sequence[Activation], recipe: Recipe
) -> PairingCertificate:
    """Train one model per activation into OUT/<activation>/, write cards, certificate and loss plot.

    The first activation is the baseline. Finished arms are left alone and begun ones go on, so the same command
    resumes a killed one. Raises CorpusError if `source` has no text, ModelError if OUT holds arms of another size,
    recipe or text.
    """
    return _train_size(source, out, out / WORK, (config, recipe), activations)


def train_replicates(
    source: Path, out: Path, config: ModelConfig, activations: Sequence[Activation], seeded: Sequence[Recipe]
) -> list[PairingCertificate]:
    """Train all arms once for each recipe, into OUT/seed-<seed>/<activation>/, and return a certificate for each.

    The recipes differ in their seed alone: one training run is one sample of what training does. Tokenizer, rows
    and held-out documents are shared. Raises as `train_arms`, and ModelError if the recipes differ in more.
    """
    if len({one.seed for one in seeded}) < len(seeded) or len({replace(one, seed=0) for one in seeded}) != 1:
        msg = "replicates differ in their seed and in nothing else; give each seed once and one recipe for all"
        raise ModelError(msg)
    return [
        _train_size(source, out / f"seed-{recipe.seed}", out / WORK, (config, recipe), activations) for recipe in seeded
    ]


def _train_size(
    source: Path, out: Path, text: Path, plan: tuple[ModelConfig, Recipe], activations: Sequence[Activation]
) -> PairingCertificate:
    """All arms of one size and seed, from rows kept in `text`."""
    config, recipe = plan
    rows, tokenizer = prepare_training_rows(source, text, config.n_ctx, config.d_vocab, recipe.text_seed)
    (out / WORK).mkdir(parents=True, exist_ok=True)
    require_same_plan(out / WORK, config, recipe, rows.corpus_sha256)
    for activation in activations:
        arm = config.model_copy(update={"activation": activation, "d_vocab": tokenizer.size})
        train_arm(rows, out / activation, arm, recipe)
        shutil.copyfile(text / TOKENIZER_FILE, out / activation / TOKENIZER_FILE)
    return _certify_and_describe(out, activations)


def _certify_and_describe(out: Path, activations: Sequence[Activation]) -> PairingCertificate:
    """Write the certificate, for the size and beside each arm, a card for each arm, and the loss plot."""
    certificate = certify_arms(out, activations)
    certificate.write(out)
    for activation in activations:
        certificate.write(out / activation)
        write_card(out / activation)
    write_loss_curves({name: out / name for name in activations}, out / "losses.svg")
    return certificate


def train_arm(rows: TrainingRows, folder: Path, config: ModelConfig, recipe: Recipe) -> None:
    """Train one arm into `folder`, going on from its checkpoint if it has one; does nothing if it is finished."""
    if (folder / SUMMARY_FILE).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    transformer = Transformer(config)
    transformer.initialise(recipe.seed)
    initial = sha256_of_shared_weights(transformer)
    _place(transformer, recipe.device)
    optimiser = _optimiser(transformer, recipe)
    first = restore_progress(folder, transformer, optimiser)
    _steps(folder, rows, recipe, (transformer, optimiser), first)
    transformer.bfloat16().float()  # what is measured below is what is saved
    save_model(transformer, folder)
    _summary(transformer, rows, recipe, initial).write(folder)
    delete_progress(folder)


def _place(transformer: Transformer, device: str) -> None:
    """Move the model to a device. Raises ModelError if torch knows none of that name here."""
    try:
        transformer.to(device)
    except (RuntimeError, AssertionError) as error:
        msg = f"torch cannot train on {device} here ({error_summary(error)}); name another device, such as cpu"
        raise ModelError(msg) from error


def _steps(
    folder: Path, rows: TrainingRows, recipe: Recipe, state: tuple[Transformer, torch.optim.Optimizer], first: int
) -> None:
    """The loop, from step `first` to the recipe's last, with a checkpoint every so often."""
    transformer, optimiser = state
    order = rows.order(recipe.seed)
    loss_of: StepLoss = torch.compile(_loss) if recipe.compiled else _loss
    name, unsaved = transformer.config.activation, list[LogLine]()
    bar = tqdm(range(first, recipe.steps), initial=first, total=recipe.steps, desc=name, unit="step")
    for step in bar:
        loss = _step(loss_of, state, rows.batch(order, step, recipe.batch), step, recipe)
        done = step + 1
        if recipe.logs_after(done):
            tokens = done * recipe.batch * transformer.config.n_ctx
            unsaved.append({"step": done, "tokens": tokens, "rate": recipe.rate(step), "loss": loss.item()})
            bar.set_postfix(loss=f"{loss.item():.3f}")
        if recipe.saves_after(done):
            unsaved[-1]["valid"] = validation_loss(transformer, rows, recipe)
            save_progress(folder, transformer, optimiser, done, unsaved)
            unsaved.clear()


def _step(
    loss_of: StepLoss,
    state: tuple[Transformer, torch.optim.Optimizer],
    batch: npt.NDArray[np.uint16],
    step: int,
    recipe: Recipe,
) -> Tensor:
    """One step of AdamW on one batch [row, n_ctx + 1]; the batch's loss before it."""
    transformer, optimiser = state
    for group in optimiser.param_groups:
        group["lr"] = recipe.rate(step)
    with _arithmetic(recipe):
        loss = loss_of(transformer, _tensor(batch, recipe))
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    clip_grad_norm_(transformer.parameters(), recipe.clip)
    optimiser.step()
    return loss.detach()


def validation_loss(transformer: Transformer, rows: TrainingRows, recipe: Recipe) -> float:
    """Mean cross-entropy, -log p(next token), in nats per token over the first held-out rows [row, n_ctx + 1]."""
    transformer.eval()
    kept = rows.validation[: recipe.validation_rows]
    parts = [kept[start : start + recipe.batch] for start in range(0, len(kept), recipe.batch)]
    with torch.inference_mode(), _arithmetic(recipe):
        losses = [_loss(transformer, _tensor(part, recipe)).item() * len(part) for part in parts]
    transformer.train()
    return sum(losses) / len(kept)


def sha256_of_shared_weights(transformer: Transformer) -> str:
    """Digest of the names and float32 values of the weights that all arms have: all but the extra LayerNorm's."""
    shared = sorted((name, one) for name, one in transformer.named_parameters() if ".mlp.norm." not in name)
    return sha256_of_parts(
        part for name, one in shared for part in (name.encode(), one.detach().float().cpu().numpy().tobytes())
    )


def _loss(transformer: Transformer, batch: Tensor) -> Tensor:
    """Cross-entropy of each next token in nats; batch is [row, n_ctx + 1]."""
    logits = transformer(batch[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1).float(), batch[:, 1:].flatten())


def _tensor(rows: npt.NDArray[np.uint16], recipe: Recipe) -> Tensor:
    return torch.from_numpy(rows.astype(np.int64)).to(recipe.device)


def _optimiser(transformer: Transformer, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter, 2019); gains and biases do not decay."""
    matrices = [one for one in transformer.parameters() if one.dim() >= 2]
    vectors = [one for one in transformer.parameters() if one.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.95), fused=True)


def _arithmetic(recipe: Recipe) -> torch.autocast:
    """Matrix products in bfloat16 if the recipe says so, otherwise everything in float32."""
    return torch.autocast(recipe.device.split(":")[0], torch.bfloat16, enabled=recipe.autocast)


def _summary(transformer: Transformer, rows: TrainingRows, recipe: Recipe, initial: str) -> TrainingSummary:
    config = transformer.config
    return TrainingSummary(
        activation=config.activation,
        shared_config=config.without_activation(),
        recipe=asdict(recipe),
        steps=recipe.steps,
        tokens=recipe.steps * recipe.batch * config.n_ctx,
        initial_sha256=initial,
        order_sha256=rows.order_sha256(rows.order(recipe.seed), recipe.steps, recipe.batch),
        corpus_sha256=rows.corpus_sha256,
        validation_loss=validation_loss(transformer, rows, recipe),
        torch=torch.__version__,
    )
