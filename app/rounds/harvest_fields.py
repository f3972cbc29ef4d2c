"""The fields in which the archives of a stratum must agree: what each compares, its words, and what to do. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from app.foundation.digest import short_digest
from app.foundation.typed_text import show_in_one_line
from app.foundation.typography import shortened
from app.rounds.design_fields import Contrast
from app.rounds.harvest_facts import HarvestFacts

HarvestValue = str | None
"""What is compared, as text; None if it is not known, so that it agrees with nothing."""


@dataclass(frozen=True)
class HarvestField:
    """One field of harvests."""

    contrast: Contrast
    """How a design declares that arms differ in it."""
    value_of: Callable[[HarvestFacts], HarvestValue]
    words_of: Callable[[HarvestFacts], str]
    """The value as a reader knows it again."""
    advice: str
    """What to do in place of declaring it."""

    @property
    def noun(self) -> str:
        """The field's name in a sentence."""
        return self.contrast.replace("_", " ")

    def agree(self, harvest: HarvestFacts, other_harvest: HarvestFacts) -> bool:
        """Whether two harvests are known to have the same value."""
        value = self.value_of(harvest)
        return value is not None and value == self.value_of(other_harvest)


def quoted(text: str) -> str:
    """A text that somebody typed, in one line and short, in quotation marks."""
    return f"“{show_in_one_line(shortened(text))}”"


def _windows(harvest: HarvestFacts) -> str:
    return f"{harvest.window:,} tokens with an overlap of {harvest.overlap:,}"


def _snippets(harvest: HarvestFacts) -> str:
    return f"{harvest.k} strongest, of the groups {', '.join(harvest.group_names)}"


def _tokenizer(harvest: HarvestFacts) -> str:
    digest = harvest.tokenizer_sha256
    return f"{short_digest(digest) if digest else 'unknown'} (of model {quoted(harvest.model_name)})"


def _depth(harvest: HarvestFacts) -> str:
    return f"{harvest.depth} (of model {quoted(harvest.model_name)})"


def _duplicate_span(harvest: HarvestFacts) -> str:
    return "none" if harvest.duplicate_span is None else f"{harvest.duplicate_span} tokens"


HARVEST_FIELDS = (
    HarvestField("site", lambda harvest: harvest.site, lambda harvest: harvest.site, "harvest both at one site"),
    HarvestField(
        "corpus",
        lambda harvest: harvest.corpus_sha256,
        lambda harvest: f"{quoted(harvest.corpus)} ({short_digest(harvest.corpus_sha256)})",
        "harvest both over the same text",
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
        lambda harvest: harvest.arithmetic,
        "harvest both with the same --dtype",
    ),
    HarvestField("duplicate_span", _duplicate_span, _duplicate_span, "harvest both with the same span of duplicates"),
)
"""In the order in which differences are looked for."""
