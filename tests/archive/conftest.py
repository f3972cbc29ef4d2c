"""An archive that a harvest wrote, as the harvest's own tests have it."""

from tests.harvest.conftest import archive, model, options, texts

__all__ = ["archive", "model", "options", "texts"]
