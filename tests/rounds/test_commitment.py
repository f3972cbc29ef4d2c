import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.evidence.chains import chain_digest, first_break
from app.evidence.entries import JUDGMENT_FIELDS, canonical_time, judgment_entry
from app.foundation.digest import canonical_bytes
from app.rounds.commitment import commitment_digest, item_bytes, item_digest, seal_digest

DIGESTS = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")


def plain(value: Any) -> bytes:
    """Canonical JSON for values without floats and with ASCII keys, made without the library."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(DIGESTS, st.dictionaries(st.text("abc", min_size=1), DIGESTS, max_size=5), DIGESTS)
def test_the_commitment_is_the_digest_of_its_canonical_bytes(design: str, items: dict[str, str], sealed: str) -> None:
    document = {"v": 1, "design_sha256": design, "items": sorted(map(list, items.items())), "sealed_sha256": sealed}
    assert commitment_digest(design, items, sealed) == hashlib.sha256(plain(document)).hexdigest()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20)), st.integers(0, 10**6))
def test_an_item_s_bytes_are_those_of_rfc_8785(texts: list[str], number: int) -> None:
    content = {"code": "x", "passages": [{"texts": texts, "levels": [0, number], "peak": number, "group": "top"}]}
    assert item_bytes(content) == canonical_bytes(content)


@given(DIGESTS, st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_an_item_s_digest_is_an_hmac_under_the_nonce(nonce: str, text: str) -> None:
    content = {"code": "x", "passages": [{"texts": [text], "levels": [5], "peak": 0, "group": "top"}]}
    expected = hmac.new(bytes.fromhex(nonce), plain(content), hashlib.sha256).hexdigest()
    assert item_digest(content, nonce) == expected


def test_the_sealed_digest_covers_allocation_seed_and_nonce() -> None:
    opened = {"allocation": {"items": []}, "seed": "1", "nonce": "2"}
    assert seal_digest(opened) == hashlib.sha256(plain(opened)).hexdigest()
    for name in opened:
        assert seal_digest(opened | {name: "other"}) != seal_digest(opened)


@given(st.lists(st.integers(), min_size=1, max_size=8), st.data())
def test_a_change_anywhere_in_a_chain_is_found_there(values: list[int], data: st.DataObject) -> None:
    links, previous = [], "0" * 64
    for value in values:
        entry = {"value": str(value)}
        previous = chain_digest(previous, entry)
        links.append((entry, previous))
    assert first_break("0" * 64, links) is None
    at = data.draw(st.integers(0, len(links) - 1))
    changed = [*links[:at], ({"value": "forged"}, links[at][1]), *links[at + 1 :]]
    assert first_break("0" * 64, changed) == at
    if at:
        assert first_break("0" * 64, links[at:]) == 0


def test_times_are_one_text_whatever_their_zone() -> None:
    here = datetime(2026, 1, 5, 12, 0, tzinfo=timezone(timedelta(hours=3)))
    assert canonical_time(here) == "2026-01-05T09:00:00.000000+00:00"


def test_a_judgment_s_entry_holds_every_field_that_was_recorded() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    row = SimpleNamespace(**dict.fromkeys(JUDGMENT_FIELDS, 1), shown_at=at, judged_at=at)
    assert set(judgment_entry("Ada", row)) == {*JUDGMENT_FIELDS, "evaluator", "shown_at", "judged_at"}
