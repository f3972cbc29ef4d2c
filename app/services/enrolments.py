"""What the lock writes into the log about every evaluator: the end of their chain, and how they were enrolled.

Who is exposed is decided by the logs at the lock: somebody can learn about the models after the invitation.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.evidence.chains import first_break
from app.evidence.entries import ChainLink, canonical_time
from app.evidence.event_details import Enrolment
from app.foundation.errors import SealError
from app.foundation.typed_text import person_form
from app.services.exposure import reasons_by_person
from app.store import chains as chain_store
from app.store import evaluators as evaluator_store
from app.store.rounds import Tally, tallies_by_evaluator
from app.store.tables import EvaluatorRow


def enrolments(session: Session, round_id: str, commitment: str) -> dict[str, Enrolment]:
    """{pseudonym: what the lock says about the evaluator} of everyone who was invited, by pseudonym.

    Raises SealError naming the first entry that does not follow from those before it.
    """
    tallies = tallies_by_evaluator(session, round_id)
    exposed_because = reasons_by_person(session, round_id)
    rows = sorted(evaluator_store.evaluators_of_round(session, round_id), key=lambda row: row.name)
    return {
        row.name: _enrolment(
            session,
            row,
            commitment,
            tallies.get(row.id, Tally(0, 0)),
            () if row.erased_at else exposed_because.get(person_form(row.name), ()),
        )
        for row in rows
    }


def _enrolment(
    session: Session, evaluator: EvaluatorRow, commitment: str, tally: Tally, exposed_because: tuple[str, ...]
) -> Enrolment:
    links = [row.read_link(evaluator.name) for row in chain_store.entries_of_evaluator(session, evaluator.id)]
    _require_unbroken(evaluator.name, links, commitment)
    return Enrolment(
        entries=len(links),
        head=links[-1]["chain"] if links else commitment,
        exposed=evaluator.exposed or bool(exposed_because),
        erased=evaluator.erased_at is not None,
        assigned=tally.assigned,
        joined_at=canonical_time(evaluator.joined_at) if evaluator.joined_at else None,
        consented_at=canonical_time(evaluator.consented_at) if evaluator.consented_at else None,
        exposed_because=exposed_because,
    )


def _require_unbroken(evaluator: str, links: Sequence[ChainLink], commitment: str) -> None:
    broken = first_break(commitment, ((link["entry"], link["chain"]) for link in links))
    if broken is not None:
        msg = (
            f"Entry {broken} of “{evaluator}” was changed since it was made. The round is not locked; find out who "
            "changed it, or restore a backup."
        )
        raise SealError(msg)
