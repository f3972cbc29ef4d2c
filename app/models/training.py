"""The trainer: one readable loop that trains every arm of a size from the same weights and batches.

All arms start from the same initial weights (drawn by name, so the arm makes no difference) and are trained on the same
rows in the same order. A run that was killed goes on from its last checkpoint and, on a CPU with the same number
of threads, ends with the same weights bit for bit. The certificate proves by digests what the arms have in common.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import clip_grad_norm_
from tqdm import tqdm

from app.foundation.arrays import ShortTokenIds
from app.foundation.digest import sha256_of_parts
from app.foundation.errors import ModelError, error_summary
from app.models.config import Activation, ModelConfig
from app.models.folder_files import TOKENIZER_FILE
from app.models.loss_curves import write_loss_curves
from app.models.model_card import write_card
from app.models.model_folder import save_model
from app.models.pairing_certificate import SUMMARY_FILE, PairingCertificate, TrainingSummary, certify_arms
from app.models.recipe import Recipe
from app.models.training_checkpoint import (
    TrainingLogLine,
    delete_checkpoint,
    require_same_plan,
    restore_checkpoint,
    save_checkpoint,
)
from app.models.training_rows import TrainingRows, prepare_training_rows
from app.models.transformer import Transformer

WORK_FOLDER = ".work"

LossFunction = Callable[[Transformer, Tensor], Tensor]
"""A function from a model and a batch [row, n_ctx + 1] to its loss in nats per token."""


@dataclass(frozen=True)
class _Trainee:
    """A model in training, with its optimiser."""

    transformer: Transformer
    optimiser: torch.optim.Optimizer


def train_arms(
    source: Path, out: Path, config: ModelConfig, activations: Sequence[Activation], recipe: Recipe
) -> PairingCertificate:
    """Train one model per activation into OUT/<activation>/, write cards, certificate and loss plot.

    The first activation is the baseline. Finished arms are not trained again and unfinished ones go on, so the
    same command resumes a killed run. Raises CorpusError if `source` has no text, ModelError if OUT holds arms of
    another size, recipe or text.
    """
    return _train_size(source, out, out / WORK_FOLDER, config, activations, recipe)


def train_replicates(
    source: Path, out: Path, config: ModelConfig, activations: Sequence[Activation], recipes: Sequence[Recipe]
) -> list[PairingCertificate]:
    """Train all arms once for each recipe, into OUT/seed-<seed>/<activation>/, and return a certificate for each.

    The recipes differ only in their seed, because one training run is only one sample of the possible results.
    Tokenizer, rows and held-out documents are shared. Raises ModelError if more than the seed differs, and the errors
    of `train_arms`.
    """
    seeds = {recipe.seed for recipe in recipes}
    if len(seeds) < len(recipes) or len({replace(recipe, seed=0) for recipe in recipes}) != 1:
        msg = "replicates differ in their seed and in nothing else; give each seed once and one recipe for all"
        raise ModelError(msg)
    return [
        _train_size(source, out / recipe.replicate_name, out / WORK_FOLDER, config, activations, recipe)
        for recipe in recipes
    ]


def _train_size(
    source: Path, out: Path, rows_folder: Path, config: ModelConfig, activations: Sequence[Activation], recipe: Recipe
) -> PairingCertificate:
    """Train all arms of one size and seed into `out`, from rows that are kept in `rows_folder`."""
    training_rows, tokenizer = prepare_training_rows(
        source, rows_folder, config.n_ctx, config.d_vocab, recipe.text_seed
    )
    (out / WORK_FOLDER).mkdir(parents=True, exist_ok=True)
    require_same_plan(out / WORK_FOLDER, config, recipe, training_rows.corpus_sha256)
    for activation in activations:
        arm_config = config.model_copy(update={"activation": activation, "d_vocab": tokenizer.size})
        train_arm(training_rows, out / activation, arm_config, recipe)
        shutil.copyfile(rows_folder / TOKENIZER_FILE, out / activation / TOKENIZER_FILE)
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


def train_arm(training_rows: TrainingRows, folder: Path, config: ModelConfig, recipe: Recipe) -> None:
    """Train one arm into `folder`, going on from its checkpoint if it has one; does nothing if it is finished."""
    if (folder / SUMMARY_FILE).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    transformer = Transformer(config)
    transformer.initialise(recipe.seed)
    initial_sha256 = sha256_of_shared_weights(transformer)
    _move_to_device(transformer, recipe.device)
    trainee = _Trainee(transformer, _make_optimiser(transformer, recipe))
    finished_steps = restore_checkpoint(folder, trainee.transformer, trainee.optimiser)
    _run_steps(folder, training_rows, recipe, trainee, finished_steps)
    transformer.bfloat16().float()  # so that the loss below is that of the saved weights
    save_model(transformer, folder)
    _summarise(transformer, training_rows, recipe, initial_sha256).write(folder)
    delete_checkpoint(folder)


def _move_to_device(transformer: Transformer, device: str) -> None:
    """Move the model to a device. Raises ModelError if torch has no such device here."""
    try:
        transformer.to(device)
    except (RuntimeError, AssertionError) as error:
        msg = f"torch cannot train on {device} here ({error_summary(error)}); name another device, such as cpu"
        raise ModelError(msg) from error


def _run_steps(
    folder: Path, training_rows: TrainingRows, recipe: Recipe, trainee: _Trainee, finished_steps: int
) -> None:
    """Run the steps that are not finished yet, with log lines and checkpoints as often as the recipe says."""
    config = trainee.transformer.config
    row_order = training_rows.row_order(recipe.seed)
    loss_function: LossFunction = torch.compile(_next_token_loss) if recipe.compiled else _next_token_loss
    unsaved_lines = list[TrainingLogLine]()
    steps = range(finished_steps, recipe.steps)
    progress_bar = tqdm(steps, initial=finished_steps, total=recipe.steps, desc=config.activation, unit="step")
    for step in progress_bar:
        loss = _take_step(loss_function, trainee, training_rows.batch(row_order, step, recipe.batch), step, recipe)
        if recipe.logs_after(step + 1):
            unsaved_lines.append(
                TrainingLogLine(
                    step=step + 1,
                    tokens=recipe.token_count(step + 1, config.n_ctx),
                    rate=recipe.learning_rate_at(step),
                    loss=loss.item(),
                )
            )
            progress_bar.set_postfix(loss=f"{loss.item():.3f}")
        if recipe.saves_after(step + 1):
            unsaved_lines[-1]["valid"] = validation_loss(trainee.transformer, training_rows, recipe)
            save_checkpoint(folder, trainee.transformer, trainee.optimiser, step + 1, unsaved_lines)
            unsaved_lines.clear()


def _take_step(
    loss_function: LossFunction, trainee: _Trainee, token_rows: ShortTokenIds, step: int, recipe: Recipe
) -> Tensor:
    """One step of AdamW on token rows [row, n_ctx + 1]; returns their loss before it, in nats per token."""
    for group in trainee.optimiser.param_groups:
        group["lr"] = recipe.learning_rate_at(step)
    with _autocast(recipe):
        loss = loss_function(trainee.transformer, _to_tensor(token_rows, recipe))
    trainee.optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    clip_grad_norm_(trainee.transformer.parameters(), recipe.clip)
    trainee.optimiser.step()
    return loss.detach()


def validation_loss(transformer: Transformer, training_rows: TrainingRows, recipe: Recipe) -> float:
    """Mean cross-entropy, -log p(next token), in nats per token over the first held-out rows."""
    transformer.eval()
    validation = training_rows.validation_tokens[: recipe.validation_rows]
    batches = [validation[start : start + recipe.batch] for start in range(0, len(validation), recipe.batch)]
    with torch.inference_mode(), _autocast(recipe):
        losses = [_next_token_loss(transformer, _to_tensor(batch, recipe)).item() * len(batch) for batch in batches]
    transformer.train()
    return sum(losses) / len(validation)


def sha256_of_shared_weights(transformer: Transformer) -> str:
    """Digest of the names and float32 values of the weights that all arms have: all but the extra LayerNorm's."""
    shared = sorted((name, weight) for name, weight in transformer.named_parameters() if ".mlp.norm." not in name)
    return sha256_of_parts(
        part for name, weight in shared for part in (name.encode(), weight.detach().float().cpu().numpy().tobytes())
    )


