"""Any function of token ids as an arm of a harvest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from app.archive.manifest import ModelRecord
from app.archive.site import UNNAMED_CALLABLE
from app.foundation.digest import sha256_of_parts
from app.foundation.errors import ModelError
from app.harvest.arms.arm import HarvestArm
from app.harvest.scan.channel import Channel

Activate = Callable[[Tensor], Tensor]
"""A function from token ids [window, position] to activations [window, position, unit]."""


@dataclass(frozen=True)
class Vocabulary:
    """The meaning of a callable's token ids."""

    pieces: Sequence[bytes] = ()
    """The bytes of every token id; an id beyond them is shown as its number."""
    special: tuple[int, ...] = ()
    """Token ids that are never scored and are left out of snippets: BOS, padding."""

    def pieces_up_to(self, largest_id: int) -> list[bytes]:
        """The bytes of every token id up to `largest_id`."""
        return [*self.pieces, *(f"<{token_id}>".encode() for token_id in range(len(self.pieces), largest_id + 1))]


def callable_arm(activate: Activate, name: str, trial_window: Tensor, pieces: list[bytes]) -> HarvestArm:
    """Make an arm of a function from token ids to activations, whose units become the neurons of layer 0.

    The function is called once with `trial_window` [window, position], to learn the number of units.
    Raises ModelError if the function returns another shape, now or later.
    """
    with torch.inference_mode():
        output = _require_activations(activate(trial_window), trial_window, None)
    unit_count = int(output.shape[2])

    def read(token_ids: Tensor) -> dict[Channel, Tensor]:
        return {(UNNAMED_CALLABLE, 0): _require_activations(activate(token_ids), token_ids, unit_count)}

    return HarvestArm(
        record=ModelRecord(
            name=name, activation=None, n_layers=1, d_mlp=unit_count, weights_sha256=None, tokenizer_sha256=None
        ),
        channels={(UNNAMED_CALLABLE, 0): unit_count},
        read=read,
        find_effects=None,
        pieces=pieces,
        trial_output_sha256=_digest_output(output, pieces),
    )


def _require_activations(output: object, token_ids: Tensor, unit_count: int | None) -> Tensor:
    """The output of a function, without its gradients. Raises ModelError if it is no tensor [window, position, unit].

    If `unit_count` is None, any number of units but zero is allowed.
    """
    if isinstance(output, Tensor) and output.dim() == 3:
        windows, positions, units = output.shape
        if (windows, positions) == token_ids.shape and units and unit_count in {None, units}:
            return output.detach()
    shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    expected = "one unit or more" if unit_count is None else f"{unit_count} units as for the first window"
    msg = (
        f"the function returned {shape} for tokens {tuple(token_ids.shape)}; it must return a tensor "
        f"[window, position, unit] with the windows and positions of the tokens and {expected}"
    )
    raise ModelError(msg)


def _digest_output(output: Tensor, pieces: Sequence[bytes]) -> str:
    numbers = output.float().cpu().contiguous().numpy().tobytes()
    return sha256_of_parts([numbers, *(len(piece).to_bytes(4) + piece for piece in pieces)])
