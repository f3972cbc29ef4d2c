"""The pages of evaluators and admins, served by this process while it does other things."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from app.services.opened_database import open_database
from firstglance.data_folder import require_data, settings_of
from firstglance.extras import needed_extra


class Server:
    """A server that runs in a thread of this process, until it is closed or the process ends.

    It is a context manager, which closes it at the end of the block under `with`.
    """

    address: str
    """What a browser on this machine opens."""

    def __init__(self, address: str, opened: ExitStack) -> None:
        self.address = address
        self._opened = opened

    def close(self) -> None:
        """Answer the last requests, and end. Closing it again does nothing."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Server at {self.address}>"


def serve(
    data: str | Path | None = None, *, database_url: str | None = None, host: str | None = None, port: int | None = None
) -> Server:
    """Serve the rounds of a data folder, by default for this machine only, at port 8000; port 0 means any free one.

    For a study with people elsewhere `firstglance serve` in a terminal is better, which outlives the notebook.
    Raises SettingsError if the address is not free, or the data folder is not there or cannot be used.
    """
    with needed_extra("web"):
        from app.web.serving import served_in_thread
    settings = require_data(settings_of(data, database_url, host=host, port=port))
    with ExitStack() as opening:
        database = opening.enter_context(open_database(settings, in_shell=False))
        address = opening.enter_context(served_in_thread(settings, database))
        return Server(address, opening.pop_all())
