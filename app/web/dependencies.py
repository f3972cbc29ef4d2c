"""What handlers ask for: the database and the settings of the running app."""

from typing import Annotated

from fastapi import Depends, Request

from app.foundation.settings import Settings
from app.store.engine import Database


def _database(request: Request) -> Database:
    found: Database = request.app.state.database
    return found


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


DatabaseOf = Annotated[Database, Depends(_database)]
SettingsOf = Annotated[Settings, Depends(_settings)]
