"""The trainer: one readable loop that trains every arm of a size from the same weights and batches.

All arms start from the same initial weights (drawn by name, so the arm makes no difference) and see the same
rows in the same order. A run that was killed goes on from its last checkpoint and, on a CPU, ends with the
same weights bit for bit. What was the same is proved by digests in the pairing certificate.
"""

import json
import math
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from app.foundation.digest import sha256_of_parts
from app.foundation.errors import ModelError
from app.models.checkpoints import TOKENIZER, save_model
from app.models.config import Activation, ModelConfig
from app.models.rows import Rows, prepare
from app.models.transformer import Transformer

PROGRESS = "progress.pt"
LOG = "training.jsonl"


@dataclass(frozen=True)
class Recipe:
    """Hyper-parameters, the same for every arm."""

    steps: int
    batch: int = 32
    learning_rate: float = 2e-3
    warmup: int = 100
    weight_decay: float = 0.1
    clip: float = 1.0
    seed: int = 0
    save_every: int = 200
    log_every: int = 20
    validation_rows: int = 256
    autocast: bool = False
    compiled: bool = False

    def rate(self, step: int) -> float:
        """Learning rate at a step: linear warm-up, then a cosine down to a tenth of the peak."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.learning_rate * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))


def train_arms(
    source: Path, out: Path, config: ModelConfig, activations: tuple[Activation, ...], recipe: Recipe
) -> dict[str, Any]:
    """Train one model per activation into OUT/<activation>/ and return the pairing certificate.

    Raises CorpusError if `source` has no text, ModelError if OUT holds arms of another config or recipe.
    """
    work = out / ".work"
    rows, tokenizer = prepare(source, work, config.n_ctx, config.d_vocab, recipe.seed)
    config = config.model_copy(update={"d_vocab": tokenizer.size})
    _refuse_mixture(out, config, recipe, rows)
    for activation in activations:
        arm = config.model_copy(update={"activation": activation})
        train_arm(rows, out / activation, arm, recipe)
        shutil.copyfile(work / TOKENIZER, out / activation / TOKENIZER)
    return write_certificate(out, rows, activations, recipe)


def train_arm(rows: Rows, folder: Path, config: ModelConfig, recipe: Recipe) -> None:
    """Train one arm, going on from its checkpoint if it has one; does nothing if it is finished."""
    if (folder / "summary.json").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    transformer = Transformer(config)
    transformer.initialise(recipe.seed)
    initial = shared_sha256(transformer)
    optimiser = _optimiser(transformer, recipe)
    first = _restore(folder, transformer, optimiser)
    order = rows.order(recipe.seed)
    step_loss = torch.compile(_loss) if recipe.compiled else _loss
    bar = tqdm(range(first, recipe.steps), initial=first, total=recipe.steps, desc=config.activation, unit="step")
    for step in bar:
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate(step)
        batch = torch.from_numpy(rows.batch(order, step, recipe.batch).astype(np.int64))
        with _autocast(recipe):
            loss = step_loss(transformer, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(transformer.parameters(), recipe.clip)
        optimiser.step()
        if (step + 1) % recipe.log_every == 0 or step + 1 == recipe.steps:
            bar.set_postfix(loss=f"{loss.item():.3f}")
        if (step + 1) % recipe.save_every == 0 or step + 1 == recipe.steps:
            valid = validation_loss(transformer, rows, recipe)
            line = {"step": step + 1, "tokens": _tokens(recipe, config, step + 1), "loss": loss.item(), "valid": valid}
            _checkpoint(folder, transformer, optimiser, step + 1, line)
    transformer.bfloat16().float()  # what is measured below is what is saved
    save_model(transformer, folder)
    _summarise(folder, transformer, rows, recipe, initial)


def validation_loss(transformer: Transformer, rows: Rows, recipe: Recipe) -> float:
    """Mean cross-entropy in nats per token over the first held-out rows."""
    transformer.eval()
    kept = torch.from_numpy(rows.validation[: recipe.validation_rows].astype(np.int64))
    with torch.inference_mode(), _autocast(recipe):
        losses = [_loss(transformer, part).item() * len(part) for part in kept.split(recipe.batch)]
    transformer.train()
    return sum(losses) / len(kept)


def shared_sha256(transformer: Transformer) -> str:
    """Digest of the weights that all arms have: everything but the extra LayerNorm."""
    names = sorted(name for name, _ in transformer.named_parameters() if ".mlp.norm." not in name)
    tensors = dict(transformer.named_parameters())
    return sha256_of_parts(
        part for name in names for part in (name.encode(), tensors[name].detach().float().numpy().tobytes())
    )


def write_certificate(out: Path, rows: Rows, activations: tuple[Activation, ...], recipe: Recipe) -> dict[str, Any]:
    """State what the arms have in common, and their losses. Raises ModelError if they differ in more than activation."""
    arms = {name: json.loads((out / name / "summary.json").read_text()) for name in activations}
    for key in ("initial_sha256", "order_sha256", "corpus_sha256", "steps", "shared_config"):
        if len({json.dumps(arm[key]) for arm in arms.values()}) > 1:
            msg = f"{out}: the arms differ in {key}, so they are not a pair; train them again into an empty folder"
            raise ModelError(msg)
    common = next(iter(arms.values()))
    baseline = arms[activations[0]]["validation_loss"]
    certificate = {
        "arms": list(activations),
        "shared_config": common["shared_config"],
        "recipe": asdict(recipe),
        "initial_sha256": common["initial_sha256"],
        "order_sha256": common["order_sha256"],
        "corpus_sha256": rows.corpus_sha256,
        "tokens": common["tokens"],
        "validation_loss": {name: arm["validation_loss"] for name, arm in arms.items()},
        "difference": {name: arm["validation_loss"] - baseline for name, arm in arms.items()},
    }
    (out / "certificate.json").write_text(json.dumps(certificate, indent=2) + "\n", encoding="utf-8")
    return certificate


def _loss(transformer: Transformer, batch: Tensor) -> Tensor:
    """Cross-entropy of each next token; batch is [row, n_ctx + 1]."""
    logits = transformer(batch[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1).float(), batch[:, 1:].flatten())


def _optimiser(transformer: Transformer, recipe: Recipe) -> torch.optim.AdamW:
    matrices = [one for one in transformer.parameters() if one.dim() >= 2]
    vectors = [one for one in transformer.parameters() if one.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.95), fused=True)


def _autocast(recipe: Recipe) -> Any:  # noqa: ANN401 - a context manager of either kind
    return torch.autocast("cpu", torch.bfloat16) if recipe.autocast else nullcontext()


def _tokens(recipe: Recipe, config: ModelConfig, steps: int) -> int:
    return steps * recipe.batch * config.n_ctx


def _refuse_mixture(out: Path, config: ModelConfig, recipe: Recipe, rows: Rows) -> None:
    """One folder is one size, one recipe, one text; the plan is written at the first start and compared later."""
    plan = {"config": config.without_activation(), "recipe": asdict(recipe), "corpus_sha256": rows.corpus_sha256}
    path = out / ".work" / "plan.json"
    text = json.dumps(plan, sort_keys=True)
    if not path.is_file():
        path.write_text(text, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != text:
        msg = f"{out} was begun with another size, recipe or text; arms of a pair share these, so use an empty folder"
        raise ModelError(msg)


def _checkpoint(
    folder: Path, transformer: Transformer, optimiser: torch.optim.Optimizer, step: int, line: dict[str, Any]
) -> None:
    """Write the state under another name, then rename: a kill leaves the old state or the new, never half of one."""
    state = {"step": step, "model": transformer.state_dict(), "optimiser": optimiser.state_dict(), "line": line}
    log = [*_lines_before(folder, step), line]
    for name, write in ((LOG, lambda path: _write_lines(path, log)), (PROGRESS, lambda path: torch.save(state, path))):
        fresh = folder / f"{name}.new"
        write(fresh)
        os.replace(fresh, folder / name)


def _restore(folder: Path, transformer: Transformer, optimiser: torch.optim.Optimizer) -> int:
    path = folder / PROGRESS
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    transformer.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


def _lines_before(folder: Path, step: int) -> Iterator[dict[str, Any]]:
    path = folder / LOG
    if path.is_file():
        lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        yield from (line for line in lines if line["step"] < step)


def _write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _summarise(folder: Path, transformer: Transformer, rows: Rows, recipe: Recipe, initial: str) -> None:
    config = transformer.config
    order = rows.order(recipe.seed)
    summary = {
        "activation": config.activation,
        "shared_config": config.without_activation(),
        "steps": recipe.steps,
        "tokens": _tokens(recipe, config, recipe.steps),
        "initial_sha256": initial,
        "order_sha256": rows.order_sha256(order, recipe.steps, recipe.batch),
        "corpus_sha256": rows.corpus_sha256,
        "validation_loss": validation_loss(transformer, rows, recipe),
        "finished": time.strftime("%Y-%m-%d", time.gmtime()),
        "torch": torch.__version__,
    }
    (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    (folder / PROGRESS).unlink(missing_ok=True)
