"""How the seed of a round came about, in plain sentences that count every draw of its log. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.evidence.draws import DrawHistory
from app.evidence.event_details import RelatedRound
from app.foundation.digest import short_digest
from app.foundation.typography import visible_text
from app.rounds.unit_words import UnitWords

MOST_IDS = 6
"""A sentence names at most so many rounds; the log has all of them."""
NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class DrawResults:
    """How the seed came about, and every draw that the log counts."""

    history: DrawHistory
    sentences: tuple[str, ...]
    """What the report's methods say about it."""


def draw_results(history: DrawHistory | None, unit_words: UnitWords) -> DrawResults | None:
    """The counts and their sentences; None if the frame has no counts, as those of version 0.1.0."""
    if history is None:
        return None
    sentences = [_seed_sentence(history, unit_words), *_count_sentences(history, unit_words)]
    sentences += _origin_sentences(history, unit_words)
    return DrawResults(history, tuple(sentences))


def draw_notes(history: DrawHistory | None, unit_words: UnitWords) -> list[str]:
    """What a reader must know of other draws than the sealed one; empty if there were none."""
    if history is None:
        return []
    notes = [_number_sentence(history, unit_words)] if history.cancelled + history.restarted else []
    notes += [_announcement_sentence(history)] if history.announced > 1 else []
    notes += [_copy_sentence(history)] if history.copied_draws or history.copied_announced else []
    notes += [_related_sentence(group) for group in _related_groups(history) if any(map(_has_draws, group))]
    notes += [_left_out_sentence(history, unit_words)] if history.left_out_cells else []
    return notes


def _seed_sentence(history: DrawHistory, unit_words: UnitWords) -> str:
    if history.seed_rule == "server":
        return "The server drew the seed alone; nothing shows that it drew only once."
    digest, value = short_digest(str(history.half_sha256)), visible_text(history.public_value or "")
    return (
        f"The seed is a hash of a half that the server had announced (SHA-256 {digest}) and of a public value: "
        f"“{visible_text(history.public_name or '')}” is “{value}”, "
        f"which has {history.value_length} characters, as the announcement says. It also fixed the design, with its "
        f"archives, and which {unit_words.say('neurons')} are left out. "
        "If the announcement was published before anybody knew this value, and this is the value that came out, nobody "
        "chose the draw. A time stamp of the announcement is not enough: it does not show that there was no other one."
    )


def _count_sentences(history: DrawHistory, unit_words: UnitWords) -> list[str]:
    sentences = [_number_sentence(history, unit_words)]
    if history.announced > 1:
        sentences.append(_announcement_sentence(history))
    if history.begun_again:
        times = _counted(history.begun_again, "time")
        sentences.append(f"The seal was begun again {times} from the same half and value, which gives the same draw.")
    if not history.starts_logged:
        sentences.append("The log, of version 0.1, does not say whether a draw was interrupted and begun anew.")
    return sentences


def _origin_sentences(history: DrawHistory, unit_words: UnitWords) -> list[str]:
    """What came before the round: what evaluators had seen, the round that it copies, and rounds with its models."""
    sentences = [_left_out_sentence(history, unit_words)] if history.left_out_cells else []
    sentences += [_copy_sentence(history)] if history.copied_from else []
    sentences += map(_related_sentence, _related_groups(history))
    if history.same_archives and not history.related_rounds:
        rounds = _counted(len(history.same_archives), "other round").capitalize()
        ids = _listed_ids(history.same_archives)
        sentences.append(f"{rounds} of this server had the same archives at the draw: {ids}.")
    return sentences


def _left_out_sentence(history: DrawHistory, unit_words: UnitWords) -> str:
    """How many neurons nobody could draw: whoever chooses them chooses among the others."""
    counts = [f"{cell.neuron_count} of {cell.arm} in {cell.stratum}" for cell in history.left_out_cells]
    rounds = _listed_ids(history.left_out_rounds) or "unnamed rounds"
    return (
        f"{unit_words.say('Neurons')} were left out of the draw because named evaluators had seen them in {rounds}: "
        f"{', '.join(counts)}. This is the word of whoever ran the round; nothing in the archives shows it."
    )


def _related_groups(history: DrawHistory) -> list[list[RelatedRound]]:
    """The rounds that have a model of this one, and those of which nobody can tell; groups without a round left out."""
    related_rounds = history.related_rounds or ()
    groups = [[related for related in related_rounds if related.unread == unread] for unread in (False, True)]
    return [group for group in groups if group]


def _has_draws(related: RelatedRound) -> bool:
    return bool(related.draw_count or related.announcement_count)


def _related_sentence(related_rounds: Sequence[RelatedRound]) -> str:
    """How many other rounds had these models, and how many draws were begun in them: each was one to choose from."""
    relation = "had a model of this one when this one was locked"
    if related_rounds[0].unread:
        relation = "may have had a model of this one: archives could not be read when this one was locked"
    rounds = _counted(len(related_rounds), "other round").capitalize()
    draw_count = sum(related.draw_count for related in related_rounds)
    halves = sum(related.announcement_count for related in related_rounds)
    opened = sum(related.opened for related in related_rounds)
    announced = f", {_counted(halves, 'half', 'halves')} {_was(halves)} announced" if halves else ""
    return (
        f"{rounds} of this server {relation} "
        f"({_listed_ids([related.round_id for related in related_rounds])}). "
        f"In {'it' if len(related_rounds) == 1 else 'them'} {_counted(draw_count, 'draw')} {_was(draw_count)} "
        f"begun{announced}, and {_counted(opened, 'round')} {_was(opened)} opened to evaluators."
    )


def _listed_ids(round_ids: Sequence[str]) -> str:
    return ", ".join(round_ids[:MOST_IDS]) + (" and others" if len(round_ids) > MOST_IDS else "")


def _number_sentence(history: DrawHistory, unit_words: UnitWords) -> str:
    """Which draw the neurons are from, and what became of the others."""
    fates = [(history.cancelled, "cancelled"), (history.restarted, "interrupted and begun anew")]
    parts = [(count, fate) for count, fate in fates if count]
    origin = unit_words.say(f"The neurons are from draw {history.number}")
    if not parts:
        return f"{origin}; the round's log has no other."
    count, fate = parts[0]
    text = f"{_counted(count, 'other draw')} of this round {_was(count)} {fate}"
    for count, fate in parts[1:]:
        text += f", {_number_word(count)} {_was(count)} {fate}"
    return f"{origin}: {text}."


def _announcement_sentence(history: DrawHistory) -> str:
    return f"A half of a seed was announced {_counted(history.announced, 'time')} for this round."


def _copy_sentence(history: DrawHistory) -> str:
    start = f"The round is a copy of round {history.copied_from}"
    if history.copied_draws is None:
        return f"{start}; the log does not say how many draws were made there."
    draws, verb = _counted(history.copied_draws, "draw"), _was(history.copied_draws)
    announced = history.copied_announced or 0
    halves = f", and {_counted(announced, 'half', 'halves')} {_was(announced)} announced" if announced else ""
    return (
        f"{start}, which was in state {history.copied_state}; "
        f"in it and the rounds it was copied from {draws} {verb} begun{halves}."
    )


def _counted(count: int, noun: str, plural: str = "") -> str:
    """The count as a word with its noun: two draws."""
    return f"{_number_word(count)} {noun if count == 1 else plural or f'{noun}s'}"


def _number_word(count: int) -> str:
    return NUMBER_WORDS[count] if count < len(NUMBER_WORDS) else str(count)


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
