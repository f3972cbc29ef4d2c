"""The toy task is played from its design to an export that verifies, through the same stages as every other task."""

import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import firstglance as fg
from app.archive.archive import Archive
from app.foundation.settings import Settings
from app.report.export.zip_file import read_zip
from app.robots.page import HtmlPage
from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round
from app.rounds.design import Design
from app.rounds.design_text import preset_toml
from app.services.opened_database import open_database
from app.tasks import registry
from app.tasks.task import Task
from app.web.serving import served_in_thread
from tests.tasks.pair_task import PAIR as PAIR_TASK
from tests.tasks.tasks import TASKS
from tests.tasks.three_task import THREE

PAIR = TASKS[1]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, plum_archive: Archive, fig_archive: Archive) -> Path:
    """The export of a round of the toy task, judged by two robots over HTTP; beside it lie database and data folder."""
    folder = tmp_path_factory.mktemp("toy")
    arms = {"baseline": plum_archive, "other": fig_archive}
    design = fg.Design.from_preset("quick", title="Which fires more?", arms=arms, neurons=8)
    design = design.with_changes(**PAIR.design_fields)
    study = fg.Round.create(design, arms.values(), data=folder)
    study.seal(folder / "keys.txt")
    study.open()
    links = [study.invite(name).link for name in ("Ada", "Bo")]
    settings = Settings(data=folder, port=0)
    with open_database(settings) as database, served_in_thread(settings, database) as address:
        for number, link in enumerate(links):
            with Visitor.at(address) as visitor:
                answers = Answers(partial(_answer, number))
                pages = list(walk_round(visitor, link.rpartition("/")[2], answers))
                assert len(pages) > 10
                assert {len(page.peaks) for page in pages if page.step == "verdict"} == {2}
    study.lock()
    (folder / "locked.db").write_bytes((folder / "firstglance.db").read_bytes())
    study.unblind(folder / "keys.txt", reason="both have finished")
    study.export(folder / "toy.zip")
    return folder / "toy.zip"


def _answer(number: int, page: HtmlPage) -> str:
    """The first robot says always the first, the second one goes by the code."""
    return page.answers[0 if number == 0 or page.item < "h" else 1]


def test_its_export_verifies_also_with_the_script_that_knows_no_task(played: Path) -> None:
    assert fg.verify(played).ok
    script = played.with_name("verify.py")
    script.write_bytes(read_zip(played)["verify.py"])
    check = subprocess.run(
        [sys.executable, "-I", str(script), str(played)], capture_output=True, text=True, check=False, cwd=played.parent
    )
    assert (check.returncode, "WRONG" in check.stdout) == (3, False), check.stdout


def test_its_fractions_are_the_shares_of_right_answers(played: Path) -> None:
    """Computed here from chains and allocation alone."""
    files = read_zip(played)
    allocation = json.loads(files["allocation.json"])["allocation"]
    right_answers = {item["item"]: (item["arm"], item["right_answer"]) for item in allocation["items"]}
    dead = {cell["arm"]: cell["dead"] for cell in allocation["cells"]}
    right: dict[str, list[bool]] = {"baseline": [], "other": []}
    for link in json.loads(files["chains.json"]):
        entry = link["entry"]
        if entry["kind"] == "judgment" and entry["step"] == "verdict":
            arm, right_answer = right_answers[entry["item"]]
            right[arm].append(entry["verdict"] == right_answer)
    analysis = json.loads(files["analysis.json"])
    for arm, told in right.items():
        assert analysis["arms"][arm]["fraction"] == pytest.approx(sum(told) / 2 / (len(told) / 2 + dead[arm]))
    assert {right_answer for _, right_answer in right_answers.values()} == {"first", "second"}


def test_its_report_speaks_of_right_answers(played: Path) -> None:
    report = read_zip(played)["report.md"].decode()
    assert re.search(r"These 2 evaluators told .* right\.", report)
    assert "INTERPRETABLE" not in report
    assert "fraction of neurons right" in read_zip(played)["preregistration.md"].decode()


