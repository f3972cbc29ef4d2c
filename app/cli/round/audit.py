"""`firstglance round audit`: does anything but words and marks tell the arms apart?"""

import click

from app.cli.common import admin_named, as_json, by_option, database, print_json, print_pairs
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services.leak_audit import Audit
from app.web.leak_audit.audited_seal import audit_again


@click.command("audit")
@click.argument("round_id", metavar="ROUND")
@as_json
@by_option
@click.pass_obj
def audit_command(settings: Settings, round_id: str, json_wanted: bool, by: str | None) -> None:
    """Audit an unblinded round again, on its real pages; sealing audits it before the commitment."""
    with database(settings) as base:
        with base.reading() as session:
            admin = admin_named(session, by)
        found = audit_again(base, settings, round_id, admin, now())
    if json_wanted:
        print_json(found.summary)
    else:
        show(found)


def show(audit: Audit) -> None:
    """Print an audit's summary in words."""
    gate, stimulus = audit.summary["gate"], audit.summary["stimulus"]
    transport = gate["transport"]
    print_pairs(
        {
            "audit": "passed" if audit.passed else f"FAILED: {audit.complaint}",
            "responses": f"{audit.summary['responses']}; {gate['swap']['count']} differ when the arms are swapped",
            "names spoken": gate["scan"]["count"],
            "transport AUC": f"{_largest(transport)} (p = {transport['p']}; {transport['detectable']} would be seen)",
            "stimulus AUC": f"{_largest(stimulus)}: what words and marks themselves give away; no gate",
        }
    )


def _largest(attacked: dict[str, dict[str, float]]) -> str:
    aucs = attacked["aucs"]
    return f"{max(aucs.values()):.2f}" if aucs else "not measurable"
