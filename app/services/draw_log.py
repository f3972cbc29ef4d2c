"""A round's log as the rules of draws read it. Nothing that evaluators reach may import it: those rules know seals."""

from collections.abc import Sequence

from app.evidence.draws import LoggedStep
from app.services.log import Event


def logged_steps(events: Sequence[Event]) -> list[LoggedStep]:
    """What the events say, without times and actors."""
    return [LoggedStep(event.action, event.detail) for event in events]
