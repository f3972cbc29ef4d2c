"""`firstglance round`: a round's life from the command line."""

import json
import os
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.rounds.lifecycle import LONGEST_REASON
from app.rounds.presets import PRESET_NAMES
from tests.cli.conftest import Run
from tests.conftest import PASSWORD

REASON = ("--reason", "to see what happens")


@pytest.fixture
def locked(run: Run, draft: str, tmp_path: Path) -> str:
    """The id of a locked round that nobody judged; its keys are in `keys`."""
    for step in (
        ("seal", draft, "--no-audit", "--keys-to", tmp_path / "keys"),
        ("open", draft),
        ("lock", draft, "--yes"),
    ):
        result = run("round", *step)
        assert result.exit_code == 0, result.output
    return draft


def test_a_round_goes_from_draft_to_lock(
    run: Run, draft: str, tmp_path: Path, archives: tuple[Archive, Archive]
) -> None:
    sealed = run("round", "seal", draft, "--keys-to", tmp_path / "keys")
    commitment = sealed.stdout.splitlines()[0].removeprefix("commitment ")
    assert len(commitment) == 64
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    too_early = run("round", "lock", draft, "--yes")
    assert (too_early.exit_code, "stopped early" in too_early.output) == (1, False), "the state is asked first"
    assert run("round", "open", draft).exit_code == 0
    assert f"dag counts as exposed: created round {draft}" in run("invite", draft, "dag").stderr
    link = run("invite", draft, "Ada", "--base-url", "https://example.org/").output.strip()
    assert link.startswith("https://example.org/i/")
    status = json.loads(run("round", "status", draft, "--json").output)
    assert status["state"] == "collecting"
    assert status["commitment"] == commitment
    assert status["evaluators"][0]["judged"] == 0
    require_a_reason_to_see(run, archives[0], draft, tmp_path)
    early = run("round", "unblind", draft, "--key-file", tmp_path / "keys", *REASON)
    assert early.exit_code == 1
    assert "Lock the round first" in early.output
    assert json.loads(run("round", "status", draft, "--json").output)["lock"] is None
    unsure = run("round", "lock", draft)
    assert unsure.exit_code == 1
    for part in ("0 of ", "assigned items are judged, by 2 evaluators", "target is not reached", "give --yes"):
        assert part in unsure.output
    locked = run("round", "lock", draft, "--yes")
    assert locked.exit_code == 0
    digest = json.loads(run("round", "status", draft, "--json").output)["lock"]
    assert len(digest) == 64
    assert f"lock {digest}" in locked.output
    assert json.loads(run("round", "list", "--json").output)[0]["state"] == "locked"


def test_status_says_who_became_exposed_since_the_invitation(
    run: Run, draft: str, tmp_path: Path, arms: tuple[str, ...]
) -> None:
    assert run("round", "seal", draft, "--no-audit", "--keys-to", tmp_path / "keys").exit_code == 0
    assert run("invite", draft, "Rei").exit_code == 0
    assert "since the invitation" not in run("round", "status", draft).output
    assert run("admin", "add", "Rei", "--password-file", "-", typed=f"{PASSWORD}\n").exit_code == 0
    create = ("round", "create", "--title", "Another", "--preset", "quick", "--neurons", 3, "--by", "Rei", *arms)
    other = run(*create).output.strip()
    status = " ".join(run("round", "status", draft).output.split())
    reason = f"created round {other}"
    assert f"Rei became exposed since the invitation, and the lock will say so: {reason}." in status
    assert json.loads(run("round", "status", draft, "--json").output)["evaluators"][0]["exposed_since"] == [reason]


