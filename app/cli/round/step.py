"""One step of a round, as every command takes it; warnings are printed on stderr."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.cli.printing import print_text
from app.foundation.settings import Settings
from app.services.logged_step import StepResult, run_step


def run_logged_step(
    settings: Settings, round_id: str, by: str | None, action: str, change: Callable[[Session, str], StepResult]
) -> StepResult:
    """Run `change(session, admin)` as `run_step` does. If the round's key is lost, stderr says so first."""
    return run_step(settings, round_id, by, action, change, print_warning)


def print_warning(warning: str) -> None:
    """Print what the user should know on stderr."""
    print_text(f"Warning: {warning}", err=True)


def publish_result(digest: str | None) -> str:
    """What a command says after it made a result."""
    return f"result {digest}\nPublish this digest with the report: it shows later that the log was not changed."
