"""Exports that someone changed, and made to agree with themselves as well as a careful cheat can."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.evidence.signing import SigningKey
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import AnalysisFrame
from app.report.export.anchors import Anchors
from app.report.export.bundle import UnblindedBundle, unblinded_files
from app.report.export.verify import Verification, verify_export
from app.report.export.zip_file import DIGESTS_FILE, SIGNATURE_FILE, pack_files, read_zip, zip_files
from app.report.result import RoundResult, items_of
from app.unblinding.observations import Observation
from tests.conftest import without_figures
from tests.report.simulated_evidence import SIGNING_KEY


def verify_without_figures(path: Path, anchors: Anchors | None = None) -> Verification:
    """Check an export that has no figures."""
    with without_figures():
        return verify_export(path, anchors or Anchors())


def replace_files(
    exported: Path, changes: Mapping[str, bytes | None], folder: Path, signing_key: SigningKey | None = SIGNING_KEY
) -> Path:
    """The export with files replaced, or left out for None, and the list of digests and its signature made to fit."""
    files = {
        name: content for name, content in read_zip(exported).items() if name not in (DIGESTS_FILE, SIGNATURE_FILE)
    }
    changed = {name: content for name, content in {**files, **changes}.items() if content is not None}
    path = folder / "changed.zip"
    signature = changed.pop(SIGNATURE_FILE, None)
    path.write_bytes(zip_files(changed, signing_key))
    if signature is not None:
        path.write_bytes(pack_files({**read_zip(path), SIGNATURE_FILE: signature}))
    return path


def replace_file(exported: Path, name: str, content: bytes, folder: Path) -> Path:
    """The export with one file replaced and the list of digests made to fit, as a careful cheat would."""
    return replace_files(exported, {name: content}, folder)


def forge_views(
    bundle: UnblindedBundle, observations: Sequence[Observation], frame: AnalysisFrame, folder: Path
) -> Path:
    """The export of honest evidence whose every view, from the tables to the report, is made of false numbers."""
    forged = RoundResult(observations, frame, analyse(observations, frame, items_of(bundle.evidence)))
    path = folder / "forged.zip"
    with without_figures():
        path.write_bytes(zip_files(unblinded_files(bundle.evidence, forged, {}), SIGNING_KEY))
    return path


def with_item_kind(observation: Observation, kind: Any) -> Observation:
    return replace(observation, allocated=replace(observation.allocated, kind=kind))


def tamper(name: str, content: Any) -> Any:
    """The JSON of one file of an export with one value changed."""
    match name:
        case "design.json":
            content["neurons"] = 23
        case "allocation.json":
            item = content["allocation"]["items"][0]
            item["arm"] = "solu" if item["arm"] == "baseline" else "baseline"
        case "items.json":
            content[3]["passages"][0]["texts"][0] = " a"
        case "chains.json":
            content[0]["entry"]["verdict"] = "cannot_judge"
        case "events.json":
            content[1]["event"]["actor"] = "Eve"
        case "analysis.json":
            content["difference"]["estimate"] += 0.01
        case "frame.json":
            content["audit"] = FORGED_AUDIT
        case _:
            raise AssertionError(name)
    return content


ATTACK: dict[str, Any] = {
    "aucs": {},
    "p": 1.0,
    "permutations": 0,
    "detectable": 1.0,
    "items": 0,
    "features": 0,
}
FORGED_AUDIT = {
    "passed": True,
    "responses": 8,
    "gate": {
        "swap": {"count": 0, "first": []},
        "scan": {"count": 0, "first": []},
        "transport": ATTACK | {"leaks": False},
    },
    "positions": {},
}
"""A leak audit that was never run."""
