"""The gallery of an unblinded round: its neurons with their verdicts and hypotheses, to be searched and filtered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.judging.judgment import Verdict
from app.rounds.allocation import AllocatedItem
from app.tasks.outcome import Outcome
from app.unblinding.observations import Observation

Consensus = Literal["agreed", "agreed not", "disputed"]
CARDS_PER_PAGE = 20


def consensus_labels(outcome: Outcome) -> dict[Consensus, str]:
    """{what evaluators agree on: its words}."""
    return {"agreed": f"all {outcome.name}", "agreed not": f"all {outcome.opposite}", "disputed": "disputed"}


@dataclass(frozen=True)
class WrittenVerdict:
    """One evaluator's verdict on a neuron, and the hypothesis written after it."""

    evaluator: str
    verdict: Verdict
    is_counted: bool
    """Whether this answer counts as 1."""
    hypothesis: str


@dataclass(frozen=True)
class GalleryCard:
    """One neuron in the gallery."""

    allocated: AllocatedItem
    written_verdicts: tuple[WrittenVerdict, ...]
    outcome: Outcome
    """Which answers count, and the words for them."""

    @property
    def consensus(self) -> Consensus:
        """Whether the evaluators agree; a single verdict agrees with itself."""
        count = sum(written.is_counted for written in self.written_verdicts)
        if count == len(self.written_verdicts):
            return "agreed"
        return "disputed" if count else "agreed not"

    @property
    def consensus_label(self) -> str:
        """The consensus in words."""
        return consensus_labels(self.outcome)[self.consensus]

    def mentions(self, text: str) -> bool:
        """Whether a hypothesis, a pseudonym, the item's code or layer/neuron contains the text, ignoring case."""
        parts = [f"{self.allocated.item} {self.allocated.layer}/{self.allocated.neuron}"]
        parts += [f"{written.evaluator}\n{written.hypothesis}" for written in self.written_verdicts]
        return text.casefold() in "\n".join(parts).casefold()


@dataclass(frozen=True)
class GalleryPage:
    """One page of the cards that match a search."""

    cards: tuple[GalleryCard, ...]
    match_count: int
    """How many cards match, on all pages together."""
    page_number: int
    """The number of this page, from 1."""
    page_count: int


def search_gallery(
    observations: Sequence[Observation], text: str = "", arm: str = "", consensus: str = "", page_number: int = 1
) -> GalleryPage:
    """A page of the cards that match. Empty arguments match all; a page after the last is the last."""
    matches = [
        card
        for card in _gallery_cards(observations)
        if card.mentions(text.strip()) and arm in ("", card.allocated.arm) and consensus in ("", card.consensus)
    ]
    page_count = max(1, -(-len(matches) // CARDS_PER_PAGE))
    page_number = min(max(1, page_number), page_count)
    start = (page_number - 1) * CARDS_PER_PAGE
    return GalleryPage(tuple(matches[start : start + CARDS_PER_PAGE]), len(matches), page_number, page_count)


def find_card(observations: Sequence[Observation], item: str) -> GalleryCard | None:
    """The card of one item; None if nobody judged the item."""
    return next((card for card in _gallery_cards(observations) if card.allocated.item == item), None)


def _gallery_cards(observations: Sequence[Observation]) -> list[GalleryCard]:
    """A card for each judged neuron, sorted by the item's code."""
    by_item: dict[str, list[Observation]] = {}
    for observation in observations:
        if observation.allocated.is_neuron:
            by_item.setdefault(observation.allocated.item, []).append(observation)
    return [_gallery_card(by_item[item]) for item in sorted(by_item)]


def _gallery_card(observations: Sequence[Observation]) -> GalleryCard:
    written_verdicts = tuple(
        WrittenVerdict(
            observation.evaluator, observation.judgment.verdict, observation.counts, observation.judgment.hypothesis
        )
        for observation in observations
    )
    return GalleryCard(observations[0].allocated, written_verdicts, observations[0].outcome)
