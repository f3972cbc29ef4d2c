"""Read the evidence of a round from the database. Nothing else in the database decides a result."""

from collections.abc import Sequence
from typing import TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from app.evidence.chains import chains_by_evaluator
from app.evidence.entries import (
    RESULT_ACTIONS,
    ChainEntry,
    ChainLink,
    CheckedEntry,
    EventLink,
    canonical_time,
    entry_kind,
    entry_time,
    event_link,
    is_judgment,
)
from app.evidence.event_details import SealedDetail, read_detail
from app.evidence.round_evidence import Evidence
from app.foundation.digest import read_canonically, sha256
from app.foundation.errors import SealError, first_problem
from app.foundation.json_types import JsonObject
from app.rounds.allocation import SealContent
from app.rounds.commitment import PublishedCommitment
from app.rounds.design import Design, read_design
from app.services.log import latest_event, round_events, verify_log
from app.store import chains as chain_store
from app.store import log as log_store
from app.store import rounds as round_store
from app.store.tables import ChainEntryRow, ItemRow, RoundRow
from app.tasks.item import ItemContent

Value = TypeVar("Value")

_DESIGN = TypeAdapter(JsonObject)
_ITEM = TypeAdapter(ItemContent)
_ENTRY = TypeAdapter(CheckedEntry)


def read_evidence(session: Session, round_row: RoundRow, opened: SealContent, *, whole_log: bool = False) -> Evidence:
    """The evidence of a round whose seal was opened: its log ends with the newest unblinding or correction.

    With `whole_log` the log does not end there: a result that is being made follows from all events until now.
    Raises SealError naming a row whose columns say something else than its entry.
    """
    item_rows, log = round_store.items_of_round(session, round_row.id), read_log(session, round_row.id)
    return Evidence(
        design_content=_parse_row("the design", round_row.design, _DESIGN),
        seal=opened,
        item_contents=read_items(item_rows),
        published=published_commitment(round_row, item_rows, log),
        chains=chains_by_evaluator(read_chains(session, round_row.id)),
        log=log if whole_log else _until_result(log),
    )


def published_commitment(
    round_row: RoundRow, item_rows: Sequence[ItemRow], log: Sequence[EventLink]
) -> PublishedCommitment:
    """What was published at the seal. All but the commitment comes from the log, whose chain protects it."""
    details = [link["event"]["detail"] for link in log if link["event"]["action"] == "sealed"]
    if not details:
        msg = "The log has no entry “sealed”, so it was changed; restore a backup."
        raise SealError(msg)
    sealed = read_detail(SealedDetail, details[-1])
    return PublishedCommitment(
        commitment=str(round_row.commitment),
        design_sha256=sealed.design_sha256,
        sealed_sha256=sealed.sealed_sha256,
        item_digests={item.code: item.digest for item in item_rows},
        receipt_key=sealed.receipt_key,
    )


def committed_design(session: Session, round_row: RoundRow) -> Design:
    """The design of a sealed round. Raises SealError if it is not the one whose digest the log has since the seal.

    It raises it also if the log was changed.
    """
    verify_log(session, round_row.id)
    sealed = read_detail(SealedDetail, latest_event(round_events(session, round_row.id), "sealed").detail)
    if sha256(round_row.design.encode()) != sealed.design_sha256:
        msg = "The design was changed after the commitment, so somebody changed the database; restore a backup."
        raise SealError(msg)
    return read_design(round_row.design)


def read_chains(session: Session, round_id: str) -> list[ChainLink]:
    """Every entry of every evaluator's chain. Services call it from the lock on only."""
    links = []
    for evaluator, row in chain_store.entries_of_round(session, round_id):
        name = f"entry {row.number} of “{evaluator}”"
        entry = _parse_row(name, row.content, _ENTRY)
        if not _columns_agree(row, entry):
            msg = f"The columns of {name} contradict its content, so somebody changed the database; restore a backup."
            raise SealError(msg)
        links.append(ChainLink(evaluator=evaluator, number=row.number, chain=row.chain, entry=entry))
    return links


def read_items(item_rows: Sequence[ItemRow]) -> list[ItemContent]:
    """The items that were committed to. Raises SealError naming one that cannot be read."""
    return [_parse_row(f"item {item.code}", item.content, _ITEM) for item in item_rows]


def read_log(session: Session, round_id: str) -> list[EventLink]:
    """The round's log, oldest entry first."""
    return [event_link(round_id, row) for row in log_store.events_of_round(session, round_id)]


def _until_result(log: Sequence[EventLink]) -> list[EventLink]:
    """The log up to the newest result, and up to what an upgrade carried over; all of it before an unblinding."""
    ends = [index for index, link in enumerate(log) if link["event"]["action"] in (*RESULT_ACTIONS, "carried over")]
    has_result = any(link["event"]["action"] in RESULT_ACTIONS for link in log)
    return list(log[: ends[-1] + 1]) if has_result else list(log)


def _parse_row(name: str, text: str, adapter: TypeAdapter[Value]) -> Value:
    """The JSON values of a row as they are digested. Raises SealError that names the row if they have another form."""
    try:
        adapter.validate_json(text, strict=True)
    except ValidationError as error:
        field, reason = first_problem(error)
        msg = f"In the database {name} cannot be read ({field}: {reason}), so somebody changed it; restore a backup."
        raise SealError(msg) from error
    return cast("Value", read_canonically(text))


def _columns_agree(row: ChainEntryRow, entry: ChainEntry) -> bool:
    """Whether the columns repeat what the entry says."""
    columns = (row.number, row.item, row.kind, canonical_time(row.at))
    if columns != (entry["number"], entry["item"], entry_kind(entry), entry_time(entry)):
        return False
    answer = (row.key, row.verdict, row.step, row.revision, row.active_seconds)
    if not is_judgment(entry):
        return answer == (None,) * len(answer)
    fields = (entry["key"], entry["verdict"], entry["step"], entry["revision"], entry["active_seconds"])
    return answer == fields
