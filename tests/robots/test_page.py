"""How robots read a page: as a browser without scripts would."""

import pytest

from app.robots.page import PassageText, RobotError, read_page, read_whole_page

PAGE = """
<main id="main" data-step="verdict" data-item="abc">
  <h1>Item 3 <em>of 5</em> </h1>
  <form method="post" action="/judge/verdict" data-step="verdict">
    <input type="hidden" name="form_token" value="abc"><input type="hidden" name="key" value="k&amp;1">
    <input name="visible" value="not carried"><br>
  </form>
  <template><form action="/judge/hypothesis" data-step="hypothesis"><input type="hidden" name="x"></form></template>
  <ol>
    <li data-passage="1"><pre>1 <mark data-level="5" data-peak> Apple</mark> 2 <mark data-level="2">x</mark></pre></li>
    <li data-passage="2"><pre><mark data-level="5" data-peak>ap<wbr>ple
</mark></pre></li>
    <li data-passage="3"><pre><mark data-level="5" data-peak>&lt;b&gt;</mark></pre></li>
  </ol>
  <p class="scale"><mark data-level="5" data-peak>a</mark> the peak</p>
</main>
"""


def test_a_page_is_read_as_a_browser_without_scripts_would() -> None:
    page = read_page(PAGE)
    assert (page.step, page.item, page.heading) == ("verdict", "abc", "Item 3 of 5")
    assert page.peaks == [" Apple", "apple\n", "<b>"]
    assert page.require_form("verdict").fields == {"form_token": "abc", "key": "k&1"}
    with pytest.raises(RobotError, match="hypothesis"):
        page.require_form("hypothesis")


def test_a_whole_page_has_every_piece_of_a_passage_with_its_mark() -> None:
    first = read_whole_page(PAGE).passage_texts[0]
    peak, weaker = {"data-level": "5", "data-peak": ""}, {"data-level": "2"}
    assert first == [PassageText("1 ", {}), PassageText(" Apple", peak), PassageText(" 2 ", {}), ("x", weaker)]


def test_the_quick_and_the_whole_reading_agree_but_for_the_words_between_the_peaks() -> None:
    quick, complete = read_page(PAGE), read_whole_page(PAGE)
    assert (quick.main, quick.heading, quick.forms, quick.peaks) == (
        complete.main, complete.heading, complete.forms, complete.peaks,
    )  # fmt: skip
    assert [len(passage) for passage in quick.passage_texts] == [1, 2, 1]