def _next_token_loss(transformer: Transformer, token_ids: Tensor) -> Tensor:
    """Mean cross-entropy of each next token in nats; token_ids are [row, n_ctx + 1]."""
    logits = transformer(token_ids[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1).float(), token_ids[:, 1:].flatten())


def _to_tensor(token_rows: ShortTokenIds, recipe: Recipe) -> Tensor:
    return torch.from_numpy(token_rows.astype(np.int64)).to(recipe.device)


def _make_optimiser(transformer: Transformer, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter, 2019); gains and biases do not decay."""
    matrices = [parameter for parameter in transformer.parameters() if parameter.dim() >= 2]
    vectors = [parameter for parameter in transformer.parameters() if parameter.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.95), fused=True)


def _autocast(recipe: Recipe) -> torch.autocast:
    """Matrix products in bfloat16 if the recipe says so, otherwise everything in float32."""
    return torch.autocast(recipe.device.split(":")[0], torch.bfloat16, enabled=recipe.autocast)


def _summarise(
    transformer: Transformer, training_rows: TrainingRows, recipe: Recipe, initial_sha256: str
) -> TrainingSummary:
    config = transformer.config
    return TrainingSummary(
        activation=config.activation,
        shared_config=config.without_activation(),
        recipe=asdict(recipe),
        steps=recipe.steps,
        tokens=recipe.token_count(recipe.steps, config.n_ctx),
        initial_sha256=initial_sha256,
        order_sha256=training_rows.order_sha256(training_rows.row_order(recipe.seed), recipe.steps, recipe.batch),
        corpus_sha256=training_rows.corpus_sha256,
        validation_loss=validation_loss(transformer, training_rows, recipe),
        torch=torch.__version__,
    )
