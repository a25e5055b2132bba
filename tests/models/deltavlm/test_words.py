"""Questions as the model reads them, and both of them as ids."""

from __future__ import annotations

import struct

import pytest

from rsvlm.models.families.deltavlm.words import Words, clean, put
from rsvlm.models.parts.sentencepiece import read_sentencepiece

LONG = [(f"Question number {index} of many?", "there is no difference") for index in range(12)]


def test_styles_of_prompts():
    asked = "Please briefly describe: the changes!"
    assert put(asked, style="raw") == asked
    assert put(asked, style="plain") == "please briefly describe the changes"
    assert put(asked) == "q please briefly describe the changes"
    assert put(asked, [("Did it change?", "Yes.")]) == "q did it change? a yes q please briefly describe the changes"


def test_long_dialogue_keeps_its_question_unless_as_released():
    assert put("And the roads?", LONG).endswith("q and the roads?")
    cut = put("And the roads?", LONG, "released")
    assert len(cut.split()) == 50 and "roads" not in cut and put("And the roads?", LONG).startswith(cut)


def test_cleaning_keeps_what_questions_need():
    assert clean("It's [top-left], isn't it?  (yes)") == "it's [top-left], isn't it? yes"
    assert clean("one two three", 2) == "one two" and clean("") == ""


def test_questions_are_padded_on_the_left_behind_their_end_token(words: Words):
    batch = words.questions(["please describe", "no"])
    please, no = (words.language.encode(text).ids for text in ("please describe", "no"))
    assert batch.ids.tolist() == [[2, *please], [words.padding] * (len(please) - len(no)) + [2, *no]]
    assert batch.mask.tolist()[1] == [0] * (len(please) - len(no)) + [1] * (len(no) + 1)
    assert batch.query_ids.tolist()[1][-1] == 0 and batch.query_mask.tolist()[1][-1] == 0, "the Q-Former's on the right"
    assert (batch.labels == -100).all()


def test_marks_in_a_text_are_words_of_nobody(words: Words):
    """A question that holds an end would otherwise be over there."""
    assert words.questions(["no</s>[PAD]difference"]).ids.tolist() == words.questions(["no difference"]).ids.tolist()


def test_answer_follows_its_question_directly(words: Words):
    batch = words.lessons(["please describe", "no"], ["yes", "two new buildings"])
    row, labels = batch.ids.tolist()[0], batch.labels.tolist()[0]
    asked, said = words.language.encode("please describe").ids, words.language.encode("yes").ids
    length = 1 + len(asked) + len(said) + 1
    assert row[:length] == [2, *asked, *said, 2] and set(row[length:]) <= {words.padding}
    assert labels[: 1 + len(asked)] == [-100] * (1 + len(asked)) and labels[1 + len(asked) : length] == [*said, 2]
    assert set(labels[length:]) <= {-100} and batch.mask.tolist()[0] == [1] * length + [0] * (len(row) - length)


def test_qformer_reads_the_end_of_a_long_instruction(words: Words):
    row = words.questions(["please " * 40 + "describe"]).query_ids[0].tolist()
    assert len(row) == 24
    assert words.query.decode(row, skip_special_tokens=True).endswith("please describe")


def test_words_without_their_padding_are_refused(words: Words):
    with pytest.raises(ValueError, match="has no \\[PAD\\]"):
        Words(read_sentencepiece(vocabulary()), words.query, 24, 16)


def field(number: int, content: bytes | int) -> bytes:
    """Of a protocol buffer."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    return bytes([number << 3 | 2, len(content)]) + content


def vocabulary(kind: int = 2) -> bytes:
    """Of SentencePiece: pairs merge to "▁no" before "▁ne"."""
    kinds = {"<unk>": 2, "<s>": 3, "</s>": 3, "<0x41>": 6}
    pieces = ["<unk>", "<s>", "</s>", "<0x41>", "▁n", "▁no", "ne", "▁", "n", "o", "e"]
    content = b""
    for index, text in enumerate(pieces):
        piece = field(1, text.encode()) + bytes([2 << 3 | 5]) + struct.pack("<f", -index) + field(3, kinds.get(text, 1))
        content += field(1, piece)
    return content + field(2, field(3, kind)) + field(3, field(1, b"identity") + field(3, 1) + field(4, 0))


def test_sentencepiece_merges_by_score_and_falls_back_to_bytes():
    words = read_sentencepiece(vocabulary())
    assert words.encode("no").tokens == ["▁no"]
    assert words.encode("one no").tokens == ["▁", "o", "ne", "▁no"]
    assert words.encode("A").tokens == ["▁", "<0x41>"] and words.encode("nB").tokens == ["▁n", "<unk>"]
    assert words.encode("<s>no</s>").tokens == ["<s>", "▁no", "</s>"]
    assert words.decode(words.encode("no A one").ids) == "no A one"


@pytest.mark.parametrize("content", [b"", b"\xff" * 9, b"no protocol buffer", vocabulary(1), vocabulary()[:40]])
def test_another_file_is_no_vocabulary(content: bytes):
    with pytest.raises(ValueError, match="no SentencePiece vocabulary"):
        read_sentencepiece(content)
