"""The report and the observations of an unblinded round, as somebody reads them: the log says who did."""

from collections.abc import Sequence

from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services.exports import RoundReport, round_report
from app.services.opened_database import named_or_only_admin
from app.services.results import current_result
from app.services.results_read import ResultForm, record_reading
from app.services.round_keys import RoundKeys, require_key_as_committed
from app.store.engine import Database
from app.unblinding.observations import Observation


def read_report(settings: Settings, database: Database, round_id: str, by: str | None) -> RoundReport:
    """The report of a round, after the log says who reads it.

    Raises NotFoundError, LifecycleError before the unblinding, or SealError naming what was changed.
    """
    _record(settings, database, round_id, by, "report")
    with database.reading() as session:
        return round_report(session, round_id)


def read_observations(settings: Settings, database: Database, round_id: str, by: str | None) -> Sequence[Observation]:
    """The observations of a round, after the log says who reads them; raises as `read_report`."""
    _record(settings, database, round_id, by, "observations.csv")
    with database.reading() as session:
        return current_result(session, round_id).observations


def _record(settings: Settings, database: Database, round_id: str, by: str | None, form: ResultForm) -> None:
    with database.reading() as session:
        admin = named_or_only_admin(session, by)
        require_key_as_committed(session, round_id, RoundKeys.in_data_folder(settings.data))
    record_reading(database, round_id, admin, form, now())
