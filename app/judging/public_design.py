"""What evaluator pages may know of a design: words, times and switches. No arm, no digest, no neuron. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from app.foundation.translatable import translatable
from app.rounds.rubric import Rubric

CANNOT_JUDGE = translatable("Cannot judge")


@dataclass(frozen=True)
class Wording:
    """The rubric's words with its counts filled in."""

    question: str = ""
    interpretable: str = ""
    not_interpretable: str = ""
    rule: str = ""
    """The paper's words."""
    operational: str = ""
    """Ours: which firings count and how many must fit."""
    examples: tuple[str, ...] = ()
    notes: str = ""
    """What the design adds to the instructions."""
    peaks: int = 20
    needed: int = 16

    def label(self, verdict: str) -> str:
        """What the button of a verdict says, in English."""
        labels = {"interpretable": self.interpretable, "not_interpretable": self.not_interpretable}
        return labels.get(verdict, CANNOT_JUDGE)

    @classmethod
    def read(cls, words: Mapping[str, Any]) -> "Wording":
        """From the public design's rubric; what it leaves out is the default rubric's."""
        peaks = int(words.get("peaks", 20))
        filled = Rubric().words(peaks) | dict(words)
        known: dict[str, Any] = {name.name: filled[name.name] for name in fields(cls)}
        return cls(**known | {"examples": tuple(known["examples"])})


@dataclass(frozen=True)
class PublicDesign:
    """The switches of a round as its pages read them; what a design leaves out takes the value here."""

    title: str = ""
    marks: str = "proportional"
    groups: tuple[tuple[str, int], ...] = (("top", 20),)
    """Groups of passages in an item, and how many of each."""
    wording: Wording = field(default_factory=lambda: Wording.read({}))
    minutes: tuple[float, ...] = (1, 2)
    hypothesis: bool = True
    confidence: bool = False
    cannot_judge: bool = False
    aids: bool = False
    blinding_question: str = "none"
    training: int = 0
    training_pass: int | None = None
    """Practice items to be answered right before going on."""
    training_answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """{code of a practice item: its verdict and rule}."""
    assignment: str = "crossed"
    overlap: int = 0
    """Judgments that each item is to have, in overlap and block designs."""
    block: int = 0
    """Items per evaluator, in block designs."""
    lease_minutes: int = 60
    """How long an item waits for its evaluator, in overlap designs."""
    consent: str = ""
    contact: str = ""
    break_every: int = 30
    """Judgments after which a break is offered; 0 for never."""
    daily_cap: int = 0
    """Judgments a day after which the evaluator is sent home; 0 for no cap."""
    advance_ms: int = 0
    """How long an answered item stays before the next one, in milliseconds."""

    @property
    def second(self) -> bool:
        """Whether a second step follows every verdict: the rule, or the aids."""
        return self.hypothesis or self.aids

    @classmethod
    def read(cls, public: Mapping[str, Any]) -> "PublicDesign":
        """From the round's public design; keys that no page needs are left alone."""
        known = {one.name: public[one.name] for one in fields(cls) if public.get(one.name) is not None}
        known["wording"] = Wording.read(public.get("rubric") or {})
        if "groups" in known:
            known["groups"] = tuple((str(name), int(count)) for name, count in dict(known["groups"]).items())
        if "minutes" in known:
            known["minutes"] = tuple(known["minutes"])
        return cls(**known)
