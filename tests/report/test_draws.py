"""The report's sentences on the draws of a round."""

from dataclasses import replace

from app.evidence.draws import CellLeftOut, DrawHistory
from app.evidence.event_details import RelatedRound
from app.report.analysis.analysis import analyse, read_analysis
from app.report.analysis.draws import draw_notes, draw_results
from app.report.analysis.frame import AnalysisFrame, read_frame
from app.report.export.markdown import write_markdown_report
from app.rounds.unit_words import UnitWords
from app.unblinding.observations import Observation

NEURONS, LATENTS = UnitWords({}), UnitWords({"solu": "latent", "gelu": "latent"})

SINGLE = DrawHistory(
    seed_rule="server", number=1, draw_count=1, cancelled=0, restarted=0, announced=0, begun_again=0, starts_logged=True
)


def sentences(history: DrawHistory) -> str:
    results = draw_results(history, NEURONS)
    assert results is not None
    return " ".join(results.sentences)


def test_a_single_draw_by_the_server_alone_says_that_nothing_shows_it_was_the_only_one() -> None:
    assert sentences(SINGLE) == (
        "The server drew the seed alone; nothing shows that it drew only once. "
        "The neurons are from draw 1; the round's log has no other."
    )
    assert draw_notes(SINGLE, NEURONS) == []


def test_cancelled_and_interrupted_draws_are_counted_in_methods_and_notes() -> None:
    history = replace(SINGLE, number=3, draw_count=3, cancelled=2)
    note = "The neurons are from draw 3: two other draws of this round were cancelled."
    assert note in sentences(history)
    assert draw_notes(history, NEURONS) == [note]
    both = replace(history, number=15, draw_count=15, cancelled=13, restarted=1)
    assert "13 other draws of this round were cancelled, one was interrupted and begun anew." in sentences(both)


def test_an_announced_draw_quotes_the_half_s_digest_and_the_value() -> None:
    history = replace(
        SINGLE,
        seed_rule="public",
        half_sha256="ab" * 32,
        public_name="round 7",
        public_value="b0",
        value_length=2,
        announced=2,
    )
    text = sentences(history)
    assert "(SHA-256 abababababab…) and of a public value: “round 7” is “b0”" in text
    assert "A half of a seed was announced two times for this round." in text
    assert "alone" not in text
    assert "which has 2 characters, as the announcement says. It also fixed the design" in text
    assert "If the announcement was published before anybody knew this value" in text
    assert "which has 2 characters, as the announcement says" in sentences(replace(history, value_length=2))
    assert "“b0<U+200B>”" in sentences(replace(history, public_value="b0\u200b"))


def test_a_copy_and_rounds_on_the_same_archives_are_named() -> None:
    history = replace(
        SINGLE,
        copied_from="abc",
        copied_state="sealed",
        copied_draws=1,
        copied_announced=1,
        same_archives=tuple(f"r{number}" for number in range(8)),
    )
    text = sentences(history)
    assert "copy of round abc, which was in state sealed; in it and the rounds it was copied from one draw was" in text
    assert "one half was announced" in text
    assert (
        "Eight other rounds of this server had the same archives at the draw: r0, r1, r2, r3, r4, r5 and others."
        in text
    )
    assert len(draw_notes(history, NEURONS)) == 1


def test_other_rounds_with_the_same_models_are_a_note_if_anything_was_drawn_in_them() -> None:
    related = RelatedRound(round_id="r2", draw_count=0, announcement_count=0, opened=False)
    history = replace(SINGLE, same_archives=("r2",), related_rounds=(related,))
    sentence = (
        "One other round of this server had a model of this one when this one was locked (r2). "
        "In it no draws were begun, and no rounds were opened to evaluators."
    )
    assert sentence in sentences(history)
    assert "at the draw" not in sentences(history)
    assert draw_notes(history, NEURONS) == []
    drawn = related.model_copy(update={"draw_count": 4, "announcement_count": 1, "opened": True})
    (note,) = draw_notes(replace(history, related_rounds=(drawn, related)), NEURONS)
    assert "In them four draws were begun, one half was announced, and one round was opened to evaluators." in note
    assert note in sentences(replace(history, related_rounds=(drawn, related)))


def test_rounds_of_which_nobody_can_tell_whether_they_had_these_models_are_named_as_such() -> None:
    sure = RelatedRound(round_id="r2", draw_count=1, announcement_count=0, opened=False)
    unread = RelatedRound(round_id="r3", draw_count=2, announcement_count=0, opened=False, unread=True)
    history = replace(SINGLE, related_rounds=(sure, unread))
    assert len(draw_notes(history, NEURONS)) == 2
    assert "One other round of this server had a model of this one when this one was locked (r2)" in sentences(history)
    assert (
        "One other round of this server may have had a model of this one: archives could not be read when this one was "
        "locked (r3). In it two draws were begun"
    ) in sentences(history)
    undrawn = unread.model_copy(update={"draw_count": 0})
    assert len(draw_notes(replace(history, related_rounds=(sure, undrawn)), NEURONS)) == 1


def test_a_log_of_version_0_1_0_says_that_it_may_lack_draws() -> None:
    assert "does not say whether a draw was interrupted" in sentences(replace(SINGLE, starts_logged=False))
    unknown = replace(SINGLE, copied_from="abc")
    assert "the log does not say how many draws were made there" in sentences(unknown)


def test_frame_and_analysis_keep_the_counts_and_the_report_prints_them(
    five_evaluators: list[Observation], full_frame: AnalysisFrame
) -> None:
    frame = replace(full_frame, draws=replace(SINGLE, number=2, draw_count=2, cancelled=1))
    assert read_frame(frame.content()) == frame
    analysis = analyse(five_evaluators, frame)
    assert read_analysis(analysis.content()) == analysis
    text = write_markdown_report("A round", "ab" * 32, analysis, frame)
    assert text.count("The neurons are from draw 2: one other draw of this round was cancelled.") == 2


def test_a_frame_without_counts_gives_no_sentences() -> None:
    assert draw_results(None, NEURONS) is None
    assert draw_notes(None, NEURONS) == []


def test_draws_of_latents_are_not_called_draws_of_neurons() -> None:
    cells = (CellLeftOut(arm="neuron one", stratum="1L/0", neuron_count=3),)
    history = replace(SINGLE, number=3, draw_count=3, cancelled=2, left_out_cells=cells, left_out_rounds=("R",))
    number, left_out = draw_notes(history, LATENTS)
    assert number.startswith("The latents are from draw 3: ")
    assert left_out.startswith(
        "Latents were left out of the draw because named evaluators had seen them in R: 3 of neuron"
    )
    results = draw_results(replace(history, seed_rule="public", half_sha256="a" * 64, value_length=3), LATENTS)
    assert results is not None
    assert "which latents are left out" in results.sentences[0]
    assert number in results.sentences
