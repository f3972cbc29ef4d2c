"""Types by which handlers receive the database, the settings and the rounds' keys of the running app."""

from typing import Annotated

from fastapi import Depends, Request

from app.foundation.settings import Settings
from app.services.aids_keys import AidsKeys
from app.services.round_keys import RoundKeys
from app.store.engine import Database


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def aids_keys_of_server(request: Request) -> AidsKeys:
    """The keys to rounds' aids in the data folder of the running app."""
    return AidsKeys.in_data_folder(_settings(request).data)


def _round_keys(request: Request) -> RoundKeys:
    return RoundKeys.in_data_folder(_settings(request).data)


AppDatabase = Annotated[Database, Depends(_database)]
AppSettings = Annotated[Settings, Depends(_settings)]
AppAidsKeys = Annotated[AidsKeys, Depends(aids_keys_of_server)]
AppRoundKeys = Annotated[RoundKeys, Depends(_round_keys)]
