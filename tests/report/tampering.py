"""Exports that someone changed."""

from pathlib import Path
from typing import Any

from app.report.export.zip_file import read_zip, zip_files


def replace_file(exported: Path, name: str, content: bytes, folder: Path) -> Path:
    """The export with one file replaced and the list of digests made to fit, as a careful cheat would."""
    files = read_zip(exported)
    del files["digests.json"]
    path = folder / "changed.zip"
    path.write_bytes(zip_files(files | {name: content}))
    return path


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
        case "judgments.json":
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
    "stimulus": ATTACK,
    "positions": {},
}
"""A leak audit that was never run."""
