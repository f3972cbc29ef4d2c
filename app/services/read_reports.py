"""The report of an unblinded round, as somebody reads it: the log says who did."""

from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services.exports import RoundReport, round_report
from app.services.opened_database import named_or_only_admin
from app.services.results_read import record_reading
from app.services.round_keys import RoundKeys, require_key_as_committed
from app.store.engine import Database


def read_report(settings: Settings, database: Database, round_id: str, by: str | None) -> RoundReport:
    """The report of a round, after the log says who reads it.

    Raises NotFoundError, LifecycleError before the unblinding, or SealError naming what was changed.
    """
    with database.reading() as session:
        admin = named_or_only_admin(session, by)
        require_key_as_committed(session, round_id, RoundKeys.in_data_folder(settings.data))
    record_reading(database, round_id, admin, "report", now())
    with database.reading() as session:
        return round_report(session, round_id)
