"""`firstglance serve`: serve the pages, by default for this machine only. It does not load torch."""

import click

from app.cli.printing import print_text
from app.foundation.settings import Settings
from app.services.opened_database import open_database
from app.web.serving import bound_socket, browser_address, web_server

NO_PROXIES_NAMED = (
    "FIRSTGLANCE_TRUSTED_PROXIES is not set: behind a proxy all browsers count as one that guesses passwords, so a "
    "stranger's guesses hold up admins on new browsers; name the proxy's address (docs/serving.md)"
)


@click.command("serve")
@click.option("--host", help="Address to listen on (default: 127.0.0.1, this machine only).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: 8000).")
@click.option("--https", is_flag=True, default=None, help="The site is reached over HTTPS: mark cookies Secure.")
@click.pass_obj
def serve_command(settings: Settings, host: str | None, port: int | None, https: bool | None) -> None:
    """Serve evaluators' and admins' pages until interrupted."""
    options = {name: value for name, value in (("host", host), ("port", port), ("https", https)) if value is not None}
    settings = Settings.read(**settings.model_dump() | options)
    with open_database(settings, in_shell=False) as database, bound_socket(settings) as listener:
        print_text(f"First Glance on {browser_address(listener, settings)}  (Ctrl+C ends it)")
        if lacks_proxies(settings):
            print_text(NO_PROXIES_NAMED, err=True)
        web_server(settings, database).run(sockets=[listener])


def lacks_proxies(settings: Settings) -> bool:
    """Whether a proxy must stand before the server, since this does not speak HTTPS itself, and none is named."""
    return settings.https and not settings.trusted_proxies
