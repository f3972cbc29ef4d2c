"""Settings: the only reader of the environment (FIRSTGLANCE_*). Read once, frozen, and refusing nonsense."""

from pathlib import Path
from typing import Self

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.foundation.errors import SettingsError

SHORTEST_SECRET = 32


class Settings(BaseSettings):
    """What a server needs to know; every field has a default that is safe on one's own machine."""

    model_config = SettingsConfigDict(env_prefix="FIRSTGLANCE_", frozen=True, extra="forbid")

    data: Path = Path("data")
    """Folder of the database, archives, keys and the session secret."""
    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in the data folder."""
    secret: str = ""
    """Key that signs sessions, 32 characters at least; empty means one is made in the data folder."""
    host: str = "127.0.0.1"
    port: int = 8000
    https: bool = False
    """Cookies are marked Secure; set it when the site is served over HTTPS."""

    @field_validator("secret")
    @classmethod
    def _secret_is_long(cls, value: str) -> str:
        if value and len(value) < SHORTEST_SECRET:
            msg = f"use at least {SHORTEST_SECRET} random characters, or leave it out and one is made"
            raise ValueError(msg)
        return value

    @classmethod
    def read(cls, **overrides: object) -> Self:
        """Settings from the environment, with overrides. Raises SettingsError with a sentence."""
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            return cls.model_validate(cls().model_dump() | given)
        except ValidationError as error:
            first = error.errors()[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            msg = f"FIRSTGLANCE_{name}: {first['msg']}"
            raise SettingsError(msg) from error

    @property
    def url(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{(self.data / 'firstglance.db').resolve()}"
