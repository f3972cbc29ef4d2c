"""Limits on guessing admins' passwords, counted in the database, so that all processes of a server share them.

An attempt is stored, in a transaction of its own, before the slow check of the password begins: guesses that are sent
together are counted one by one. A right password deletes the attempts that it belongs to; what stays is wrong.

Nobody can lock out anybody else:

- A browser on which a name signed in before has a cookie that says so, signed by the server (OWASP calls it a device
  cookie). Attempts with it count for that browser and name only, whatever others do.
- Attempts without it count for the network address: so many at one name, and so many at all names together. An IPv6
  address counts with its whole /64 network, which is what one customer has.
- If many addresses try one name, each of them has fewer attempts at it, but never none: this slows a guessing crowd
  down, and still lets somebody in who comes with a new browser. If more arrive at once than can be checked, the rest
  is refused and not counted; known browsers have places of their own.

Addresses and names are stored as digests under the server's secret: people type passwords into the wrong field. An
attempt that is refused stores nothing, and one that is stored costs a slow check: so the table holds no more than the
server can check in the time that attempts count.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import BoundedSemaphore

from sqlalchemy.orm import Session

from app.foundation.errors import AccessError
from app.services import admins
from app.services.admins import Admin
from app.store import password_attempts as attempt_store
from app.store.engine import Database
from app.store.password_attempts import PasswordAttemptRow

WINDOW = timedelta(minutes=10)
"""Attempts that are older do not count."""
MOST_AT_ONE_NAME = 8
"""Attempts within the window from one browser that is known, or from one address, at one name."""
MOST_FROM_CLIENT = 24
"""Attempts within the window from one address at all names together: admins of one house may share an address."""
CROWD = 40
"""So many attempts at one name within the window, from all addresses together, are a crowd's."""
MOST_IN_CROWD = 2
"""Attempts within the window from one address at a name that a crowd tries."""
PLACES_OF_STRANGERS = BoundedSemaphore(12)
PLACES_OF_KNOWN_BROWSERS = BoundedSemaphore(12)
"""So many checks run or wait in one process: if they took all of its threads, no page would be answered."""


@dataclass(frozen=True)
class Guesser:
    """Whose attempts are counted together, as digests: at which name, from which address, on which known browser."""

    name: str
    client: str
    browser: str | None


def guesser_of(secret: str, name: str, address: str, browser_code: str | None) -> Guesser:
    """The guesser who types this name; `browser_code` is that of a browser on which the name signed in before."""
    browser = None if browser_code is None else _keyed_digest(secret, "browser", browser_code)
    return Guesser(_keyed_digest(secret, "name", name), _keyed_digest(secret, "client", network_of(address)), browser)


def network_of(address: str) -> str:
    """The network that an address counts with: itself, or the /64 network of an IPv6 address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((int(ip), 64), strict=False))


def check_password(database: Database, guesser: Guesser, name: str, password: str, now: datetime) -> Admin:
    """The admin with this name and password. Raises AccessError if one is wrong, or after too many wrong ones."""
    with database.writing() as session:
        attempt_id = reserve_attempt(session, guesser, now)
    places = PLACES_OF_STRANGERS if guesser.browser is None else PLACES_OF_KNOWN_BROWSERS
    if not places.acquire(blocking=False):
        with database.writing() as session:
            attempt_store.delete_attempt(session, attempt_id)
        msg = "Many passwords are being checked just now, and yours was not; try again in a minute."
        raise AccessError(msg)
    try:
        account = admins.sign_in(database, name, password)
    finally:
        places.release()
    with database.writing() as session:
        attempt_store.delete_attempts(session, guesser.name, guesser.client, guesser.browser)
    return account


def reserve_attempt(session: Session, guesser: Guesser, now: datetime) -> int:
    """Count one attempt more, and return its id. Raises AccessError, and counts nothing, if there is none left."""
    attempt_store.lock_attempts(session)
    forget_old_attempts(session, now)
    for attempts, most in _limits(session, guesser):
        if len(attempts) >= most:
            minutes = max(1, round((attempts[-most] + WINDOW - now) / timedelta(minutes=1)))
            msg = f"Too many wrong passwords; try again in {minutes} minutes."
            raise AccessError(msg)
    attempt = PasswordAttemptRow(name=guesser.name, client=guesser.client, browser=guesser.browser, at=now)
    attempt_store.add_attempt(session, attempt)
    return attempt.id


def forget_old_attempts(session: Session, now: datetime) -> None:
    """Delete the attempts that do not count any more."""
    attempt_store.delete_attempts_outside(session, now - WINDOW, now + WINDOW)


def _limits(session: Session, guesser: Guesser) -> list[tuple[Sequence[datetime], int]]:
    """The attempts that count for the guesser, each list with the most that it may hold."""
    if guesser.browser is not None:
        return [(attempt_store.attempts_of_browser(session, guesser.name, guesser.browser), MOST_AT_ONE_NAME)]
    is_crowd = attempt_store.attempt_count(session, guesser.name) >= CROWD
    return [
        (
            attempt_store.attempts_of_client(session, guesser.client, guesser.name),
            MOST_IN_CROWD if is_crowd else MOST_AT_ONE_NAME,
        ),
        (attempt_store.attempts_of_client(session, guesser.client), MOST_FROM_CLIENT),
    ]


def _keyed_digest(secret: str, purpose: str, text: str) -> str:
    message = f"{purpose}\0{text}".encode(errors="surrogatepass")
    return hmac.new(secret.encode(), message, "sha256").hexdigest()
