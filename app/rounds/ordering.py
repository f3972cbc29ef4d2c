"""Which order an evaluator meets the items in: a uniform shuffle of their own, drawn without the allocation. Pure.

Orders balanced over arms would give the arms away to whoever compares a few of them, so nothing here can see an arm.
Items with a window in common are moved apart; which those are is a matter of their texts, which evaluators see anyway.
"""

from collections.abc import Collection, Mapping, Sequence

from app.rounds.randomness import SecretRandom

WINDOW_DISTANCE = 10
"""Places between items that share a window, where possible."""

Distances = Mapping[str, Mapping[str, int]]
"""{code: {other code: least distance}}"""


def evaluator_order(codes: Collection[str], seed: str, apart: Distances | None = None) -> list[str]:
    """All of `codes` in an order that `seed` (64 hexadecimal digits) fixes, those in `apart` at their distances.

    The shuffle is uniform; then each place takes the first item left that keeps its distances. Where none does, the
    first one left is slipped in at a random earlier place that keeps them; if there is no such place, it comes next.
    """
    random = SecretRandom(seed, "order")
    left = random.sample(sorted(codes), len(codes))
    if not apart:
        return left
    placed: list[str] = []
    while left:
        index = next((at for at, code in enumerate(left) if _keeps_distance(code, placed, apart)), None)
        if index is not None:
            placed.append(left.pop(index))
            continue
        code = left.pop(0)
        gaps = [at for at in range(len(placed)) if _fits_between(code, placed, at, apart)]
        placed.insert(random.choice(gaps) if gaps else len(placed), code)
    return placed


def count_breaches(codes: Sequence[str], apart: Distances) -> int:
    """How many pairs of items stand nearer than they should."""
    places = {code: place for place, code in enumerate(codes)}
    return sum(
        0 < places[other] - place < distance
        for code, place in places.items()
        for other, distance in apart.get(code, {}).items()
        if other in places
    )


def _keeps_distance(code: str, placed: Sequence[str], apart: Distances) -> bool:
    wanted = apart.get(code)
    if not wanted:
        return True
    recent = placed[-(max(wanted.values()) - 1) :]
    return all(wanted.get(other, 0) <= back for back, other in enumerate(reversed(recent), start=1))


def _fits_between(code: str, placed: Sequence[str], at: int, apart: Distances) -> bool:
    """Whether `code` would keep its distances on both sides at place `at`; the others only move further apart."""
    reach = max(apart[code].values())
    return _keeps_distance(code, placed[max(0, at - reach) : at], apart) and _keeps_distance(
        code, placed[at : at + reach][::-1], apart
    )
