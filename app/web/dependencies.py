"""Types by which handlers receive the database and the settings of the running app."""

from typing import Annotated

from fastapi import Depends, Request

from app.foundation.settings import Settings
from app.store.engine import Database


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


AppDatabase = Annotated[Database, Depends(_database)]
AppSettings = Annotated[Settings, Depends(_settings)]
