"""An item: one neuron as evaluators see it. It has no field for an arm, a model, a layer or an activation.

An item holds words and levels. It holds no activations: the scales and signs of SoLU and GELU differ, so a number would
give the arm away.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import FailFast
from typing_extensions import TypedDict

CONTEXT = 64
"""How many tokens are shown on either side of the peak; the others are folded away, in every item alike."""


class PassageContent(TypedDict):
    """A passage as JSON values."""

    texts: Annotated[list[str], FailFast()]
    levels: Annotated[list[int], FailFast()]
    peak: int
    group: str


class ItemContent(TypedDict):
    """An item as JSON values: its digest is computed from them, and the database and exports store them."""

    code: str
    passages: Annotated[list[PassageContent], FailFast()]


class PracticeAnswer(TypedDict):
    """The expected answer to a practice item; evaluators see it after their own verdict."""

    verdict: str
    rule: str
    """What the peaks have in common; empty if there is no rule."""


@dataclass(frozen=True)
class Passage:
    """One snippet as an item shows it: the text and level of each token, and the index of the peak."""

    texts: tuple[str, ...]
    levels: tuple[int, ...]
    peak: int
    group: str
    """The group of snippets (`top` and so on); pages show it only if the design has several groups."""

    @property
    def unfolded_range(self) -> range:
        """Indices of the tokens that are shown without unfolding: the peak and 64 tokens on either side."""
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
    """A neuron as evaluators see it: an opaque code, and passages in the random order in which they are shown."""

    code: str
    passages: tuple[Passage, ...]

    def content(self) -> ItemContent:
        """The item as JSON values."""
        return {"code": self.code, "passages": [passage.content() for passage in self.passages]}

    @classmethod
    def from_content(cls, content: ItemContent) -> "Item":
        """The item back from its JSON values."""
        return cls(content["code"], tuple(Passage.from_content(passage) for passage in content["passages"]))
