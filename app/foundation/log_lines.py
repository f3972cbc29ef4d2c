"""How a command logs: a record begins a line, and nothing in it can look like another record or command a terminal."""

import logging

from app.foundation.typed_text import show_unseen_characters

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class RecordFormatter(logging.Formatter):
    """Formats a record; later lines, such as those of a traceback, are indented, and unseen characters are shown."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return show_unseen_characters(super().format(record)).replace("\n", "\n    ")


def format_log_lines() -> None:
    """Let Python write records in this form on stderr, where nobody has configured its logging otherwise."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(RecordFormatter(FORMAT))
