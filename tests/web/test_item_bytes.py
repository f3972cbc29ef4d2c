"""The bytes of an item page before the verdict depend on words, levels and design alone; their number on nothing."""

import gzip
import re
from collections.abc import Callable

from starlette.testclient import TestClient

from app.store.engine import Database
from app.store.tables import ItemRow
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import ServedRound, make_round

CHANGING = re.compile(r'name="form_token" value="[0-9a-f]+"|data-reader="[0-9a-f]+"|code\d+|\b\d+ of \d+\b')


def raw(client: TestClient, address: str, encoding: str) -> tuple[bytes, dict[str, str]]:
    with client.stream("GET", address, headers={"Accept-Encoding": encoding}) as response:
        return b"".join(response.iter_raw()), dict(response.headers)


def masked(text: str) -> str:
    """A page without its code, its progress, its tokens and the way back, which the first item does not have."""
    without = re.sub(r"(?s)<a href=.{0,20}/judge/undo.*?</a>", "", text)
    return re.sub(r"\s+", " ", CHANGING.sub("", without)).strip()


def walk(client: TestClient, served_round: ServedRound, visit: Callable[[Page], None]) -> None:
    page = come_in(client, served_round.token)
    while page.step != "done":
        visit(page)
        page = page.send(**({"verdict": "interpretable"} if page.step == "verdict" else {"hypothesis": "a rule"}))


def test_every_item_response_has_one_length_in_each_encoding(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, items=12)
    lengths: dict[str, set[int]] = {"gzip": set(), "identity": set()}
    headers: set[tuple[tuple[str, str], ...]] = set()
    with new_client(sqlite_database) as client:

        def measure(page: Page) -> None:
            addresses = ["/judge", f"/judge/undo?item={page.item}", f"/judge/ahead/{page.item}"]
            for address in addresses[: 2 if page.item == served_round.codes[-1] else 3]:
                for encoding, sizes in lengths.items():
                    body, response_headers = raw(client, address, encoding)
                    sizes.add(len(body))
                    headers.add(tuple(sorted(response_headers.items())))

        walk(client, served_round, measure)
    assert [len(sizes) for sizes in lengths.values()] == [1, 1]
    assert len(headers) == 2  # one set of headers for each encoding, the same for every item


def test_both_encodings_have_the_same_page(ada: Page) -> None:
    plain, _ = raw(ada.client, "/judge", "identity")
    compressed, headers = raw(ada.client, "/judge", "gzip")
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed).rstrip() == plain.rstrip()


def test_the_same_words_give_the_same_bytes_wherever_they_stand(
    sqlite_database: Database, new_client: NewClient
) -> None:
    served_round = make_round(sqlite_database, items=6)
    with served_round.database.writing() as session:
        html = session.get_one(ItemRow, ("round1", "code0")).html
        for code in served_round.codes:
            session.get_one(ItemRow, ("round1", code)).html = html
    with new_client(sqlite_database) as client:
        pages: list[str] = []
        walk(client, served_round, lambda page: pages.append(page.text) if page.step == "verdict" else None)
    assert len(pages) == 6
    assert len({masked(text) for text in pages}) == 1


def test_before_the_verdict_there_is_no_number_but_counts(ada: Page) -> None:
    text = re.sub(r"<pre.*?</pre>", "", ada.text, flags=re.DOTALL)
    assert "%" not in re.sub(r"80 %", "", text)
    assert not re.search(r"\d\.\d", re.sub(r"code\d+\.\d+|-\d[\d.]*", "", re.sub(r"/static/[^\"]+", "", text)))
