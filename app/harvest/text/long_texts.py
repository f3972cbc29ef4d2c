"""Texts too long to be tokenised in one go, cut where no token is likely to reach across."""

from collections.abc import Iterable, Iterator

LONGEST_PART = 200_000
"""Characters that are tokenised at once."""


def split_text(chunks: Iterable[str]) -> Iterator[str]:
    """Parts of at most LONGEST_PART characters of one text that comes in chunks of any size.

    The parts do not depend on the size of the chunks.
    """
    uncut = ""
    for chunk in chunks:
        uncut, begin = uncut + chunk, 0
        while len(uncut) - begin > LONGEST_PART:
            end = begin + _best_cut(uncut[begin : begin + LONGEST_PART])
            yield uncut[begin:end]
            begin = end
        uncut = uncut[begin:]
    yield uncut


def _best_cut(text: str) -> int:
    """Where to end a part: before a run of white space, where no token of a byte-level tokenizer reaches across.

    Best at the end of a line, else of a word; at the very end if there is no white space in the last half.
    """
    middle = len(text) // 2
    last_half = text[middle:]
    words = last_half.rsplit(maxsplit=1)
    cut = len(last_half.rpartition("\n")[0].rstrip()) or (len(words[0]) if len(words) > 1 else 0)
    return middle + cut if cut else len(text)
