"""A real server is killed, or its client goes away, in the middle of a seal: the round is sealed whole or a draft."""

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest
from sqlalchemy import func, select, update

from app.evidence.event_details import SealedDetail
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.robots.page import read_page
from app.rounds.design import Design
from app.rounds.sealing import open_seal
from app.services.admins import add_admin
from app.services.draws import announce_draw, half_file
from app.services.log import log_problem, round_events
from app.services.rounds import create_round
from app.services.seal_runs import SILENCE
from app.store.engine import Database
from app.store.schema import migrate
from app.store.sealed import SealedRow
from app.store.tables import AidsRow, ItemRow, RoundRow, SealRunRow, SlotRow
from app.web.leak_audit.audited_seal import SealRequest, seal_in_this_process
from tests.conftest import PASSWORD
from tests.services.stages import ADMIN, KEYS, prove_keys

MOMENTS = range(10)
VALUE = "c0ffee"
LONGEST_SEAL = 120
"""Seconds after which a seal on a busy machine has ended."""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installation:
    """A data folder with a database, and the design of the rounds in it."""

    settings: Settings
    database: Database
    design: Design
    paths: dict[str, Path]
    scratch: Path
    """Where the servers put temporary files."""

    def new_draft(self) -> str:
        """A draft with proved keys whose draw is announced."""
        with self.database.writing() as session:
            round_id = create_round(session, self.design, self.paths, ADMIN, now())
            prove_keys(session, round_id, KEYS, now())
            announce_draw(session, round_id, "beacon", self.settings.data, ADMIN, now(), value_length=len(VALUE))
        return round_id

    def state(self, round_id: str) -> str:
        """The round's state; a draft that is still being sealed is called `sealing`."""
        with self.database.reading() as session:
            run = session.get(SealRunRow, round_id)
            is_running = run is not None and run.outcome == "running"
            state = session.get_one(RoundRow, round_id).state
        return "sealing" if is_running else state

    def wait_for_the_end(self, round_id: str) -> str:
        """The state of a round once no seal of it is being made."""
        deadline = time.monotonic() + LONGEST_SEAL
        while time.monotonic() < deadline:
            if (state := self.state(round_id)) != "sealing":
                return state
            time.sleep(0.05)
        pytest.fail("the seal has not ended")

    def require_whole_or_nothing(self, round_id: str) -> str:
        """The state of the round, of which everything is stored or nothing."""
        with self.database.reading() as session:
            round_row = session.get_one(RoundRow, round_id)
            stored = [
                session.scalar(select(func.count()).select_from(row_type).where(row_type.round_id == round_id))
                for row_type in (ItemRow, AidsRow, SlotRow, SealedRow)
            ]
            events = [event for event in round_events(session, round_id) if event.action == "sealed"]
            assert log_problem(session, round_id) == ""
            seal_row = session.get(SealedRow, round_id)
        assert list(self.scratch.rglob("*.db*")) == [], "a copy of the round for its audit stays behind"
        if round_row.state == "draft":
            assert stored == [0, 0, 0, 0]
            assert (round_row.commitment, round_row.response_bytes, events) == (None, 0, [])
            assert "training_answers" not in round_row.public_design
            assert half_file(self.settings.data, round_id, 1).exists()
            return "draft"
        (sealed,) = (SealedDetail.model_validate(event.detail) for event in events)
        assert seal_row is not None
        assert (round_row.state, round_row.commitment) == ("sealed", sealed.commitment)
        assert (stored[0], seal_row.sealed_sha256) == (sealed.items, sealed.sealed_sha256)
        assert open_seal(seal_row.ciphertext, [KEYS[1].identity])
        return "sealed"

    def seconds_of_seal(self, round_id: str) -> float:
        """How long the seal of a round took from its draw on."""
        with self.database.reading() as session:
            times = {event.action: event.at for event in round_events(session, round_id)}
        return (times["sealed"] - times["seal begun"]).total_seconds()

    def seal_again(self, round_id: str) -> None:
        """Seal a draft whose seal was interrupted, once its last sign of life is old."""
        with self.database.writing() as session:
            silent = now() - 2 * SILENCE
            session.execute(update(SealRunRow).where(SealRunRow.round_id == round_id).values(beat_at=silent))
        request = SealRequest(public_value=VALUE, audited=False)
        seal_in_this_process(self.database, self.settings, round_id, request, ADMIN, now)
        assert self.require_whole_or_nothing(round_id) == "sealed"


