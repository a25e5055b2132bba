"""Reads a SentencePiece vocabulary of pairs merged by rank (tokenizer.model of LLaMA and Vicuna) without its library.

SentencePiece (arXiv 1808.06226); the file is a protocol buffer of which four fields matter. Knows bytes and text only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

SPACE = "▁"
NORMAL, UNKNOWN, CONTROL = 1, 2, 3  # kinds of pieces
PIECE, TRAINER, NORMALIZER = 1, 2, 3  # fields of the file
PAIRS = 2  # the trainer's kind of model


def read_sentencepiece(content: bytes) -> Tokenizer:
    """content: of a tokenizer.model. The tokenizer adds no special tokens; "<s>" in a text is that token.

    Raises ValueError for another file, or a vocabulary that is not merged by pairs.
    """
    try:
        fields = list(_fields(content))
        pieces = [_piece(bytes(value)) for field, value in fields if field == PIECE]
        trainer, normalizer = (
            dict(pair for field, value in fields if field == kind for pair in _fields(bytes(value)))
            for kind in (TRAINER, NORMALIZER)
        )
    except (IndexError, struct.error, UnicodeDecodeError, KeyError, TypeError) as error:
        raise ValueError("no SentencePiece vocabulary") from error
    if trainer.get(3) != PAIRS or not pieces:
        raise ValueError("no SentencePiece vocabulary of merged pairs")
    ids = {text: index for index, (text, _, _) in enumerate(pieces)}
    unknown = next((text for text, _, kind in pieces if kind == UNKNOWN), None)
    tokenizer = Tokenizer(models.BPE(ids, _merges(pieces, ids), unk_token=unknown, fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = _normalizer(normalizer)
    rest: list[decoders.Decoder] = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    if normalizer.get(3, 1):
        rest.append(decoders.Strip(content=" ", left=1))
    tokenizer.decoder = decoders.Sequence(rest)
    special = [text for text, _, kind in pieces if kind in (UNKNOWN, CONTROL)]
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in special])
    return tokenizer


def _normalizer(fields: dict[int, int | bytes]) -> normalizers.Normalizer:
    steps: list[normalizers.Normalizer] = []
    characters = fields.get(2)
    if isinstance(characters, bytes) and characters:
        steps.append(normalizers.Precompiled(characters))
    if fields.get(4, 1):
        steps += [normalizers.Strip(), normalizers.Replace(" {2,}", " ")]
    if fields.get(3, 1):
        steps.append(normalizers.Prepend(SPACE))
    return normalizers.Sequence([*steps, normalizers.Replace(" ", SPACE)])


def _merges(pieces: list[tuple[str, float, int]], ids: dict[str, int]) -> list[tuple[str, str]]:
    """Every way to join two pieces to a third; what has the higher score is joined first."""
    found = []
    for text, score, kind in pieces:
        if kind == NORMAL:
            pairs = [(text[:cut], text[cut:]) for cut in range(1, len(text))]
            known = [(ids[left], ids[right], left, right) for left, right in pairs if left in ids and right in ids]
            found += [(-score, left, right) for _, _, left, right in sorted(known)]
    found.sort(key=lambda pair: pair[0])
    return [(left, right) for _, left, right in found]


def _piece(content: bytes) -> tuple[str, float, int]:
    """Text, score, kind."""
    fields = dict(_fields(content))
    text, score, kind = fields[1], fields.get(2, bytes(4)), fields.get(3, NORMAL)
    return bytes(text).decode(), struct.unpack("<f", bytes(score))[0], int(kind)


def _fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a protocol buffer; nested ones as bytes. Raises IndexError where it is cut off."""
    place = 0
    while place < len(content):
        key, place = _number(content, place)
        field, wire = key >> 3, key & 7
        if wire == 0:
            value, place = _number(content, place)
            yield field, value
            continue
        if wire == 2:
            size, place = _number(content, place)
        else:
            size = {1: 8, 5: 4}[wire]
        if place + size > len(content):
            raise IndexError("cut off")
        yield field, content[place : place + size]
        place += size


def _number(content: bytes, place: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, lowest first, and the place after it."""
    value = shift = 0
    while True:
        byte = content[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
