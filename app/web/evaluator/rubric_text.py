"""The rubric in the reader's language: its default words are in the catalogue, a design's own stay as they are."""

from app.rounds.rubric import OPERATIONAL, OPERATIONAL_AMONG_GROUPS, FilledRubric
from app.web import language


def translated_rubric(rubric: FilledRubric) -> FilledRubric:
    """The rubric in the reader's language."""
    words = {
        "question": language.gettext(rubric.question),
        "interpretable": language.gettext(rubric.interpretable),
        "not_interpretable": language.gettext(rubric.not_interpretable),
        "rule": language.gettext(rubric.rule),
        "operational": _translated_operational(rubric),
        "examples": tuple(language.gettext(example) for example in rubric.examples),
    }
    return rubric.model_copy(update=words)


def _translated_operational(rubric: FilledRubric) -> str:
    """The rule for the verdict. Its counts are filled in, so the message to translate is the one that yields it."""
    counts = {"peaks": rubric.peaks, "needed": rubric.needed}
    for message in (OPERATIONAL, OPERATIONAL_AMONG_GROUPS):
        if message.format(**counts) == rubric.operational:
            return language.gettext(message).format(**counts)
    return rubric.operational
