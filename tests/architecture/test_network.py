"""Nothing goes out unless somebody asks for it: who may open a connection is listed here, with the reason."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("app", "firstglance") for path in (ROOT / folder).rglob("*.py"))

CLIENTS = frozenset({
    "aiohttp", "asyncio", "datasets", "fsspec", "ftplib", "http.client", "httpcore", "httpcore2", "httpx", "httpx2",
    "huggingface_hub", "imaplib", "poplib", "ray", "requests", "smtplib", "socket", "socketserver", "ssl", "telnetlib",
    "transformers", "urllib.request", "urllib3", "webbrowser", "websockets", "xmlrpc",
})  # fmt: skip
"""Modules that can open a connection."""

ALLOWED = {
    "app/cli/round/timestamp.py": {"asyncio", "httpx2"},  # asks a time-stamping authority: no other command does
    "app/harvest/text/datasets.py": {"datasets"},  # reads a corpus that the user names, from the Hub if it is there
    "app/harvest/ray_cluster.py": {"ray"},  # shares a harvest with the cluster that the user names
    "app/models/hugging_face.py": {"transformers"},  # reads folders; never downloads by itself
    "app/models/loading.py": {"huggingface_hub"},  # downloads a model that the user names by its name on the Hub
    "app/robots/in_process.py": {"httpx2"},  # calls the application in this process, with no connection
    "app/robots/visitor.py": {"httpx2"},  # visits a server of our own: demo, simulation
    "app/web/connections.py": {"asyncio", "socket"},  # watches the connections that visitors opened
    "app/web/leak_audit/probe.py": {"httpx2"},  # visits the pages of the round that is about to be sealed, in-process
    "app/web/serving.py": {"socket"},  # listens
}
"""{file: the modules of `CLIENTS` that it imports}"""


def imported_clients(source: str) -> set[str]:
    """The modules of `CLIENTS` that a file imports, at its top or anywhere within."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {client for client in CLIENTS if any(f"{name}.".startswith(f"{client}.") for name in imported)}


def test_only_the_listed_files_can_open_a_connection() -> None:
    clients = {str(path.relative_to(ROOT)): imported_clients(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert {path: names for path, names in clients.items() if names} == ALLOWED


def test_a_planted_client_is_noticed() -> None:
    planted = {
        "import httpx2": {"httpx2"},
        "from urllib.request import urlopen": {"urllib.request"},
        "from urllib import request": {"urllib.request"},
        "def send():\n    import http.client": {"http.client"},
        "from urllib.parse import quote": set(),
        "from http import HTTPStatus": set(),
    }
    assert {source: imported_clients(source) for source in planted} == planted
