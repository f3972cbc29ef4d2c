"""An audit's summary: what is stored in the round's log, printed, and shown beside the headline. Pure.

The order of the fields is that of the stored JSON.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from app.leak_audit.attackers import AttackResult

MOST_NAMED = 5
"""Findings of each kind that a summary names."""


class SummaryPart(BaseModel):
    """A part of a summary: frozen, and no field that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FindingsSummary(SummaryPart):
    """How many findings of a kind there are, and the first of them."""

    count: int
    first: list[str]


class AttackSummary(SummaryPart):
    """How well the attackers did; figures are rounded to four digits."""

    aucs: dict[str, float]
    p: float
    permutations: int
    detectable: float
    items: int
    features: int

    @property
    def largest_auc(self) -> float | None:
        """Of the better attacker; None if there was too little to attack."""
        return max(self.aucs.values(), default=None)


class GateAttackSummary(AttackSummary):
    """The same for an attack that can stop the seal."""

    leaks: bool


class GateSummary(SummaryPart):
    """What decides whether the seal may close."""

    swap: FindingsSummary
    scan: FindingsSummary
    transport: GateAttackSummary


class PositionSummary(SummaryPart):
    """Where items of a kind stand in the probes' orders, from 0 to 1."""

    items: int
    mean: float


class AuditSummary(SummaryPart):
    """What an audit found. Its gate decides whether a round is sealed; the rest is reported."""

    passed: bool
    """Whether nothing but words and marks told the arms apart."""
    responses: int
    gate: GateSummary
    stimulus: AttackSummary
    positions: dict[str, PositionSummary]

    @property
    def complaint(self) -> str:
        """What leaked, in words; empty if nothing did."""
        swap_count, transport = self.gate.swap.count, self.gate.transport
        complaints = [f"{swap_count} responses change when the arms are swapped"] if swap_count else []
        complaints += [f"a response {finding}" for finding in self.gate.scan.first]
        if transport.leaks:
            complaints.append(f"attackers tell the arms from transport (p = {transport.p:.3f})")
        return "; ".join(complaints)


def summarise_gate(swap: Sequence[str], scan: Sequence[str], transport_attack: AttackResult) -> GateSummary:
    """The gate's findings: what changed under a swap, where names were said, and what attackers could tell."""
    attack = GateAttackSummary(**summarise_attack(transport_attack).model_dump(), leaks=transport_attack.leaks)
    return GateSummary(swap=_summarise_findings(swap), scan=_summarise_findings(scan), transport=attack)


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
