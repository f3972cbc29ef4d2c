"""Phase 2: once every verdict is given, what evaluators believe of the blinding. Its beginning closes phase 1.

Only evaluators who knew the models before are asked for an arm by its name, and always between all of them in
alphabetical order; where the design asks everyone, they sort items into two piles that have no names.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.judging.answer import OUT_OF_TURN
from app.judging.worklist import DueQuestion
from app.rounds.lifecycle import require
from app.rounds.randomness import SecretRandom
from app.services.judging import ItemPage, Visit, held, lay_out, sheet
from app.store import judging as judging_store
from app.store.tables import GuessRow

ASKED = 20
"""Items that are asked about, drawn from those that the evaluator judged."""
PILES = ("A", "B")
UNKNOWN = "unknown"
ANSWERED = translatable(
    "You had already answered this question otherwise. That first answer stands; nothing was changed."
)


def options(session: Session, here: Visit) -> tuple[str, ...]:
    """The answers on offer; none if this evaluator is not asked."""
    if here.design.blinding_question == "sort":
        return (*PILES, UNKNOWN)
    if here.design.blinding_question == "which_model" and here.exposed:
        return (*judging_store.arm_names(session, here.round_id), UNKNOWN)
    return ()


def begin(session: Session, session_token: str) -> None:
    """Close phase 1 of this evaluator; its verdicts stand from now on. Raises JudgmentError if some are missing."""
    evaluator, row = held(session, session_token)
    require(row.state, "judge")
    found = judging_store.sheet(session, evaluator.id)
    if found.after("") is not None:
        raise JudgmentError(OUT_OF_TURN)
    evaluator.phase = 2


def desk(session: Session, here: Visit) -> ItemPage | None:
    """The next item to be asked about; None when all were."""
    found = sheet(session, here)
    asked = _asked(session, here)
    said = {one.item for one in judging_store.guesses(session, here.evaluator_id)}
    item = next((one for one in asked if one not in said), None)
    if item is None:
        return None
    laid_out = lay_out(session, here, found, DueQuestion(item, "guess", 0, None))
    return _numbered(laid_out, asked, options(session, here))


def guess(session: Session, here: Visit, given: GuessRow, now: datetime) -> None:
    """Keep an answer; the first one stands. `given` says the item and the guess, the rest is filled in here.

    `here` is a visit to write. Raises JudgmentError for an item that is not asked about, or another answer.
    """
    require(here.state, "judge")
    if here.phase != 2 or given.item not in _asked(session, here) or given.guess not in options(session, here):
        raise JudgmentError(OUT_OF_TURN)
    said = {one.item: one.guess for one in judging_store.guesses(session, here.evaluator_id)}
    if given.item in said:
        _require_same(said[given.item], given.guess)
        return
    given.evaluator_id, given.round_id, given.at = here.evaluator_id, here.round_id, now
    judging_store.add_guess(session, given)


def _require_same(said: str, guess: str) -> None:
    """The same answer twice is one. Raises JudgmentError for another one."""
    if guess != said:
        raise JudgmentError(ANSWERED)


def _asked(session: Session, here: Visit) -> list[str]:
    """The items asked about, in their order: drawn with the evaluator's own seed, without the allocation."""
    found = sheet(session, here)
    judged = sorted(one.item for one in found.given if one.item not in found.training | found.skipped)
    draw = SecretRandom(judging_store.order_seed(session, here.evaluator_id), "phase two")
    return draw.sample(judged, min(ASKED, len(judged)))


def _numbered(laid_out: ItemPage, asked: list[str], answers: tuple[str, ...]) -> ItemPage:
    number = asked.index(laid_out.place.item)
    return replace(laid_out, number=number + 1, total=len(asked), done=number, earlier=None, options=answers)
