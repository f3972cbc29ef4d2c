"""The demo's round: archives harvested once and reused, a sealed and open round, and its secrets in 0600 files."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.archive.archive import Archive
from app.archive.manifest import FORMAT
from app.cli.seal_progress import printed_progress
from app.foundation.clock import now
from app.foundation.codes import random_token
from app.foundation.digest import sha256_of_file, sha256_of_json
from app.foundation.errors import ArchiveError, ModelError, NotFoundError
from app.foundation.private import write_private_file
from app.foundation.settings import Settings
from app.models.folder_files import WEIGHTS_FILE
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.lifecycle import allows
from app.rounds.presets import design_from_preset
from app.services import admins, rounds
from app.services.archives import ARCHIVES_FOLDER
from app.services.keyholders import name_and_prove, new_key
from app.store.engine import Database
from app.web.leak_audit.audited_seal import SealRequest, seal_in_this_process

ADMIN = "demo"
YOU = "you"
"""The evaluator who runs the demo."""
TITLE = "A first look"
ARMS = {"baseline": "1L-gelu", "solu": "1L-solu_ln"}
"""The model folder of each arm; the first arm is the reference."""


@dataclass(frozen=True)
class DemoPlan:
    """The choices of a run of the demo."""

    models_folder: Path
    """Folder of the pair."""
    corpus: str
    token_limit: int
    neurons: int
    """Neurons per arm."""
    preset_name: str
    evaluator_count: int

    def model_folders(self) -> dict[str, Path]:
        """{model name: folder}. Raises ModelError if the pair is not there."""
        folders = {name: self.models_folder / name for name in ARMS.values()}
        for folder in folders.values():
            if not (folder / WEIGHTS_FILE).is_file():
                msg = f"{folder} holds no model; name the folder that holds {' and '.join(folders)} with --models"
                raise ModelError(msg)
        return folders

    def harvest_digest(self) -> str:
        """A short digest of what the harvest depends on, for the name of its folder."""
        weights = {name: sha256_of_file(folder / WEIGHTS_FILE) for name, folder in self.model_folders().items()}
        return sha256_of_json(
            {"format": FORMAT, "weights": weights, "corpus": self.corpus, "tokens": self.token_limit}
        )[:12]


@dataclass(frozen=True)
class DemoRound:
    """An open round, its key file and its invitations."""

    id: str
    key_file: Path
    invitation_tokens: tuple[str, ...]
    """One per evaluator."""


def demo_archives(plan: DemoPlan, data: Path) -> dict[str, Archive]:
    """{arm: archive}: the archives in the data folder, or new ones if these are not complete."""
    folder = data / ARCHIVES_FOLDER / f"demo-{plan.harvest_digest()}"
    with suppress(ArchiveError):
        return {arm: Archive.open(folder / name) for arm, name in ARMS.items()}
    # A run that goes on with archives of an earlier one loads no torch.
    from app.harvest.harvests import harvest_pair
    from app.harvest.options import HarvestOptions
    from app.models.model_folder import load_model

    models = {name: load_model(path) for name, path in plan.model_folders().items()}
    pair = harvest_pair(models, plan.corpus, folder, HarvestOptions(tokens=plan.token_limit).top_only())
    return {arm: pair[name] for arm, name in ARMS.items()}


def create_demo_round(
    database: Database,
    plan: DemoPlan,
    archives: Mapping[str, Archive],
    settings: Settings,
    evaluator_names: Sequence[str],
) -> DemoRound:
    """Create, seal with the leak audit and open a round and invite evaluators; keys and tokens are kept in 0600 files.

    The person who runs the demo created the round and holds its key, so their judgments count as exposed.
    """
    keys = [new_key(), new_key()]
    _ensure_admin(database, settings.data)
    with database.writing() as session:
        paths = {archive.sha256: archive.path.resolve() for archive in archives.values()}
        round_id = rounds.create_round(session, _demo_design(plan, archives), paths, ADMIN, now())
    key_file = settings.data / "demo" / f"{round_id}.key"
    write_private_file(key_file, "".join(f"{key.identity}\n" for key in keys))
    with database.writing() as session:
        name_and_prove(session, round_id, [key.identity for key in keys], ADMIN, now())
    with printed_progress() as listener:
        seal_in_this_process(database, settings, round_id, SealRequest(), ADMIN, now, listener)
    with database.writing() as session:
        rounds.open_round(session, round_id, ADMIN, now())
        tokens = tuple(
            rounds.invite_evaluator(session, round_id, name, name == YOU, ADMIN, now()).token
            for name in evaluator_names
        )
    write_private_file(settings.data / "demo" / f"{round_id}.links", "\n".join(tokens))
    return DemoRound(round_id, key_file, tokens)


def find_open_demo_round(database: Database, data: Path) -> DemoRound | None:
    """A demo round of an earlier run that still takes judgments; None if there is none."""
    for links in sorted((data / "demo").glob("*.links")):
        with database.reading() as session, suppress(NotFoundError):
            if allows(rounds.round_progress(session, links.stem).state, "judge"):
                return DemoRound(links.stem, links.with_suffix(".key"), tuple(links.read_text("utf-8").split()))
    return None


def demo_password(data: Path) -> str:
    """The demo admin's password, made once."""
    path = data / "demo" / "password"
    with suppress(FileExistsError):
        write_private_file(path, random_token())
    return path.read_text("utf-8")


def _demo_design(plan: DemoPlan, archives: Mapping[str, Archive]) -> Design:
    cells = [Cell(arm=arm, archive_sha256=archive.sha256) for arm, archive in archives.items()]
    return design_from_preset(
        plan.preset_name,
        title=TITLE,
        arms=cells,
        reference=cells[0].arm,
        neurons=plan.neurons,
        evaluators=plan.evaluator_count,
    )


def _ensure_admin(database: Database, data: Path) -> None:
    with database.writing() as session:
        if ADMIN in admins.admin_names(session):
            admins.change_password(session, ADMIN, demo_password(data))
        else:
            admins.add_admin(session, ADMIN, demo_password(data), now())
