"""What a word of a caption is. Figures that rest on different words do not compare, so each protocol names its own.

Each function returns a sentence whose words are separated by single spaces. Knows strings only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
UNKNOWN = "<unk>"


def plain(text: str) -> str:
    """Lower case, words and numbers only: equal to the Penn Treebank tokeniser on captions without odd punctuation."""
    return " ".join(_WORD.findall(text.lower()))


def reference_ids(text: str, vocabulary: Mapping[str, int]) -> str:
    """A reference of LEVIR-CC as the numbers of its words, which is what its released scorer is given."""
    return _ids(text.replace(" .", ""), vocabulary)


def candidate_ids(text: str, vocabulary: Mapping[str, int]) -> str:
    """The same of an answer: full stops go, also those that touch a word."""
    return _ids(text.replace(".", ""), vocabulary)


def _ids(text: str, vocabulary: Mapping[str, int]) -> str:
    return " ".join(str(vocabulary.get(word, vocabulary[UNKNOWN])) for word in text.split())


def vocabulary_of(references: Iterable[Iterable[str]]) -> dict[str, int]:
    """Number of each word of LEVIR-CC's references, in alphabetical order from 1, and of the unknown one after them.

    Any numbering gives the same scores, as long as the same words are known.
    """
    words = {word for sentences in references for text in sentences for word in text.replace(" .", "").split()}
    return {word: number for number, word in enumerate([*sorted(words - {UNKNOWN}), UNKNOWN], 1)}


def fingerprint(words: Iterable[str] | Mapping[str, int]) -> dict[str, int | str]:
    """{"words": how many, "sha256": first 12 digits}, equal for the same words, or for the same words and numbers."""
    known = dict(words) if isinstance(words, Mapping) else sorted(set(words))
    digest = hashlib.sha256(json.dumps(known, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return {"words": len(known), "sha256": digest[:12]}
