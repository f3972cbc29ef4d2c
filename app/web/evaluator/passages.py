"""Passages as HTML: words and levels, nothing else; rendered once, at the seal.

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
from app.rounds.item import Item, Passage

SIGNS = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A, 0x0D)},
    **{code: f"[{name}]" for code, name in enumerate(("LRE", "RLE", "PDF", "LRO", "RLO"), start=0x202A)},
    **{code: f"[{name}]" for code, name in enumerate(("LRI", "RLI", "FSI", "PDI"), start=0x2066)},
}
"""Control characters and direction controls, and what is shown in their place."""
Strengths = Sequence[Sequence[int]]
"""Per passage and text: strength in whole per cent."""
PassageStrengths = tuple[Passage, Sequence[int]]
"""A passage with the strengths of its texts, or with none."""
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
"""Headings of groups, in designs that have several."""
FRAGMENT_WORDS = (
    translatable("Passage"),
    translatable("Earlier"),
    translatable("Later"),
    *dict.fromkeys(TITLES.values()),
)
"""The fragment's own words, in English; `translate_fragment` replaces them by another language's."""


def render_passages(item: Item, design: PublicDesign) -> bytes:
    """The fragment of an item page that shows its passages: a function of words, levels and design alone."""
    return _fragment([(passage, ()) for passage in item.passages], design)


def render_with_strengths(item: Item, strengths: Strengths, design: PublicDesign) -> bytes:
    """The same for an item whose verdict is locked: each mark tells its strength in per cent, and can be reached."""
    return _fragment(list(zip(item.passages, strengths, strict=True)), design)


def translate_fragment(fragment: bytes, translations: Mapping[str, str]) -> bytes:
    """The fragment with its own words in another language. Text of snippets is escaped, so no tag in it can match."""
    for word, translation in translations.items():
        for before, after in (("<summary>", "<"), ("<span>", " <"), ("<h2>", "<")):
            fragment = fragment.replace(
                f"{before}{word}{after}".encode(), f"{before}{escape(translation)}{after}".encode()
            )
    return fragment


def _fragment(pairs: Sequence[PassageStrengths], design: PublicDesign) -> bytes:
    numbers = iter(range(1, len(pairs) + 1))
    if len(design.groups) == 1:
        return _passage_list(pairs, numbers, "h2").encode("utf-8", "replace")
    return "".join(_group_lists(pairs, design, numbers)).encode("utf-8", "replace")


def _group_lists(pairs: Sequence[PassageStrengths], design: PublicDesign, numbers: Iterator[int]) -> Iterator[str]:
    """A heading and a list for each group of the design that has passages."""
    for group, _count in design.groups:
        members = [pair for pair in pairs if pair[0].group == group]
        if members:
            yield f"<h2>{TITLES.get(group, escape(group))}</h2>\n{_passage_list(members, numbers, 'h3')}"


def _passage_list(pairs: Sequence[PassageStrengths], numbers: Iterator[int], heading_tag: str) -> str:
    rows = "".join(_list_item(passage, strengths, next(numbers), heading_tag) for passage, strengths in pairs)
    return f'<ol class="passages" role="list">\n{rows}</ol>\n'


def _list_item(passage: Passage, strengths: Sequence[int], number: int, heading_tag: str) -> str:
    """A passage: what is near its peak is shown, the text before and after that is folded."""
    tokens = tuple(_token_htmls(passage, strengths))
    unfolded = passage.unfolded_range
    before, after = tokens[: unfolded.start], tokens[unfolded.stop :]
    heading = f"<{heading_tag}><span>Passage </span>{number}</{heading_tag}>"
    text = _text_block(tokens[unfolded.start : unfolded.stop])
    return (
        f'<li class="passage" data-passage="{number}" id="p{number}" tabindex="-1">{heading}\n'
        f"{_folded(before, 'Earlier')}{text}{_folded(after, 'Later')}</li>\n"
    )


def _folded(token_htmls: Sequence[str], summary: str) -> str:
    return f"<details><summary>{summary}</summary>{_text_block(token_htmls)}</details>" if token_htmls else ""


def _text_block(token_htmls: Sequence[str]) -> str:
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
    """A token that holds a word is marked on the word, not on the space before it: frames then break with the lines.

    `strength` is the attribute that tells a mark's strength, or "".
    """
    readable = text if text.isprintable() else text.translate(SIGNS)
    if not (level or is_peak):
        return escape(readable, quote=False)
    start = len(readable) - len(readable.lstrip(" \t\n")) if readable.strip() else 0
    mark = f'<mark data-level="{level}"{" data-peak" if is_peak else ""}{strength}{_blank_attribute(readable)}>'
    return f"{readable[:start]}{mark}{escape(readable[start:], quote=False)}</mark>"


def _blank_attribute(text: str) -> str:
    """The attribute that lets the style sheet show a marked token which has nothing to see."""
    if not INVISIBLE.fullmatch(text):
        return ""
    glyph = "↵" * text.count("\n") or "⇥" * text.count("\t") or ("␣" if text and not text.strip(" ") else "∅")
    return f' data-blank="{glyph}"'


def _unix_lines(texts: Sequence[str]) -> Iterator[str]:
    """The same tokens with every line end a line feed; of a CR LF pair split over tokens the LF stays."""
    for index, text in enumerate(texts):
        if "\r" not in text:
            yield text
            continue
        following = next((later for later in texts[index + 1 :] if later), "")
        lf_follows = text.endswith("\r") and following.startswith("\n")
        yield (text[:-1] if lf_follows else text).replace("\r\n", "\n").replace("\r", "\n")
