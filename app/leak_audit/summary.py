"""An audit's summary: it is stored in the round's log, printed, and shown beside the headline. Pure.

The order of the fields is that of the stored JSON.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, ValidationError, model_serializer

from app.foundation.json_types import JsonObject
from app.leak_audit.permutation_test import REFUSAL_P, WARNING_P, PermutationTest

P_DECIMALS = 6
MOST_NAMED = 5
"""How many findings of each kind a summary lists."""
REPORT_IT = "no design can cause this: keep the log and report it as a fault of First Glance"
REPORT_LENGTHS = (
    "items' pages are filled up to one length; if a proxy or a patch of the server changes them, take it away and seal "
    "again, and otherwise report it as a fault of First Glance"
)
RENAME = (
    "rename the arm or stratum in a copy of the round, or reword the title or text that says it; if it is the name of "
    "a model, rename the model's folder and harvest again"
)
LOOK = (
    "if a proxy or a patch of the server changes responses, take it away and seal again; without a leak, chance gives "
    "this once in 2,000 seals"
)


class SummaryPart(BaseModel):
    """A part of a summary: frozen, without unknown fields, and written under the stored names of its fields.

    A field that is None is not written: either version 0.1 has it in its logs, or later versions have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    @model_serializer(mode="wrap")
    def _without_absent_fields(self, write_fields: SerializerFunctionWrapHandler) -> JsonObject:
        json_object: JsonObject = write_fields(self)
        return {name: value for name, value in json_object.items() if value is not None}


class FindingsSummary(SummaryPart):
    """How many findings of a kind there are, and the first of them."""

    count: int
    first: list[str]


class AttackSummary(SummaryPart):
    """What the test of features found; numbers are rounded to six decimals."""

    aucs: dict[str, float] | None = None
    """{classifier: its AUC} in the logs of version 0.1, whose classifiers decided; None since."""
    p: float
    permutations: int
    detectable: float | None = None
    """The smallest AUC that version 0.1 would have called a leak; None since."""
    items: int
    features: int

    @property
    def largest_auc(self) -> float | None:
        """The AUC of the better classifier of version 0.1; None if it had too little to fit to, and since."""
        return max((self.aucs or {}).values(), default=None)


class Thresholds(SummaryPart):
    """What a p had to be at most, and what it is for a leak that one feature shows plainly."""

    refusal_p: float
    warning_p: float
    plain_leak_p: float

    @property
    def is_sure_to_refuse(self) -> bool:
        """Whether there were items enough for a plain leak to stop the seal, however the shuffles fall."""
        return self.plain_leak_p <= self.refusal_p / 2


class GateAttackSummary(AttackSummary):
    """What the test of the transport found, which can stop the seal."""

    leaks: bool
    thresholds: Thresholds | None = None
    """None in the logs of version 0.1, in which AUCs decided."""

    @property
    def warns(self) -> bool:
        """Whether chance gives such a p in few clean rounds; it stops nothing."""
        return not self.leaks and self.thresholds is not None and self.p <= self.thresholds.warning_p


class GateSummary(SummaryPart):
    """The findings that decide whether the round may be sealed."""

    swap: FindingsSummary
    name_search: FindingsSummary = Field(validation_alias="scan", serialization_alias="scan")
    """Responses that contain a name of an arm, a model or a file."""
    transport: GateAttackSummary
    lengths: FindingsSummary | None = None
    """Items' responses of another length than most; None in the logs of version 0.1."""


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

    @property
    def warning(self) -> str:
        """What the admin should look at although the round is sealed; empty if nothing went with the arms."""
        transport = self.gate.transport
        if not transport.warns or transport.thresholds is None:
            return ""
        return (
            f"What is sent beside words and marks went with the arms more than chance usually makes it "
            f"(p = {transport.p:.2g}). It stops no seal before p = {transport.thresholds.refusal_p:g}, and of fifty "
            "rounds without a leak one has such a p; if the next rounds are warned of too, find out what changes "
            "responses between the server and the evaluators."
        )


def stored_warning(audit: JsonObject) -> str:
    """The warning of an audit as the log has it; empty if somebody changed it there."""
    try:
        return AuditSummary.model_validate(audit).warning
    except ValidationError:
        return ""


NOTHING_FOUND = FindingsSummary(count=0, first=[])


def summarise_gate(
    swap: Sequence[str], name_search: Sequence[str], lengths: Sequence[str], transport_test: PermutationTest
) -> GateSummary:
    """The gate's findings: what changes with the arms, which responses contain names or differ in length, and the p."""
    return GateSummary(
        swap=_summarise_findings(swap),
        name_search=_summarise_findings(name_search),
        transport=_summarise_test(transport_test),
        lengths=_summarise_findings(lengths),
    )


def _summarise_test(test: PermutationTest) -> GateAttackSummary:
    return GateAttackSummary(
        p=round(test.p, P_DECIMALS),
        permutations=test.shuffle_count,
        items=test.item_count,
        features=test.feature_count,
        leaks=test.p <= REFUSAL_P,
        thresholds=Thresholds(
            refusal_p=REFUSAL_P, warning_p=WARNING_P, plain_leak_p=round(test.plain_leak_p, P_DECIMALS)
        ),
    )


def _summarise_findings(findings: Sequence[str]) -> FindingsSummary:
    return FindingsSummary(count=len(findings), first=list(findings[:MOST_NAMED]))
