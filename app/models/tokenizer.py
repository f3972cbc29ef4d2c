"""Turns text into token ids, and ids into pieces of bytes, for byte-level BPE and SentencePiece with byte fallback.

A piece may be part of a character; how it is shown is decided where the bytes of several pieces are put together.
"""

import json
import re
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path

from tokenizers import Tokenizer as Engine
from tokenizers import decoders, models, pre_tokenizers, trainers

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ModelError

BOS_TOKEN, END_TOKEN = "<|bos|>", "<|end|>"
SENTENCEPIECE_SPACE = "\u2581"
SENTENCEPIECE_BYTE = re.compile("<0x([0-9A-F]{2})>")


class Tokenizer:
    """A byte-level BPE tokenizer in the file format of the `tokenizers` library."""

    def __init__(self, engine: Engine, digest: str) -> None:
        self._engine, self.digest = engine, digest

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Read `tokenizer.json`. Raises ModelError if it is missing or not a tokenizer."""
        if not path.is_file():
            msg = f"{path} is missing; a model folder needs the tokenizer it was trained with"
            raise ModelError(msg)
        try:
            engine = Engine.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            msg = f"{path} is not a tokenizer file ({error}); copy it again from where the model came from"
            raise ModelError(msg) from error
        engine.encode_special_tokens = True  # a text that quotes "<|end|>" means these letters, not the token
        return cls(engine, sha256_of_file(path))

    @property
    def size(self) -> int:
        """Number of token ids: the largest one plus one."""
        return max(self._engine.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    @property
    def special(self) -> tuple[int, ...]:
        """Ids of the tokens that stand for no text: BOS, end of document, padding."""
        added = self._engine.get_added_tokens_decoder()
        return tuple(sorted(index for index, token in added.items() if token.special))

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, no special tokens added."""
        return self._engine.encode(text, add_special_tokens=False).ids

    def encode_many(self, texts: list[str]) -> list[list[int]]:
        """Token ids of several texts, encoded in parallel."""
        return [encoding.ids for encoding in self._engine.encode_batch_fast(texts, add_special_tokens=False)]

    def token_id(self, token: str) -> int:
        """The id of a token by its name. Raises ModelError if there is none."""
        token_id = self._engine.token_to_id(token)
        if token_id is None:
            msg = f"the tokenizer has no token {token}; this is not the tokenizer that the model was trained with"
            raise ModelError(msg)
        return token_id

    def has_token(self, token: str) -> bool:
        """Whether there is a token of this name."""
        return self._engine.token_to_id(token) is not None

    @cached_property
    def pieces(self) -> list[bytes]:
        """The bytes of every token id, in order of id: an added token's name, nothing for an unused id."""
        added = self._engine.get_added_tokens_decoder()
        name_to_bytes = _sentencepiece_bytes if self._is_sentencepiece() else _byte_level_bytes
        names = [self._engine.id_to_token(index) or "" for index in range(self.size)]
        return [name.encode() if index in added else name_to_bytes(name) for index, name in enumerate(names)]

    def _is_sentencepiece(self) -> bool:
        """Whether pieces are text with U+2581 for a space and <0x0A> for a single byte, rather than GPT-2's letters."""
        decoder = json.loads(self._engine.to_str())["decoder"] or {}
        parts = decoder.get("decoders", [decoder])
        return not any(part.get("type") == "ByteLevel" for part in parts)


def train_tokenizer(texts: Iterable[str], size: int, path: Path) -> Tokenizer:
    """Fit a byte-level BPE tokenizer of `size` tokens to `texts` and write it to `path`; BOS is 0, END is 1.

    Radford et al., 2019, section 2.2.
    """
    engine = Engine(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[BOS_TOKEN, END_TOKEN],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    engine.train_from_iterator(texts, trainer)
    engine.save(str(path), pretty=False)
    return Tokenizer.load(path)


@cache
def _bytes_of_letters() -> dict[str, int]:
    """The byte that each printable letter of byte-level BPE stands for (GPT-2's table)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    unprintable = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable}
    return letters | {chr(256 + index): byte for index, byte in enumerate(unprintable)}


def _byte_level_bytes(name: str) -> bytes:
    table = _bytes_of_letters()
    if all(letter in table for letter in name):
        return bytes(table[letter] for letter in name)
    return name.encode()


def _sentencepiece_bytes(name: str) -> bytes:
    single_byte = SENTENCEPIECE_BYTE.fullmatch(name)
    return bytes([int(single_byte[1], 16)]) if single_byte else name.replace(SENTENCEPIECE_SPACE, " ").encode()
