"""An audit's summary: it is stored in the round's log, printed, and shown beside the headline. Pure.

The order of the fields is that of the stored JSON.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from app.foundation.json_types import JsonObject
from app.leak_audit.attackers import AttackResult
from app.leak_audit.permutation_test import REFUSAL_P, WARNING_P

MOST_NAMED = 5
"""How many findings of each kind a summary lists."""
REPORT_IT = "no design can cause this: keep the log and report it as a fault of First Glance"
REPORT_LENGTHS = (
    "items' pages are filled up to one length; if a proxy or a patch of the server changes them, take it away and seal "
    "again, and otherwise report it as a fault of First Glance"
)
RENAME = (
    "rename the arm or stratum in a copy of the round; if it is the name of a model, rename the model's folder and "
    "harvest again"
)
LOOK = (
    "if a proxy or a patch of the server changes responses, take it away and seal again; without a leak, chance gives "
    "this once in 2,000 seals"
)


class SummaryPart(BaseModel):
    """A part of a summary: frozen, without unknown fields, and written under the stored names of its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class FindingsSummary(SummaryPart):
    """How many findings of a kind there are, and the first of them."""

    count: int
    first: list[str]


class AttackSummary(SummaryPart):
    """How well the attackers did; numbers are rounded to four digits."""

    aucs: dict[str, float]
    p: float
    permutations: int
    detectable: float
    items: int
    features: int

    @property
    def largest_auc(self) -> float | None:
        """The AUC of the better attacker; None if there was too little to attack."""
        return max(self.aucs.values(), default=None)


class GateAttackSummary(AttackSummary):
    """How well the attackers did in an attack that can stop the seal."""

    leaks: bool

    @property
    def warns(self) -> bool:
        """Whether chance gives such figures in one clean round of fifty at most; it stops nothing."""
        return not self.leaks and self.p <= WARNING_P


class GateSummary(SummaryPart):
    """The findings that decide whether the round may be sealed."""

    swap: FindingsSummary
    name_search: FindingsSummary = Field(validation_alias="scan", serialization_alias="scan")
    """Responses that contain a name of an arm, a model or a file."""
    transport: GateAttackSummary
    lengths: FindingsSummary | None = None
    """Items' responses of another length than most; None in the logs of version 0.1."""

    @model_serializer(mode="wrap")
    def _without_absent_lengths(self, write_fields: SerializerFunctionWrapHandler) -> JsonObject:
        json_object: JsonObject = write_fields(self)
        if self.lengths is None:
            del json_object["lengths"]
        return json_object


class PositionSummary(SummaryPart):
    """Number and mean position, from 0 to 1, of the items of one kind in the probes' orders."""

    items: int
    mean: float


class AuditSummary(SummaryPart):
    """The result of an audit. Its gate decides whether the round is sealed; the other parts are only reported."""

    passed: bool
    """Whether nothing but words and marks told the arms apart."""
    responses: int
    gate: GateSummary
    stimulus: AttackSummary | None = None
    """What words and marks gave away, in the logs of version 0.1; today the analysis measures it."""
    positions: dict[str, PositionSummary]

    @model_serializer(mode="wrap")
    def _without_absent_stimulus(self, write_fields: SerializerFunctionWrapHandler) -> JsonObject:
        json_object: JsonObject = write_fields(self)
        if self.stimulus is None:
            del json_object["stimulus"]
        return json_object

    @property
    def complaint(self) -> str:
        """What leaked and what to do, in words; empty if nothing leaked."""
        swap_count, transport = self.gate.swap.count, self.gate.transport
        changes = "1 response changes" if swap_count == 1 else f"{swap_count} responses change"
        complaints = [f"{changes} when the arms are swapped ({REPORT_IT})"] if swap_count else []
        complaints += [f"the response to {finding} ({RENAME})" for finding in self.gate.name_search.first]
        complaints += [f"{finding} ({REPORT_LENGTHS})" for finding in (self.gate.lengths or NOTHING_FOUND).first]
        if transport.leaks:
            complaints.append(
                f"the arms can be told from what is sent beside words and marks, p = {transport.p:.4f} ({LOOK})"
            )
        return "; ".join(complaints)


NOTHING_FOUND = FindingsSummary(count=0, first=[])


def summarise_gate(
    swap: Sequence[str], name_search: Sequence[str], lengths: Sequence[str], transport_attack: AttackResult
) -> GateSummary:
    """The gate's findings: what changes with the arms, which responses contain names or differ in length, and the p."""
    attack = GateAttackSummary(**summarise_attack(transport_attack).model_dump(), leaks=transport_attack.p <= REFUSAL_P)
    return GateSummary(
        swap=_summarise_findings(swap),
        name_search=_summarise_findings(name_search),
        transport=attack,
        lengths=_summarise_findings(lengths),
    )


def summarise_attack(attack_result: AttackResult) -> AttackSummary:
    """An attack's figures, rounded."""
    return AttackSummary(
        aucs={name: round(auc, 4) for name, auc in attack_result.aucs.items()},
        p=round(attack_result.p, 4),
        permutations=attack_result.permutation_count,
        detectable=round(attack_result.detectable_auc, 4),
        items=attack_result.item_count,
        features=len(attack_result.feature_names),
    )


def _summarise_findings(findings: Sequence[str]) -> FindingsSummary:
    return FindingsSummary(count=len(findings), first=list(findings[:MOST_NAMED]))
