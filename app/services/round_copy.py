"""A copy of a round in a database of its own, in memory only, for audits and dry runs."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from app.foundation.codes import random_code, random_token
from app.foundation.digest import ZERO_DIGEST
from app.rounds.randomness import SEED_BYTES
from app.services.assignment import assign_items, round_distances
from app.store.engine import Database
from app.store.memory import empty_memory_database
from app.store.round_copy import CopiedRound, Probe, add_copied_round, add_probes
from app.store.schema import migrate

UNKNOWN_COMMITMENT = ZERO_DIGEST
"""The copy's commitment, if the round has none because its seal is not finished."""


def new_probes(count: int) -> list[Probe]:
    """`count` new probing evaluators, with random ids, tokens and seeds."""
    return [Probe(random_code(), random_token(), secrets.token_hex(SEED_BYTES)) for _ in range(count)]


@contextmanager
def open_round_copy(
    copied: CopiedRound, probes: Sequence[Probe], now: datetime, design_text: str | None = None
) -> Iterator[Database]:
    """A database with a copy of the round that is open to judgments and has the probes as its evaluators.

    The copy has the design `design_text`, if it is not left out.
    """
    row = copied.round_row
    with empty_memory_database() as url:
        migrate(url)
        database = Database(url)
        try:
            with database.writing() as copy_session:
                add_copied_round(copy_session, copied, design_text or row.design, row.commitment or UNKNOWN_COMMITMENT)
                distances = round_distances(copy_session, row.id)
                for evaluator in add_probes(copy_session, row.id, probes, now):
                    assign_items(copy_session, evaluator, distances)
            yield database
        finally:
            database.close()
