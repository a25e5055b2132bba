"""Captions scored by a protocol of a name: which words they are made of, and whose scorers count them.

Figures of different protocols do not compare, so each score says its tokeniser and its vocabulary. Knows strings only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.metrics import java
from rsvlm.trainer.metrics.captions import bleu, bleu_rows, cider, rouge_l
from rsvlm.trainer.metrics.tally import Tally, share
from rsvlm.trainer.metrics.tokenisers import (
    UNKNOWN,
    candidate_ids,
    fingerprint,
    plain,
    reference_ids,
    vocabulary_of,
)  # fmt: skip

References = Sequence[Sequence[str]]
Words = tuple[list[list[str]], list[str]]
NO_SPICE = "It needs models of Stanford CoreNLP 3.6, which rsvlm does not fetch."
NEVER_JAVA = "The protocol never uses Java."


@dataclass(frozen=True)
class CaptionProtocol:
    """tokeniser: in words; log_of_one: see cider(); uses_java: for METEOR, where there is Java; split: texts -> words."""

    tokeniser: str
    split: Callable[[References, Sequence[str], Mapping[str, int]], Words]
    log_of_one: float
    uses_java: bool


@dataclass(frozen=True)
class CaptionScore:
    """tally: BLEU, ROUGE-L and CIDEr; cider: (items,); words: references and candidates, split; not_computed: figure -> why,
    in a sentence; vocabulary: of fingerprint().
    """

    tally: Tally
    cider: np.ndarray
    words: Words
    not_computed: dict[str, str]
    tokeniser: str
    vocabulary: dict[str, int | str]


def _plain(references: References, candidates: Sequence[str], _: Mapping[str, int]) -> Words:
    return [[plain(text) for text in sentences] for sentences in references], [plain(text) for text in candidates]


def _spaces(references: References, candidates: Sequence[str], _: Mapping[str, int]) -> Words:
    return [list(sentences) for sentences in references], list(candidates)


def _treebank(references: References, candidates: Sequence[str], _: Mapping[str, int]) -> Words:
    words = iter(java.treebank([*(text for sentences in references for text in sentences), *candidates]))
    return [[next(words) for _ in sentences] for sentences in references], list(words)


def _ids(references: References, candidates: Sequence[str], vocabulary: Mapping[str, int]) -> Words:
    numbers = [[reference_ids(text, vocabulary) for text in sentences] for sentences in references]
    return numbers, [candidate_ids(text, vocabulary) for text in candidates]


CAPTION_PROTOCOLS = {
    "coco": CaptionProtocol("lower case, words and numbers only", _plain, 0.0, False),
    "coco-ptb": CaptionProtocol("Penn Treebank (CoreNLP 3.4.1), lower case, no punctuation", _treebank, 0.0, True),
    "spaces": CaptionProtocol("none: split at spaces", _spaces, 1.0, True),
    "levir-cc-ids": CaptionProtocol("numbers of words, unknown words are one", _ids, 1.0, True),
}


def caption_protocol(name: str) -> CaptionProtocol:
    """Raises RsvlmError (bad_request) for a name that is none, (unavailable) for one that cannot be used here."""
    if name not in CAPTION_PROTOCOLS:
        *some, last = CAPTION_PROTOCOLS
        raise RsvlmError("bad_request", f"There is no caption protocol “{name}”.", f"Use {', '.join(some)} or {last}.")
    if name == "coco-ptb" and java.missing():
        raise RsvlmError("unavailable", f"The protocol coco-ptb cannot be used. {java.missing()}", java.MEND)
    return CAPTION_PROTOCOLS[name]


def score_captions(
    references: References,
    candidates: Sequence[str],
    protocol: str = "coco",
    vocabulary: Mapping[str, int] | None = None,
) -> CaptionScore:
    """Score one caption of each item against its references, of which there is at least one; METEOR apart: meteors().

    vocabulary: number of each word, for levir-cc-ids; by default the words of the references. Raises as
    caption_protocol() does, and what Java's tools raise.
    """
    rules = caption_protocol(protocol)
    known = dict(vocabulary) if vocabulary else vocabulary_of(references)
    if UNKNOWN not in known:
        raise RsvlmError("bad_request", f"The vocabulary has no word {UNKNOWN}.", "Add it, with a number of its own.")
    truth, said = rules.split(references, candidates, known)
    each = cider(truth, said, rules.log_of_one)
    rows = np.concatenate(
        [bleu_rows(truth, said), rouge_l(truth, said)[:, None], each[:, None], np.ones((len(said), 1))], axis=1
    )
    not_computed = {"METEOR": java.missing() if rules.uses_java else NEVER_JAVA, "SPICE": NO_SPICE}
    words = known if rules.split is _ids else {word for row in truth for text in row for word in text.split()}
    why = {name: reason for name, reason in not_computed.items() if reason}
    return CaptionScore(Tally(rows, _figures), each, (truth, said), why, rules.tokeniser, fingerprint(words))


def meteors(scores: Sequence[CaptionScore]) -> list[float]:
    """METEOR of each corpus, none at all where it is not computed. Raises what Java's tools raise."""
    return (
        []
        if any("METEOR" in score.not_computed for score in scores)
        else java.meteor([score.words for score in scores])
    )


def _figures(sums: np.ndarray) -> dict[str, np.ndarray]:
    rouge, consensus, count = sums[..., -3], sums[..., -2], sums[..., -1]
    return bleu(sums[..., :-3]) | {"ROUGE-L": share(rouge, count), "CIDEr": share(consensus, count)}
