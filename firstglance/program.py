"""The program's version and the base of its errors, which the face hands out."""

from app import __version__ as __version__
from app.foundation.errors import FirstGlanceError as FirstGlanceError
