"""Whether the draw of a round came about as its design, its log and the announcement demand. Pure.

An announcement fixes everything that a draw depends on but the public value: the design, which names the archives by
digest, the server's half of the seed, and the neurons that are left out. If any of them could be exchanged once the
value is out, draws could be tried until one pleases.
"""

import re
from collections.abc import Iterator, Sequence

from app.evidence.draws import (
    LoggedStep,
    half_digest,
    left_out_digest,
    public_value_problem,
    seed_from_halves,
)
from app.evidence.event_details import AnnouncedDetail, CreatedDetail, DrawDetail, SealedDetail, read_detail
from app.foundation.digest import short_digest
from app.foundation.json_types import JsonValue
from app.rounds.allocation import SealContent
from app.rounds.design_fields import SeedRule

HALF = re.compile(r"[0-9a-f]{64}")


def draw_problems(seed_rule: SeedRule, seal_content: SealContent, steps: Sequence[LoggedStep]) -> list[str]:
    """One sentence for everything in a seal or a log that contradicts the design's rule for the seed; [] if nothing.

    Raises SealError if an entry of the log has another form.
    """
    sealed_draw = find_sealed_draw(steps)
    problems = [*logged_draw_problems(steps), *_left_out_problems(seal_content, sealed_draw)]
    if seed_rule == "server":
        problem = "The seal says that a public value completed the seed, but the design has the server draw it alone."
        return problems if seal_content.draw is None else [*problems, problem]
    if seal_content.draw is None or sealed_draw is None or sealed_draw.seed_rule != "public":
        problem = "The design has a public value complete the seed, but the seal or its entry in the log names none."
        return [*problems, problem]
    return [*problems, *_seed_problems(seal_content, sealed_draw)]


def logged_draw_problems(steps: Sequence[LoggedStep]) -> list[str]:
    """One sentence for everything about the draw in which a log contradicts itself; it needs no opened seal.

    Raises SealError if an entry of the log has another form.
    """
    sealed_draw = find_sealed_draw(steps)
    problems = [*_design_problems(steps), *_announced_twice_problems(steps)]
    if sealed_draw is not None and sealed_draw.seed_rule == "public":
        problems += _announcement_problems(sealed_draw, steps)
    return problems


def announcement_in_force(steps: Sequence[LoggedStep]) -> int | None:
    """The index of the announcement that the sealed draw is from: the newest one when its half was first begun.

    None if the log has no such announcement, or no seal from an announced half.
    """
    sealed_draws = [step.detail.get("draw") for step in steps if step.action == "sealed"]
    half_sha256 = _half_in(sealed_draws[-1]) if sealed_draws else None
    announced: int | None = None
    for index, step in enumerate(steps):
        if step.action == "draw announced":
            announced = index
        elif step.action == "seal begun" and half_sha256 is not None and _half_in(step.detail) == half_sha256:
            is_of_half = announced is not None and _half_in(steps[announced].detail) == half_sha256
            return announced if is_of_half else None
    return None


def find_sealed_draw(steps: Sequence[LoggedStep]) -> DrawDetail | None:
    """The draw that was sealed; None before the seal, and in logs of version 0.1.0.

    Raises SealError if the log's entry of the seal has another form.
    """
    draws = [read_detail(SealedDetail, step.detail).draw for step in steps if step.action == "sealed"]
    return draws[-1] if draws else None


def _half_in(json_value: JsonValue) -> JsonValue:
    """The digest of the half that the detail of an announcement or a draw has; None if it has none."""
    return json_value.get("half_sha256") if isinstance(json_value, dict) else None


