"""The evidence of a round as the database has it: whole, and every change in it is named."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import __version__
from app.evidence.chains import START_OF_LOG, chain_digest
from app.evidence.checks import check_evidence
from app.evidence.entries import ChainEntry, ChainLink, EventLink, LogEntry, event_entry
from app.evidence.round_evidence import Evidence
from app.foundation.errors import SealError
from app.foundation.json_types import JsonObject, JsonValue
from app.report.result import result_of
from app.services import judging, rounds
from app.services.evaluator_session import visit_for_writing
from app.services.exports import round_report
from app.services.log import append_event, verify_log
from app.services.preregistration import round_preregistration
from app.services.unblinding import unblind_round, unblinded_evidence
from app.store.engine import Database
from app.store.sealed import UnblindedRow
from app.store.tables import ChainEntryRow, EvaluatorRow, EventRow, ItemRow, RoundRow
from tests.conftest import Clock, copied_database
from tests.services.conftest import StagedRound
from tests.services.judges import judge_everything
from tests.services.stages import ADMIN, KEYS, RECEIPT_KEY, open_draft

REASON = "everyone has finished"


@pytest.fixture(scope="module")
def evidence(
    request: pytest.FixtureRequest, locked_original: StagedRound, tmp_path_factory: pytest.TempPathFactory
) -> Evidence:
    round_id, clock = locked_original.round_id, locked_original.clock
    with copied_database(request, locked_original.database, tmp_path_factory.mktemp("unblinded")) as database:
        with database.writing() as session:
            unblind_round(session, round_id, [KEYS[0].identity], ADMIN, REASON, clock())
        with database.reading() as session:
            return unblinded_evidence(session, round_id)


def problems(evidence: Evidence) -> str:
    return " ".join(check.problem for check in check_evidence(evidence) if not check.ok)


def rechained(links: list[ChainLink], commitment: str) -> list[ChainLink]:
    """The links with digests that follow from one another again, as a forger would write them."""
    forged: list[ChainLink] = []
    for number, link in enumerate(links):
        entry = cast("ChainEntry", {**link["entry"], "number": number})
        previous = forged[-1]["chain"] if forged else commitment
        forged.append({**link, "number": number, "entry": entry, "chain": chain_digest(previous, entry)})
    return forged


def relogged(log: list[EventLink]) -> list[EventLink]:
    """The log with digests that follow from one another again."""
    forged: list[EventLink] = []
    for number, link in enumerate(log):
        event = cast("LogEntry", {**link["event"], "number": number})
        previous = forged[-1]["chain"] if forged else START_OF_LOG
        forged.append({"number": number, "event": event, "chain": chain_digest(previous, event)})
    return forged


def with_chain(evidence: Evidence, name: str, links: list[ChainLink]) -> Evidence:
    return replace(evidence, chains={**evidence.chains, name: links})


def with_detail(evidence: Evidence, action: str, **changes: object) -> Evidence:
    """The evidence with another detail of an event, and digests in the log that follow from it."""
    log = [
        cast("EventLink", {**link, "event": {**link["event"], "detail": {**link["event"]["detail"], **changes}}})
        if link["event"]["action"] == action
        else link
        for link in evidence.log
    ]
    return replace(evidence, log=relogged(log))


def forge_a_verdict(evidence: Evidence) -> Evidence:
    links = list(evidence.chains["Ada"])
    links[0] = {**links[0], "entry": cast("ChainEntry", {**links[0]["entry"], "verdict": "cannot_judge"})}
    return with_chain(evidence, "Ada", links)


def forge_a_verdict_and_its_chain(evidence: Evidence) -> Evidence:
    forged = forge_a_verdict(evidence)
    return with_chain(forged, "Ada", rechained(list(forged.chains["Ada"]), evidence.published.commitment))


def add_a_flag(evidence: Evidence) -> Evidence:
    links = list(evidence.chains["Ada"])
    last = links[-1]["entry"]
    flag = {"v": 2, "kind": "flag", "evaluator": "Ada", "number": len(links), "item": last["item"], "reason": "fault"}
    flag |= {"comment": "", "at": cast("JsonObject", last)["at"]}
    links.append({**links[-1], "entry": cast("ChainEntry", flag)})
    return with_chain(evidence, "Ada", rechained(links, evidence.published.commitment))


def leave_an_evaluator_out(evidence: Evidence) -> Evidence:
    return replace(evidence, chains={"Ada": evidence.chains["Ada"]})


def invent_an_evaluator(evidence: Evidence) -> Evidence:
    return replace(evidence, chains={**evidence.chains, "Eve": []})


def exchange_two_evaluators(evidence: Evidence) -> Evidence:
    ada, bo = evidence.chains["Ada"], evidence.chains["Bo"]
    return replace(evidence, chains={"Ada": bo, "Bo": ada})


def lock_twice(evidence: Evidence) -> Evidence:
    log = list(evidence.log)
    index = next(index for index, link in enumerate(log) if link["event"]["action"] == "locked")
    return replace(evidence, log=relogged([*log[: index + 1], log[index], *log[index + 1 :]]))


def date_an_event_back(evidence: Evidence) -> Evidence:
    log = list(evidence.log)
    log[-1] = {**log[-1], "event": cast("LogEntry", {**log[-1]["event"], "at": "2001-01-01T00:00:00.000000+00:00"})}
    return replace(evidence, log=relogged(log))


def drop_an_event(evidence: Evidence) -> Evidence:
    index = next(index for index, link in enumerate(evidence.log) if link["event"]["action"] == "invited")
    return replace(evidence, log=[*evidence.log[:index], *evidence.log[index + 1 :]])


def lock_before_the_last_answer(evidence: Evidence) -> Evidence:
    opened = evidence.last_event("opened")["at"]
    log = [
        cast("EventLink", {**link, "event": {**link["event"], "at": opened}})
        if link["event"]["action"] == "locked"
        else link
        for link in evidence.log
    ]
    return replace(evidence, log=relogged(log))


FORGERIES: list[tuple[Callable[[Evidence], Evidence], str]] = [
    (forge_a_verdict, "Entry 0 of the chain of “Ada” was changed"),
    (forge_a_verdict_and_its_chain, "Entries of “Ada” were added or removed since the lock"),
    (add_a_flag, "Entries of “Ada” were added or removed since the lock"),
    (leave_an_evaluator_out, "Entries of “Bo” were added or removed since the lock"),
    (invent_an_evaluator, "Entries of “Eve” were added or removed since the lock"),
    (exchange_two_evaluators, "are about another evaluator"),
    (lock_twice, "a round takes each step once, in order"),
    (date_an_event_back, "are dated before the one before them"),
    (drop_an_event, "of the log was changed, or an entry before it was left out"),
    (lock_before_the_last_answer, "outside the time from opening to lock"),
    (lambda evidence: with_detail(evidence, "sealed", commitment="0" * 64), "not the one that the log has"),
]


@pytest.mark.parametrize(("forge", "complaint"), FORGERIES)
def test_a_forgery_in_the_evidence_is_named(
    evidence: Evidence, forge: Callable[[Evidence], Evidence], complaint: str
) -> None:
    assert problems(evidence) == ""
    assert complaint in problems(forge(evidence))


def test_the_lock_says_of_everyone_what_the_log_says(evidence: Evidence) -> None:
    assert "The lock says something else than the invitation about Ada" in problems(
        with_detail(evidence, "invited", exposed=True)
    )
    locked = evidence.last_event("locked")["detail"]
    roster = cast("dict[str, JsonObject]", locked["evaluators"])
    erased = {**roster, "Ada": {**roster["Ada"], "erased": True}}
    assert "The lock lists other evaluators as erased" in problems(with_detail(evidence, "locked", evaluators=erased))
    without_bo = {"Ada": roster["Ada"]}
    assert "the log has 2 invitations" in problems(with_detail(evidence, "locked", evaluators=without_bo))


def test_rows_that_nothing_binds_do_not_change_the_result(locked_round: StagedRound) -> None:
    """Two hundred flags written into the database after the lock once moved both arms to 90 %."""
    with locked_round.database.writing() as session:
        rows = session.scalars(select(ChainEntryRow).where(ChainEntryRow.kind == "judgment")).all()
        for number, row in enumerate(rows[:20]):
            content = json.dumps({"v": 2, "kind": "flag", "item": row.item, "reason": "fault", "comment": ""})
            session.add(
                ChainEntryRow(
                    evaluator_id=row.evaluator_id,
                    number=1000 + number,
                    round_id=row.round_id,
                    kind="flag",
                    item=row.item,
                    at=row.at,
                    content=content,
                    chain="0" * 64,
                )
            )
    with pytest.raises(SealError, match="cannot be read"), locked_round.database.writing() as session:
        unblind_round(session, locked_round.round_id, [KEYS[0].identity], ADMIN, REASON, locked_round.clock())


HEADLINE = "The headline is +78."


def forge_the_result(session: Session, round_id: str) -> UnblindedRow:
    """Write another headline into the stored result."""
    row = session.scalars(select(UnblindedRow).where(UnblindedRow.round_id == round_id)).one()
    row.analysis = json.dumps(json.loads(row.analysis) | {"headline": HEADLINE})
    return row


def rewrite_the_result_event(session: Session, round_id: str, **changes: JsonValue) -> None:
    """Change the detail of the log's last event, and its digest, as someone without the round's key can."""
    *_, before, last = session.scalars(select(EventRow).where(EventRow.round_id == round_id).order_by(EventRow.number))
    last.detail = {name: value for name, value in (last.detail | changes).items() if value is not None}
    last.chain = chain_digest(before.chain, event_entry(round_id, last))


@pytest.fixture
def unblinded_round(locked_round: StagedRound) -> StagedRound:
    """An unblinded round whose result the round's key signed."""
    with locked_round.database.writing() as session:
        unblind_round(
            session, locked_round.round_id, [KEYS[0].identity], ADMIN, REASON, locked_round.clock(), RECEIPT_KEY
        )
    return locked_round


