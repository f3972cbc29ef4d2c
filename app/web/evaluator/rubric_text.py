"""The rubric in the reader's language: its default words are in the catalogue, a design's own stay as they are."""

from app.rounds.rubric import OPERATIONAL, OPERATIONAL_AMONG_GROUPS, FilledRubric
from app.web import language


def local(rubric: FilledRubric) -> FilledRubric:
    """The words as this reader sees them."""
    translate = language.gettext
    counts = {"peaks": rubric.peaks, "needed": rubric.needed}
    templates = {text.format(**counts): text for text in (OPERATIONAL, OPERATIONAL_AMONG_GROUPS)}
    template = templates.get(rubric.operational)
    words = {
        "question": translate(rubric.question),
        "interpretable": translate(rubric.interpretable),
        "not_interpretable": translate(rubric.not_interpretable),
        "rule": translate(rubric.rule),
        "operational": translate(template).format(**counts) if template else rubric.operational,
        "examples": tuple(translate(example) for example in rubric.examples),
    }
    return rubric.model_copy(update=words)
