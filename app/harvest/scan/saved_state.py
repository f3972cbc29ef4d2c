"""Running states as named arrays: the parts of a state carry the part's name in front, as in a path."""

from collections.abc import Mapping

from app.foundation.arrays import NamedArrays


def join_states(states: Mapping[str, NamedArrays]) -> NamedArrays:
    """One state of several parts; `state_part` takes them out again."""
    return {f"{part}/{name}": array for part, arrays in states.items() for name, array in arrays.items()}


def state_part(arrays: NamedArrays, part: str) -> NamedArrays:
    """The arrays of one part, by their names in it."""
    prefix = f"{part}/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
