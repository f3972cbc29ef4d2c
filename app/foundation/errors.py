"""Every error that First Glance raises on purpose. Each message tells the user what to do.

FirstGlanceError
├── ModelError            a checkpoint, its config or its tokenizer cannot be used
├── CorpusError           text to read is missing, empty or unreadable
├── ArchiveError          a harvest's archive is absent, incomplete or changed
├── DesignError           a round as described cannot be run
├── SealError             the seal cannot be opened, or does not match its commitment
├── LifecycleError        a step that the round's present state does not allow
├── JudgmentError         an answer outside the scale, or for an item that is not the evaluator's
├── NotFoundError         an address, token or code that leads nowhere
├── AccessError           not signed in, or not with the right to do this
├── ExportError           an export that is incomplete or does not recompute
└── SettingsError         a setting with a value that cannot be used
"""


class FirstGlanceError(Exception):
    """The root of the tree; the command line prints its message and exits with 1.

    A message that evaluators meet is a sentence of the catalogue; what is filled in comes beside it, as named values:
    `JudgmentError("Nothing older than %(days)s days.", days=3)`. So the page can translate first and fill in then.
    """

    def __init__(self, message: str = "", **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        """The message in English, filled in."""
        return self.message % self.values if self.values else self.message


class ModelError(FirstGlanceError):
    """A checkpoint, its config or its tokenizer cannot be used."""


class CorpusError(FirstGlanceError):
    """Text to read is missing, empty or unreadable."""


class ArchiveError(FirstGlanceError):
    """A harvest's archive is absent, incomplete or changed."""


class DesignError(FirstGlanceError):
    """A round as described cannot be run."""


class SealError(FirstGlanceError):
    """The seal cannot be opened, or does not match its commitment."""


class LifecycleError(FirstGlanceError):
    """A step that the round's present state does not allow."""


class JudgmentError(FirstGlanceError):
    """An answer outside the scale, or for an item that is not the evaluator's."""


class NotFoundError(FirstGlanceError):
    """An address, token or code that leads nowhere."""


class AccessError(FirstGlanceError):
    """Not signed in, or not with the right to do this."""


class ExportError(FirstGlanceError):
    """An export that is incomplete or does not recompute."""


class SettingsError(FirstGlanceError):
    """A setting with a value that cannot be used."""


def reason_of(error: BaseException) -> str:
    """The first line of what an error of another library says, or its name if it says nothing."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
