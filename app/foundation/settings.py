"""The settings, read once from the environment (FIRSTGLANCE_*) and checked; nothing else reads the environment."""

from ipaddress import ip_network
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.foundation.errors import SettingsError, first_problem
from app.foundation.typed_text import is_storable_text

SHORTEST_SECRET = 32
MOST_RETENTION_DAYS = 36_500


class Settings(BaseSettings):
    """What a server needs to know. Every field has a default that is safe on one's own machine."""

    model_config = SettingsConfigDict(env_prefix="FIRSTGLANCE_", frozen=True, extra="forbid", hide_input_in_errors=True)

    data: Path = Path("data")
    """Folder of the database, archives, keys and the session secret."""
    database_url: str = Field(default="", repr=False)
    """SQLAlchemy URL; if it is empty, the database is SQLite in the data folder."""
    secret: str = Field(default="", repr=False)
    """The server's secret, at least 32 characters; if it is empty, one is made in the data folder."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    contact: str = ""
    """Whom people who take part can ask, as the public page for them says it: a name, an address, or both."""
    retention_days: int = Field(default=0, ge=0, le=MOST_RETENTION_DAYS)
    """So many days after a round's lock links and sessions of its evaluators are deleted; 0: never."""
    https: bool = False
    """Mark cookies as Secure; set it when the site is served over HTTPS."""
    trusted_proxies: str = ""
    """Addresses or networks of the proxies before this server, with commas: they say from where a request comes."""

    @field_validator("database_url", "secret", "host", "contact", "trusted_proxies")
    @classmethod
    def _text_is_storable(cls, value: str) -> str:
        if not is_storable_text(value):
            msg = "this is no text in UTF-8; type it anew"
            raise ValueError(msg)
        return value

    @field_validator("secret")
    @classmethod
    def _secret_is_long(cls, value: str) -> str:
        if value and len(value) < SHORTEST_SECRET:
            msg = f"use at least {SHORTEST_SECRET} random characters, or leave it out and one is made"
            raise ValueError(msg)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_addresses(cls, value: str) -> str:
        for proxy in filter(None, value.split(",")):
            try:
                network = ip_network(proxy.strip())
            except ValueError as error:
                msg = f"{proxy.strip()!r} is no address and no network; write such as 127.0.0.1,10.0.0.0/8"
                raise ValueError(msg) from error
            if network.prefixlen == 0:
                msg = f"{proxy.strip()!r} is everybody, who could then claim any address; name your proxies"
                raise ValueError(msg)
        return value

    @classmethod
    def read(cls, **overrides: object) -> Self:
        """The settings of the environment; an override that is not None replaces one.

        Raises SettingsError, naming the variable and what is wrong with its value.
        """
        overrides_set = {name: value for name, value in overrides.items() if value is not None}
        try:
            return cls.model_validate(cls().model_dump() | overrides_set)
        except ValidationError as error:
            path, reason = first_problem(error)
            msg = f"FIRSTGLANCE_{path.replace('.', '_').upper()}: {reason}"
            raise SettingsError(msg) from error

    @property
    def resolved_database_url(self) -> str:
        """The database's SQLAlchemy URL: the one that was set, or SQLite in the data folder."""
        return self.database_url or f"sqlite:///{(self.data / 'firstglance.db').resolve()}"

    @property
    def has_database(self) -> bool:
        """Whether there is a database to ask: a machine that only harvests has none."""
        return bool(self.database_url) or (self.data / "firstglance.db").exists()