def test_a_signed_result_that_was_changed_in_the_database_is_not_shown(unblinded_round: StagedRound) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.writing() as session:
        assert round_report(session, round_id).by == ADMIN
        forge_the_result(session, round_id)
    with pytest.raises(SealError, match="not the one that the log names"), database.reading() as session:
        round_report(session, round_id)


def test_a_result_that_the_key_did_not_sign_is_computed_again(unblinded_round: StagedRound) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.writing() as session:
        true = round_report(session, round_id).analysis
        row = forge_the_result(session, round_id)
        rewrite_the_result_event(session, round_id, result_sha256=row.digest, signature=None)
    with database.reading() as session:
        assert round_report(session, round_id).analysis == true
        assert HEADLINE not in round_report(session, round_id).analysis.headline


def test_a_result_with_a_false_signature_is_not_shown(unblinded_round: StagedRound) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.writing() as session:
        row = forge_the_result(session, round_id)
        rewrite_the_result_event(session, round_id, result_sha256=row.digest, signature="0" * 128)
    with pytest.raises(SealError, match="did not sign the log's event"), database.reading() as session:
        round_report(session, round_id)


def test_the_report_takes_its_facts_from_log_and_design(unblinded_round: StagedRound) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.writing() as session:
        row = session.scalars(select(UnblindedRow)).one()
        row.by, row.reason = "Eve", "because I could"
        session.get_one(RoundRow, round_id).title = "Another title"
    with database.reading() as session:
        report = round_report(session, round_id)
    assert (report.by, report.reason) == (ADMIN, REASON)
    assert report.title != "Another title"


