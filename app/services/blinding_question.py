"""The blinding question: after all verdicts, evaluators guess which items belong together. It ends the verdicts.

Only exposed evaluators, who knew the models before, choose among the names of all arms, in alphabetical order. If the
design asks everyone, evaluators sort items into two piles without names.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.entries import is_guess
from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.judging.answer import OUT_OF_TURN
from app.judging.worklist import DueQuestion, Worklist
from app.rounds.lifecycle import require_allowed
from app.rounds.planned_numbers import CONSTANTS
from app.rounds.randomness import SecretRandom
from app.services.chains import append_entry, chain_end, entry_base
from app.services.evaluator_session import Visit, evaluator_and_round_for_writing
from app.services.item_pages import ItemPage, build_item_page, visitor_worklist
from app.store import chains as chain_store
from app.store import evaluators as evaluator_store
from app.store import judging as judging_store

MOST_GUESSES = CONSTANTS.most_guesses
"""An evaluator is asked about so many items at most, drawn from those that they judged."""
PILES = ("A", "B")
UNKNOWN = "unknown"
ANSWERED = translatable(
    "You already gave another answer to this question. The first answer counts; nothing was changed."
)


def guess_options(session: Session, visit: Visit) -> tuple[str, ...]:
    """The answers that this evaluator can choose from; empty if the blinding question is not put to them."""
    if visit.design.blinding_question == "sort":
        return (*PILES, UNKNOWN)
    if visit.design.blinding_question == "which_model" and visit.exposed:
        return (*judging_store.arm_names(session, visit.round_id), UNKNOWN)
    return ()


def begin_blinding_question(session: Session, session_token: str) -> None:
    """End the verdicts of this evaluator, which can no longer change. Raises JudgmentError if some are missing."""
    evaluator, round_row = evaluator_and_round_for_writing(session, session_token)
    require_allowed(round_row.state, "judge")
    worklist = judging_store.read_worklist(session, evaluator.id)
    if worklist.next_verdict() is not None:
        raise JudgmentError(OUT_OF_TURN)
    evaluator.phase = 2


def due_guess_page(session: Session, visit: Visit) -> ItemPage | None:
    """The page of the next item that this evaluator is asked about; None if all are answered."""
    worklist = visitor_worklist(session, visit)
    item_codes = _guess_items(session, visit, worklist)
    answered = _guesses(session, visit)
    index = next((index for index, code in enumerate(item_codes) if code not in answered), None)
    if index is None:
        return None
    item_page = build_item_page(session, visit, worklist, DueQuestion(item_codes[index], "guess", 0, None))
    options = guess_options(session, visit)
    return replace(
        item_page, number=index + 1, total=len(item_codes), done=index, undo_item=None, guess_options=options
    )


def record_guess(session: Session, visit: Visit, item_code: str, guess: str, now: datetime) -> None:
    """Store an answer to the blinding question; the first answer to a question counts.

    `visit` is a visit for writing. Raises JudgmentError for an item that this evaluator is not asked about, or for
    another answer than the first.
    """
    require_allowed(visit.state, "judge")
    item_codes = _guess_items(session, visit, visitor_worklist(session, visit)) if visit.phase == 2 else []
    if item_code not in item_codes or guess not in guess_options(session, visit):
        raise JudgmentError(OUT_OF_TURN)
    answers = _guesses(session, visit)
    if item_code in answers:
        if guess != answers[item_code]:
            raise JudgmentError(ANSWERED)
        return
    end = chain_end(session, visit)
    base = entry_base(visit, end, "guess", item_code, now)
    append_entry(session, visit, end, {**base, "guess": guess, "confidence": None, "reason": ""})


def _guesses(session: Session, visit: Visit) -> dict[str, str]:
    """{item: the evaluator's answer to the blinding question}."""
    entries = [row.read_entry() for row in chain_store.entries_of_evaluator(session, visit.evaluator_id, "guess")]
    return {entry["item"]: entry["guess"] for entry in entries if is_guess(entry)}


def _guess_items(session: Session, visit: Visit, worklist: Worklist) -> list[str]:
    """The items that the evaluator is asked about, in order: drawn with their own seed, without the allocation."""
    left_out = worklist.practice_items | worklist.flagged
    judged = sorted(answer.item_code for answer in worklist.standing_answers if answer.item_code not in left_out)
    generator = SecretRandom(evaluator_store.order_seed(session, visit.evaluator_id), "phase two")
    return generator.sample(judged, min(MOST_GUESSES, len(judged)))
