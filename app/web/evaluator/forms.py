"""What evaluators' forms may hold. A field that is missing, unknown or out of range never reaches a service."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.foundation.translatable import translatable
from app.judging.answer import LONGEST_SECONDS, Answer, PageTiming
from app.judging.judgment import parse_verdict, parse_written_text
from app.web.addresses import DESK, evaluator_page_or_desk

CONFIDENCES = range(1, 6)
HYPOTHESIS, COMMENT = translatable("hypothesis"), translatable("remark")


def _empty_to_none(field_value: object) -> object:
    return None if field_value == "" else field_value


Seconds = Annotated[float | None, BeforeValidator(_empty_to_none), Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)]
Code = Annotated[str, Field(min_length=1, max_length=64)]


class TokenForm(BaseModel):
    """What every form carries: the token of its session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form_token: str


class ItemForm(TokenForm):
    """Which item the page showed, and how long the form waited for the network."""

    item: Code
    waited: Seconds = None


class AnswerForm(ItemForm):
    """The same with the idempotency key of the answer."""

    key: Code


class VerdictForm(AnswerForm):
    """A verdict and what the page measured; the measures stay empty where no script runs."""

    verdict: str
    elapsed: Seconds = None
    active: Seconds = None
    unfolded: bool = False
    fixed_width: bool = False

    def answer(self, *, cannot_judge: bool) -> Answer:
        """The answer in the project's words. Raises JudgmentError for a verdict that is none."""
        return Answer(self.item, self.key, "verdict", parse_verdict(self.verdict, cannot_judge=cannot_judge))

    def timing(self) -> PageTiming:
        """The page's measures."""
        return PageTiming(self.elapsed, self.active, self.waited or 0.0, self.unfolded, self.fixed_width)


class FlagForm(AnswerForm):
    """An item to be skipped, and why."""

    kind: Literal["fault", "distress"]
    comment: str = ""

    def checked_comment(self) -> str:
        """The comment, trimmed. Raises JudgmentError if it is too long."""
        return parse_written_text(self.comment, COMMENT)


class GuessForm(AnswerForm):
    """An answer of phase 2."""

    guess: Annotated[str, Field(min_length=1, max_length=100)]


class EraseForm(TokenForm):
    """Whether an evaluator really wants everything deleted."""

    sure: bool = False


class LanguageForm(BaseModel):
    """A language that the pages can be read in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Literal["en", "de"]
    back: Annotated[str, AfterValidator(evaluator_page_or_desk)] = DESK
    """The page that the choice was made on."""


class HypothesisForm(AnswerForm):
    """What was written after a verdict; all of it may be left out."""

    hypothesis: str = ""
    comment: str = ""
    confidence: Annotated[
        int | None, BeforeValidator(_empty_to_none), Field(ge=CONFIDENCES.start, lt=CONFIDENCES.stop)
    ] = None

    def answer(self) -> Answer:
        """The answer in the project's words. Raises JudgmentError for a text that is too long."""
        hypothesis, comment = parse_written_text(self.hypothesis, HYPOTHESIS), parse_written_text(self.comment, COMMENT)
        return Answer(self.item, self.key, "hypothesis", None, hypothesis, self.confidence, comment)

    def timing(self) -> PageTiming:
        """Only how long the answer waited for the network; the verdict keeps its own times."""
        return PageTiming(delay_seconds=self.waited or 0.0)
