"""Database URLs and settings that cannot be used: a sentence, and never a part of the password."""

import os
from pathlib import Path

import pytest

from app.foundation.errors import SettingsError
from app.foundation.settings import Settings
from app.services.admins import admin_names
from app.services.opened_database import open_database
from app.store.database_url import without_secrets
from app.web.serving import bound_socket

PASSWORD = "S3cr3t-word"
URLS = (
    f"postgresql://dag:{PASSWORD}@host:port/db",
    f"postgresql+psycopg://dag:12/{PASSWORD}@host/db",
    f"postgresql+psycopg://dag:x@{PASSWORD}@host/db",
    f"postgresql+psycopg://dag:{PASSWORD}@[::1/db",
    f"postgres:dag:{PASSWORD}@host",
    f"oracle+nowhere://dag:{PASSWORD}@host/db",
    f"mysql://dag:{PASSWORD}@host/db",
    f"postgresql+psycopg://dag:{PASSWORD}@127.0.0.1:1/db",
    f"postgresql+psycopg://dag@127.0.0.1:1/db?password={PASSWORD}",
    f"postgresql+psycopg://127.0.0.1:1/db?nonsense={PASSWORD}",
    f"postgresql+psycopg://127.0.0.1:1/db?sslmode={PASSWORD}",
    f"sqlite:///nowhere/{PASSWORD}/x/y.db",
    f"{PASSWORD}",
)


@pytest.mark.parametrize("url", URLS)
def test_no_refusal_of_a_database_url_says_the_password(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRSTGLANCE_DATABASE_URL", url)
    settings = Settings.read(data=tmp_path)
    assert PASSWORD not in repr(settings) + str(settings)
    with pytest.raises(SettingsError) as refusal, open_database(settings):
        pass
    assert PASSWORD not in str(refusal.value)
    assert "URL" in str(refusal.value)


@pytest.mark.parametrize("rest", ["", "/", "/:memory:", "/{folder}", "/{folder}/pipe", "/file:{folder}/x.db?uri=true"])
def test_a_database_url_of_sqlite_needs_a_file(rest: str, tmp_path: Path) -> None:
    """A pipe would be waited for without end, and of a database in memory the tables would be gone at once."""
    os.mkfifo(tmp_path / "pipe")
    settings = Settings.read(data=tmp_path / "data", database_url="sqlite://" + rest.format(folder=tmp_path))
    with pytest.raises(SettingsError, match=r"Write sqlite:////FOLDER/FILE.db|path as it is"), open_database(settings):
        pass
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "option", ["timeout=abc", "timeout=1e400", "timeout=nan", "timeout=-1", "foo=1", "isolation_level=x"]
)
@pytest.mark.filterwarnings("error")
def test_an_option_that_sqlite_cannot_use_is_refused_in_a_sentence(option: str, tmp_path: Path) -> None:
    settings = Settings.read(data=tmp_path, database_url=f"sqlite:///{tmp_path}/x.db?{option}")
    with pytest.raises(SettingsError, match=r"take only \?timeout=SECONDS"), open_database(settings):
        pass


@pytest.mark.filterwarnings("error")
def test_the_time_that_sqlite_waits_can_be_chosen(tmp_path: Path) -> None:
    settings = Settings.read(data=tmp_path, database_url=f"sqlite:///{tmp_path}/x.db?timeout=5")
    with open_database(settings) as database, database.reading() as session:
        assert admin_names(session) == []


def test_a_short_value_is_not_given_away_by_what_stands_around_its_mask() -> None:
    reason = 'connection to server at "10.255.255.1", port 5432 failed'
    url = "postgresql+psycopg://dag:{}@10.255.255.1/db?connect_timeout=3"
    assert without_secrets(reason, url.format(PASSWORD)) == reason
    assert without_secrets(reason, url.format("43")) == reason.replace("5432", "***")
    assert without_secrets(f"no {PASSWORD}, no x{PASSWORD}y", url.format(PASSWORD)) == "no ***, no ***"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "99999"),
        ("PORT", "1" + "0" * 400),
        ("PORT", "-1"),
        ("RETENTION_DAYS", "nan"),
        ("RETENTION_DAYS", "1" + "0" * 5_000),
        ("HTTPS", "perhaps"),
        ("SECRET", PASSWORD),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("TRUSTED_PROXIES", "\x1b[31m"),
        ("CONTACT", "\udcff"),
    ],
)
def test_a_senseless_setting_is_refused_by_its_name(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"FIRSTGLANCE_{name}", text)
    with pytest.raises(SettingsError, match=f"FIRSTGLANCE_{name}: ") as refusal:
        Settings.read()
    assert PASSWORD not in str(refusal.value)


@pytest.mark.parametrize("host", ["no such host", "a" * 100 + ".b", "..", "999.999.999.999"])
def test_an_address_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="choose another with --port or --host"), bound_socket(Settings(host=host)):
        pass
