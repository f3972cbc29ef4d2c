"""Every number of the analysis plan, and the only place where it is written down. Pure.

The analysis reads `PlannedNumbers` from the plan of its round, and a design may set them otherwise. `PlannedConstants`
are built into the program: a design states them, and a plan with other ones is refused when a round is made and
reported as a deviation when it is read.
"""

from pydantic import Field

from app.archive.levels import FAINTEST_STRENGTH, LEVEL_COUNT, RANKED_TOKEN_COUNT
from app.archive.neuron import DEAD_FIRING_WINDOWS, DEAD_MAXIMUM
from app.rounds.design_part import DesignPart


class PlannedNumbers(DesignPart):
    """The numbers that a design may set otherwise; the analysis reads them from its round's plan."""

    shuffles: int = Field(default=19_999, ge=99, le=199_999)
    """Shuffles of the permutation test, 99 to 199999."""
    bootstrap_draws: int = Field(default=10_000, ge=100, le=100_000)
    """Bootstrap samples of neurons behind an interval of a ratio or of agreement, 100 to 100000."""
    guess_draws: int = Field(default=1_000, ge=100, le=100_000)
    """Bootstrap samples of evaluators behind an interval of a blinding index, 100 to 100000."""
    attack_shuffles: int = Field(default=1_999, ge=99, le=99_999)
    """Shuffles of the arms behind the p of each attack on words and marks, 99 to 99999."""
    token_detector_share: float = Field(default=0.8, gt=0, le=1)
    """A neuron with at least this share of one token among its top peaks is a token detector, 0 to 1."""
    fewest_evaluators: int = Field(default=5, ge=2, le=1000)
    """The interval for evaluators like these needs so many evaluators, 2 to 1000."""
    fewest_training_runs: int = Field(default=3, ge=2, le=1000)
    """The interval over training runs of one size needs so many replicates, 2 to 1000."""
    fewest_for_drift: int = Field(default=3, ge=2, le=1000)
    """An evaluator with fewer judgments is left out of the test of drift, 2 to 1000."""
    most_evaluators_in_pairs: int = Field(default=20, ge=0, le=100)
    """With more evaluators no agreement by pair is shown, 0 to 100."""
    most_gee_neurons: int = Field(default=4_000, ge=0, le=10_000)
    """With more neurons the model-based check is solved by least squares, 0 to 10000."""


class PlannedConstants(DesignPart):
    """The numbers that are built into this version of the program."""

    level: float = 0.95
    """The confidence level of every interval."""
    defined_share: float = 0.95
    """A bootstrap interval needs its statistic to be defined in more than this share of the samples."""
    majority_share: float = 0.5
    """A majority is more than this share of a neuron's verdicts; a tie counts as 0."""
    depth_parts: int = 3
    """Depth is split into so many equal parts: early, middle and late."""
    order_parts: int = 5
    """Each evaluator's order is split into so many equal parts, to show drift."""
    drift_items: int = 100
    """Drift is the change of the fraction per so many items of the order."""
    short_judgment_seconds: float = 60
    """A judgment with fewer active seconds counts as one under a minute."""
    time_quantiles: tuple[float, float, float] = (0.25, 0.5, 0.75)
    """Shares of the judgments at which times are reported: the quartiles and the median."""
    fewest_judgments_for_agreement: int = 2
    """A neuron enters agreement with so many judgments."""
    fewest_items_for_auc: int = 2
    """A stratum enters an AUC with so many items of each arm."""
    most_attacked_items: int = 1_000
    """The attackers on words and marks get at most so many items, drawn by the round's seed."""
    attack_penalty: float = 10.0
    """Penalty of the attackers' ridge regression; kernels have mean 1 on the diagonal."""
    word_buckets: int = 1_024
    """Tokens share so many buckets as words, and again so many as peaks."""
    mark_reach: int = 8
    """The attackers get the levels of so many tokens on either side of the peak."""
    score_decimals: int = 9
    """The attackers' scores are rounded to so many decimals."""
    fewest_for_bootstrap: int = 2
    """A bootstrap interval needs so many neurons, or evaluators."""
    most_guesses: int = 20
    """An evaluator is asked about so many judged items at the blinding question, drawn by their own seed."""
    tie_tolerance: float = 1e-9
    """Differences this close count as equal in the permutation test."""
    mean_decimals: int = 9
    """Mean verdicts are rounded to so many decimals before neurons are shuffled or resampled."""
    dead_maximum: float = DEAD_MAXIMUM
    """A neuron is dead if its largest activation is under this share of its layer's median maximum."""
    dead_firing_windows: int = DEAD_FIRING_WINDOWS
    """A neuron is also dead if it reaches the faintest strength in fewer windows than this."""
    faintest_strength: float = FAINTEST_STRENGTH
    """A token under this share of the neuron's largest activation is not marked."""
    mark_levels: int = LEVEL_COUNT
    """Marks have so many levels."""
    ranked_tokens: int = RANKED_TOKEN_COUNT
    """With rank marks so many tokens of each item are marked, equally many at each level."""


STANDARD_NUMBERS = PlannedNumbers()
"""The numbers of a design that sets none."""
CONSTANTS = PlannedConstants()
"""The numbers that this version of the program computes with."""
