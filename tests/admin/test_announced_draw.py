"""The admins' page of a round whose seed a public value completes."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from app.rounds.cell import Cell
from app.rounds.presets import design_from_preset
from app.services import rounds
from app.services.draws import AnnouncedDraw, announce_draw
from app.web.leak_audit import audited_seal
from tests.admin.admin_site import AdminSite, Browser, prove_two_keys
from tests.conftest import START

NAME = "beacon round 4242"


@pytest.fixture
def public_draft(admin_site: AdminSite) -> str:
    """A draft whose design has a public value complete the seed."""
    arms = [
        Cell(arm=arm, archive_sha256=archive.sha256)
        for arm, archive in zip(("axolotl", "quokka"), admin_site.archives, strict=True)
    ]
    design = design_from_preset(
        "quick", title="Spring reading", arms=arms, reference="axolotl", neurons=3, seed_rule="public"
    )
    paths: dict[str, Path] = {archive.sha256: archive.path for archive in admin_site.archives}
    with admin_site.database.writing() as session:
        return rounds.create_round(session, design, paths, "Dag", START)


def announce(admin_site: AdminSite, round_id: str) -> AnnouncedDraw:
    with admin_site.database.writing() as session:
        return announce_draw(session, round_id, NAME, admin_site.settings.data, "Dag", START, value_length=6)


def test_before_the_announcement_the_page_names_the_command_and_offers_no_seal(dag: Browser, public_draft: str) -> None:
    dag.get(f"/admin/rounds/{public_draft}")
    assert f"firstglance round announce-draw {public_draft} --value NAME --length CHARACTERS" in dag.text
    assert "Seal the round</button>" not in dag.text


def test_the_page_shows_what_was_announced_and_takes_the_value(
    dag: Browser, admin_site: AdminSite, public_draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = SimpleNamespace(passed=True, model_dump=dict)  # an audit takes seconds and is tested where it stands
    monkeypatch.setattr(audited_seal, "audit_prepared_seal", lambda *_arguments: passed)
    announced = announce(admin_site, public_draft)
    prove_two_keys(admin_site, public_draft)
    dag.get(f"/admin/rounds/{public_draft}")
    for shown in (f"{NAME}, 6 characters", announced.announcement.half_sha256, announced.chain, "before the value is"):
        assert shown in dag.text
    assert dag.send("seal", public_value=" ").status_code == 422
    dag.get(f"/admin/rounds/{public_draft}")
    assert dag.send("seal", public_value="c0ffee").status_code == 200
    admin_site.finish_seals()
    dag.get(f"/admin/rounds/{public_draft}")
    assert f"completed by a public value: {NAME}" in " ".join(dag.text.split())
    assert "c0ffee" in dag.text


def test_the_page_of_any_other_round_asks_for_no_value(dag: Browser, draft: str) -> None:
    dag.get(f"/admin/rounds/{draft}")
    assert "public_value" not in dag.text
    assert "drawn by the server alone" in dag.text
