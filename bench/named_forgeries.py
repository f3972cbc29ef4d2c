"""The forgeries that reviewers made or could have made of an export's evidence, by name."""

import json
from collections.abc import Callable
from typing import NamedTuple, cast

from app.foundation.json_types import JsonObject
from bench.answers import first_answer, is_second
from bench.forged_export import EvidenceTexts
from bench.honest_round import EXPOSED, HASTY, NAMES

ForgeEvidence = Callable[[EvidenceTexts], None]


class EvidenceForgery(NamedTuple):
    """A forgery of the evidence; everything above it is made to fit."""

    part: str
    """The file that it changes first."""
    forge: ForgeEvidence


def _set_dead_to_zero(evidence_texts: EvidenceTexts) -> None:
    for cell in evidence_texts.cells():
        if cell["arm"] == "solu":
            cell |= {"dead": 0, "dead_neurons": [], "shown": cell["drawn"]}
            for layer in cast("list[JsonObject]", cell["layers"]):
                layer["dead"] = 0


def _exchange_arms(evidence_texts: EvidenceTexts) -> None:
    exchanged = {"solu": "baseline", "baseline": "solu"}
    for allocated in [*evidence_texts.cells(), *evidence_texts.allocated_items()]:
        allocated["arm"] = exchanged[str(allocated["arm"])]


def _make_items_repeats(evidence_texts: EvidenceTexts) -> None:
    codes = [allocated["item"] for allocated in evidence_texts.allocated_items() if allocated["kind"] == "neuron"]
    for allocated in evidence_texts.allocated_items():
        if allocated["kind"] == "neuron" and allocated["item"] != codes[0] and allocated["arm"] == "solu":
            allocated |= {"kind": "repeat", "repeats": codes[0]}


def _make_practice_neurons(evidence_texts: EvidenceTexts) -> None:
    for allocated in evidence_texts.allocated_items():
        if allocated["kind"] == "training":
            allocated["kind"] = "neuron"


