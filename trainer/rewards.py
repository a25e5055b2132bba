"""What a caption that a model draws is worth: CIDEr-D, as `rsvlm eval caption` counts it, against all that is right to say.

Self-critical training (arXiv 1612.00563, section 4). The end of a sentence counts as a word, as is usual there: else sentences
that break off after “with a” would be worth more than whole ones. Knows records and strings only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rsvlm.trainer.examples import Examples, conversation
from rsvlm.trainer.metrics.captions import Consensus, Grams, ngrams
from rsvlm.trainer.metrics.tokenisers import plain

END = "</s>"


class CiderReward:
    """captions: all that are right of each picture of a corpus, which tell how rare n-grams are."""

    def __init__(self, captions: Iterable[Sequence[str]]) -> None:
        self._consensus = Consensus([_grams(text) for text in texts] for texts in captions)

    def __call__(self, sentences: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> np.ndarray:
        """Several sentences of each picture, as many of each, and its references -> (pictures, sentences) in 0 to 10."""
        return np.array(
            [
                self._consensus.cider([_grams(text) for text in right], [_grams(text) for text in said])
                for said, right in zip(sentences, references, strict=True)
            ]
        )


def captions_of(examples: Examples) -> Iterator[Sequence[str]]:
    """All right captions of each record of one picture."""
    for records in examples.records:
        for record in records:
            if record.task == "caption" and len(record.images) == 1:
                _, answers = conversation(record.messages, 0)
                if answers:
                    yield answers


def _grams(text: str) -> Grams:
    return ngrams(f"{plain(text)} {END}")
