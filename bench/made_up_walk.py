"""Made-up walks of two probes through a round, with a leak or without one."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from app.leak_audit.findings import AuditMaterial
from app.leak_audit.responses import FetchedResponse
from app.rounds.allocation import AllocatedItem, Allocation

ITEMS = 40
FRAGMENT = b'<ol><li><mark data-level="%d">word</mark></li></ol>'
Leak = Callable[[FetchedResponse, bool], FetchedResponse]
"""Changes a response, told whether its item is of the first arm."""


@dataclass(frozen=True)
class MadeUpWalk:
    """What two probes fetched, and what an audit compares it with; half of the items are of each arm."""

    material: AuditMaterial
    responses: list[FetchedResponse]


def no_leak(response: FetchedResponse, _of_first_arm: bool) -> FetchedResponse:
    return response


def item_response(code: str, position: int, random: Random, probe: int = 0) -> FetchedResponse:
    body = b'<main data-step="verdict" data-item="%s">' % code.encode() + FRAGMENT % 3 + b"</main>"
    headers = (("content-type", "text/html"), ("content-length", str(len(body))), ("date", str(random.random())))
    seconds = 0.01 + random.random() / 200
    return FetchedResponse(probe, "GET /judge", code, position, 200, headers, body, False, seconds)


def make_up_walk(
    seed: int, leak: Leak = no_leak, *, sorted_codes: bool = False, sorted_positions: bool = False
) -> MadeUpWalk:
    """Two probes' responses; codes or positions may follow the allocation, which is a leak of its own."""
    random = Random(seed)
    codes = ["".join(random.choice("abcdefgh") for _ in range(10)) for _ in range(ITEMS)]
    if sorted_codes:
        codes.sort()
    first_arm = set(codes[: ITEMS // 2])
    responses = []
    for probe in (0, 1):
        order = codes if sorted_positions else random.sample(codes, ITEMS)
        for position, code in enumerate(order):
            responses.append(leak(item_response(code, position, random, probe), code in first_arm))
    items = tuple(
        AllocatedItem(code, "quokka" if code in first_arm else "axolotl", "1L/0", layer=0, n_layers=1, neuron=index)
        for index, code in enumerate(codes)
    )
    fragments = dict.fromkeys(codes, FRAGMENT % 3)
    return MadeUpWalk(AuditMaterial((), None, fragments, Allocation(items, ()), ("quokka", "axolotl")), responses)
