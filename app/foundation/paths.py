"""Where templates, static files, migrations and the demo's models are: beside the package, or shipped inside it."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
CHECKOUT = PACKAGE.parent
SHIPPED = PACKAGE / "_shipped"


def resource(name: str) -> Path:
    """The folder called `name`: the wheel's copy if this is an installed wheel, else the checkout's."""
    shipped = SHIPPED / name
    return shipped if shipped.is_dir() else CHECKOUT / name
