"""Exports: read without a server or a database, and verified."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from app.foundation.digest import published_digest
from app.foundation.errors import ExportError
from app.report.export.anchors import Anchors
from app.report.export.exported_round import ExportedRound, read_export
from app.report.export.verify import Verification as Verification
from app.report.export.verify import verify_round
from app.rounds.design import Design
from firstglance.results import Result, observations_frame

if TYPE_CHECKING:
    import pandas as pd

    from app.report.result import RoundResult


class ExportFile:
    """An export that was read from its zip. `read` makes one."""

    path: Path
    """The zip that was read."""

    def __init__(self, path: Path, exported: ExportedRound) -> None:
        self.path = path
        self._exported = exported

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read the evidence in an export; nothing is checked yet. Raises ExportError if the file is no export."""
        return cls(Path(path), read_export(Path(path)))

    @property
    def commitment(self) -> str:
        """The commitment that the export says was published at the seal."""
        return self._exported.evidence.published.commitment

    @property
    def blinded(self) -> bool:
        """Whether the export is one from before the unblinding, which has no arms."""
        return self._exported.unblinded is None

    @property
    def design(self) -> Design | None:
        """The round's design; None in a blinded export."""
        evidence = self._exported.unblinded
        return None if evidence is None else evidence.design

    @property
    def names(self) -> list[str]:
        """The names of the export's files."""
        return sorted(self._exported.files)

    def content(self, name: str) -> bytes:
        """The content of one of the export's files, as it is in the zip. Raises ExportError if there is none."""
        if name not in self._exported.files:
            msg = f"{self.path} has no file {name}; its files are {', '.join(self.names)}"
            raise ExportError(msg)
        return self._exported.files[name]

    def result(self) -> Result:
        """The result, made again from the evidence. Raises ExportError if the export is blinded, or none follows."""
        evidence, result = self._exported.unblinded, self._round_result()
        assert evidence is not None
        return Result(
            evidence.design.title, self.commitment, result.analysis, result.frame, unsigned=evidence.lacks_signature
        )

    def observations(self) -> "pd.DataFrame":
        """A table with a row for each evaluator and item, as `Round.observations`. Raises ExportError as `result`."""
        return observations_frame(self._round_result().observations)

    def verify(
        self,
        *,
        announcement: str | None = None,
        commitment: str | None = None,
        lock: str | None = None,
        result: str | None = None,
        receipts: Sequence[str | Path] = (),
        timestamp: str | Path | None = None,
        archives: str | Path | None = None,
    ) -> Verification:
        """Make every file of the export again from its evidence, and compare; also with what you know from elsewhere.

        `announcement`, `commitment`, `lock` and `result` are digests as they were published, `receipts` files that
        evaluators kept, `timestamp` a PEM file of authorities that you trust, `archives` the folder of the archives,
        from which is drawn again. Raises ExportError if something that you gave cannot be read.
        """
        digests = (commitment, lock, result, announcement)
        commitment, lock, result, announcement = (None if text is None else published_digest(text) for text in digests)
        paths = tuple(map(Path, [receipts] if isinstance(receipts, str | Path) else receipts))
        roots, folder = (None if path is None else Path(path) for path in (timestamp, archives))
        anchors = Anchors(commitment, lock, result, paths, roots, folder, announcement)
        return verify_round(self._exported, anchors)

    def _round_result(self) -> "RoundResult":
        if self.blinded:
            msg = f"{self.path} is a blinded export, which has no result; take one from after the unblinding"
            raise ExportError(msg)
        verification = verify_round(self._exported)
        if verification.result is None:
            msg = f"{self.path} has no result: {' '.join(verification.differences)}"
            raise ExportError(msg)
        return verification.result

    def __repr__(self) -> str:
        return f"<ExportFile {self.path}: commitment {self.commitment[:12]}>"


def verify(
    path: str | Path,
    *,
    announcement: str | None = None,
    commitment: str | None = None,
    lock: str | None = None,
    result: str | None = None,
    receipts: Sequence[str | Path] = (),
    timestamp: str | Path | None = None,
    archives: str | Path | None = None,
) -> Verification:
    """Read an export and verify it, as `ExportFile.verify` says; needs no server, no database and no key.

    Raises ExportError if the export, or something that you gave, cannot be read.
    """
    return ExportFile.read(path).verify(
        announcement=announcement,
        commitment=commitment,
        lock=lock,
        result=result,
        receipts=receipts,
        timestamp=timestamp,
        archives=archives,
    )
