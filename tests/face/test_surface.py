"""The face gives what is public and nothing else, and loads it when it is used."""

import subprocess
import sys

import pytest

import firstglance
from app import __version__
from app.foundation.errors import FirstGlanceError, SettingsError
from firstglance.extras import needed_extra

HEAVY = (
    "torch",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "sqlalchemy",
    "fastapi",
    "jinja2",
    "uvicorn",
    "argon2",
    "click",
)
LIGHT = """
import sys
import firstglance
assert dir(firstglance)
print(*sorted({name.split(".")[0] for name in sys.modules}))
firstglance.Round, firstglance.verify, firstglance.harvest, firstglance.serve
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


@pytest.fixture(scope="module")
def loaded() -> list[set[str]]:
    """The packages that Python has loaded after the import, and after every kind of name was used."""
    finished = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    return [set(line.split()) for line in finished.stdout.splitlines()]


def test_the_import_loads_nothing_but_the_face(loaded: list[set[str]]) -> None:
    assert loaded[0].isdisjoint(HEAVY)


def test_no_name_loads_torch_or_the_web_before_it_is_called(loaded: list[set[str]]) -> None:
    assert loaded[1].isdisjoint(
        {"torch", "safetensors", "fastapi", "starlette", "jinja2", "uvicorn", "argon2", "click"}
    )


def test_completion_and_star_import_give_the_same_names() -> None:
    assert dir(firstglance) == sorted(firstglance.__all__)
    assert len(set(firstglance.__all__)) == len(firstglance.__all__)


@pytest.mark.parametrize("name", firstglance.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(firstglance, name) is not None


def test_version_and_base_error_are_those_of_the_program() -> None:
    assert firstglance.__version__ == __version__
    assert firstglance.FirstGlanceError is FirstGlanceError


def test_another_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(AttributeError, match=r"no public name harvests; it has .* harvest_pair, "):
        firstglance.harvests  # noqa: B018


def test_a_missing_package_is_named_with_what_to_install() -> None:
    with (
        pytest.raises(
            SettingsError, match=r"no_torch is missing; install it with: pip install 'firstglance\[models\]'"
        ),
        needed_extra("models"),
    ):
        import no_torch  # type: ignore[import-not-found]  # noqa: F401
