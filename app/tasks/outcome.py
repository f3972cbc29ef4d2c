"""What the answers to a task mean: which of them count, and the words in which results are told. Pure.

An outcome is part of a design, so results are computed and told from the evidence alone: the script in an export does
it without having heard of the task.
"""

from pydantic import BaseModel, ConfigDict


class Outcome(BaseModel):
    """Which answers count as 1, and how sentences and figures call them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    counted_answers: tuple[str, ...] = ()
    """The answers that count as 1; every other one counts as 0. Without any, an item's right answer counts."""
    name: str
    """How figures call what counts, as in "fraction RIGHT"."""
    opposite: str
    """How they call everything else."""
    participle: str
    """What was done with a unit that counts, as in "the share of planted items told right"."""
    sentence: str
    """The headline's sentence; {people} and {fractions} stand for who judged and what came out."""
    question: str
    """The question of the study, as the preregistration puts it; {units} stands for the word for units."""
    criterion: tuple[str, ...] = ()
    """By what a verdict is given: in the paper whose protocol the task follows, and here; empty if it follows none."""
    limits: tuple[str, ...] = ()
    """What results of this kind cannot say, as sentences for the report."""

    def tell(self, people: str, fractions: str) -> str:
        """The headline's sentence. It comes from a design, so it is text and no format string."""
        return self.sentence.replace("{people}", people).replace("{fractions}", fractions)

    def ask_about(self, units: str) -> str:
        """The question of the study about these units, given in the plural."""
        return self.question.replace("{units}", units)

    @property
    def counting_sentence(self) -> str:
        """Which answers count, for the methods of a report."""
        if not self.counted_answers:
            return "As 1 counts the right answer to an item, which the seal held, and every other one as 0."
        if len(self.counted_answers) == 1:
            return f"As 1 counts the answer {self.counted_answers[0]}, and every other one as 0."
        return f"As 1 count the answers {', '.join(self.counted_answers)}, and every other one as 0."

    @property
    def column_heading(self) -> str:
        """The participle as the heading of a column."""
        return self.participle[:1].upper() + self.participle[1:]

    def counts(self, verdict: str, right_answer: str | None) -> bool:
        """Whether a verdict on an item with this right answer, which may have none, counts as 1."""
        return verdict == right_answer if not self.counted_answers else verdict in self.counted_answers
