"""The rubric in the reader's language: its default words are in the catalogue, a design's own stay as they are."""

from dataclasses import replace

from app.foundation.translatable import translatable
from app.judging.public_design import Wording
from app.web import language

QUESTION = translatable("Can one rule explain what this neuron fires on most strongly?")
INTERPRETABLE = translatable("INTERPRETABLE")
NOT_INTERPRETABLE = translatable("NOT INTERPRETABLE")
RULE = translatable("80 % or more of the strongest firings can be explained by a single rule or category.")
OPERATIONAL = translatable(
    "The strongest firings are the {peaks} framed tokens, one in each passage. "
    "Answer INTERPRETABLE if at least {needed} of the {peaks} fit one rule that you could write down."
)
OF_GROUPS = translatable(
    "The strongest firings are the {peaks} framed tokens under “Strongest”, one in each passage there. "
    "Answer INTERPRETABLE if at least {needed} of the {peaks} fit one rule that you could write down."
)
EXAMPLES = (
    translatable("the word “apple”"),
    translatable("any phrase that has to do with music"),
    translatable("the closing bracket of a list"),
)
"""The default rubric's words; a test compares them with the rubric."""


def local(wording: Wording) -> Wording:
    """The words as this reader sees them."""
    say = language.gettext
    counts = {"peaks": wording.peaks, "needed": wording.needed}
    ours = {text.format(**counts): text for text in (OPERATIONAL, OF_GROUPS)}
    operational = ours.get(wording.operational)
    return replace(
        wording,
        question=say(wording.question),
        interpretable=say(wording.interpretable),
        not_interpretable=say(wording.not_interpretable),
        rule=say(wording.rule),
        operational=say(operational).format(**counts) if operational else wording.operational,
        examples=tuple(say(one) for one in wording.examples),
    )
