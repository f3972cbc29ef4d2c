"""Charts of whether the blind held: what marks and transport give away, and what people guessed."""

from app.report.analysis.analysis import Analysis
from app.report.analysis.released_names import WITHIN_COUNTED
from app.report.charts.chart import Chart, ChartLine
from app.report.charts.dotplot import AUC_AXIS, INDEX_AXIS, draw_dotplot, lines_if_estimated

ATTACKED_PARTS = {"marks": "the marks alone", "words": "the words alone", "both": "words and marks"}
"""{part of the stimulus: its words in a chart}"""


def stimulus_chart(analysis: Analysis) -> Chart | None:
    """How well words and marks and, if a leak audit was run, everything else tell the arms apart, as AUCs."""
    lines = [
        ChartLine(feature.label, feature.auc, feature.interval, f"stimulus.{index}")
        for index, feature in enumerate(analysis.stimulus)
        if feature.auc is not None
    ]
    lines += [
        ChartLine(f"a program by {ATTACKED_PARTS[attack.part]}", attack.auc, None, f"attacks.{index}")
        for index, attack in enumerate(analysis.attacks or ())
    ]
    transport = analysis.transport
    if transport is not None and transport.auc is not None:
        lines.append(ChartLine("all but words and marks", transport.auc, None, "transport.auc"))
    sentence = f"{analysis.marks_alone} {_direction_sentence(analysis)}" if analysis.stimulus else analysis.marks_alone
    return draw_dotplot("stimulus", "What words and marks give away", sentence, lines, AUC_AXIS)


def _direction_sentence(analysis: Analysis) -> str:
    """In which direction the AUCs of the marks are counted, and how one under 0.5 is read."""
    return (
        f"Below, an AUC of the marks is the chance that {analysis.treatment} has more of them than "
        f"{analysis.reference}: an AUC under 0.5 says that it has fewer, and gives as much away as 1 minus the AUC. "
        "An AUC of a program under 0.5 gives nothing away."
    )


def blinding_chart(analysis: Analysis) -> Chart | None:
    """Bang's index per arm, over all guesses and within each verdict; a band shows what is usual if the blind held."""
    blinding = analysis.blinding
    groups = (
        ("overall", "all guesses", blinding.overall),
        ("within_counted" if analysis.outcome else WITHIN_COUNTED, analysis.words.name, blinding.within_counted),
        ("within_not", analysis.words.opposite, blinding.within_not),
    )
    lines = [
        line
        for field_name, label, guesses in groups
        if guesses is not None
        for arm, index in guesses.bang.items()
        for line in lines_if_estimated(f"{arm}: {label}", index, f"blinding.{field_name}.bang.{arm}")
    ]
    james = blinding.overall.james if blinding.overall is not None else None
    sentence = "Bang's index within one verdict shows a leak; over all guesses it also depends on the verdicts."
    if james is not None and james.estimate is not None:
        sentence = f"James' index is {james.estimate:.2f} (0.5 is guessing at random). {sentence}"
    return draw_dotplot("blinding", "Guesses of the arm", sentence, lines, INDEX_AXIS)
