"""In the wheel `app` is inside `firstglance`: what the hook renames, and what it leaves."""

import pytest

carry_app = pytest.importorskip("scripts.carry_app", reason="hatchling is not installed on this machine")

RENAMED = {
    "from app import __version__\n": "from firstglance.app import __version__\n",
    "from app.rounds.design import Design\n": "from firstglance.app.rounds.design import Design\n",
    "def read():\n    from app.web import site\n": "def read():\n    from firstglance.app.web import site\n",
    "if fast: from app.web import site\n": "if fast: from firstglance.app.web import site\n",
    'é = "é", ("app.cli.serve", "app.cli")\n': 'é = "é", ("firstglance.app.cli.serve", "firstglance.app.cli")\n',
}
KEPT = (
    "app = create_app()\napp.state.settings = settings\n",
    "def serve(app: App) -> None:\n    yield from app.routes\n",
    "raise ValueError from app.error\n",
    '"""See app.cli.main, and “from app import x”."""\n',
    "text = 'the app', 'app', 'app.toml!', 'https://app.example.org'\n",
    "from apparatus import app\nfrom firstglance import app\n",
    "# from app import __version__\n",
)


@pytest.mark.parametrize("source", RENAMED)
def test_imports_of_app_and_names_of_its_modules_are_renamed(source: str) -> None:
    assert carry_app.renamed_imports(source) == RENAMED[source]


@pytest.mark.parametrize("source", KEPT)
def test_nothing_else_is_renamed(source: str) -> None:
    assert carry_app.renamed_imports(source) == source


def test_an_import_of_app_itself_ends_the_build() -> None:
    with pytest.raises(ValueError, match="line 2 imports app as such"):
        carry_app.renamed_imports("import os\nimport app.cli.main\n")
