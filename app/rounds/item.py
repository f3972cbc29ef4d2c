"""An item: one neuron as evaluators meet it. There is nowhere in it to put an arm, a model, a layer or a number.

An item holds words and levels. Raw activations stay behind: SoLU's and GELU's scales and signs differ, so a
number would give the arm away.
"""

from dataclasses import dataclass

from typing_extensions import TypedDict

CONTEXT = 64
"""Tokens shown either side of the peak; the rest of the window is folded away, for every item alike."""


class PassageContent(TypedDict):
    """A passage as JSON values."""

    texts: list[str]
    levels: list[int]
    peak: int
    group: str


class ItemContent(TypedDict):
    """An item as JSON values: what its digest is taken of, and what the database and exports keep."""

    code: str
    passages: list[PassageContent]


class PracticeAnswer(TypedDict):
    """What is expected on a practice item, for the feedback after an evaluator's own verdict."""

    verdict: str
    rule: str
    """What its peaks have in common; empty if nothing."""


@dataclass(frozen=True)
class Passage:
    """One snippet as shown: text per token, level per token, and which token is the peak."""

    texts: tuple[str, ...]
    levels: tuple[int, ...]
    peak: int
    group: str
    """The design's group this passage belongs to (`top` and so on), shown only if the design has several."""

    @property
    def unfolded_range(self) -> range:
        """Indices of the tokens that are shown without unfolding anything: 64 either side of the peak."""
        return range(max(0, self.peak - CONTEXT), min(len(self.texts), self.peak + CONTEXT + 1))

    def content(self) -> PassageContent:
        """The passage as JSON values."""
        return {"texts": list(self.texts), "levels": list(self.levels), "peak": self.peak, "group": self.group}

    @classmethod
    def from_content(cls, passage_content: PassageContent) -> "Passage":
        """The passage back from its JSON values."""
        texts, levels = tuple(passage_content["texts"]), tuple(passage_content["levels"])
        return cls(texts, levels, passage_content["peak"], passage_content["group"])


@dataclass(frozen=True)
class Item:
    """An opaque code and passages, in the random order in which they are shown."""

    code: str
    passages: tuple[Passage, ...]

    def content(self) -> ItemContent:
        """The item as JSON values."""
        return {"code": self.code, "passages": [passage.content() for passage in self.passages]}

    @classmethod
    def from_content(cls, content: ItemContent) -> "Item":
        """The item back from its JSON values."""
        return cls(content["code"], tuple(Passage.from_content(passage) for passage in content["passages"]))