def test_a_design_that_was_changed_after_the_seal_is_not_preregistered(locked_round: StagedRound) -> None:
    with locked_round.database.writing() as session:
        row = session.get_one(RoundRow, locked_round.round_id)
        row.design = row.design.replace('"neurons":6', '"neurons":500')
    with pytest.raises(SealError, match="changed after the commitment"), locked_round.database.reading() as session:
        round_preregistration(session, locked_round.round_id)


def test_the_log_after_the_lock_cannot_be_rewritten_without_the_key(unblinded_round: StagedRound) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.writing() as session:
        rewrite_the_result_event(session, round_id, reason="because I could")
    with pytest.raises(SealError, match="did not sign the log's event"), database.reading() as session:
        unblinded_evidence(session, round_id)


def test_an_item_under_another_code_is_named_at_the_unblinding(locked_round: StagedRound) -> None:
    with locked_round.database.writing() as session:
        item = session.scalars(select(ItemRow).where(ItemRow.round_id == locked_round.round_id).limit(1)).one()
        item.content = item.content.replace(item.code, "forged")
    refused = pytest.raises(SealError, match="Items changed after the commitment")
    with refused, locked_round.database.writing() as session:
        unblind_round(session, locked_round.round_id, [KEYS[0].identity], ADMIN, REASON, locked_round.clock())


