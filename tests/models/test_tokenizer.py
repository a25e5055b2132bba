"""Any text survives the tokenizer; the form that the model reads is one and the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rsvlm.models.families.compact.words import PAD, SPECIAL_TOKENS
from rsvlm.models.parts.tokenizer import tidy, train_tokenizer

TEXTS = [
    "many green trees are near a river",
    "there are 12 planes at the airport",
    "some buildings and many trees are around a playground",
    "it is a piece of farmland, with 3 roads",
] * 5
OWN = train_tokenizer(TEXTS, 480, SPECIAL_TOKENS)
WORDS = st.text().filter(lambda text: not any(token in text for token in SPECIAL_TOKENS))


@settings(max_examples=80, deadline=None)
@given(WORDS)
def test_any_text_comes_back(text: str):
    encoding = OWN.encode(text)
    decoded = OWN.decode(encoding.ids, skip_special_tokens=False)
    assert decoded == (text if text.startswith(" ") or not text else f" {text}")
    assert PAD not in encoding.ids


@pytest.mark.parametrize("text", ["12 planes", "b52", "1 2 34", "a7b 800", "3"])
def test_digits_come_back_as_they_were_each_a_token_of_its_own(text: str):
    encoding = OWN.encode(text)
    assert OWN.decode(encoding.ids) == f" {text}"
    digits = [token for token in encoding.tokens if any(letter.isdigit() for letter in token)]
    assert digits == [letter for letter in text if letter.isdigit()]


def test_special_tokens_come_first_and_the_size_is_kept():
    assert [OWN.id_to_token(i) for i in range(len(SPECIAL_TOKENS))] == list(SPECIAL_TOKENS)
    assert OWN.get_vocab_size() <= 480
    assert len(OWN.encode("many green trees are near a river").ids) == 7, "frequent words are one token each"


def test_tokenizer_is_the_same_after_saving(tmp_path):
    OWN.save(str(tmp_path / "tokenizer.json"))
    again = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    text = "ein Fluß, 47 Bäume ☃ [RET]"
    assert again.encode(text).ids == OWN.encode(text).ids
    assert again.decode(again.encode(text).ids, skip_special_tokens=False) == OWN.decode(
        OWN.encode(text).ids, skip_special_tokens=False
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Many  Trees .", "many trees"),
        ("a river , and a road .", "a river, and a road"),
        ("  two planes!\n", "two planes!"),
        ("one . two .", "one. two"),
        ("", ""),
        (" . ", ""),
    ],
)
def test_texts_are_read_in_one_form(written: str, read: str):
    assert tidy(written) == read


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_tidy_text_is_left_as_it_is(text: str):
    once = tidy(text)
    assert tidy(once) == once
    assert "  " not in once and "\n" not in once and once == once.strip()