def require_a_reason_to_see(run: Run, archive: Archive, open_round: str, tmp_path: Path) -> None:
    """Check that an archive of an open round is shown for a reason only, and that refusals and reasons are logged."""
    show = ("archive", "show", archive.path)
    for _ in range(2):  # the log has one line of it
        assert f"open round ({open_round})" in run(*show).stderr
    assert run(*show, "--break-blind", "too short").exit_code == 1
    assert run(*show, "--break-blind", "The model's name was lost.").exit_code == 0
    assert run(*show).exit_code == 0  # the log has the reason of this admin
    logged = [(action, detail.get("attempted")) for action, detail in logged_events(tmp_path, open_round)]
    assert logged.count(("refused", "browse archives")) == 1
    assert ("archives shown", None) not in logged


@pytest.mark.parametrize("name", ["nowhere", "../escaped"])
def test_a_seal_of_no_round_leaves_no_key(run: Run, dag: str, tmp_path: Path, name: str) -> None:
    assert dag
    refused = run("round", "seal", name, "--keys-to", tmp_path / "keys")
    assert refused.exit_code == 1
    assert "There is no such round" in refused.output
    assert not list(tmp_path.rglob("*.key"))
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("preset_name", PRESET_NAMES)
def test_a_preset_is_printed_filled_in_and_made_a_round(
    run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path, preset_name: str
) -> None:
    assert dag
    text = run("round", "design", "--preset", preset_name).output
    blanks = {"title": "Spring reading", "reference": "axolotl"}
    for name, value in blanks.items():
        assert f'{name} = ""' in text
        text = text.replace(f'{name} = ""', f'{name} = "{value}"')
    for arm, archive in zip(("axolotl", "quokka"), archives, strict=True):
        text = text.replace('arm = ""', f'arm = "{arm}"', 1)
        text = text.replace('archive_sha256 = ""', f'archive_sha256 = "{archive.sha256}"', 1)
    text = text.replace("neurons = 60", "neurons = 12")  # these archives have no more
    (tmp_path / "design.toml").write_text(text, encoding="utf-8")
    paths = [part for archive in archives for part in ("--archive", archive.path)]
    created = run("round", "create", "--design", tmp_path / "design.toml", *paths)
    assert created.exit_code == 0, created.output
    (summary,) = json.loads(run("round", "list", "--json").output)
    assert (summary["id"], summary["title"], summary["state"]) == (created.output.strip(), "Spring reading", "draft")


def test_a_design_that_is_no_toml_is_refused_with_what_prints_one(run: Run, dag: str, tmp_path: Path) -> None:
    assert dag
    (tmp_path / "design.toml").write_text("title: no TOML")
    refused = run("round", "create", "--design", tmp_path / "design.toml")
    assert refused.exit_code == 1
    assert "firstglance round design" in refused.stderr


def test_an_unblinded_round_is_corrected_and_reported_anew(run: Run, locked: str, tmp_path: Path) -> None:
    early = run("round", "correct", locked, *REASON)
    assert (early.exit_code, early.stderr.startswith("Error: ")) == (1, True)
    assert run("round", "unblind", locked, "--key-file", tmp_path / "keys", *REASON).exit_code == 0
    first = run("report", locked, "--json").output
    corrected = run("round", "correct", locked, "--reason", "a fixed estimator")
    assert corrected.exit_code == 0, corrected.output
    assert f"firstglance report {locked}" in corrected.output
    assert run("report", locked, "--json").output == first  # the same program gives the same numbers
    status = json.loads(run("round", "status", locked, "--json").output)
    assert status["state"] == "unblinded"
    assert f"result {status['result']}" in corrected.output


def test_a_correction_needs_a_reason(run: Run, locked: str, tmp_path: Path) -> None:
    run("round", "unblind", locked, "--key-file", tmp_path / "keys", *REASON)
    refused = run("round", "correct", locked, "--reason", " ")
    assert refused.exit_code == 1
    assert "reason" in refused.stderr


def test_a_round_is_abandoned_with_a_reason(run: Run, draft: str) -> None:
    assert run("round", "abandon", draft, *REASON).exit_code == 0
    assert json.loads(run("round", "list", "--json").output)[0]["state"] == "abandoned"


