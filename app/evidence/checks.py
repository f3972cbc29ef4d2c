"""Whether a round's evidence is whole and consistent: unbroken chains, the commitment, the ends that the lock names.

Unblinding refuses a round if a check fails; `firstglance verify` prints all checks. They prove that the evidence agrees
with itself. Whoever owns the server can rewrite all of it consistently: only an anchor from outside (a published
digest, a receipt, a time stamp) shows that nobody did. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.evidence.allocation_checks import allocation_problems
from app.evidence.chains import START_OF_LOG, first_break
from app.evidence.draw_checks import draw_problems, logged_draw_problems
from app.evidence.draws import steps_of_log
from app.evidence.entries import AnyEntry, ChainLink, EventAction, EventLink, entry_time, is_judgment
from app.evidence.event_details import LockedDetailV1, locked_detail
from app.evidence.log_checks import AFTER_THE_LOCK, log_problems
from app.evidence.round_evidence import BlindedEvidence, Evidence
from app.evidence.signing import SIGNATURE, is_event_signed
from app.foundation.digest import sha256_of_json
from app.foundation.typography import shortened
from app.rounds.commitment import commitment_digest, item_digest, seal_digest
from app.tasks.registry import task_named

ONCE: tuple[EventAction, ...] = ("created", "sealed", "opened", "locked", "unblinded")
"""Steps that a round takes once, in this order."""
STEPS_PROBLEM = "The log has the steps {}, so it was changed: a round takes each step once, in order."


@dataclass(frozen=True)
class Check:
    """One part of the evidence, or one file of an export, that was recomputed."""

    name: str
    ok: bool
    expected: str
    """What the evidence or the export says."""
    actual: str
    """What recomputing gives."""
    problem: str = ""
    """A sentence that says what differs; empty if nothing does."""


def expect_equal(name: str, expected: str, actual: str, problem: str) -> Check:
    """A check that passes if both texts are equal; `problem` is the sentence for the case that they are not."""
    ok = expected == actual
    return Check(name, ok, expected, actual, "" if ok else problem)


def expect_none(name: str, expectation: str, offenders: Iterable[str], problem: str) -> Check:
    """A check that passes if `offenders` is empty and otherwise names them, where `problem` has its first {}."""
    names = ", ".join(map(shortened, sorted(offenders)))
    actual = f"not {names}" if names else expectation
    return expect_equal(name, expectation, actual, problem.replace("{}", names, 1))  # names may hold braces, too


def check_evidence(evidence: Evidence) -> Iterator[Check]:
    """Check everything that decides the result; the log must reach from the creation to an unblinding."""
    yield from check_commitment(evidence)
    problems = " ".join(
        allocation_problems(evidence.seal.allocation, [item["code"] for item in evidence.item_contents])
    )
    yield expect_equal("counts of the allocation", "of a draw", "of no draw" if problems else "of a draw", problems)
    yield _check_seed(evidence)
    yield from check_log(evidence.log)
    yield from _check_steps(evidence)
    yield from _check_after_the_lock(evidence)
    yield from _check_signed_events(evidence)
    yield from _check_chains(evidence)
    yield _check_answers(evidence)
    yield _check_outcome(evidence)
    yield from _check_lock(evidence)
    yield from _check_people(evidence)


def check_blinded_evidence(evidence: BlindedEvidence) -> Iterator[Check]:
    """Check all that can be checked while the seal is closed: commitment, log, and chains once the round is locked."""
    published = evidence.published
    recomputed = commitment_digest(
        published.design_sha256, published.item_digests, published.sealed_sha256, published.receipt_key
    )
    problem = "The published digests do not give the commitment."
    yield expect_equal("commitment", published.commitment, recomputed, problem)
    yield from _check_published(evidence)
    yield _check_codes(evidence)
    yield from check_log(evidence.log)
    steps = _steps_taken(evidence)
    expected = ", ".join(ONCE[: max(2, len(steps))])
    yield expect_equal("steps of the round", expected, ", ".join(steps), STEPS_PROBLEM.format(", ".join(steps)))
    yield from _check_after_the_lock(evidence)
    yield from _check_signed_events(evidence)
    yield _check_logged_draw(evidence)
    if evidence.lock_digest is not None:
        yield from _check_chains(evidence)
        yield from _check_lock(evidence)
        yield from _check_people(evidence)


def check_commitment(evidence: Evidence) -> Iterator[Check]:
    """Check that design, opened seal and items have the published digests, and that these give the commitment."""
    published, seal = evidence.published, evidence.seal
    design_sha256, sealed_sha256 = sha256_of_json(evidence.design_content), seal_digest(seal)
    problem = "The design was changed after the commitment."
    yield expect_equal("design", published.design_sha256, design_sha256, problem)
    problem = "The allocation, the seed or the nonce was changed after the commitment."
    yield expect_equal("allocation", published.sealed_sha256, sealed_sha256, problem)
    committed = published.item_digests
    pairs = [(item["code"], item_digest(item, seal.nonce)) for item in evidence.item_contents]
    digests = dict(pairs)
    changed = {code for code in digests.keys() | committed.keys() if digests.get(code) != committed.get(code)}
    changed |= {code for code, digest in pairs if digest != committed.get(code)}
    yield expect_none("items", "all as committed", changed, "Items changed after the commitment: {}.")
    recomputed = commitment_digest(design_sha256, digests, sealed_sha256, published.receipt_key)
    problem = "Design, items and seal do not give the commitment that was published."
    yield expect_equal("commitment", published.commitment, recomputed, problem)
    yield from _check_published(evidence)
    yield _check_codes(evidence)


def _check_codes(evidence: BlindedEvidence) -> Check:
    """Check that the items are those that were committed to, each of them once; before the lock exports have none."""
    if evidence.lock_digest is None and not evidence.item_contents:
        return expect_equal("codes of items", "no item before the lock", "no item before the lock", "")
    codes = Counter(item["code"] for item in evidence.item_contents)
    odd = {code for code, count in codes.items() if count > 1} | (codes.keys() ^ evidence.published.item_digests.keys())
    problem = "Items are missing, unknown to the commitment, or there more than once: {}."
    return expect_none("codes of items", "each committed item once", odd, problem)


def _check_published(evidence: BlindedEvidence) -> Iterator[Check]:
    """Check that the commitment and the digests that give it are those that the log has since the seal."""
    published, sealed = evidence.published, evidence.sealed
    problem = "The commitment is not the one that the log has since the seal."
    yield expect_equal("commitment in the log", sealed.commitment, published.commitment, problem)
    logged = (sealed.design_sha256, sealed.sealed_sha256, sealed.receipt_key)
    digests = (published.design_sha256, published.sealed_sha256, published.receipt_key)
    problem = "The digests of design and seal, or the key of the round, are not those that the log has since the seal."
    yield expect_equal("digests in the log", ", ".join(map(str, logged)), ", ".join(map(str, digests)), problem)


def _check_seed(evidence: Evidence) -> Check:
    """Check that the seed came about by the design's rule, as the log has it."""
    problems = draw_problems(evidence.design.seed_rule, evidence.seal, steps_of_log(evidence.log))
    return expect_equal("seed", "by the rule", "not by the rule" if problems else "by the rule", " ".join(problems))


