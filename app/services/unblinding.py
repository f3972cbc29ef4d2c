"""Unblind a locked round, correct the analysis of an unblinded one, and read an unblinded round.

Both steps check all evidence against the commitment, analyse it with the current program, and store the result as a
version that is never deleted. Unblinding opens the seal with the keys, once, and makes version 1; a correction uses the
content that was opened then and makes the next version.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.checks import check_evidence
from app.evidence.entries import EventAction
from app.evidence.event_details import KeyholderDetail, SealedDetail, SealLayer, read_detail
from app.evidence.round_evidence import Evidence
from app.evidence.signing import SigningKey
from app.foundation.digest import canonical_bytes, sha256
from app.foundation.errors import FirstGlanceError, LifecycleError, SealError, error_summary
from app.foundation.json_types import JsonObject
from app.foundation.typed_text import is_same_person
from app.report.analysis.analysis import Analysis
from app.report.export.verify import FROM_FORGED_EVIDENCE, checks_until_one_breaks
from app.report.result import RoundResult, result_of
from app.rounds.allocation import SealContent
from app.rounds.lifecycle import require_allowed, require_reason, state_after
from app.rounds.sealing import WITHOUT_A_KEY as WITHOUT_A_KEY
from app.rounds.sealing import decrypt_outer_layer, public_key_of
from app.services.evidence import read_evidence
from app.services.keyholders import TWO_PERSONS_IN_SHELL, listed_keys, require_own_key, turn_sentence
from app.services.log import append_event, is_by_shell, latest_event, round_events, verify_log
from app.store import rounds as round_store
from app.store.sealed import UnblindedRow, add_unblinded, find_seal, newest_unblinded
from app.store.tables import RoundRow
from app.unblinding.opening import open_seal_content, read_seal_content

INNER: SealLayer = 1
OUTER: SealLayer = 2
STEPS_CHECK = "steps of the round"
"""The check that fails as long as the round is not unblinded."""


@dataclass(frozen=True)
class ResultVersion:
    """A version of the result: its number, who made it, why and when, and the key that signs it in the log."""

    version: int
    by: str
    reason: str
    at: datetime
    signing_key: SigningKey | None


@dataclass(frozen=True)
class Opening:
    """How the seal of a round opens, and how far it is open."""

    two_persons: bool
    """Whether two people must open it, one after the other."""
    first_person: str = ""
    """Who has opened the outer layer; empty if nobody has, or if there is none."""
    turn: str = ""
    """A sentence that says whose turn it is; empty if any keyholder may open the seal."""

    @property
    def layer(self) -> SealLayer:
        """The layer that the next key opens."""
        return 2 if self.two_persons and not self.first_person else 1


def opening_of_seal(session: Session, round_id: str) -> Opening:
    """How the seal opens, as the log says. Raises SealError if the round was never sealed."""
    events = round_events(session, round_id)
    if not read_detail(SealedDetail, latest_event(events, "sealed").detail).two_person:
        return Opening(two_persons=False)
    readers = [event.actor for event in events if event.action == "key read" and event.detail.get("key_part") == OUTER]
    opening = Opening(two_persons=True, first_person=readers[-1] if readers else "")
    return replace(opening, turn=turn_sentence(listed_keys(session, round_id), opening.layer))


def open_outer_layer(
    session: Session, round_id: str, identities: Sequence[str], by: str, reason: str, now: datetime
) -> None:
    """Open the outer layer of a locked round's seal with the first person's key, and store what is inside, encrypted.

    Nothing of the allocation can be read yet. Raises LifecycleError unless the round is locked and a reason is given,
    and SealError unless the key is that person's own and opens the layer. Call it inside `logged_attempt`.
    """
    round_row = round_store.find_round(session, round_id, for_update=True)
    require_allowed(round_row.state, "unblind")
    reason = require_reason(reason)
    verify_log(session, round_id)
    opening = opening_of_seal(session, round_id)
    _require_sign_in(session, opening)
    if opening.layer != OUTER:
        msg = f"The outer layer is open, or there is none. {opening.turn}".strip()
        raise SealError(msg)
    sealed = find_seal(session, round_id)
    sealed.inner_ciphertext = decrypt_outer_layer(
        sealed.ciphertext, _own_identity(session, round_id, identities, opening, by)
    )
    append_event(session, round_id, by, "key read", {"keys": 1, "key_part": OUTER, "reason": reason}, now)


def prove_key_of_seal(session: Session, round_id: str, identity: str, by: str, now: datetime) -> None:
    """Prove a key of a round that was sealed before keys were proved: it opens the seal, or its outer layer.

    What is inside is thrown away. Raises LifecycleError unless the round is sealed, and SealError if the key fails.
    """
    require_allowed(round_store.find_round(session, round_id, for_update=True).state, "open")
    verify_log(session, round_id)
    opening, ciphertext = opening_of_seal(session, round_id), find_seal(session, round_id).ciphertext
    if opening.two_persons:
        decrypt_outer_layer(ciphertext, identity)
    else:
        open_seal_content(ciphertext, [identity])
    detail = KeyholderDetail(
        person=by, key_part=opening.layer, key_sha256=sha256(public_key_of(identity).encode()), proof="seal"
    )
    append_event(session, round_id, by, "key proved", detail.model_dump(), now)


def _require_sign_in(session: Session, opening: Opening) -> None:
    """Raise SealError if two people must open the seal and nobody is signed in: one person could act as both."""
    if opening.two_persons and is_by_shell(session):
        msg = f"{TWO_PERSONS_IN_SHELL}gives their own key on the round's page. {opening.turn}"
        raise SealError(msg)


def _own_identity(session: Session, round_id: str, identities: Sequence[str], opening: Opening, by: str) -> str:
    """The one key that one of two people gives. Raises SealError if it is not theirs alone to give."""
    if len(identities) != 1:
        msg = "Give one key, your own. The other person signs in and gives theirs; neither needs to see the other's."
        raise SealError(msg)
    if is_same_person(opening.first_person, by):
        msg = f"You have given your key already, and one person cannot open this seal. {opening.turn}"
        raise SealError(msg)
    require_own_key(session, round_id, identities[0], opening.layer, by)
    return identities[0]


def _open_innermost(
    session: Session, round_id: str, identities: Sequence[str], by: str
) -> tuple[SealContent, JsonObject]:
    """What the seal holds, and the detail of the log's entry “key read”."""
    sealed, opening = find_seal(session, round_id), opening_of_seal(session, round_id)
    _require_sign_in(session, opening)
    if not opening.two_persons:
        return open_seal_content(sealed.ciphertext, identities), {"keys": len(identities)}
    if opening.layer == OUTER:
        msg = f"Two people must open this seal, one after the other. {opening.turn}"
        raise SealError(msg)
    identity = _own_identity(session, round_id, identities, opening, by)
    if sealed.inner_ciphertext is None:
        msg = "The log says that the outer layer is open, but what was inside is gone; restore a backup."
        raise SealError(msg)
    if _opens_outer_part(sealed.ciphertext, identity):
        msg = f"This is a key of the outer part, which is open already. {opening.turn} Give a key of the inner part."
        raise SealError(msg)
    return open_seal_content(sealed.inner_ciphertext, [identity]), {"keys": 1, "key_part": INNER}


