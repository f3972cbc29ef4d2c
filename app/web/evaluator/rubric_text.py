"""Translates the rubric: its default texts are in the catalogue, and a design's own texts stay as they are."""

from app.rounds.rubric import OPERATIONAL, OPERATIONAL_AMONG_GROUPS, FilledRubric, fill_in
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
    """The translated rule for the verdict. Its counts are filled in already, so the message is found by its text."""
    for message in (OPERATIONAL, OPERATIONAL_AMONG_GROUPS):
        if fill_in(message, rubric.peaks, rubric.needed) == rubric.operational:
            return fill_in(language.gettext(message), rubric.peaks, rubric.needed)
    return rubric.operational
