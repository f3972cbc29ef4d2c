from app.tasks.first_glance.rubric import FilledRubric, FirstGlanceRubric


def test_sixteen_of_twenty_peaks_must_fit_and_eight_of_nine_or_ten() -> None:
    assert [FirstGlanceRubric().filled_in(peaks).needed for peaks in (20, 10, 9)] == [16, 8, 8]
    assert "at least 16 of the 20" in FirstGlanceRubric().filled_in(20).operational


def test_peaks_among_other_groups_are_named_by_their_heading() -> None:
    assert "under “Strongest”" in FirstGlanceRubric().filled_in(20, among_groups=True).operational
    own = FirstGlanceRubric(operational="{needed} of {peaks}")
    assert own.filled_in(20, among_groups=True).operational == "16 of 20"


def test_words_that_a_public_design_leaves_out_are_the_default_ones() -> None:
    rubric = FilledRubric.from_words({"peaks": 10, "question": "Why?", "from a later version": 1})
    assert (rubric.question, rubric.needed, rubric.rule) == ("Why?", 8, FirstGlanceRubric().rule)


def test_each_verdict_has_the_label_of_its_button() -> None:
    rubric = FirstGlanceRubric(interpretable="YES").filled_in(20)
    labels = [rubric.label(verdict) for verdict in ("interpretable", "not_interpretable", "cannot_judge")]
    assert labels == ["YES", "NOT INTERPRETABLE", "Cannot judge"]
