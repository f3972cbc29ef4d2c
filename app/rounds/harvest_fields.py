"""The fields in which the archives of a stratum must agree: what each compares, its words, and what to do. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from app.foundation.digest import short_digest
from app.foundation.typed_text import in_one_line
from app.rounds.design_fields import Contrast
from app.rounds.harvest_facts import HarvestFacts

HarvestValue = str | None
"""What is compared, as text; None if it is not known, so that it agrees with nothing."""


@dataclass(frozen=True)
class HarvestCount:
    """A count that depends on a field of its own and on others."""

    noun: str
    count_of: Callable[[HarvestFacts], int]
    depends_on: frozenset[Contrast]
    """Fields in which arms can differ on purpose; then they differ in the count, too, whatever was read."""


@dataclass(frozen=True)
class HarvestField:
    """One field of harvests."""

    contrast: Contrast
    """How a design declares that arms differ in it."""
    own_value_of: Callable[[HarvestFacts], HarvestValue]
    own_words_of: Callable[[HarvestFacts], str]
    """The value as a reader knows it again."""
    advice: str
    """What to do in place of declaring it."""
    further_counts: tuple[HarvestCount, ...] = ()
    """What must agree beside the value."""

    @property
    def noun(self) -> str:
        """The field's name in a sentence."""
        return self.contrast.replace("_", " ")

    def value_of(self, harvest: HarvestFacts, contrasts: Collection[Contrast]) -> HarvestValue:
        """What is compared where arms differ in these contrasts on purpose."""
        own_value = self.own_value_of(harvest)
        counts = [str(count.count_of(harvest)) for count in self._comparable_counts(contrasts)]
        return None if own_value is None else " ".join([own_value, *counts])

    def words_of(self, harvest: HarvestFacts, contrasts: Collection[Contrast]) -> str:
        """What is compared, as a reader knows it again."""
        counts = [f"{count.count_of(harvest):,} {count.noun}" for count in self._comparable_counts(contrasts)]
        words = self.own_words_of(harvest)
        return f"{words} with {' in '.join(counts)}" if counts else words

    def agree(self, harvest: HarvestFacts, other_harvest: HarvestFacts, contrasts: Collection[Contrast]) -> bool:
        """Whether two harvests are known to have the same value."""
        value = self.value_of(harvest, contrasts)
        return value is not None and value == self.value_of(other_harvest, contrasts)

    def _comparable_counts(self, contrasts: Collection[Contrast]) -> list[HarvestCount]:
        return [count for count in self.further_counts if count.depends_on.isdisjoint(contrasts)]


def quoted(text: str) -> str:
    """A text that somebody typed, in one line and short, in quotation marks."""
    return f"“{in_one_line(text)}”"


def _windows(harvest: HarvestFacts) -> str:
    overlap = f"with an overlap of {harvest.overlap:,}" if harvest.overlap else "without overlap"
    return f"{harvest.window:,} tokens {overlap}"


def _site(harvest: HarvestFacts) -> str:
    return harvest.site if harvest.reading is None else f"{harvest.site} {harvest.reading}"


def _site_in_words(harvest: HarvestFacts) -> str:
    site = in_one_line(harvest.site)
    return site if harvest.reading is None else f"{site} ({in_one_line(harvest.reading)})"


def _snippets(harvest: HarvestFacts) -> str:
    return f"{harvest.k} strongest, of the groups {in_one_line(', '.join(harvest.group_names))}"


def _tokenizer(harvest: HarvestFacts) -> str:
    digest = harvest.tokenizer_sha256
    return f"{short_digest(digest) if digest else 'unknown'} (of model {quoted(harvest.model_name)})"


def _depth(harvest: HarvestFacts) -> str:
    return f"{harvest.depth} (of model {quoted(harvest.model_name)})"


def _duplicate_span(harvest: HarvestFacts) -> str:
    return "none" if harvest.duplicate_span is None else f"{harvest.duplicate_span} tokens"


HARVEST_FIELDS = (
    HarvestField("site", _site, _site_in_words, "harvest both at one site"),
    HarvestField(
        "corpus",
        lambda harvest: harvest.corpus_sha256,
        lambda harvest: f"{quoted(harvest.corpus)} ({short_digest(harvest.corpus_sha256)})",
        "harvest both over the same text, with the same --seed and --tokens",
        further_counts=(
            HarvestCount("scored tokens", lambda harvest: harvest.tokens, frozenset({"tokenizer"})),
            HarvestCount("windows", lambda harvest: harvest.windows, frozenset({"tokenizer", "windows"})),
        ),
    ),
    HarvestField("windows", _windows, _windows, "harvest both with the same windows"),
    HarvestField("k", _snippets, _snippets, "harvest both with the same --top and --top-only"),
    HarvestField(
        "tokenizer",
        lambda harvest: harvest.tokenizer_sha256,
        _tokenizer,
        "harvest models that have one tokenizer, and name it where a function is harvested",
    ),
    HarvestField(
        "depth", lambda harvest: str(harvest.depth), _depth, "give models of each depth a stratum of their own"
    ),
    HarvestField(
        "arithmetic",
        lambda harvest: harvest.arithmetic,
        lambda harvest: in_one_line(harvest.arithmetic),
        "harvest both with the same --dtype",
    ),
    HarvestField("duplicate_span", _duplicate_span, _duplicate_span, "harvest both with the same span of duplicates"),
)
"""In the order in which differences are looked for."""
