"""Database URLs and settings that cannot be used: a sentence, and never a part of the password."""

from pathlib import Path

import pytest

from app.cli.database import open_database
from app.foundation.errors import SettingsError
from app.foundation.settings import Settings
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