def _opens_outer_part(ciphertext: bytes, identity: str) -> bool:
    """Whether a key is one of the outer part; rounds of version 0.1 have no list of keys that would say so."""
    with suppress(SealError):
        return bool(decrypt_outer_layer(ciphertext, identity))
    return False


def unblind_round(
    session: Session,
    round_id: str,
    identities: Sequence[str],
    by: str,
    reason: str,
    now: datetime,
    signing_key: SigningKey | None = None,
) -> Analysis:
    """Open the seal of a locked round, check everything against the commitment, and store and return the analysis.

    If two people must open it, `open_outer_layer` comes first, and `by` is the other of the two. Raises LifecycleError
    unless the round is locked and a reason is given, and SealError if the keys do not open the seal or anything was
    changed since the commitment. Call it inside `logged_attempt`, which logs a refusal. With the round's `signing_key`,
    which may be lost, the step is signed in the log.
    """
    round_row = round_store.find_round(session, round_id, for_update=True)
    new_state = state_after(round_row.state, "unblind")
    version = ResultVersion(1, by, require_reason(reason), now, signing_key)
    verify_log(session, round_id)
    opened, key_detail = _open_innermost(session, round_id, identities, by)
    append_event(session, round_id, by, "key read", key_detail, now)
    round_row.state = new_state
    return _analyse_and_store(session, round_row, opened, version, "unblinded")


