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
Told = tuple[Passage, Sequence[int]]
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
WORDS = (translatable("Passage"), translatable("Earlier"), translatable("Later"), *dict.fromkeys(TITLES.values()))
"""The fragment's own words, in English; `translated` puts another language's in their place."""


def render_passages(item: Item, design: PublicDesign) -> bytes:
    """The fragment of an item page that shows its passages: a function of words, levels and design alone."""
    return _rendered([(one, ()) for one in item.passages], design)


def render_with_strengths(item: Item, strengths: Strengths, design: PublicDesign) -> bytes:
    """The same for an item whose verdict is locked: each mark tells its strength in per cent, and can be reached."""
    return _rendered(list(zip(item.passages, strengths, strict=True)), design)


def _rendered(passages: Sequence[Told], design: PublicDesign) -> bytes:
    numbers = iter(range(1, len(passages) + 1))
    if len(design.groups) == 1:
        return _list(passages, numbers, "h2").encode("utf-8", "replace")
    return "".join(_groups(passages, design, numbers)).encode("utf-8", "replace")


def _groups(passages: Sequence[Told], design: PublicDesign, numbers: Iterator[int]) -> Iterator[str]:
    for group, _count in design.groups:
        members = [one for one in passages if one[0].group == group]
        if members:
            yield f"<h2>{TITLES.get(group, escape(group))}</h2>\n{_list(members, numbers, 'h3')}"


def _list(passages: Sequence[Told], numbers: Iterator[int], tag: str) -> str:
    rows = "".join(_passage(passage, strengths, next(numbers), tag) for passage, strengths in passages)
    return f'<ol class="passages" role="list">\n{rows}</ol>\n'


def _passage(passage: Passage, strengths: Sequence[int], number: int, tag: str) -> str:
    tokens = tuple(_tokens(passage, strengths))
    opened = passage.unfolded_range
    before, after = tokens[: opened.start], tokens[opened.stop :]
    heading = f"<{tag}><span>Passage </span>{number}</{tag}>"
    return (
        f'<li class="passage" data-passage="{number}" id="p{number}" tabindex="-1">{heading}\n'
        f"{_folded(before, 'Earlier')}{_text(tokens[opened.start : opened.stop])}{_folded(after, 'Later')}</li>\n"
    )


def _folded(tokens: Sequence[str], summary: str) -> str:
    return f"<details><summary>{summary}</summary>{_text(tokens)}</details>" if tokens else ""


def _text(tokens: Sequence[str]) -> str:
    """A block of text in an unknown language. The parser drops a line feed right after `<pre>`, so it is given one."""
    return f'<pre dir="auto" lang="" translate="no">\n{"".join(tokens)}</pre>'


def _tokens(passage: Passage, strengths: Sequence[int]) -> Iterator[str]:
    """The HTML of each token. A token without text is part of a later one's character, and lends it its mark."""
    carried, peaked, percent = 0, False, 0
    told = strengths or [0] * len(passage.texts)
    rows = zip(_unix_lines(passage.texts), passage.levels, told, strict=True)
    for index, (text, level, strength) in enumerate(rows):
        carried, peaked, percent = max(carried, level), peaked or index == passage.peak, max(percent, strength)
        if text or index == len(passage.texts) - 1:
            yield _token(text, carried, peaked, f' data-strength="{percent} %" tabindex="0"' if strengths else "")
            carried, peaked, percent = 0, False, 0
        else:
            yield ""


def _token(text: str, level: int, peaked: bool, more: str) -> str:
    """A token that holds a word is marked on the word, not on the space before it: frames then break with the lines."""
    shown = text if text.isprintable() else text.translate(SIGNS)
    if not (level or peaked):
        return escape(shown, quote=False)
    start = len(shown) - len(shown.lstrip(" \t\n")) if shown.strip() else 0
    marked = f'<mark data-level="{level}"{" data-peak" if peaked else ""}{more}{_blank(shown)}>'
    return f"{shown[:start]}{marked}{escape(shown[start:], quote=False)}</mark>"


def _blank(text: str) -> str:
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
        held = text[:-1] if text.endswith("\r") and following.startswith("\n") else text
        yield held.replace("\r\n", "\n").replace("\r", "\n")


def translated(fragment: bytes, words: Mapping[str, str]) -> bytes:
    """The fragment with its own words in another language. Text of snippets is escaped, so no tag in it can match."""
    for word, said in words.items():
        for before, after in (("<summary>", "<"), ("<span>", " <"), ("<h2>", "<")):
            fragment = fragment.replace(f"{before}{word}{after}".encode(), f"{before}{escape(said)}{after}".encode())
    return fragment