def test_the_right_answers_are_in_the_seal_alone(played: Path) -> None:
    """In the database as it was before the opening; the attack on the database looks for what goes with them."""
    database = played.with_name("locked.db").read_bytes()
    assert b"age-encryption.org" in database
    assert b"right_answer" not in database


def test_a_design_of_it_cannot_ask_for_items_of_known_truth(plum_archive: Archive, fig_archive: Archive) -> None:
    arms = {"baseline": plum_archive, "other": fig_archive}
    with pytest.raises(fg.FirstGlanceError, match="the task pair has no items of known truth"):
        fg.Design.from_preset("quick", title="t", arms=arms, training=2).with_changes(**PAIR.design_fields)


def test_a_design_of_it_cannot_have_aids_that_tell_the_right_answer(
    plum_archive: Archive, fig_archive: Archive
) -> None:
    arms = {"baseline": plum_archive, "other": fig_archive}
    with pytest.raises(fg.FirstGlanceError, match="aids show what the right answer"):
        fg.Design.from_preset("quick", title="t", arms=arms).with_changes(**PAIR.design_fields | {"aids": True})


def test_a_program_that_does_not_know_the_task_says_so_and_calls_nothing_forged(
    played: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(registry._TASKS, PAIR.name)
    with pytest.raises(fg.FirstGlanceError, match="the round's task, pair, is unknown to this program"):
        fg.verify(played)


def test_a_task_of_three_awkward_answers_with_practice_and_controls_is_told_as_it_says(
    tmp_path: Path, plum_archive: Archive, fig_archive: Archive
) -> None:
    registry.add_task(THREE)
    arms = {"baseline": plum_archive, "other": fig_archive}
    design = fg.Design.from_preset("quick", title="What is it?", arms=arms, neurons=3).with_changes(
        task=THREE.name,
        groups={"top": 3},
        training=2,
        training_pass=1,
        controls={"planted": 1, "ladder": [0.75], "per_step": 1},
        exclusions={"smallest_planted": 0.5},
    )
    study = fg.Round.create(design, arms.values(), data=tmp_path)
    study.seal(tmp_path / "keys.txt")
    study.open()
    token = study.invite("Ada").link.rpartition("/")[2]
    settings = Settings(data=tmp_path, port=0)
    with (
        open_database(settings) as database,
        served_in_thread(settings, database) as address,
        Visitor.at(address) as visitor,
    ):
        steps = [page.step for page in walk_round(visitor, token, Answers(lambda page: page.answers[0]))]
        assert steps[-1] in ("done", "phase"), steps
    study.lock()
    study.unblind(tmp_path / "keys.txt", reason="Ada has finished")
    files = read_zip(study.export(tmp_path / "three.zip"))
    assert fg.verify(tmp_path / "three.zip").ok
    analysis = json.loads(files["analysis.json"])
    assert analysis["headline"].startswith("This one evaluator called ")
    assert "a word or a topic (100 % {sure})." in analysis["headline"]
    assert analysis["controls"]["planted"]["fraction"] == 1.0
    assert "planted items called a “word” or topic" in files["report.md"].decode()


@pytest.mark.parametrize("task", [PAIR_TASK, THREE])
def test_a_design_of_any_task_is_printed_as_toml_and_read_back(task: Task) -> None:
    if not registry.is_known(task.name):
        registry.add_task(task)
    text = preset_toml("quick", task.name).replace('arm = ""', 'arm = "a"', 1).replace('arm = ""', 'arm = "b"', 1)
    for name, value in (("title", "t"), ("reference", "a"), ("archive_sha256", "a" * 64)):
        text = text.replace(f'{name} = ""', f'{name} = "{value}"')
    design = Design.from_toml(text)
    assert (design.task, design.rubric, design.outcome) == (task.name, task.rubric, task.outcome)


def test_the_words_of_another_task_are_refused_with_their_field() -> None:
    text = preset_toml("quick").replace('task = "first-glance"', 'task = "pair"')
    with pytest.raises(fg.FirstGlanceError, match=r"rubric\.interpretable: no such field exists here"):
        Design.from_toml(text)
