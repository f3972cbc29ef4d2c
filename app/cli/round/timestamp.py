"""`firstglance round timestamp`: the one command that asks a server on the network for something."""

import asyncio
import secrets
from pathlib import Path
from typing import get_args

import click
import httpx2
from anyio.from_thread import start_blocking_portal

from app.cli.options import PATH, by_option, json_option, round_argument
from app.cli.printing import print_facts, print_json, print_text
from app.cli.round.step import run_logged_step
from app.evidence.authority_certificates import TrustedCertificates, read_trusted_certificates
from app.evidence.event_details import StampedDigest
from app.evidence.timestamp_encoding import encode_query
from app.evidence.timestamps import stamped_time, verified_time
from app.foundation.clock import now
from app.foundation.errors import TimestampError, error_summary
from app.foundation.files import read_small_file
from app.foundation.settings import Settings
from app.services import timestamps
from app.services.opened_database import open_database
from app.services.timestamps import PendingStamp

TIMEOUT_SECONDS = 30.0
"""How long an authority has for its whole reply, from the connection to the last byte."""
LARGEST_REPLY = 1 << 20
"""Most bytes of a reply that are read; a time stamp with all its certificates has some thousand."""
NONCE_BITS = 63  # some authorities refuse a longer number
HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",  # what is compressed can be a thousand times as large as what was received
}


@click.command("timestamp")
@round_argument
@click.option("--authority", required=True, help="Address of a time-stamping authority (RFC 3161), http or https.")
@click.option(
    "--of",
    type=click.Choice(get_args(StampedDigest)),
    help="What to stamp; left out, the newest of them: the announced draw, the commitment, or the lock.",
)
@click.option("--roots", "roots_file", type=PATH, help="PEM file of the authority's root: check its signature at once.")
@by_option
@json_option
@click.pass_obj
def timestamp_command(
    settings: Settings,
    round_id: str,
    authority: str,
    of: StampedDigest | None,
    roots_file: Path | None,
    by: str | None,
    json_wanted: bool,
) -> None:
    """Let an authority sign when the round's commitment, lock or announced draw existed, and store its reply.

    Only the digest is sent. This is the only command that opens a connection to another machine for a round.
    """
    trusted = _read_roots(roots_file) if roots_file else None
    with open_database(settings) as database, database.reading() as session:
        target = timestamps.digest_to_stamp(session, round_id, of)
    pending_stamp = PendingStamp(target.of, target.digest, _public_address(authority), secrets.randbits(NONCE_BITS))
    reply = _ask_authority(authority, pending_stamp, trusted)
    moment = run_logged_step(
        settings,
        round_id,
        by,
        "time stamp",
        lambda session, admin: timestamps.store_timestamp(session, round_id, pending_stamp, reply, admin, now()),
    )
    facts = {
        "of": target.of,
        "digest": target.digest,
        "authority": pending_stamp.authority,
        "time": moment.isoformat(),
    }
    if json_wanted:
        print_json(facts)
        return
    print_facts(facts)
    checked = "was checked with these roots" if trusted else "is checked by `firstglance verify --timestamp ROOTS.pem`"
    print_text(f"\nThe export will hold this time stamp. Its signature {checked}.")


def _ask_authority(address: str, pending_stamp: PendingStamp, trusted: TrustedCertificates | None) -> bytes:
    """The authority's reply, of which everything was checked that can be. Raises TimestampError with what to do."""
    query = encode_query(pending_stamp.digest, pending_stamp.nonce)
    with start_blocking_portal() as portal:  # unlike asyncio.run, also where a loop runs already
        reply = portal.call(_fetch_reply, address, pending_stamp.authority, query)
    stamped_time(reply, pending_stamp.digest, pending_stamp.nonce)
    if trusted is not None:
        verified_time(reply, pending_stamp.digest, trusted)
    return reply


async def _fetch_reply(address: str, authority: str, query: bytes) -> bytes:
    """The bytes of the authority's reply. Raises TimestampError with what to do if they do not come, or not in time.

    The client's own timeout holds between two packets only, so that a server that drips bytes would keep it waiting.
    """
    try:
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            httpx2.AsyncClient(headers=HEADERS, timeout=None) as client,
            client.stream("POST", address, content=query) as http_response,
        ):
            _require_stamp_type(http_response, authority)
            return await _read_limited(http_response, authority)
    except TimeoutError as error:
        msg = (
            f"{authority} gave no whole reply within {TIMEOUT_SECONDS:g} seconds; try again, or ask another authority."
        )
        raise TimestampError(msg) from error
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        msg = f"{authority} could not be asked ({error_summary(error)}); check the address and the connection."
        raise TimestampError(msg) from error


def _require_stamp_type(http_response: httpx2.Response, authority: str) -> None:
    """Raise TimestampError if status, type or compression say that the response is no time stamp."""
    media_type, encoding = (
        http_response.headers.get("Content-Type", ""),
        http_response.headers.get("Content-Encoding", ""),
    )
    is_plain = encoding.strip().lower() in ("", "identity")
    if http_response.status_code != httpx2.codes.OK or media_type.startswith("text/") or not is_plain:
        answered = f"{http_response.status_code} {media_type} {encoding}".strip()
        msg = f"{authority} gave no time stamp (it answered {answered}); check the address."
        raise TimestampError(msg)


async def _read_limited(http_response: httpx2.Response, authority: str) -> bytes:
    """The body of a response. Raises TimestampError as soon as it is larger than a time stamp can be."""
    reply = bytearray()
    async for chunk in http_response.aiter_raw():
        reply += chunk
        if len(reply) > LARGEST_REPLY:
            msg = f"{authority} sent more than {LARGEST_REPLY >> 20} MB, which is no time stamp; check the address."
            raise TimestampError(msg)
    return bytes(reply)


def _public_address(authority: str) -> str:
    """The address without user, password and query, which may hold an account's keys. Raises TimestampError."""
    try:
        url = httpx2.URL(authority)
    except httpx2.InvalidURL as error:
        msg = f"{authority} is no address ({error_summary(error)}); give one that begins with http:// or https://"
        raise TimestampError(msg) from error
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))


def _read_roots(path: Path) -> TrustedCertificates:
    try:
        return read_trusted_certificates(read_small_file(path))
    except OSError as error:
        msg = f"{path} cannot be read ({error_summary(error)}); give the PEM file of the authority's root certificate"
        raise TimestampError(msg) from error
