"""The words for what a round's arms are made of: neurons, latents, directions. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.foundation.plurals import plural_of

NEURON = "neuron"
"""The word of designs of versions 1 and 2, and of our own sentences until the arms' word takes its place."""
ANY_UNIT = "unit"
"""The word for what arms of several kinds have in common."""


def shared_word(unit_names: set[str]) -> str:
    """The word if there is one alone, and otherwise the word for any unit."""
    return next(iter(unit_names)) if len(unit_names) == 1 else ANY_UNIT


@dataclass(frozen=True)
class UnitWords:
    """What the units of each arm are called."""

    by_arm: Mapping[str, str]
    """{arm: the word in the singular}; empty in designs of versions 1 and 2, all of whose units are neurons."""

    @property
    def common(self) -> str:
        """The word for units of all arms."""
        return shared_word(set(self.by_arm.values())) if self.by_arm else NEURON

    def word_of(self, arm: str) -> str:
        """The word for one unit of an arm."""
        return self.by_arm.get(arm, self.common)

    def of_arm(self, arm: str) -> str:
        """The word for the units of an arm, in the plural."""
        return plural_of(self.word_of(arm))

    def say(self, sentence: str) -> str:
        """One of our own sentences about neurons, with the common word in their place; nothing typed may be in it."""
        return sentence if self.common == NEURON else _NEURON.sub(self._in_place_of, sentence)

    def _in_place_of(self, neuron: re.Match[str]) -> str:
        article, noun, plural = neuron.groups()
        word = self.common + plural
        if article:
            return f"{'an' if word[0] in 'aeio' else 'a'} {word}"
        return word.capitalize() if noun[0] == "N" else word


_NEURON = re.compile(r"\b(a )?([Nn]euron)(s?)\b")