def _design_problems(steps: Sequence[LoggedStep]) -> Iterator[str]:
    """Whether the design that was sealed is the one that was created, and announced with the draw."""
    designs = [read_detail(SealedDetail, step.detail).design_sha256 for step in steps if step.action == "sealed"]
    for action, detail in steps if designs else ():
        if action == "created" and (created := read_detail(CreatedDetail, detail).design_sha256) != designs[-1]:
            yield (
                f"By its log the round was created with another design ({short_digest(created)}) than the one that was "
                f"sealed ({short_digest(designs[-1])}), so draws could be tried."
            )
        elif action == "draw announced":
            announced = read_detail(AnnouncedDetail, detail)
            if announced.design_sha256 != designs[-1]:
                yield (
                    f"By the log announcement {announced.number} of the draw is for another design "
                    f"({short_digest(announced.design_sha256)}) than the one that was sealed "
                    f"({short_digest(designs[-1])}), so draws could be tried."
                )


def _announced_twice_problems(steps: Sequence[LoggedStep]) -> Iterator[str]:
    """Each announcement draws a half of its own: the same half once more is a second chance to choose all else."""
    halves: list[str] = []
    for action, detail in steps:
        if action == "draw announced":
            announced = read_detail(AnnouncedDetail, detail)
            if announced.half_sha256 in halves:
                yield (
                    f"Announcement {announced.number} has the half of an earlier one "
                    f"({short_digest(announced.half_sha256)}), but each announcement draws a half of its own, so "
                    "the log was changed."
                )
            halves.append(announced.half_sha256)


def _left_out_problems(seal_content: SealContent, sealed_draw: DrawDetail | None) -> list[str]:
    """Whether the seal leaves out other neurons than its draw did by the log, if the log says which."""
    left_out = sealed_draw.left_out if sealed_draw else None
    if left_out is None or left_out.sha256 == left_out_digest(seal_content.left_out):
        return []
    return [
        f"The seal leaves out other neurons ({len(seal_content.left_out)}) than those that the log has for its draw "
        f"({left_out.neuron_count})."
    ]


def _seed_problems(seal_content: SealContent, sealed_draw: DrawDetail) -> list[str]:
    """What does not fit together within the seal, or between the seal and its entry in the log."""
    draw = seal_content.draw
    if draw is None:
        return []
    if not HALF.fullmatch(draw.half):
        return ["The sealed half of the seed is not 64 hexadecimal digits."]
    problems = []
    if seed_from_halves(draw.half, draw.public_name, draw.public_value) != seal_content.seed:
        problems.append("The sealed seed does not follow from the server's half and the public value.")
    if half_digest(draw.half) != sealed_draw.half_sha256:
        problems.append("The sealed half of the seed does not have the digest that the log has.")
    if problem := public_value_problem(draw.public_value, value_length=None):
        problems.append(problem)
    if (draw.public_name, draw.public_value) != (sealed_draw.public_name, sealed_draw.public_value):
        problems.append("The seal names another public value, or has another text for it, than the log.")
    return problems


def _announcement_problems(sealed_draw: DrawDetail, steps: Sequence[LoggedStep]) -> Iterator[str]:
    """What does not fit together in the log: announcements, draws and the seal, in their order."""
    begun_draws = [read_detail(DrawDetail, step.detail) for step in steps if step.action == "seal begun"]
    if sealed_draw not in begun_draws:
        yield "The log does not say that the sealed draw was begun."
    index = announcement_in_force(steps)
    if index is None:
        yield "The half of the sealed draw is not the one that was announced before the draw was begun."
    else:
        yield from _source_problems(sealed_draw, read_detail(AnnouncedDetail, steps[index].detail))
    values = {draw.public_value for draw in begun_draws if draw.half_sha256 == sealed_draw.half_sha256}
    if len(values) > 1:
        yield "The announced half was completed by more than one value, so more than one draw was made."


def _source_problems(sealed_draw: DrawDetail, announcement: AnnouncedDetail) -> Iterator[str]:
    """What does not fit together between the sealed draw and the announcement that it is from."""
    if announcement.public_name != sealed_draw.public_name:
        yield "The public value of the sealed draw is not the one that was named in the log's announcement."
    if announcement.value_length != len(sealed_draw.public_value or ""):
        yield "The public value of the sealed draw has not the length that the log's announcement says."
    if announcement.left_out != sealed_draw.left_out:
        yield "The sealed draw left out other neurons than the log's announcement says."
