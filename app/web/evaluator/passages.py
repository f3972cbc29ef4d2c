"""Renders passages as HTML from words and levels alone, once, at the seal.

Everything is escaped, and the page is served under a policy without inline styles or scripts, so the strength of a mark
is the attribute `data-level`. Characters that would act on the page instead of being read (controls, direction
overrides) are replaced by a visible sign; a marked token with nothing to see gets a glyph from the style sheet, which
leaves its own text alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from app.foundation.translatable import translatable
from app.judging.public_design import PublicDesign
from app.tasks.item import Item, Passage

SIGNS = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A, 0x0D)},
    **{code: f"[{name}]" for code, name in enumerate(("LRE", "RLE", "PDF", "LRO", "RLO"), start=0x202A)},
    **{code: f"[{name}]" for code, name in enumerate(("LRI", "RLI", "FSI", "PDI"), start=0x2066)},
}
"""Control characters and direction controls, and what is shown in their place."""
Strengths = Sequence[Sequence[int]]
"""Strengths in whole per cent, by passage and text."""
PassageStrengths = tuple[Passage, Sequence[int]]
"""A passage and the strengths of its texts; the strengths are empty before the aids are open."""
INVISIBLE = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]*"
)
TITLES = {
    "top": translatable("Strongest"),
    "quantile": translatable("Across the range"),
    "value_bin": translatable("Across the range"),
    "random": translatable("Drawn at random"),
    "contrast": translatable("Weak or silent"),
}
"""The heading of each group, shown if a design has several."""
FRAGMENT_WORDS = (
    translatable("Passage"),
    translatable("Earlier"),
    translatable("Later"),
    *dict.fromkeys(TITLES.values()),
)
"""The headings in the fragment, in English; `translate_fragment` translates them."""


def render_passages(item: Item, design: PublicDesign) -> bytes:
    """The HTML of an item's passages. It depends on nothing but words, levels and the public design."""
    return _passage_lists_html([(passage, ()) for passage in item.passages], design)


def render_with_strengths(item: Item, strengths: Strengths, design: PublicDesign) -> bytes:
    """The HTML of an item's passages after the verdict is locked: each mark has its strength and can be focused."""
    return _passage_lists_html(list(zip(item.passages, strengths, strict=True)), design)


def translate_fragment(fragment: bytes, translations: Mapping[str, str]) -> bytes:
    """The fragment with translated headings. Texts of snippets are escaped, so none of them can match a tag."""
    for word, translation in translations.items():
        for before, after in (("<summary>", "<"), ("<span>", " <"), ("<h2>", "<")):
            fragment = fragment.replace(
                f"{before}{word}{after}".encode(), f"{before}{escape(translation)}{after}".encode()
            )
    return fragment


def _passage_lists_html(pairs: Sequence[PassageStrengths], design: PublicDesign) -> bytes:
    """One list of all passages; if design and item have several groups, a heading and a list for each."""
    numbers = iter(range(1, len(pairs) + 1))
    if len(design.groups) == 1 or len({passage.group for passage, _ in pairs}) == 1:
        return _passage_list_html(pairs, numbers, "h2").encode("utf-8", "replace")
    return "".join(_group_lists_html(pairs, design, numbers)).encode("utf-8", "replace")


def _group_lists_html(pairs: Sequence[PassageStrengths], design: PublicDesign, numbers: Iterator[int]) -> Iterator[str]:
    """A heading and a list for each group that has passages, those of the design first, in its order."""
    shown_groups = [passage.group for passage, _ in pairs]
    for group in dict.fromkeys([*(name for name, _count in design.groups), *shown_groups]):
        members = [pair for pair in pairs if pair[0].group == group]
        if members:
            yield f"<h2>{TITLES.get(group, escape(group))}</h2>\n{_passage_list_html(members, numbers, 'h3')}"


