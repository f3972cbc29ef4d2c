"""The order in which an evaluator gets the items: a uniform shuffle of their own, without the allocation. Pure.

Orders balanced over arms would give the arms away to anyone who compares a few of them, so nothing here can see an arm.
Items with a window in common are moved apart. They are known by their texts, which evaluators see anyway.
"""

from collections.abc import Collection, Mapping, Sequence

from app.rounds.randomness import SecretRandom

WINDOW_DISTANCE = 10
"""Least distance between items that share a window, where possible: 10 is nine items between them."""

Distances = Mapping[str, Mapping[str, int]]
"""{code: {other code: least distance}}"""


def evaluator_order(codes: Collection[str], seed: str, distances: Distances | None = None) -> list[str]:
    """All `codes` in an order that `seed` (64 hexadecimal digits) fixes, at their distances where that is possible.

    The codes are shuffled uniformly. Then each position takes the first remaining code that keeps its distances. If
    none does, the first remaining code is inserted at a random earlier position that keeps its distances; if there is
    no such position, it comes next.
    """
    generator = SecretRandom(seed, "order")
    waiting = generator.sample(sorted(codes), len(codes))
    if not distances:
        return waiting
    ordered: list[str] = []
    while waiting:
        fitting = (index for index, code in enumerate(waiting) if _keeps_distance(code, ordered, distances))
        index = next(fitting, None)
        if index is not None:
            ordered.append(waiting.pop(index))
            continue
        code = waiting.pop(0)
        gaps = [gap for gap in range(len(ordered)) if _fits_into_gap(code, ordered, gap, distances)]
        ordered.insert(generator.choice(gaps) if gaps else len(ordered), code)
    return ordered


def count_breaches(codes: Sequence[str], distances: Distances) -> int:
    """How many pairs of items are nearer to each other than their distance."""
    positions = {code: position for position, code in enumerate(codes)}
    return sum(
        0 < positions[neighbour] - position < distance
        for code, position in positions.items()
        for neighbour, distance in distances.get(code, {}).items()
        if neighbour in positions
    )


def _keeps_distance(code: str, before: Sequence[str], distances: Distances) -> bool:
    """Whether `code` would keep its distances right after the codes `before`."""
    least = distances.get(code)
    if not least:
        return True
    recent = before[-(max(least.values()) - 1) :]
    return all(least.get(neighbour, 0) <= back for back, neighbour in enumerate(reversed(recent), start=1))


def _fits_into_gap(code: str, ordered: Sequence[str], gap: int, distances: Distances) -> bool:
    """Whether `code` would keep its distances on both sides of a gap; inserting it moves all other pairs apart."""
    reach = max(distances[code].values())
    before, after = ordered[max(0, gap - reach) : gap], ordered[gap : gap + reach]
    return _keeps_distance(code, before, distances) and _keeps_distance(code, after[::-1], distances)
