"""Seals rounds in threads of the server, so that a seal does not depend on the connection that asked for it."""

import logging
import threading

from app.foundation.clock import now
from app.foundation.errors import FirstGlanceError
from app.foundation.settings import Settings
from app.services.cancelled_seals import unwritten_end, write_down_later
from app.services.draws import remove_halves_of_sealed_rounds
from app.services.running_seal import RunningSeal
from app.store.engine import Database
from app.web.leak_audit.audited_seal import StartedSeal, finish_seal

RETRY_SECONDS = 10.0
"""Time between two tries to write down how a seal ended."""
STOP_SECONDS = 20
"""A stopping server waits so long for a seal to be undone; one that is cut off later has stored nothing either."""


class SealRunner:
    """The seals that this server is making."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._stopping = threading.Event()
        self._threads: set[threading.Thread] = set()

    def tidy_up(self) -> None:
        """Delete the halves of seeds that a server left which was killed right after it had stored a seal."""
        with self._database.reading() as session:
            remove_halves_of_sealed_rounds(session, self._settings.data)

    def run(self, started: StartedSeal) -> None:
        """Make a seal that was started, in a thread; the round's page shows how far it is and how it ended."""
        name = f"seal of {started.begun.round_id}"
        thread = threading.Thread(target=self._finish, args=(started,), name=name, daemon=True)
        self._threads.add(thread)
        thread.start()

    def stop(self) -> None:
        """Undo every seal that is being made, and wait until the log says so."""
        self._stopping.set()
        self.wait(STOP_SECONDS)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the seals that are being made have ended, each for so many seconds at most."""
        for thread in tuple(self._threads):
            thread.join(seconds)

    def _finish(self, started: StartedSeal) -> None:
        running = RunningSeal(self._database, started.begun.round_id, started.run_code, None, self._stopping)
        try:
            finish_seal(self._database, self._settings, started, running, now)
        except FirstGlanceError:
            pass  # the log and the round's page say why
        except Exception:
            logging.getLogger(__name__).exception("The seal of a round failed.")
        finally:
            self._write_down_at_last(started.run_code)
            self._threads.discard(threading.current_thread())

    def _write_down_at_last(self, run_code: str) -> None:
        """Try again, while the server runs, to write down why a seal was cancelled that the database did not take."""
        cancelled = unwritten_end(run_code)
        if cancelled is None:
            return
        logging.getLogger(__name__).error(
            "A seal of round %s was cancelled, and the database cannot take down why. %s",
            cancelled.round_id,
            cancelled.reason,
        )
        while not self._stopping.wait(RETRY_SECONDS) and not write_down_later(self._database, cancelled, now):
            pass