def _set_other_seed(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.seal["seed"] = "5e" * 32


def _invent_exclusions(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.design["exclusions"] = cast("JsonObject", evidence_texts.design["exclusions"]) | {
        "largest_cannot_judge": 0.0
    }


def _change_plan(evidence_texts: EvidenceTexts) -> None:
    numbers = cast("JsonObject", cast("JsonObject", evidence_texts.design["analysis"])["numbers"])
    numbers["token_detector_share"] = 0.1


def _fade_marks(evidence_texts: EvidenceTexts) -> None:
    for item in evidence_texts.items:
        item["passages"][0]["levels"] = [0 for _ in item["passages"][0]["levels"]]


def _flag_many(evidence_texts: EvidenceTexts) -> None:
    for entry in evidence_texts.judgments():
        if is_second(str(entry["verdict"])) and entry["step"] == "verdict":
            flag: JsonObject = {name: entry[name] for name in ("v", "evaluator", "number", "at", "item")}
            flag |= {"kind": "flag", "reason": "fault", "comment": "cannot be read"}
            index = next(index for index, link in enumerate(evidence_texts.links) if link["entry"] is entry)
            evidence_texts.links.insert(
                index + 1, {"evaluator": entry["evaluator"], "number": 0, "chain": "", "entry": flag}
            )


def _flag_by_carrying_over(evidence_texts: EvidenceTexts) -> None:
    flags = [
        {"evaluator": entry["evaluator"], "item": entry["item"], "reason": "fault", "comment": ""}
        for entry in evidence_texts.judgments()
        if is_second(str(entry["verdict"]))
    ]
    detail = cast("JsonObject", {"evaluators": {}, "flags": flags, "guesses": [], "aids_opened": []})
    evidence_texts.add_event("carried over", detail, len(evidence_texts.log) - 1)


def _break_the_blind_after_the_lock(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.add_event("archives browsed", {"why": "curiosity"}, len(evidence_texts.log) - 1)


def _count_draws_after_the_lock(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.add_event(
        "seal begun", evidence_texts.detail("seal begun") | {"number": 7}, len(evidence_texts.log) - 1
    )


def _seal_after_the_lock(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.add_event(
        "sealed", evidence_texts.detail("sealed") | {"audit": {"passed": True}}, len(evidence_texts.log) - 1
    )


def _change_the_audit(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.detail("sealed")["audit"] = {"passed": True}


def _give_another_reason(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.detail("unblinded")["reason"] = "the board asked for it"


def _erase_an_evaluator(evidence_texts: EvidenceTexts) -> None:
    roster = cast("dict[str, JsonObject]", evidence_texts.detail("locked")["evaluators"])
    roster[HASTY]["erased"] = True
    index = next(
        index for index, link in enumerate(evidence_texts.log) if link["event"] is evidence_texts.event("locked")
    )
    evidence_texts.add_event("erased", {"evaluator": HASTY}, index)


def _expose_an_evaluator(evidence_texts: EvidenceTexts) -> None:
    roster = cast("dict[str, JsonObject]", evidence_texts.detail("locked")["evaluators"])
    roster[EXPOSED]["exposed"] = False


def _stop_early(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.detail("locked")["stopped_early"] = not evidence_texts.detail("locked")["stopped_early"]


def _leave_an_evaluator_out(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.links = [link for link in evidence_texts.links if link["evaluator"] != HASTY]
    del cast("JsonObject", evidence_texts.detail("locked")["evaluators"])[HASTY]
    evidence_texts.log = [
        link
        for link in evidence_texts.log
        if cast("JsonObject", link["event"])["detail"] != _invitation_of(evidence_texts, HASTY)
    ]


def _invitation_of(evidence_texts: EvidenceTexts, name: str) -> JsonObject:
    details = [cast("JsonObject", cast("JsonObject", link["event"])["detail"]) for link in evidence_texts.log]
    return next(detail for detail in details if detail.get("evaluator") == name)


def _exchange_evaluators(evidence_texts: EvidenceTexts) -> None:
    exchanged = {NAMES[0]: HASTY, HASTY: NAMES[0]}
    for link in evidence_texts.links:
        link["evaluator"] = exchanged.get(str(link["evaluator"]), link["evaluator"])


def _reverse_orders(evidence_texts: EvidenceTexts) -> None:
    for entry in evidence_texts.judgments():
        entry["position"] = 100 - cast("int", entry["position"])


def _turn_verdicts(evidence_texts: EvidenceTexts) -> None:
    items = {str(allocated["item"]): allocated for allocated in evidence_texts.allocated_items()}
    for entry in evidence_texts.judgments():
        if items[str(entry["item"])]["arm"] == "solu":
            entry["verdict"] = first_answer(str(entry["verdict"]))


def _set_entries(name: str, forged_value: str | float) -> ForgeEvidence:
    def forge(evidence_texts: EvidenceTexts) -> None:
        for entry in evidence_texts.judgments():
            entry[name] = forged_value

    return forge


def _repeat_entries(evidence_texts: EvidenceTexts) -> None:
    evidence_texts.links = [link for link in evidence_texts.links for _ in range(2)]
    evidence_texts.links = cast("list[JsonObject]", json.loads(json.dumps(evidence_texts.links)))


EVIDENCE_FORGERIES: dict[str, EvidenceForgery] = {
    "dead neurons of an arm set to 0": EvidenceForgery("allocation.json", _set_dead_to_zero),
    "arms exchanged": EvidenceForgery("allocation.json", _exchange_arms),
    "neurons made repeats": EvidenceForgery("allocation.json", _make_items_repeats),
    "practice made neurons": EvidenceForgery("allocation.json", _make_practice_neurons),
    "another seed": EvidenceForgery("allocation.json", _set_other_seed),
    "invented exclusion rules": EvidenceForgery("design.json", _invent_exclusions),
    "another analysis plan": EvidenceForgery("design.json", _change_plan),
    "faked stimuli": EvidenceForgery("items.json", _fade_marks),
    "judgments flagged": EvidenceForgery("chains.json", _flag_many),
    "verdicts turned": EvidenceForgery("chains.json", _turn_verdicts),
    "seconds": EvidenceForgery("chains.json", _set_entries("active_seconds", 5.0)),
    "hypotheses": EvidenceForgery("chains.json", _set_entries("hypothesis", "a very clear rule")),
    "orders": EvidenceForgery("chains.json", _reverse_orders),
    "entries repeated": EvidenceForgery("chains.json", _repeat_entries),
    "evaluators exchanged": EvidenceForgery("chains.json", _exchange_evaluators),
    "an evaluator left out": EvidenceForgery("chains.json", _leave_an_evaluator_out),
    "an evaluator erased": EvidenceForgery("events.json", _erase_an_evaluator),
    "an evaluator made naive": EvidenceForgery("events.json", _expose_an_evaluator),
    "stopped early": EvidenceForgery("events.json", _stop_early),
    "an audit that was never run": EvidenceForgery("events.json", _change_the_audit),
    "flags carried over after the lock": EvidenceForgery("events.json", _flag_by_carrying_over),
    "blind broken after the lock": EvidenceForgery("events.json", _break_the_blind_after_the_lock),
    "draws counted after the lock": EvidenceForgery("events.json", _count_draws_after_the_lock),
    "sealed again after the lock": EvidenceForgery("events.json", _seal_after_the_lock),
    "another reason for unblinding": EvidenceForgery("events.json", _give_another_reason),
}
