"""Responses that probing evaluators fetched, byte for byte, with their item and their time. Pure."""

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass

VOLATILE_HEADERS = frozenset({"date", "set-cookie"})
"""These headers differ between any two visits."""
TAG = re.compile(rb"<[^>]*>")


@dataclass(frozen=True)
class FetchedResponse:
    """One response as an evaluator's browser gets it."""

    probe: int
    """The number of the probing evaluator that sent the request."""
    request: str
    """Method and path; they identify a request of one probe."""
    item_code: str
    """Code of the item shown; empty for other pages."""
    position: int
    """Number of the page in the probe's walk, from 0; -1 for a response that is not a page with a question."""
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    gzip: bool
    seconds: float
    answered_item: str = ""
    """Code of the item that the request answered; empty for requests that answer none."""

    @property
    def dateless_headers(self) -> list[tuple[str, str]]:
        """The headers but the date."""
        return [(name, value) for name, value in self.headers if name != "date"]

    @property
    def fixed_headers(self) -> list[tuple[str, str]]:
        """The headers that do not differ between visits."""
        return [(name, value) for name, value in self.headers if name not in VOLATILE_HEADERS]

    def comparable_parts(self, secrets: Sequence[bytes]) -> tuple[object, ...]:
        """The parts that two visits must have in common: all but times, volatile headers and `secrets`."""
        body = gzip.decompress(self.body) if self.gzip else self.body
        for secret in secrets:
            body = body.replace(secret, b"SECRET")
        return self.request, self.status, self.fixed_headers, len(self.body), body

    def body_without(self, fragment: bytes) -> bytes:
        """The body without the passages."""
        return self.body.replace(fragment, b"") if fragment else self.body


@dataclass(frozen=True)
class ProbeWalks:
    """All responses that the probes fetched on their way through a round."""

    responses: tuple[FetchedResponse, ...]
    secrets: tuple[bytes, ...]
    """Session and form tokens, which differ between any two visits."""
    own_text: str = ""
    """The words of the site's own pages, which are there in any round."""
