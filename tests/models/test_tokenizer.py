"""Every text has an encoding, and the pieces of its ids put together are its bytes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, decoders, models, normalizers
from tokenizers import Tokenizer as Engine

from app.foundation.errors import ModelError
from app.models.tokenizer import Tokenizer, train_tokenizer
from tests.models.conftest import WORDS


@pytest.fixture(scope="module")
def byte_level_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    return train_tokenizer([" ".join(WORDS)] * 3, 300, tmp_path_factory.mktemp("ours") / "tokenizer.json")


@pytest.fixture(scope="module")
def sentencepiece(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """The layout of Llama's and Gemma's files: U+2581 for a space, <0x..> for bytes without a piece."""
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "a", "b", "▁a", "ab"]
    engine = Engine(
        models.BPE({name: index for index, name in enumerate(names)}, [("▁", "a"), ("a", "b")], byte_fallback=True)
    )
    engine.add_special_tokens([AddedToken(name, special=True) for name in ("<unk>", "<s>", "</s>")])
    engine.normalizer = normalizers.Replace(" ", "▁")
    engine.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    path = tmp_path_factory.mktemp("sentencepiece") / "tokenizer.json"
    engine.save(str(path))
    return Tokenizer.load(path)


@given(st.text())
def test_pieces_of_byte_level_ids_are_the_texts_bytes(byte_level_tokenizer: Tokenizer, text: str) -> None:
    assert b"".join(byte_level_tokenizer.pieces[index] for index in byte_level_tokenizer.encode(text)) == text.encode()


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="▁")))
def test_pieces_of_sentencepiece_ids_are_the_texts_bytes(sentencepiece: Tokenizer, text: str) -> None:
    assert b"".join(sentencepiece.pieces[index] for index in sentencepiece.encode(text)) == text.encode()


@given(st.lists(st.text(), max_size=5))
def test_many_texts_are_encoded_like_each_text_alone(byte_level_tokenizer: Tokenizer, texts: list[str]) -> None:
    assert byte_level_tokenizer.encode_many(texts) == [byte_level_tokenizer.encode(text) for text in texts]


def test_names_of_special_tokens_in_a_text_are_encoded_as_text(byte_level_tokenizer: Tokenizer) -> None:
    """A document that quotes <|bos|> must not smuggle a special token in."""
    assert not {0, 1} & set(byte_level_tokenizer.encode("a <|bos|> b <|end|>"))


def test_special_tokens_come_first_and_are_listed(byte_level_tokenizer: Tokenizer, sentencepiece: Tokenizer) -> None:
    assert (byte_level_tokenizer.token_id("<|bos|>"), byte_level_tokenizer.token_id("<|end|>")) == (0, 1)
    assert byte_level_tokenizer.special == (0, 1)
    assert sentencepiece.special == (0, 1, 2)
    assert byte_level_tokenizer.has_token("<|bos|>")
    assert not byte_level_tokenizer.has_token("<|pad|>")


def test_an_unknown_token_name_is_an_error(byte_level_tokenizer: Tokenizer) -> None:
    with pytest.raises(ModelError, match=r"the tokenizer has no token <\|pad\|>"):
        byte_level_tokenizer.token_id("<|pad|>")


def test_the_same_texts_give_the_same_file(tmp_path: Path) -> None:
    first, second = (train_tokenizer(WORDS, 280, tmp_path / name) for name in ("one.json", "two.json"))
    assert first.digest == second.digest
