import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.foundation.digest import canonical_bytes, sha256_of_json
from app.foundation.errors import ExportError
from app.report.export.bundle import Bundle, blinded_zip, export_zip, zipped
from app.report.export.read_zip import read_zip
from app.report.export.verify import verify_export, verify_receipt
from app.report.export.verify_standalone import canonical


def changed(exported: Path, name: str, content: bytes, target: Path) -> Path:
    """The export with one file replaced and the list of digests made to fit, as a careful cheat would."""
    files = read_zip(exported)
    del files["digests.json"]
    path = target / "changed.zip"
    path.write_bytes(zipped(files | {name: content}))
    return path


def test_an_export_recomputes_in_full(exported: Path) -> None:
    verification = verify_export(exported)
    assert verification.differences == []
    assert verification.commitment_verified
    assert {one.name for one in verification.checks} >= {
        "commitment",
        "judgments of Ash",
        "log",
        "numbers of analysis.json",
    }


def test_the_same_round_gives_the_same_bytes(bundle: Bundle, exported: Path) -> None:
    assert export_zip(bundle) == exported.read_bytes()


def test_the_standalone_script_agrees(exported: Path, tmp_path: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_bytes(read_zip(exported)["verify.py"])
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(exported)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fraction of solu in 2L/0" in done.stdout
    assert done.stdout.endswith("Everything agrees.\n")


def test_a_changed_byte_without_its_digest_is_named(exported: Path, tmp_path: Path) -> None:
    files = read_zip(exported)
    path = tmp_path / "changed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content + b" " if name == "report.md" else content)
    assert [one.name for one in verify_export(path).checks if not one.ok] == ["digest of report.md"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("design.json", "design"),
        ("allocation.json", "allocation"),
        ("items.json", "items"),
        ("judgments.json", "judgments of Ash"),
        ("events.json", "log"),
        ("observations.csv", "analysis.json arms.baseline.fraction"),
        ("analysis.json", "analysis.json difference.estimate"),
        ("frame.json", "leak audit in frame.json"),
    ],
)
def test_a_changed_part_is_found_and_named(exported: Path, tmp_path: Path, name: str, expected: str) -> None:
    text = read_zip(exported)[name].decode()
    if name == "observations.csv":
        text = text.replace("baseline,1L/0,0,4,10,neuron", "baseline,1L/0,0,4,10,planted")
        text = text.replace("not_interpretable", "interpretable", 9)
    else:
        text = json.dumps(_tampered(name, json.loads(text)))
    verification = verify_export(changed(exported, name, text.encode(), tmp_path))
    assert not verification.ok
    assert any(one.startswith(expected) for one in verification.differences), verification.differences


def _tampered(name: str, content: object) -> object:
    match name, content:
        case "design.json", dict():
            content["neurons"] = 23
        case "allocation.json", dict():
            first = content["allocation"]["items"][0]
            first["arm"] = "solu" if first["arm"] == "baseline" else "baseline"
        case "items.json", list():
            content[3]["passages"][0]["texts"][0] = " a"
        case "judgments.json", list():
            content[0]["judgment"]["verdict"] = "cannot_judge"
        case "events.json", list():
            content[1]["event"]["actor"] = "Eve"
        case "analysis.json", dict():
            content["difference"]["estimate"] += 0.01
        case "frame.json", dict():
            nothing = {"count": 0, "first": []}
            attack = {"aucs": {}, "p": 1.0, "permutations": 0, "detectable": 1.0, "items": 0, "features": 0}
            gate = {"swap": nothing, "scan": nothing, "transport": attack | {"leaks": False}}
            content["audit"] = {"passed": True, "responses": 8, "gate": gate, "stimulus": attack, "positions": {}}
    return content


@pytest.mark.parametrize("name", ["allocation.json", "items.json", "judgments.json", "events.json", "design.json"])
def test_the_standalone_script_finds_it_too(exported: Path, tmp_path: Path, name: str) -> None:
    text = json.dumps(_tampered(name, json.loads(read_zip(exported)[name])))
    path = changed(exported, name, text.encode(), tmp_path)
    script = Path(__file__).parents[2] / "app" / "report" / "export" / "verify_standalone.py"
    done = subprocess.run([sys.executable, str(script), str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "WRONG" in done.stdout


def test_a_dropped_last_judgment_is_seen_in_the_numbers(exported: Path, tmp_path: Path) -> None:
    lines = read_zip(exported)["observations.csv"].decode().splitlines(keepends=True)
    path = changed(exported, "observations.csv", "".join(lines[:-1]).encode(), tmp_path)
    assert any("judgments" in one for one in verify_export(path).differences)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"plain text"])