def _passage_list_html(pairs: Sequence[PassageStrengths], numbers: Iterator[int], heading_tag: str) -> str:
    rows = "".join(_passage_html(passage, strengths, next(numbers), heading_tag) for passage, strengths in pairs)
    return f'<ol class="passages" role="list">\n{rows}</ol>\n'


def _passage_html(passage: Passage, strengths: Sequence[int], number: int, heading_tag: str) -> str:
    """The HTML of a passage: the text near the peak, with the text before and after it folded."""
    tokens = tuple(_token_htmls(passage, strengths))
    unfolded = passage.unfolded_range
    before, after = tokens[: unfolded.start], tokens[unfolded.stop :]
    heading = f"<{heading_tag}><span>Passage </span>{number}</{heading_tag}>"
    text = _text_html(tokens[unfolded.start : unfolded.stop])
    return (
        f'<li class="passage" data-passage="{number}" id="p{number}" tabindex="-1">{heading}\n'
        f"{_folded_text_html(before, 'Earlier')}{text}{_folded_text_html(after, 'Later')}</li>\n"
    )


def _folded_text_html(token_htmls: Sequence[str], summary: str) -> str:
    return f"<details><summary>{summary}</summary>{_text_html(token_htmls)}</details>" if token_htmls else ""


def _text_html(token_htmls: Sequence[str]) -> str:
    """A block of text in an unknown language. The parser drops a line feed right after `<pre>`, so it is given one."""
    return f'<pre dir="auto" lang="" translate="no">\n{"".join(token_htmls)}</pre>'


def _token_htmls(passage: Passage, strengths: Sequence[int]) -> Iterator[str]:
    """The HTML of each token. A token without text is part of a later one's character, and lends it its mark."""
    carried_level, carries_peak, carried_percent = 0, False, 0
    percents = strengths or [0] * len(passage.texts)
    rows = zip(_unix_lines(passage.texts), passage.levels, percents, strict=True)
    for index, (text, level, percent) in enumerate(rows):
        carried_level, carried_percent = max(carried_level, level), max(carried_percent, percent)
        carries_peak = carries_peak or index == passage.peak
        if text or index == len(passage.texts) - 1:
            strength = f' data-strength="{carried_percent} %" tabindex="0"' if strengths else ""
            yield _token_html(text, carried_level, carries_peak, strength)
            carried_level, carries_peak, carried_percent = 0, False, 0
        else:
            yield ""


def _token_html(text: str, level: int, is_peak: bool, strength: str) -> str:
    """The HTML of a token. A mark leaves out the space before a word, so that its outline breaks with the lines.

    `strength` is the attribute with the mark's strength, or "".
    """
    readable = text if text.isprintable() else text.translate(SIGNS)
    if not (level or is_peak):
        return escape(readable, quote=False)
    start = len(readable) - len(readable.lstrip(" \t\n")) if readable.strip() else 0
    mark = f'<mark data-level="{level}"{" data-peak" if is_peak else ""}{strength}{_blank_attribute(readable)}>'
    return f"{readable[:start]}{mark}{escape(readable[start:], quote=False)}</mark>"


def _blank_attribute(text: str) -> str:
    """The attribute with the sign that the style sheet shows for a marked token without visible text; else ""."""
    if not INVISIBLE.fullmatch(text):
        return ""
    glyph = "↵" * text.count("\n") or "⇥" * text.count("\t") or ("␣" if text and not text.strip(" ") else "∅")
    return f' data-blank="{glyph}"'


def _unix_lines(texts: Sequence[str]) -> Iterator[str]:
    """The tokens with every line end as a line feed; of a CR LF pair that is split over two tokens, the LF stays."""
    for index, text in enumerate(texts):
        if "\r" not in text:
            yield text
            continue
        following = next((later for later in texts[index + 1 :] if later), "")
        lf_follows = text.endswith("\r") and following.startswith("\n")
        yield (text[:-1] if lf_follows else text).replace("\r\n", "\n").replace("\r", "\n")
