"""Responses that a browser saves as a file."""

import re
from urllib.parse import quote

from fastapi import Response

UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
"""What may command a header or a file system."""


def download_response(file_bytes: bytes, media_type: str, file_name: str) -> Response:
    """A response that the browser saves under the file name; other letters than ASCII's are for browsers that can."""
    plain_name = UNSAFE.sub("_", file_name)
    disposition = f'attachment; filename="{plain_name}"'
    if plain_name != file_name:
        disposition += f"; filename*=UTF-8''{quote(file_name, safe='')}"
    return Response(file_bytes, media_type=media_type, headers={"Content-Disposition": disposition})