def _check_logged_draw(evidence: BlindedEvidence) -> Check:
    """Check what the log alone says of the draw: one design from the creation to the seal, and its announcement."""
    problems = logged_draw_problems(steps_of_log(evidence.log))
    return expect_equal("draw in the log", "consistent", "not so" if problems else "consistent", " ".join(problems))


def check_log(log: Sequence[EventLink]) -> Iterator[Check]:
    """Check that no event of a log was changed, left out or put before an earlier one."""
    yield check_chain("log", "the log", START_OF_LOG, [(link["number"], link["event"], link["chain"]) for link in log])
    times = [link["event"]["at"] for link in log]
    early = [str(index + 1) for index, (before, after) in enumerate(pairwise(times)) if after < before]
    yield expect_none(
        "times of the log", "in order", early, "The log's events {} are dated before the one before them."
    )
    rounds = {link["event"]["round"] for link in log}
    yield expect_equal("rounds of the log", "1", str(len(rounds)), "The log has events of another round.")
    problems = " ".join(log_problems(log))
    yield expect_equal("events of the log", "usual", "unusual" if problems else "usual", problems)


def check_chain(name: str, chain: str, start: str, numbered_links: Sequence[tuple[int, AnyEntry, str]]) -> Check:
    """Check that no entry of a chain was changed or left out; a link is (number, entry, chain digest)."""
    broken = first_break(start, [(entry, digest) for _, entry, digest in numbered_links])
    if broken is not None:
        problem = f"Entry {broken} of {chain} was changed, or an entry before it was left out."
        return expect_equal(name, "unbroken", f"broken at entry {broken}", problem)
    numbers = [(number, entry["number"]) for number, entry, _ in numbered_links]
    if numbers != [(index, index) for index in range(len(numbered_links))]:
        return expect_equal(name, "every entry", "entries missing", f"{chain} lacks entries.".capitalize())
    return expect_equal(name, "unbroken", "unbroken", problem="")


