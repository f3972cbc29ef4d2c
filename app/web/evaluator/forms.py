"""The forms of evaluators' pages. A form with a missing, unknown or impossible field reaches no service."""

from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.evidence.entries import FlagReason
from app.foundation.translatable import translatable
from app.judging.answer import LONGEST_SECONDS, Answer, PageTiming
from app.judging.judgment import CONFIDENCES, parse_verdict, parse_written_text
from app.web.addresses import JUDGING_PAGE, evaluator_page_or_judging_page
from app.web.language import require_known_language

HYPOTHESIS, COMMENT = translatable("hypothesis"), translatable("comment")


def _empty_to_none(field_value: object) -> object:
    return None if field_value == "" else field_value


Seconds = Annotated[float | None, BeforeValidator(_empty_to_none), Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)]
Code = Annotated[str, Field(min_length=1, max_length=64)]


class TokenForm(BaseModel):
    """The field of every form: the token of its session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form_token: str


class ItemForm(TokenForm):
    """A form about an item: its code, and how many seconds the form waited for the network."""

    item: Code
    waited: Seconds = None


class AnswerForm(ItemForm):
    """A form that answers a question about an item; an answer with the same `key` is stored only once."""

    key: Code


class VerdictForm(AnswerForm):
    """A verdict, and the times that the page measured; they are empty where no script runs."""

    verdict: str
    elapsed: Seconds = None
    active: Seconds = None
    unfolded: bool = False
    fixed_width: bool = False

    def answer(self, offered_answers: Collection[str]) -> Answer:
        """The verdict as an `Answer`. Raises JudgmentError if it is not one of the answers that are offered."""
        return Answer(self.item, self.key, "verdict", parse_verdict(self.verdict, offered_answers))

    def timing(self) -> PageTiming:
        """The times and reading tools that the page reported."""
        return PageTiming(self.elapsed, self.active, self.waited, self.unfolded, self.fixed_width)


class FlagForm(AnswerForm):
    """A request to skip an item, and the reason."""

    kind: FlagReason
    comment: str = ""

    def checked_comment(self) -> str:
        """The comment, trimmed. Raises JudgmentError if it is too long."""
        return parse_written_text(self.comment, COMMENT)


class GuessForm(AnswerForm):
    """An answer to the blinding question."""

    guess: Annotated[str, Field(min_length=1, max_length=100)]


class EraseForm(TokenForm):
    """The form that deletes an evaluator's data; `sure` is its tick box."""

    sure: bool = False


class LanguageForm(BaseModel):
    """The reader's choice of a language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[str, AfterValidator(require_known_language)]
    back: Annotated[str, AfterValidator(evaluator_page_or_judging_page)] = JUDGING_PAGE
    """The page that is shown again in the chosen language."""


class HypothesisForm(AnswerForm):
    """What an evaluator wrote after a verdict; every text may be empty."""

    hypothesis: str = ""
    comment: str = ""
    confidence: Annotated[
        int | None, BeforeValidator(_empty_to_none), Field(ge=CONFIDENCES.start, lt=CONFIDENCES.stop)
    ] = None

    def answer(self) -> Answer:
        """The texts as an `Answer`. Raises JudgmentError if one is too long."""
        hypothesis, comment = parse_written_text(self.hypothesis, HYPOTHESIS), parse_written_text(self.comment, COMMENT)
        return Answer(self.item, self.key, "hypothesis", None, hypothesis, self.confidence, comment)

    def timing(self) -> PageTiming:
        """How long the form waited for the network. All other times are the verdict's."""
        return PageTiming(delay_seconds=self.waited)
