"""Audits small rounds without a leak on their real pages: `python -m bench.clean_walks` prints the p of each.

The rounds are of the models that come with First Glance, each with a secret seed of its own. Without a leak the p
values of the transport are spread evenly from 0 to 1; an excess of small ones is a fault of the measurement.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from app.cli.demo.demo_round import ADMIN, ARMS, TITLE, DemoPlan, demo_archives
from app.foundation.clock import now
from app.foundation.errors import SealError
from app.foundation.paths import resource_folder
from app.foundation.settings import Settings
from app.rounds.cell import Cell
from app.rounds.presets import design_from_preset
from app.services import admins, rounds
from app.services.keyholders import name_and_prove, new_key
from app.store.engine import Database
from app.store.schema import migrate
from app.web.leak_audit.audited_seal import SealRequest, seal_in_this_process

TOKENS = 60_000
PRESET = "quick"


def clean_p_values(settings: Settings, round_count: int, neurons_per_arm: int) -> list[float]:
    """The p of the transport of each round; 0 for a round that was refused."""
    plan = DemoPlan(resource_folder("demo"), "stdlib", TOKENS, neurons_per_arm, PRESET, 1)
    archives = demo_archives(plan, settings.data)
    cells = [Cell(arm=arm, archive_sha256=archive.sha256) for arm, archive in archives.items()]
    design = design_from_preset(
        PRESET, title=TITLE, arms=cells, reference=next(iter(ARMS)), neurons=neurons_per_arm, hypothesis=False
    )
    paths = {archive.sha256: archive.path for archive in archives.values()}
    migrate(settings.resolved_database_url)
    database = Database(settings.resolved_database_url)
    with database.writing() as session:
        admins.add_admin(session, ADMIN, "a long enough password", now())
    p_values = []
    for _ in range(round_count):
        with database.writing() as session:
            round_id = rounds.create_round(session, design, paths, ADMIN, now())
            name_and_prove(session, round_id, [new_key().identity, new_key().identity], ADMIN, now())
        try:
            _, audit = seal_in_this_process(database, settings, round_id, SealRequest(), ADMIN, now)
        except SealError:
            p_values.append(0.0)
            continue
        assert audit is not None
        p_values.append(audit.gate.transport.p)
    database.close()
    return p_values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--neurons", type=int, default=8, help="neurons of each arm")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        p_values = clean_p_values(Settings(data=Path(folder)), options.rounds, options.neurons)
    summary = {
        "p": sorted(p_values),
        "at_most_a_tenth": float(np.mean(np.array(p_values) <= 0.1)),
        "at_most_half": float(np.mean(np.array(p_values) <= 0.5)),
    }
    print(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
