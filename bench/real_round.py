"""An open round of the models that come with First Glance, harvested over a little of the standard library."""

from collections.abc import Sequence

from app.cli.demo.demo_round import ADMIN, ARMS, TITLE, DemoPlan, demo_archives
from app.foundation.clock import now
from app.foundation.json_types import JsonObject
from app.foundation.paths import resource_folder
from app.foundation.settings import Settings
from app.rounds.cell import Cell
from app.rounds.presets import design_from_preset
from app.services import admins, rounds
from app.services.keyholders import name_and_prove, new_key
from app.store.engine import Database
from app.store.schema import migrate
from app.web.leak_audit.audited_seal import seal_with_real_pages

TOKENS = 200_000
PRESET = "quick"


def open_real_round(settings: Settings, names: Sequence[str], neurons_per_arm: int, changes: JsonObject) -> list[str]:
    """Create the settings' database with one open round; its design is a preset with `changes`.

    Returns one invitation token for each evaluator's name.
    """
    plan = DemoPlan(resource_folder("demo"), "stdlib", TOKENS, neurons_per_arm, PRESET, len(names))
    archives = demo_archives(plan, settings.data)
    cells = [Cell(arm=arm, archive_sha256=archive.sha256) for arm, archive in archives.items()]
    design = design_from_preset(
        PRESET, title=TITLE, arms=cells, reference=next(iter(ARMS)), neurons=neurons_per_arm, **changes
    )
    paths = {archive.sha256: archive.path for archive in archives.values()}
    keys = [new_key(), new_key()]
    migrate(settings.resolved_database_url)
    database = Database(settings.resolved_database_url)
    with database.writing() as session:
        admins.add_admin(session, ADMIN, "a long enough password", now())
        round_id = rounds.create_round(session, design, paths, ADMIN, now())
        name_and_prove(session, round_id, [key.identity for key in keys], ADMIN, now())
        seal_with_real_pages(session, settings, round_id, ADMIN, now())
        rounds.open_round(session, round_id, ADMIN, now())
        tokens = [rounds.invite_evaluator(session, round_id, name, False, ADMIN, now()).token for name in names]
    database.close()
    return tokens
