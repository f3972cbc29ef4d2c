"""The demo's round: archives harvested once and reused, a sealed and open round, and its secrets in 0600 files."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from app.archive.archive import Archive
from app.archive.manifest import FORMAT
from app.foundation.clock import now
from app.foundation.codes import random_token
from app.foundation.digest import sha256_of_file, sha256_of_json
from app.foundation.errors import ArchiveError, ModelError, NotFoundError
from app.foundation.private import write_private_file
from app.rounds.design import Cell
from app.rounds.presets import design_from_preset
from app.services import admins, rounds, seals
from app.services.archives import ARCHIVES_FOLDER
from app.store.engine import Database
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages

ADMIN = "demo"
TITLE = "A first look"
ARMS = {"baseline": "1L-gelu", "solu": "1L-solu_ln"}
"""Arm to model folder; the first is the reference."""


@dataclass(frozen=True)
class DemoPlan:
    """What the demo does."""

    models: Path
    corpus: str
    tokens: int
    neurons: int
    preset: str
    evaluators: int

    @classmethod
    def of(cls, models: Path, **choices: Any) -> Self:  # noqa: ANN401 - click's values
        """The plan with these choices."""
        return cls(models=models, **choices)

    def folders(self) -> dict[str, Path]:
        """Model name to folder. Raises ModelError if the pair is not there."""
        found = {name: self.models / name for name in ARMS.values()}
        for folder in found.values():
            if not (folder / "model.safetensors").is_file():
                msg = f"{folder} holds no model; name the folder that holds {' and '.join(found)} with --models"
                raise ModelError(msg)
        return found

    def key(self) -> str:
        """What the harvest depends on, as a short digest: another model or corpus gets another folder."""
        weights = {name: sha256_of_file(folder / "model.safetensors") for name, folder in self.folders().items()}
        read = {"format": FORMAT, "weights": weights, "corpus": self.corpus, "tokens": self.tokens}
        return sha256_of_json(read)[:12]


@dataclass(frozen=True)
class DemoRound:
    """An open round with what its people need."""

    id: str
    key_file: Path
    tokens: tuple[str, ...]
    """Invitation tokens, one per evaluator."""


def harvested(plan: DemoPlan, data: Path) -> dict[str, Archive]:
    """The archive of each arm: the ones in the data folder if they are whole, else harvested now."""
    folder = data / ARCHIVES_FOLDER / f"demo-{plan.key()}"
    with suppress(ArchiveError):
        return {arm: Archive.open(folder / name) for arm, name in ARMS.items()}
    from app.harvest.options import HarvestOptions
    from app.harvest.run import harvest_pair
    from app.models.model_folder import load_model

    models = {name: load_model(path) for name, path in plan.folders().items()}
    found = harvest_pair(models, plan.corpus, folder, HarvestOptions(tokens=plan.tokens).top_only())
    return {arm: found[name] for arm, name in ARMS.items()}


def make_round(
    base: Database, plan: DemoPlan, archives: dict[str, Archive], data: Path, evaluators: Sequence[str]
) -> DemoRound:
    """Create, seal and open a round and invite evaluators; keys and tokens are kept in 0600 files.

    Who runs the demo created the round and holds its key, so they judge as exposed.
    """
    cells = [Cell(arm=arm, archive_sha256=one.sha256) for arm, one in archives.items()]
    design = design_from_preset(
        plan.preset, title=TITLE, arms=cells, reference=cells[0].arm, neurons=plan.neurons, evaluators=plan.evaluators
    )
    keys = [seals.new_key(), seals.new_key()]
    options = seals.SealOptions(measure=response_sizes)
    _ensure_admin(base, data)
    with base.writing() as session:
        paths = {one.sha256: one.path.resolve() for one in archives.values()}
        made = rounds.create_round(session, design, paths, ADMIN, now())
        recipients = [one.recipient for one in keys]
        seals.seal_round(session, made, recipients, render_passages, ADMIN, now(), options)
        rounds.open_round(session, made, ADMIN, now())
        tokens = tuple(
            rounds.invite_evaluator(session, made, name, name == "you", ADMIN, now()).token for name in evaluators
        )
    key_file = data / "demo" / f"{made}.key"
    write_private_file(key_file, "".join(f"{one.identity}\n" for one in keys))
    write_private_file(data / "demo" / f"{made}.links", "\n".join(tokens))
    return DemoRound(made, key_file, tokens)


def find_open_round(base: Database, data: Path) -> DemoRound | None:
    """A demo round of an earlier run that still takes judgments."""
    for links in sorted((data / "demo").glob("*.links")):
        with base.reading() as session, suppress(NotFoundError):
            if rounds.round_progress(session, links.stem).state == "collecting":
                return DemoRound(links.stem, links.with_suffix(".key"), tuple(links.read_text("utf-8").split()))
    return None


def password(data: Path) -> str:
    """The demo admin's password, made once."""
    path = data / "demo" / "password"
    with suppress(FileExistsError):
        write_private_file(path, random_token())
    return path.read_text("utf-8")


def _ensure_admin(base: Database, data: Path) -> None:
    with base.writing() as session:
        if ADMIN in admins.admin_names(session):
            admins.change_password(session, ADMIN, password(data))
        else:
            admins.add_admin(session, ADMIN, password(data), now())
