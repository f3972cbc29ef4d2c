"""Running states as named arrays: an array's name begins with the name of its part, as in a path."""

from collections.abc import Mapping

from app.foundation.arrays import NamedArrays


def join_states(states: Mapping[str, NamedArrays]) -> NamedArrays:
    """Join the states of several parts into one; `state_part` gets each part back."""
    return {f"{part}/{name}": array for part, arrays in states.items() for name, array in arrays.items()}


def state_part(arrays: NamedArrays, part: str) -> NamedArrays:
    """The state of one part, under the names that its arrays have in it."""
    prefix = f"{part}/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
