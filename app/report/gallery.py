"""The neurons of an unblinded round with what people wrote about them: searchable, by arm, agreed and disputed."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.judging.judgment import Verdict
from app.unblinding.observations import AllocatedItem, Observation

VOTES = ("agreed interpretable", "agreed not", "disputed")
PER_PAGE = 20


@dataclass(frozen=True)
class Word:
    """One evaluator's word on a neuron."""

    evaluator: str
    verdict: Verdict
    hypothesis: str


@dataclass(frozen=True)
class GalleryCard:
    """One neuron in the gallery."""

    allocated: AllocatedItem
    words: tuple[Word, ...]

    @property
    def votes(self) -> str:
        """One of VOTES; a single judgment agrees with itself."""
        yes = sum(one.verdict == "interpretable" for one in self.words)
        return VOTES[0] if yes == len(self.words) else VOTES[1] if yes == 0 else VOTES[2]

    def says(self, text: str) -> bool:
        """Whether a hypothesis, a pseudonym or the neuron's place holds the text, ignoring case."""
        place = f"{self.allocated.item} {self.allocated.layer}/{self.allocated.neuron}"
        everything = "\n".join([place, *(f"{one.evaluator}\n{one.hypothesis}" for one in self.words)])
        return text.casefold() in everything.casefold()


@dataclass(frozen=True)
class Gallery:
    """One page of the gallery."""

    cards: tuple[GalleryCard, ...]
    found: int
    page: int
    pages: int


def gallery(seen: Sequence[Observation], text: str = "", arm: str = "", votes: str = "", page: int = 1) -> Gallery:
    """The cards that match, a page of them; pages count from 1 and are kept within what there is."""
    matching = [
        one
        for one in _cards(seen)
        if one.says(text.strip()) and arm in ("", one.allocated.arm) and votes in ("", one.votes)
    ]
    pages = max(1, -(-len(matching) // PER_PAGE))
    place = min(max(1, page), pages)
    shown = tuple(matching[(place - 1) * PER_PAGE : place * PER_PAGE])
    return Gallery(shown, len(matching), place, pages)


def card(observations: Sequence[Observation], item: str) -> GalleryCard | None:
    """One neuron's card, or None."""
    return next((one for one in _cards(observations) if one.allocated.item == item), None)


def _cards(observations: Sequence[Observation]) -> list[GalleryCard]:
    grouped: dict[str, list[Observation]] = {}
    for one in observations:
        if one.allocated.kind == "neuron":
            grouped.setdefault(one.allocated.item, []).append(one)
    return [
        GalleryCard(
            seen[0].allocated,
            tuple(Word(one.evaluator, one.judgment.verdict, one.judgment.hypothesis) for one in seen),
        )
        for _, seen in sorted(grouped.items())
    ]