def test_what_is_no_zip_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.zip"
    path.write_bytes(content)
    with pytest.raises(ExportError, match="cannot be read as a zip"):
        verify_export(path)


def test_a_damaged_zip_gets_a_sentence(exported: Path, tmp_path: Path) -> None:
    content = bytearray(exported.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path = tmp_path / "damaged.zip"
    path.write_bytes(content)
    with pytest.raises(ExportError, match="download it again"):
        verify_export(path)


def test_a_missing_file_and_a_foreign_zip_get_sentences(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not exist"):
        verify_export(tmp_path / "nowhere.zip")
    foreign = tmp_path / "foreign.zip"
    foreign.write_bytes(zipped({"a.txt": b"a"}))
    with pytest.raises(ExportError, match=r"has no commitment\.json"):
        verify_export(foreign)
    odd = tmp_path / "odd.zip"
    odd.write_bytes(
        zipped(
            dict.fromkeys(("design.json", "items.json", "judgments.json", "events.json"), b"[]")
            | {"commitment.json": b"[]"}
        )
    )
    with pytest.raises(ExportError, match="another form"):
        verify_export(odd)


def test_a_blinded_export_names_no_arm_and_no_verdict_before_the_lock(bundle: Bundle, tmp_path: Path) -> None:
    early = replace(bundle, state="collecting", opened=None)
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(early))
    everything = b"".join(content for name, content in read_zip(path).items() if name not in ("verify.py", "README.md"))
    for word in (b"solu", b"baseline", b"not_interpretable", b"stratum"):
        assert word not in everything


def test_a_blinded_export_of_a_locked_round_verifies(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(replace(bundle, state="locked", opened=None)))
    verification = verify_export(path)
    assert verification.ok
    assert verification.blinded
    assert "allocation.json" not in read_zip(path)


@pytest.mark.parametrize(
    "value",
    [
        0.0,
        -0.0,
        1.0,
        0.1,
        1e-7,
        1.5e-6,
        123456.789,
        1e20,
        1e21,
        5e-324,
        'naïve\u2028"\\\n\x1f',
        {"b": [1, None], "a": True},
    ],
)
def test_the_scripts_canonical_json_is_rfc_8785(value: object) -> None:
    assert canonical(value).encode() == canonical_bytes(value)


def test_a_judgment_cut_off_the_end_of_a_chain_is_seen_at_the_lock(exported: Path, tmp_path: Path) -> None:
    links = json.loads(read_zip(exported)["judgments.json"])
    last = max((one for one in links if one["evaluator"] == "Ash"), key=lambda one: one["number"])
    path = changed(exported, "judgments.json", json.dumps([one for one in links if one is not last]).encode(), tmp_path)
    assert any("heads" in one and "Ash" in one for one in verify_export(path).differences)


def test_an_arm_changed_in_the_csv_is_found(exported: Path, tmp_path: Path) -> None:
    lines = read_zip(exported)["observations.csv"].decode().splitlines(keepends=True)
    turned = lines[1].replace("baseline", "solu") if "baseline" in lines[1] else lines[1].replace("solu", "baseline")
    path = changed(exported, "observations.csv", "".join([lines[0], turned, *lines[2:]]).encode(), tmp_path)
    assert any(one.startswith("arms in observations.csv") for one in verify_export(path).differences)


def receipt(exported: Path, judgments: int) -> dict[str, object]:
    files = read_zip(exported)
    links = [one for one in json.loads(files["judgments.json"]) if one["evaluator"] == "Birch"][:judgments]
    return {
        "commitment": json.loads(files["commitment.json"])["commitment"],
        "evaluator": "Birch",
        "judgments": judgments,
        "head": links[-1]["chain"],
        "digest": sha256_of_json([one["judgment"] for one in links]),
    }


def test_a_receipt_is_held_against_the_export(exported: Path) -> None:
    assert verify_receipt(exported, receipt(exported, 7)).ok
    assert all(verify_receipt(exported, one).ok for one in json.loads(read_zip(exported)["receipts.json"]))
    for name, value in (("head", "00"), ("digest", "00"), ("commitment", "00"), ("evaluator", "Nobody")):
        found = verify_receipt(exported, receipt(exported, 7) | {name: value})
        assert not found.ok
    with pytest.raises(ExportError, match="another form"):
        verify_receipt(exported, {"evaluator": "Birch"})
