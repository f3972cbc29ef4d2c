"""The result of an unblinded round, for a notebook."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from app.foundation.json_types import JsonObject
from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.primary import ArmResult
from app.report.export.observations_csv import ObservationRow, observation_rows
from app.report.result_text import state_primary_comparison
from app.unblinding.observations import Observation

if TYPE_CHECKING:
    import pandas as pd


class Result:
    """The result of a round: a function of its evidence, so an export gives the same as the database."""

    title: str
    """The round's title."""
    commitment: str
    """The commitment that was published at the seal."""
    unsigned: bool
    """Whether the round has a key, which did not sign this result in the log."""

    def __init__(
        self, title: str, commitment: str, analysis: Analysis, frame: AnalysisFrame, *, unsigned: bool
    ) -> None:
        self.title, self.commitment, self.unsigned = title, commitment, unsigned
        self._analysis, self._frame = analysis, frame

    @property
    def headline(self) -> str:
        """The sentence that the report begins with."""
        return self._analysis.headline

    @property
    def comparison(self) -> str:
        """The primary comparison in words: the difference with its interval, its p-value and the method."""
        return state_primary_comparison(self._analysis.difference)

    @property
    def difference(self) -> float | None:
        """The treatment's fraction minus the reference's, pooled over strata; None if it cannot be computed."""
        return self._analysis.difference.estimate

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the difference; None if it cannot be computed."""
        return self._analysis.difference.interval

    def numbers(self) -> JsonObject:
        """Every number of the round, under the names that analysis.json has in an export."""
        return self._analysis.content()

    def to_frame(self) -> "pd.DataFrame":
        """A table with a row for each arm: units, how many of them count, the fraction and its 95 % interval."""
        import pandas as pd

        rows = {
            arm: {
                "units": result.n,
                "dead": result.dead,
                "judgments": result.judgments,
                "counted": result.counted,
                "fraction": result.fraction,
                "lower": result.interval and result.interval.lower,
                "upper": result.interval and result.interval.upper,
            }
            for arm, result in self._analysis.arms.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("arm")

    def to_markdown(self) -> str:
        """The whole report, as the export has it in report.md."""
        from app.report.export.markdown import write_markdown_report  # it loads what draws charts

        return write_markdown_report(self.title, self.commitment, self._analysis, self._frame, unsigned=self.unsigned)

    def __repr__(self) -> str:
        """The headline, and a line for each arm."""
        return "\n".join([self.headline, *(_arm_line(arm, result) for arm, result in self._analysis.arms.items())])


def observations_frame(observations: Iterable[Observation]) -> "pd.DataFrame":
    """A table with a row for each evaluator and item: the final verdict, its times, the arm and the unit."""
    import pandas as pd

    columns = [field.name for field in fields(ObservationRow)]  # which a round without judgments has, too
    return pd.DataFrame([asdict(row) for row in observation_rows(observations)], columns=columns)


def _arm_line(arm: str, arm_result: ArmResult) -> str:
    if arm_result.fraction is None or arm_result.interval is None:
        return f"{arm}: no fraction"
    lower, upper = arm_result.interval
    return f"{arm}: {100 * arm_result.fraction:.1f} %, 95 % interval {100 * lower:.1f} to {100 * upper:.1f} %"