def test_a_lost_key_of_the_receipts_is_said_by_the_status(run: Run, locked: str, tmp_path: Path) -> None:
    assert json.loads(run("round", "status", locked, "--json").output)["warning"] is None
    (key_file,) = tmp_path.rglob(f"round_keys/{locked}.key")
    key_file.unlink()
    sentence = "The key that signs this round's receipts is missing"
    assert sentence in run("round", "status", locked).output
    assert sentence in json.loads(run("round", "status", locked, "--json").output)["warning"]


def test_every_step_that_makes_a_digest_says_to_publish_it(run: Run, draft: str, tmp_path: Path) -> None:
    sealed = run("round", "seal", draft, "--no-audit", "--keys-to", tmp_path / "keys").stdout
    assert "Publish the commitment before the first judgment" in sealed
    assert f"firstglance round preregistration {draft}" in sealed
    commitment = sealed.splitlines()[0].removeprefix("commitment ")
    opened = run("round", "open", draft).output
    assert f"commitment {commitment}" in opened
    assert "If the commitment is not public yet, publish it" in opened
    locked = run("round", "lock", draft, "--yes").output
    assert "Publish this digest, or stamp it with `firstglance round timestamp`, before the unblinding" in locked


def test_an_unknown_round_is_refused_with_where_to_look(run: Run, dag: str) -> None:
    assert dag
    assert "check its id in the list of rounds" in run("round", "status", "nope").stderr


def test_the_reasons_of_unblinding_and_correction_stand_in_the_export_s_log_alone(
    run: Run, locked: str, tmp_path: Path
) -> None:
    run("round", "unblind", locked, "--key-file", tmp_path / "keys", *REASON)
    run("round", "correct", locked, "--reason", "a fixed estimator")
    assert run("export", locked, "--out", tmp_path / "export.zip").exit_code == 0
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        report, log = archive.read("report.md").decode(), archive.read("events.csv").decode()
    assert "a fixed estimator" in log
    assert REASON[-1] in log
    assert "a fixed estimator" not in report  # the lock's digest does not cover it


