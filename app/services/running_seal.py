"""A seal that is being made in this process: it tells the database how far it is, and can be stopped."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from app.foundation.clock import now
from app.foundation.errors import SealError, error_summary
from app.services.seal_runs import BEAT_SECONDS, SealProgress
from app.store import seal_runs as seal_run_store
from app.store.engine import Database

Listener = Callable[[SealProgress], None]
"""A function that is told each step of a seal in the process that makes it."""
STOPPED = "The server was stopped while the round was being sealed, so nothing was sealed. Seal the round again."


class RunningSeal:
    """The progress of one run. The thread that seals reports it; another thread writes it to the database."""

    def __init__(
        self, database: Database, round_id: str, run_code: str, listener: Listener | None, stopping: threading.Event
    ) -> None:
        self._database, self._round_id, self._run_code = database, round_id, run_code
        self._listener, self._stopping = listener, stopping
        self._progress = SealProgress()

    def report(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say how far the seal is. Raises SealError if the server is stopping, which undoes the seal."""
        if self._stopping.is_set():
            raise SealError(STOPPED)
        self._progress = SealProgress(step, done, total)
        if self._listener is not None:
            self._listener(self._progress)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Give signs of life until the block ends."""
        ended = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(ended,), name=f"beat {self._run_code}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _beat_until(self, ended: threading.Event) -> None:
        while not ended.wait(BEAT_SECONDS):
            progress = self._progress
            try:
                with self._database.writing() as session:
                    values = (progress.step, progress.done, progress.total, now())
                    seal_run_store.write_progress(session, self._round_id, self._run_code, *values)
            except SQLAlchemyError as error:  # the database is busy; the next beat comes soon
                reason = error_summary(getattr(error, "orig", None) or error)  # a terminal shows this line
                logging.getLogger(__name__).warning("A sign of life of the seal could not be stored (%s).", reason)
