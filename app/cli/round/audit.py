"""`firstglance round audit`: check again whether anything but words and marks tells the arms apart."""

import click

from app.cli.options import by_option, json_option, round_argument
from app.cli.printing import print_facts, print_json, print_text
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.leak_audit.summary import AuditSummary, GateAttackSummary
from app.services.opened_database import named_or_only_admin, open_database
from app.web.leak_audit.audited_seal import audit_unblinded_round


@click.command("audit")
@round_argument
@json_option
@by_option
@click.pass_obj
def audit_command(settings: Settings, round_id: str, json_wanted: bool, by: str | None) -> None:
    """Run the leak audit of an unblinded round again, on its real pages. The first audit is part of sealing."""
    with open_database(settings) as database:
        with database.reading() as session:
            admin = named_or_only_admin(session, by)
        audit = audit_unblinded_round(database, settings, round_id, admin, now())
    if json_wanted:
        print_json(audit.model_dump(mode="json"))
    else:
        print_audit(audit)


def print_audit(audit: AuditSummary) -> None:
    """Print an audit's summary in words."""
    gate = audit.gate
    print_facts(
        {
            "audit": "passed" if audit.passed else f"FAILED: {audit.complaint}",
            "responses": f"{audit.responses}; {gate.swap.count} differ when the arms are swapped",
            "responses that contain a name of an arm": gate.name_search.count,
            **({"responses of another length": gate.lengths.count} if gate.lengths else {}),
            "beside words and marks": _test_text(audit.gate.transport),
        }
    )
    if audit.warning:
        print_text(f"Warning: {audit.warning}")


def _test_text(transport: GateAttackSummary) -> str:
    """The p of the test of all features that words and marks do not determine, and what stops a seal."""
    measured = f"p = {transport.p:g} over {transport.features} features of {transport.items} items"
    if transport.thresholds is None:
        return measured
    if not transport.thresholds.is_sure_to_refuse:
        return f"{measured}; with so few items a plain leak may not stop a seal ({transport.thresholds.refusal_p:g})"
    return f"{measured}; p = {transport.thresholds.refusal_p:g} or less stops a seal"
