"""Responses that a browser saves as a file."""

from fastapi import Response


def download_response(file_bytes: bytes, media_type: str, file_name: str) -> Response:
    """A response that the browser saves under the file name."""
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return Response(file_bytes, media_type=media_type, headers=headers)
