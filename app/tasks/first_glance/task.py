"""First glance: does one rule explain what a unit fires on most strongly? Nothing is right or wrong. Pure."""

from app.tasks.first_glance.rubric import INTERPRETABLE, NOT_INTERPRETABLE, FirstGlanceRubric
from app.tasks.outcome import Outcome
from app.tasks.task import ControlAnswers, Task

FIRST_GLANCE = Task(
    name="first-glance",
    template="tasks/first_glance.html",
    rubric=FirstGlanceRubric(),
    outcome=Outcome(
        counted_answers=(INTERPRETABLE,),
        name="INTERPRETABLE",
        opposite="NOT INTERPRETABLE",
        participle="marked INTERPRETABLE",
        sentence="{people} marked {fractions} INTERPRETABLE.",
        question="find a different fraction of {units} interpretable",
        criterion=("80 % of the strongest firings, one rule or category", "80 % of the peaks shown"),
        limits=(
            "“Interpretable at first glance” is a quick judgment: some interpretable neurons are marked NOT "
            "INTERPRETABLE, and some others INTERPRETABLE.",
        ),
    ),
    control_answers=ControlAnswers(with_rule=INTERPRETABLE, without_rule=NOT_INTERPRETABLE),
)