def test_the_stored_result_is_the_one_that_follows_from_the_evidence(locked_round: StagedRound) -> None:
    round_id = locked_round.round_id
    with locked_round.database.writing() as session:
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, REASON, locked_round.clock())
    with locked_round.database.reading() as session:
        row, evidence = session.scalars(select(UnblindedRow)).one(), unblinded_evidence(session, round_id)
    assert json.loads(row.analysis) == json.loads(json.dumps(result_of(evidence).analysis.content()))


def test_entries_and_events_are_never_dated_back_when_the_clock_is_set_back(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    open_draft(database_with_admin, draft, clock)
    clock.move(-3600)
    judge_everything(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        rounds.lock_round(session, draft, ADMIN, clock())
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, REASON, clock())
    with database_with_admin.reading() as session:
        assert problems(unblinded_evidence(session, draft)) == ""
        times = session.scalars(select(EventRow.at).order_by(EventRow.number)).all()
        assert list(times) == sorted(times)


def test_flags_and_guesses_in_a_chain_decide_the_result(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    open_draft(database_with_admin, draft, clock)
    judge_everything(database_with_admin, draft, clock, most=5)
    with database_with_admin.writing() as session:
        ada = session.scalars(select(EvaluatorRow).where(EvaluatorRow.name == "Ada")).one()
        visit = visit_for_writing(session, ada.id)
        judged = session.scalars(select(ChainEntryRow.item).where(ChainEntryRow.evaluator_id == ada.id)).first()
        judging.flag_item(session, visit, judging.FlagReport(str(judged), "fault", "nothing is marked"), clock())
        rounds.lock_round(session, draft, ADMIN, clock())
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, REASON, clock())
    with database_with_admin.reading() as session:
        evidence = unblinded_evidence(session, draft)
    assert [(flag.evaluator, flag.item, flag.comment) for flag in evidence.flags] == [
        ("Ada", judged, "nothing is marked")
    ]
    result = result_of(evidence)
    observed = {(observation.evaluator, observation.judgment.item) for observation in result.observations}
    assert ("Ada", judged) not in observed
    assert ("Bo", judged) in observed or len(observed) == 9
    assert result.frame.flagged[0].kind == "fault"


def test_every_event_says_which_program_wrote_it(session_of_locked: Session) -> None:
    rows = session_of_locked.scalars(select(EventRow)).all()
    assert {(row.version, row.program) for row in rows} == {(2, __version__)}
    verify_log(session_of_locked, rows[0].round_id)


@pytest.fixture
def session_of_locked(locked_round: StagedRound) -> Iterator[Session]:
    with locked_round.database.writing() as session:
        append_event(session, locked_round.round_id, ADMIN, "audited", {}, locked_round.clock())
        yield session


def test_an_item_with_another_code_is_named_when_unblinding(locked_round: StagedRound) -> None:
    with locked_round.database.writing() as session:
        row = session.scalars(select(ItemRow).order_by(ItemRow.code)).all()[0]
        row.content = json.dumps({**json.loads(row.content), "code": "zzzzzzzzzz"})
    with (
        pytest.raises(SealError, match=r"Items changed after the commitment: .*zzzzzzzzzz"),
        locked_round.database.writing() as session,
    ):
        unblind_round(session, locked_round.round_id, [KEYS[0].identity], ADMIN, REASON, locked_round.clock())