def correct_analysis(
    session: Session, round_id: str, by: str, reason: str, now: datetime, signing_key: SigningKey | None = None
) -> Analysis:
    """Analyse an unblinded round again with the current program, and store and return the analysis.

    Earlier versions are kept. Judgments and allocation are checked again and cannot differ; only the way they are
    analysed can. Raises LifecycleError unless the round is unblinded and a reason is given, and SealError
    if anything was changed since the commitment. Call it inside `logged_attempt`, which logs a refusal.
    """
    round_row = round_store.find_round(session, round_id, for_update=True)
    require_allowed(round_row.state, "correct")
    _, newest = find_unblinded(session, round_id)
    version = ResultVersion(newest.version + 1, by, require_reason(reason), now, signing_key)
    verify_log(session, round_id)
    opened = read_seal_content(newest.opened)
    return _analyse_and_store(session, round_row, opened, version, "corrected")


def unblinded_evidence(session: Session, round_id: str) -> Evidence:
    """The evidence of an unblinded round up to its newest result, checked as it was at the unblinding.

    Everything that pages, commands and exports show of a result comes from here. Raises LifecycleError before
    unblinding, and SealError naming what was changed in the database since.
    """
    round_row, newest = find_unblinded(session, round_id)
    try:
        evidence = read_evidence(session, round_row, read_seal_content(newest.opened))
    except FirstGlanceError:
        raise
    except FROM_FORGED_EVIDENCE as error:
        raise SealError(_describe_impossible(error)) from error
    problems = [problem for _, problem in _problems(evidence)]
    if problems:
        msg = f"{' '.join(problems)} Nothing of the result is shown; find out who changed it, or restore a backup."
        raise SealError(msg)
    return evidence


def find_unblinded(session: Session, round_id: str) -> tuple[RoundRow, UnblindedRow]:
    """The round and the newest version of its result. Raises NotFoundError, or LifecycleError before unblinding."""
    round_row = round_store.find_round(session, round_id)
    newest = newest_unblinded(session, round_id)
    if newest is None and round_row.state == "unblinded":
        msg = (
            "The round is unblinded, but its stored result is gone, so somebody changed the database; restore a backup."
        )
        raise SealError(msg)
    if newest is None:
        msg = f"This round is {round_row.state}. Its report and its allocation can be read only after unblinding."
        raise LifecycleError(msg)
    return round_row, newest


def _require_consistent(evidence: Evidence) -> None:
    """Raise SealError naming what contradicts the commitment, the chains or the log's entry of the lock."""
    problems = [problem for _, problem in _problems(evidence)]
    if problems:
        msg = f"{' '.join(problems)} The round is not unblinded; find out who changed it, or restore a backup."
        raise SealError(msg)


def _result_that_follows(evidence: Evidence) -> RoundResult:
    """The result of the evidence. Raises SealError naming what was changed if no round can have such evidence."""
    try:
        return result_of(evidence)
    except FirstGlanceError:
        raise
    except FROM_FORGED_EVIDENCE as error:
        problems = [problem for name, problem in _problems(evidence) if name != STEPS_CHECK]
        reason = " ".join(problems) or _describe_impossible(error)
        msg = f"{reason} The round is not unblinded; find out who changed it, or restore a backup."
        raise SealError(msg) from error


def _problems(evidence: Evidence) -> list[tuple[str, str]]:
    """(name, problem) of each check that fails; evidence that no round can have breaks them off."""
    return [(check.name, check.problem) for check in checks_until_one_breaks(check_evidence(evidence)) if not check.ok]


def _describe_impossible(error: Exception) -> str:
    return f"No round can have this evidence: {error_summary(error)}."


def _analyse_and_store(
    session: Session, round_row: RoundRow, opened: SealContent, version: ResultVersion, action: EventAction
) -> Analysis:
    """Analyse, log the step with the digest of the result, check all evidence, and store the result as a version."""
    result = _result_that_follows(read_evidence(session, round_row, opened, whole_log=True))
    unblinded = UnblindedRow(
        round_id=round_row.id,
        version=version.version,
        opened=canonical_bytes(opened.as_sealed).decode(),
        analysis=json.dumps(result.analysis.content()),
        frame=json.dumps(result.frame.content()),
        reason=version.reason,
        by=version.by,
        at=version.at,
    )
    detail: JsonObject = {"reason": version.reason, "version": version.version, "result_sha256": unblinded.digest}
    append_event(session, round_row.id, version.by, action, detail, version.at, version.signing_key)
    _require_consistent(read_evidence(session, round_row, opened))
    add_unblinded(session, unblinded)
    return result.analysis
