"""What the command line says when something happens that nobody foresaw."""

import os
import tempfile
import traceback

from app.cli.printing import print_text

EXIT_STATUS = 70
"""The exit status for an error in the program itself, as sysexits.h has it."""


def report_fault(error: Exception) -> None:
    """Print a sentence on stderr, and write the traceback, which helps whoever mends it, to a file."""
    details = "".join(traceback.format_exception(error))
    try:
        descriptor, path = tempfile.mkstemp(prefix="firstglance-fault-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(details)
    except OSError:
        print_text(details, err=True)
        path = "these lines"
    print_text(
        f"First Glance has a fault: it did not foresee this ({type(error).__name__}). Nothing that was acknowledged is "
        f"lost. Please report what you did, with {path}.",
        err=True,
    )
