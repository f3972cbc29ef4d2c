"""An item: one neuron as evaluators meet it. There is nowhere in it to put an arm, a model, a layer or a number.

An item holds words and levels. Raw activations stay behind: SoLU's and GELU's scales and signs differ, so a
number would give the arm away.
"""

from dataclasses import dataclass
from typing import Any

CONTEXT = 64
"""Tokens shown either side of the peak; the rest of the window is folded away, for every item alike."""


@dataclass(frozen=True)
class Passage:
    """One snippet as shown: text per token, level per token, and which token is the peak."""

    texts: tuple[str, ...]
    levels: tuple[int, ...]
    peak: int
    group: str
    """The design's group this passage belongs to (`top` and so on), shown only if the design has several."""

    @property
    def opened(self) -> range:
        """Indices of the tokens shown at once: 64 either side of the peak."""
        return range(max(0, self.peak - CONTEXT), min(len(self.texts), self.peak + CONTEXT + 1))


@dataclass(frozen=True)
class Item:
    """An opaque code and passages, in the random order in which they are shown."""

    code: str
    passages: tuple[Passage, ...]

    def content(self) -> dict[str, Any]:
        """The item as plain JSON values: what its digest is taken of, and what the database keeps."""
        passages = [
            {"texts": list(one.texts), "levels": list(one.levels), "peak": one.peak, "group": one.group}
            for one in self.passages
        ]
        return {"code": self.code, "passages": passages}

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> "Item":
        """The item back from its JSON values."""
        passages = tuple(
            Passage(tuple(one["texts"]), tuple(one["levels"]), one["peak"], one["group"]) for one in content["passages"]
        )
        return cls(content["code"], passages)
