"""Where templates, static files, migrations and the demo's models are: beside the package, or inside it in a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
CHECKOUT = PACKAGE.parent
SHIPPED = PACKAGE / "_shipped"


def resource_folder(name: str) -> Path:
    """The folder called `name`: the wheel's copy if this is an installed wheel, else the checkout's."""
    shipped = SHIPPED / name
    return shipped if shipped.is_dir() else CHECKOUT / name