def _check_steps(evidence: Evidence) -> Iterator[Check]:
    """Check that the round took each step once, in order."""
    steps = ", ".join(_steps_taken(evidence))
    yield expect_equal("steps of the round", ", ".join(ONCE), steps, STEPS_PROBLEM.format(steps))


def _steps_taken(evidence: BlindedEvidence) -> list[str]:
    return [link["event"]["action"] for link in evidence.log if link["event"]["action"] in ONCE]


def _check_after_the_lock(evidence: BlindedEvidence) -> Iterator[Check]:
    """Check that the log has nothing after the lock that no program writes there; some wrote who declined then."""
    allowed = {*AFTER_THE_LOCK, "declined"} | ({"carried over"} if evidence.locked_by_version_0_1 else set())
    later = [link["event"]["action"] for link in evidence.log[len(evidence.log_until_lock) :]]
    surplus = [f"“{action}”" for action in later if action not in allowed]
    yield expect_none("log after the lock", "as usual", surplus, "After the lock the log has {}, so it was changed.")


def _check_signed_events(evidence: BlindedEvidence) -> Iterator[Check]:
    """Check the signature of each event that has one: it covers the event and the log before it."""
    key, previous, forged = evidence.published.receipt_key, START_OF_LOG, []
    for link in evidence.log:
        if SIGNATURE in link["event"]["detail"] and not (key and is_event_signed(previous, link["event"], key)):
            forged.append(f"{link['number']} ({link['event']['action']})")
        previous = link["chain"]
    problem = "The round's key did not sign the log's event {}: it, or an event before it, was changed."
    yield expect_none("signed events", "signed by the round's key", forged, problem)


def _check_chains(evidence: BlindedEvidence) -> Iterator[Check]:
    """Check each evaluator's chain: its digests, its name, the order of its times, and its items."""
    opened, locked = evidence.last_event("opened")["at"], evidence.last_event("locked")["at"]
    codes = {item["code"] for item in evidence.item_contents}
    for evaluator, links in evidence.chains.items():
        name = shortened(evaluator)
        numbered = [(link["number"], link["entry"], link["chain"]) for link in links]
        yield check_chain(f"chain of {name}", f"the chain of “{name}”", evidence.published.commitment, numbered)
        strangers = [
            str(link["number"])
            for link in links
            if link["entry"]["evaluator"] != evaluator or link["entry"]["item"] not in codes
        ]
        problem = f"Entries {{}} of “{name}” are about another evaluator or an item that was never committed to."
        yield expect_none(f"entries of {name}", "their own", strangers, problem)
        problem = f"Entries {{}} of “{name}” are dated out of order, or outside the time from opening to lock."
        yield expect_none(f"times of {name}", "in order", _misdated(links, opened, locked), problem)


