"""`firstglance serve`: the pages, on this machine only unless told otherwise. No torch is loaded."""

import click

from app.cli.common import database
from app.foundation.settings import Settings


@click.command("serve")
@click.option("--host", help="Address to listen on (default: 127.0.0.1, this machine only).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: 8000).")
@click.option("--https", is_flag=True, default=None, help="The site is reached over HTTPS: mark cookies Secure.")
@click.pass_obj
def serve_command(settings: Settings, host: str | None, port: int | None, https: bool | None) -> None:
    """Serve evaluators' and admins' pages until interrupted."""
    run_server(Settings.read(**(settings.model_dump() | _given(host=host, port=port, https=https))))


def run_server(settings: Settings) -> None:
    """Bring the database up to date and serve until interrupted. Raises SettingsError if it cannot be opened.

    The access log stays off: it would write invitation tokens.
    """
    import uvicorn

    from app.web.app import create_app

    with database(settings) as opened:
        click.echo(f"First Glance on http://{settings.host}:{settings.port} (Ctrl+C ends it)")
        uvicorn.run(
            create_app(settings, opened), host=settings.host, port=settings.port, access_log=False, log_level="warning"
        )


def _given(**options: object) -> dict[str, object]:
    return {name: value for name, value in options.items() if value is not None}
