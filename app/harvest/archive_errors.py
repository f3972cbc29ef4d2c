"""The errors of writing an archive, with what the user can do about them."""

from pathlib import Path

from app.foundation.errors import ArchiveError


def already_exists(path: Path) -> ArchiveError:
    """The error for a path at which there is something already."""
    return ArchiveError(f"{path} exists already; archives are never overwritten, choose another place or delete it")


def cannot_be_written(path: Path, os_error: OSError) -> ArchiveError:
    """The error for a path to which the disk does not let us write."""
    reason = os_error.strerror or os_error
    return ArchiveError(f"{path} cannot be written ({reason}); make room and run the same command to go on")


def is_written_now(checkpoint_folder: Path) -> ArchiveError:
    """The error for a place at which another harvest is writing its archive."""
    return ArchiveError(
        f"another harvest is running that writes to {checkpoint_folder}; wait until it ends, or choose another place"
    )