def _check_answers(evidence: Evidence) -> Check:
    """Check that every answer is one that the round's pages offered."""
    design = evidence.design
    offered = {choice.value for choice in design.rubric.labelled_choices(cannot_judge=design.cannot_judge)}
    links = [link for links in evidence.chains.values() for link in links]
    answers = {link["entry"]["verdict"] for link in links if is_judgment(link["entry"])}
    problem = "The chains have answers that no page of the round offered: {}."
    return expect_none("answers", "offered by the design", answers - offered, problem)


def _check_outcome(evidence: Evidence) -> Check:
    """Check that what the design counts, and how it tells it, is what its task does: another sentence would mislead."""
    design = evidence.design
    differs = design.outcome != task_named(design.task).outcome
    problem = (
        f"The design counts other answers than the task {design.task} does, or tells them in other words; no program "
        "makes such a round."
    )
    return expect_equal("outcome", "the task's", "another one" if differs else "the task's", problem)


def _misdated(links: Sequence[ChainLink], opened_at: str, locked_at: str) -> list[str]:
    """Numbers of the version-2 entries that are dated before an earlier entry, before the opening or after the lock."""
    latest, misdated = opened_at, []
    for link in links:
        if "v" not in link["entry"]:
            continue  # version 1 let the browser date a judgment
        at = entry_time(link["entry"])
        if not latest <= at <= locked_at:
            misdated.append(str(link["number"]))
        latest = max(latest, at)
    return misdated


def _check_lock(evidence: BlindedEvidence) -> Iterator[Check]:
    """Check that every chain ends as the log's entry of the lock says, and that no chain is without such an end."""
    roster = evidence.roster
    problem = "Entries of “{}” were added or removed since the lock: there are {}, at the lock there were {}."
    for name in sorted(roster.keys() | evidence.chains.keys()):
        links = evidence.chains.get(name, ())
        head = links[-1]["chain"] if links else evidence.published.commitment
        enrolment = roster.get(name)
        count = 0 if enrolment is None else enrolment.entries
        expected = "no such evaluator" if enrolment is None else f"{count} entries, {enrolment.head}"
        sentence = problem.format(shortened(name), len(links), count)
        yield expect_equal(f"end of {shortened(name)}", expected, f"{len(links)} entries, {head}", sentence)


def _check_people(evidence: BlindedEvidence) -> Iterator[Check]:
    """Check that who was invited, exposed and erased is the same in the lock and in the events before it."""
    if isinstance(locked_detail(evidence.last_event("locked")["detail"]), LockedDetailV1):
        return
    invitations = evidence.details_of("invited")  # somebody can have become exposed after it, for a reason
    exposed = {str(detail.get("evaluator")): detail.get("exposed") for detail in invitations}
    erased = [f"erased {detail.get('evaluator')}" for detail in evidence.details_of("erased")]
    roster = evidence.roster
    present = {name: enrolment for name, enrolment in roster.items() if not enrolment.erased}
    differing = [
        name
        for name, enrolment in present.items()
        if (exposed.get(name) is True or bool(enrolment.exposed_because)) is not enrolment.exposed
    ]
    problem = "The lock says something else than the invitation about {}, and gives no reason."
    yield expect_none("evaluators at the lock", "as invited", differing, problem)
    listed = sorted(name for name, enrolment in roster.items() if enrolment.erased)
    problem = "The lock lists other evaluators as erased than the log."
    yield expect_equal("erased evaluators", ", ".join(sorted(erased)) or "none", ", ".join(listed) or "none", problem)
    problem = f"The lock lists {len(roster)} evaluators, but the log has {len(invitations)} invitations."
    yield expect_equal("number of evaluators", str(len(invitations)), str(len(roster)), problem)
