"""Every error that First Glance raises on purpose. Each message tells the user what to do.

FirstGlanceError
├── ModelError            a checkpoint, its config or its tokenizer cannot be used
├── CorpusError           text to read is missing, empty or unreadable
├── ArchiveError          a harvest's archive is missing, incomplete or changed
├── DesignError           a round cannot be run as its design describes it
├── SealError             the seal cannot be opened, or does not match its commitment
├── LifecycleError        the round's state does not allow this step
│   └── InputError        the state would allow it, but what was typed or ticked cannot be used
├── JudgmentError         an answer is not on the scale, or its item does not belong to the evaluator
├── NotFoundError         nothing exists under this address, token or code
├── AccessError           the visitor is not signed in, or has no right to do this
├── ExportError           an export is incomplete, or its numbers cannot be recomputed
├── StorageError          a file of the data folder cannot be written or read
├── TimestampError        a time stamp was not given, or does not prove what it should
└── SettingsError         a setting has a value that cannot be used
"""

from pydantic import ValidationError

from app.foundation.typography import shortened

LONGEST_SUMMARY = 500
"""Most characters of another library's message: it may quote a file's whole content."""


class FirstGlanceError(Exception):
    """The root of the tree; the command line prints its message and exits with status 1.

    A message that evaluators read is a sentence of the translations' catalogue, with its values beside it, by name:
    `JudgmentError("Nothing older than %(days)s days.", days=3)`. So a page translates first and fills in afterwards.
    """

    def __init__(self, message: str = "", **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        """The message in English, with its values filled in."""
        return self.message % self.values if self.values else self.message


class ModelError(FirstGlanceError):
    """A checkpoint, its config or its tokenizer cannot be used."""


class CorpusError(FirstGlanceError):
    """Text to read is missing, empty or unreadable."""


class ArchiveError(FirstGlanceError):
    """A harvest's archive is missing, incomplete or changed."""


class DesignError(FirstGlanceError):
    """A round cannot be run as its design describes it."""


class SealError(FirstGlanceError):
    """The seal cannot be opened, or does not match its commitment."""


class LifecycleError(FirstGlanceError):
    """The round's state does not allow this step."""


class InputError(LifecycleError):
    """The round's state would allow this step, but what was typed or ticked for it cannot be used.

    A page shows what was `typed` again, if that is a text that somebody would be sorry to lose.
    """

    def __init__(self, message: str = "", typed: str = "", **values: object) -> None:
        super().__init__(message, **values)
        self.typed = typed


class JudgmentError(FirstGlanceError):
    """An answer is not on the scale, or its item does not belong to the evaluator."""


class NotFoundError(FirstGlanceError):
    """Nothing exists under this address, token or code."""


class AccessError(FirstGlanceError):
    """The visitor is not signed in, or has no right to do this."""


class ExportError(FirstGlanceError):
    """An export is incomplete, or its numbers cannot be recomputed."""


class StorageError(FirstGlanceError):
    """A file of the data folder cannot be written or read."""


class TimestampError(FirstGlanceError):
    """A time stamp was not given, or does not prove what it should."""


class SettingsError(FirstGlanceError):
    """A setting has a value that cannot be used."""


def first_problem(validation_error: ValidationError) -> tuple[str, str]:
    """(the first field that pydantic refused, with dots between its parts, and why); a whole object has no field."""
    problem = validation_error.errors()[0]
    reason = problem["msg"].removeprefix("Value error, ")
    for value in problem.get("ctx", {}).values():  # what stood in the file, among others
        reason = reason.replace(value, shortened(value)) if isinstance(value, str) and value else reason
    return ".".join(shortened(str(part)) for part in problem["loc"]), reason


def error_summary(error: Exception) -> str:
    """The first line of another library's error message, or the name of the error's class if the message is empty."""
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return line if len(line) <= LONGEST_SUMMARY else f"{line[: LONGEST_SUMMARY - 1]}…"
