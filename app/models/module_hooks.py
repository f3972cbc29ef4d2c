"""Reads what enters or leaves modules during a pass, by hooks; the pass ends when everything has been read.

Hooks stand in the model while a pass runs, so only one thread may read a model by hooks at a time.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from threading import get_ident

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from app.foundation.errors import ModelError
from app.foundation.typography import shortened
from app.models.place import Place

CLOSE_NAMES_SHOWN = 5
HookArguments = tuple[Tensor, ...]
"""What a module is called with, by position."""
KeepOutput = Callable[[Tensor | HookArguments | None], None]
"""A function that is told what enters or leaves a module; what is no tensor is refused when it is kept."""


@dataclass(frozen=True)
class ModulePoint:
    """A module, and whether its first input or its output is read."""

    module: nn.Module
    is_input: bool = False


class _AllRead(Exception):  # noqa: N818 - it ends a pass and is no error
    """All that was asked for has been read."""


def read_module_points(
    points: Mapping[Place, ModulePoint], token_ids: Tensor, run_pass: Callable[[], Tensor | None]
) -> dict[Place, Tensor]:
    """What each point has in the pass that `run_pass` starts, [batch, token, unit].

    Raises ModelError if a point has another shape, or if the pass does not come to it.
    """
    outputs: dict[Place, Tensor] = {}
    reading_thread = get_ident()

    def keep(place: Place, output: object) -> None:
        if get_ident() != reading_thread:
            return  # another thread's pass, which reads without hooks
        if place not in outputs:  # a module that runs again, such as a shared one, is read the first time
            outputs[place] = _require_units_of_tokens(output, token_ids, place)
        if len(outputs) == len(points):
            raise _AllRead

    handles = [_register(point, partial(keep, place)) for place, point in points.items()]
    try:
        with contextlib.suppress(_AllRead):
            run_pass()
    finally:
        for handle in handles:
            handle.remove()
    for place in points.keys() - outputs.keys():
        msg = f"the model's pass does not come to {place}; name a module that computes something for every token"
        raise ModelError(msg)
    return outputs


def require_module(transformer: nn.Module, name: str) -> nn.Module:
    """The module of this name. Raises ModelError with names that are close to it if there is none."""
    names = [module_name for module_name, _ in transformer.named_modules() if module_name]
    if name not in names:
        close = get_close_matches(name, names, CLOSE_NAMES_SHOWN, cutoff=0.4) or names[:CLOSE_NAMES_SHOWN]
        msg = f"the model has no module {shortened(name)}; close to it are {', '.join(close)}"
        raise ModelError(msg)
    return transformer.get_submodule(name)


def _register(point: ModulePoint, keep: KeepOutput) -> RemovableHandle:
    """Put a hook on a point's module that keeps what it sees."""

    def before(_module: nn.Module, positional: HookArguments, named: Mapping[str, Tensor]) -> None:
        keep(positional[0] if positional else named.get("hidden_states"))

    def after(_module: nn.Module, _positional: HookArguments, output: Tensor | HookArguments) -> None:
        keep(output)

    if point.is_input:
        return point.module.register_forward_pre_hook(before, with_kwargs=True)
    return point.module.register_forward_hook(after)


def _require_units_of_tokens(output: object, token_ids: Tensor, place: Place) -> Tensor:
    """A module's value [batch, token, unit], the first of them if it has several.

    Some models join the windows of a batch; their values are separated again. Raises ModelError on any other shape.
    """
    first = output[0] if isinstance(output, tuple | list) and output else output
    windows, positions = token_ids.shape
    if isinstance(first, Tensor) and first.is_floating_point():
        shape = tuple(first.shape)
        if len(shape) == 3 and shape[:2] == (windows, positions) and shape[2]:
            return first
        if len(shape) == 2 and shape[0] == windows * positions and shape[1]:
            return first.reshape(windows, positions, -1)
    described = str(tuple(first.shape)) if isinstance(first, Tensor) else type(first).__name__
    msg = (
        f"{place} is {described} for token ids {(windows, positions)}, and not [batch, token, unit]; "
        "name a module whose output has units for every token"
    )
    raise ModelError(msg)