@pytest.fixture(scope="module")
def installation(
    design: Design, paths: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    settings = Settings(data=tmp_path_factory.mktemp("killed"))
    migrate(settings.resolved_database_url)
    with closing(Database(settings.resolved_database_url)) as database:
        with database.writing() as session:
            add_admin(session, ADMIN, PASSWORD, now())
        changed = design.with_changes(seed_rule="public", neurons=4, aids=True)
        yield Installation(settings, database, changed, paths, tmp_path_factory.mktemp("scratch"))


@dataclass(frozen=True)
class Server:
    """A server in a process of its own, and an admin who is signed in."""

    process: subprocess.Popen[str]
    client: httpx2.Client

    def seal_request(self, round_id: str) -> bytes:
        """The bytes of the request that seals a round."""
        form = read_page(self.client.get(f"/admin/rounds/{round_id}").text).require_form("seal")
        body = urlencode({**form.fields, "public_value": VALUE}).encode()
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        head = (
            f"POST {form.action} HTTP/1.1\r\nHost: {self.client.base_url.netloc.decode()}\r\nCookie: {cookies}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def send(self, request: bytes, *, cut_after: float | None) -> None:
        """Send a request; with `cut_after` the connection is reset so many seconds later, else the answer is read."""
        address = urlsplit(str(self.client.base_url))
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(request)
            if cut_after is None:
                assert b" 303 " in connection.recv(100)
                return
            time.sleep(cut_after)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def served(installation: Installation) -> Iterator[Server]:
    """A server on the installation, which is killed at the end."""
    command = [sys.executable, "-m", "app", "--data", str(installation.settings.data), "serve", "--port", "0"]
    environment = {**os.environ, "TMPDIR": str(installation.scratch)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[3]
            with httpx2.Client(base_url=address, follow_redirects=True, timeout=60) as client:
                form = read_page(client.get("/admin/sign-in").text).require_form("sign-in")
                signed_in = client.post(form.action, data={**form.fields, "name": ADMIN, "password": PASSWORD})
                assert signed_in.status_code == 200
                yield Server(process, client)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def seal_seconds(installation: Installation) -> float:
    """How long a seal with its audit takes here, measured on one that nobody disturbs."""
    with served(installation) as server:
        round_id = installation.new_draft()
        request, start = server.seal_request(round_id), time.perf_counter()
        server.send(request, cut_after=None)
        assert installation.wait_for_the_end(round_id) == "sealed"
        seconds = time.perf_counter() - start
    assert installation.require_whole_or_nothing(round_id) == "sealed"
    return seconds


def test_a_seal_whose_server_is_killed_at_each_of_ten_moments_is_whole_or_undone(
    installation: Installation, seal_seconds: float
) -> None:
    ends, seconds = [], seal_seconds
    for moment in MOMENTS:
        round_id = installation.new_draft()
        with served(installation) as server:
            server.send(server.seal_request(round_id), cut_after=None)
            time.sleep(seconds * moment / (len(MOMENTS) - 1))
            server.process.kill()
            server.process.wait()
        ends.append(installation.require_whole_or_nothing(round_id))
        if ends[-1] == "draft":
            installation.seal_again(round_id)
        else:
            seconds = min(seconds, installation.seconds_of_seal(round_id))  # the machine was busier before
        assert not half_file(installation.settings.data, round_id, 1).exists()
    assert ends.count("draft") >= 5, ends


def test_a_seal_whose_client_goes_away_at_each_of_ten_moments_is_whole_or_was_not_begun(
    installation: Installation, seal_seconds: float
) -> None:
    ends = []
    with served(installation) as server:
        for moment in MOMENTS:
            round_id = installation.new_draft()
            request = server.seal_request(round_id)
            sent = (len(request) - 1) * (moment + 1) // 3 if moment < 3 else len(request)
            server.send(request[:sent], cut_after=0.0 if moment <= 3 else seal_seconds * (moment - 3) / 7)
            time.sleep(0.5)
            installation.wait_for_the_end(round_id)
            ends.append(installation.require_whole_or_nothing(round_id))
            if ends[-1] == "draft":
                installation.seal_again(round_id)
    assert ends[:3] == ["draft"] * 3, "half a request asks for nothing"
    assert set(ends[4:]) == {"sealed"}, "a seal does not need its client"


def test_a_server_that_is_told_to_stop_undoes_its_seal_and_says_so(
    installation: Installation, seal_seconds: float
) -> None:
    round_id = installation.new_draft()
    with served(installation) as server:
        server.send(server.seal_request(round_id), cut_after=None)
        time.sleep(seal_seconds / 3)
        server.process.terminate()
        server.process.wait(60)
    with installation.database.reading() as session:
        newest = round_events(session, round_id)[-1]
    assert installation.require_whole_or_nothing(round_id) == "draft"
    assert (newest.action, "server was stopped" in str(newest.detail["why"])) == ("seal cancelled", True)
    installation.seal_again(round_id)
