"""Pages with examples of Python, whose blocks are run one after the other, as somebody would who reads them."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.robots.scripted_evaluators import ScriptedEvaluator
from app.robots.visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python([a-z ]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Names = dict[str, Any]


def blocks_of(page: str, *, leave_out: str = "none") -> list[str]:
    """The blocks of Python of a page, in order, without those whose fence says `leave_out`."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [code for mark, code in BLOCK.findall(text) if mark.strip() != leave_out]


def run_blocks(blocks: list[str], names: Names) -> None:
    """Run blocks in one namespace, within a running event loop, as a notebook does.

    Between them everybody who was invited judges, as people would.
    """

    async def run_as_a_notebook() -> None:
        judged: set[str] = set()
        for block in blocks:
            exec(compile(block, block.splitlines()[0], "exec"), names)
            invited = names.get("reader")
            if invited is not None and invited.link not in judged:
                judge_by_script(names["server"].address, invited.link)
                judged.add(invited.link)

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps a loop in this one
        thread.submit(asyncio.run, run_as_a_notebook()).result()


def judge_by_script(address: str, link: str) -> None:
    """Judge everything that an invitation link leads to."""
    with Visitor.at(address) as visitor:
        ScriptedEvaluator("reader-1", 0.5, 1).judge_round(visitor, link.rpartition("/")[2])