def test_a_seal_with_a_file_for_its_keys_that_cannot_be_written_costs_no_draw(
    run: Run, draft: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("AGE-SECRET-KEY-1OLD")
    seal = ("round", "seal", draft, "--no-audit", "--keys-to")
    for path, complaint in (("taken", "exists already and is not replaced"), ("taken/keys", "cannot be written")):
        refused = run(*seal, tmp_path / path)
        assert (refused.exit_code, complaint in refused.stderr) == (1, True)
    assert (tmp_path / "taken").read_text() == "AGE-SECRET-KEY-1OLD"
    refused = run(
        "round", "seal", draft, "--no-audit", "--keys-to", tmp_path / "keys", "--public-value", "not asked for"
    )
    assert (refused.exit_code, (tmp_path / "keys").exists()) == (1, False)
    assert run(*seal, tmp_path / "keys").exit_code == 0
    export = tmp_path / "blinded.zip"
    assert run("export", draft, "--blinded", "--out", export).exit_code == 0
    with zipfile.ZipFile(export) as archive:
        events = [link["event"] for link in json.loads(archive.read("events.json"))]
    assert [event["detail"]["number"] for event in events if event["action"] == "seal begun"] == [1]


@pytest.mark.parametrize("content", [None, "no key"])
def test_lock_and_unblinding_warn_of_a_lost_or_damaged_key_before_they_are_done(
    run: Run, draft: str, tmp_path: Path, content: str | None
) -> None:
    for step in (("seal", draft, "--no-audit", "--keys-to", tmp_path / "keys"), ("open", draft)):
        done = run("round", *step)
        assert (done.exit_code, "Warning" in done.stderr) == (0, False)
    key_file = tmp_path / "data" / "round_keys" / f"{draft}.key"
    key_file.unlink()
    if content is not None:
        key_file.write_text(content)
    for words in (("lock", draft, "--yes"), ("unblind", draft, "--key-file", str(tmp_path / "keys"), *REASON)):
        done = run("round", *words)
        assert done.exit_code == 0
        assert done.stderr.startswith("Warning: The key that signs this round's receipts is missing")
        assert "Restore it before you unblind the round" in done.stderr
    assert "correct the analysis once it is restored" in run("round", "status", draft).output


def logged_events(tmp_path: Path, round_id: str) -> list[tuple[str, dict[str, str]]]:
    """(action, detail) of every event of a round."""
    with closing(sqlite3.connect(tmp_path / "data" / "firstglance.db")) as connection:
        query = "SELECT action, detail FROM events WHERE round_id = ? ORDER BY number"
        return [(action, json.loads(detail)) for action, detail in connection.execute(query, (round_id,))]


def test_an_archive_that_is_shown_beside_no_open_round_exposes_who_sees_it(
    run: Run, draft: str, tmp_path: Path, archives: tuple[Archive, Archive]
) -> None:
    listed = json.loads(run("archive", "list", archives[0].path.parent, "--json").output)
    assert "dead" not in listed[0], "nothing is listed that `archive show` refuses or logs"
    assert "archives shown" not in dict(logged_events(tmp_path, draft))
    for _ in range(2):
        assert run("archive", "show", archives[0].path).exit_code == 0
    assert [action for action, _ in logged_events(tmp_path, draft)].count("archives shown") == 1


def test_an_export_is_logged_before_any_of_it_is_on_the_disk(run: Run, locked: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert "cannot be written" in run("export", locked, "--blinded", "--out", out).stderr
    assert "exported" not in dict(logged_events(tmp_path, locked)), "nothing was exported"
    with closing(sqlite3.connect(tmp_path / "data" / "firstglance.db")) as connection:
        connection.execute(
            "CREATE TRIGGER no_line BEFORE INSERT ON events WHEN NEW.action = 'exported' "
            "BEGIN SELECT RAISE(ABORT, 'no line'); END"
        )
    assert run("export", locked, "--blinded", "--out", out / "z.zip").exit_code == 1
    assert [(path.name, path.stat().st_size) for path in out.iterdir() if path.stat().st_size] == []


def test_results_that_are_refused_are_logged_once_for_each_form(run: Run, draft: str, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("report", draft).exit_code == 1
        assert run("export", draft, "--out", tmp_path / "z.zip").exit_code == 1
    refused = [detail["attempted"] for action, detail in logged_events(tmp_path, draft) if action == "refused"]
    assert refused == ["read report", "read export.zip"]


def test_an_export_to_a_file_whose_name_is_no_text_is_written_and_logged(run: Run, locked: str, tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xff.zip")
    exported = run("export", locked, "--blinded", "--out", tmp_path / name)
    assert exported.exit_code == 0, exported.output
    assert (tmp_path / name).is_file()
    assert json.loads(run("round", "status", locked, "--json").output)["warning"] is None


@pytest.mark.parametrize("name", ["x" * 61, "two\nlines"])
def test_a_name_that_no_arm_or_stratum_can_have_is_refused_with_a_sentence(
    run: Run, dag: str, archives: tuple[Archive, Archive], name: str
) -> None:
    assert dag
    plum, fig = archives
    first = ("round", "create", "--title", "Spring reading", "--arm", f"axolotl={plum.path}")
    for second in (f"{name}={fig.path}", f"quokka={fig.path}@{name}"):
        refused = run(*first, "--arm", second)
        assert (refused.exit_code, "1 to 60 characters in one line" in refused.stderr) == (1, True)


def test_a_reason_that_is_too_long_is_refused_with_the_limit(run: Run, draft: str) -> None:
    refused = run("round", "abandon", draft, "--reason", "x" * (LONGEST_REASON + 1))
    assert (refused.exit_code, f"at most {LONGEST_REASON}" in refused.stderr) == (1, True)
