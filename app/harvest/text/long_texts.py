"""Splits texts that are too long to be tokenised at once, where a cut hardly ever changes a token."""

from collections.abc import Iterable, Iterator

LONGEST_PART = 200_000
"""The largest number of characters that are tokenised at once."""


def split_text(chunks: Iterable[str]) -> Iterator[str]:
    """Split one text, which comes in chunks of any size, into parts of at most LONGEST_PART characters.

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
    """The index at which to end a part: before a run of white space, which no token of a byte-level tokenizer spans.

    It is the end of the last line in the second half of `text`, otherwise the end of the last word there, otherwise the
    end of `text`.
    """
    middle = len(text) // 2
    last_half = text[middle:]
    words = last_half.rsplit(maxsplit=1)
    cut = len(last_half.rpartition("\n")[0].rstrip()) or (len(words[0]) if len(words) > 1 else 0)
    return middle + cut if cut else len(text)
