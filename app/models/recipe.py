"""The recipe of a training run: everything but the model's sizes. All arms of a pair share it. No torch here."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Hyper-parameters, the same for every arm."""

    steps: int
    batch: int = 32
    """Rows per training step."""
    learning_rate: float = 2e-3
    """The largest learning rate of the schedule."""
    warmup: int = 100
    """Steps of linear warm-up."""
    weight_decay: float = 0.1
    """The weight decay of matrices; gains and biases have none."""
    clip: float = 1.0
    """Largest norm of the whole gradient."""
    seed: int = 0
    """The seed of the initial weights and of the data order; replicates differ in it."""
    text_seed: int = 0
    """The seed of the order of files, and so of the choice of held-out documents; replicates share it."""
    save_every: int = 200
    """Steps between checkpoints, each with a validation loss."""
    log_every: int = 20
    """Steps between lines of the log."""
    validation_rows: int = 256
    autocast: bool = False
    """Matrix products in bfloat16; weights and optimiser stay in float32."""
    compiled: bool = False
    """Run the loss through torch.compile, which needs a C++ compiler on a CPU."""
    device: str = "cpu"

    def learning_rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0: linear warm-up, then a cosine down to a tenth of the peak.

        The cosine is that of Loshchilov and Hutter, 2017, eq. 5, without restarts.
        """
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        progress = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.learning_rate * (0.1 + 0.45 * (1 + math.cos(math.pi * progress)))

    @property
    def replicate_name(self) -> str:
        """The name of this replicate's folder, beside those of the replicates with other seeds."""
        return f"seed-{self.seed}"

    def token_count(self, step_count: int, n_ctx: int) -> int:
        """How many tokens are predicted in this many steps, with rows of `n_ctx` tokens."""
        return step_count * self.batch * n_ctx

    def saves_after(self, finished_steps: int) -> bool:
        """Whether a checkpoint follows this many finished steps."""
        return finished_steps % self.save_every == 0 or finished_steps == self.steps

    def logs_after(self, finished_steps: int) -> bool:
        """Whether a line of the log follows this many finished steps."""
        return finished_steps % self.log_every == 0 or self.saves_after(finished_steps)
