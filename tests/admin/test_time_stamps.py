"""The page of a round names the time stamps that it has."""

import re
from datetime import UTC, datetime

from app.store.tables import TimestampRow
from app.store.timestamps import add_timestamp
from tests.admin.admin_site import AdminSite, Browser


def test_a_round_without_time_stamps_says_nothing_of_them(dag: Browser, sealed: str) -> None:
    dag.get(f"/admin/rounds/{sealed}")
    assert "Time stamps" not in dag.text


def test_each_time_stamp_is_named_with_its_time_and_authority(dag: Browser, sealed: str, admin_site: AdminSite) -> None:
    with admin_site.database.writing() as session:
        for of, hour in (("commitment", 9), ("lock", 17)):
            row = TimestampRow(round_id=sealed, of=of, digest="0" * 64, authority="https://tsa.example.org/", token=b"")
            row.at = datetime(2026, 1, 5, hour, 30, tzinfo=UTC)
            add_timestamp(session, row)
    dag.get(f"/admin/rounds/{sealed}")
    (lines,) = re.findall(r"<ul[^>]*data-stamps>(.*?)</ul>", dag.text, re.DOTALL)
    texts = [" ".join(re.sub(r"<[^>]*>", " ", line).split()) for line in lines.split("</li>")[:-1]]
    assert texts == [
        "commitment 5 January 2026, 09:30:00 UTC by https://tsa.example.org/",
        "lock 5 January 2026, 17:30:00 UTC by https://tsa.example.org/",
    ]
