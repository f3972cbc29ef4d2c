"""`firstglance round audit`: check again whether anything but words and marks tells the arms apart."""

import click

from app.cli.database import named_or_only_admin, open_database
from app.cli.options import by_option, json_option, round_argument
from app.cli.printing import print_facts, print_json, print_text
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.leak_audit.summary import AttackSummary, AuditSummary
from app.web.leak_audit.audited_seal import audit_unblinded_round

TRANSPORT_WARNING = (
    "Warning: of fifty rounds without a leak, one has such figures for the transport by chance. Nothing was refused; "
    "if the next rounds are warned of too, find out what changes responses between the server and the evaluators."
)


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
    gate, transport = audit.gate, audit.gate.transport
    print_facts(
        {
            "audit": "passed" if audit.passed else f"FAILED: {audit.complaint}",
            "responses": f"{audit.responses}; {gate.swap.count} differ when the arms are swapped",
            "responses that contain a name of an arm": gate.name_search.count,
            **({"responses of another length": gate.lengths.count} if gate.lengths else {}),
            "transport AUC": f"{_auc_text(transport)} (p = {transport.p}; {transport.detectable} would be detected)",
        }
    )
    if transport.warns:
        print_text(TRANSPORT_WARNING)


def _auc_text(attack: AttackSummary) -> str:
    return "not measurable" if attack.largest_auc is None else f"{attack.largest_auc:.2f}"
