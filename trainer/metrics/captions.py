"""BLEU, ROUGE-L and CIDEr as the COCO caption evaluation counts them (arXiv 1504.00325); pycocoevalcap is the yardstick.

Sentences are strings whose words are separated by spaces: what a word is, was decided before (tokenisers.py). References
are one list of sentences for each item, candidates one sentence. No Java, no files.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

ORDERS = 4  # longest n-gram
TINY, SMALL = 1e-15, 1e-9  # of BLEU, as in COCO: keep nothing of nothing from being no number
BETA = 1.2  # of ROUGE-L: recall counts more than precision
SIGMA = 6.0  # of CIDEr's penalty for another length

Grams = Counter[tuple[str, ...]]
References = Sequence[Sequence[str]]


def ngrams(sentence: str) -> Grams:
    """How often each n-gram of one to four words occurs."""
    words = sentence.split()
    return Counter(
        tuple(words[start : start + order]) for order in range(1, ORDERS + 1) for start in range(len(words) - order + 1)
    )


def bleu_rows(references: References, candidates: Sequence[str]) -> np.ndarray:
    """(items, 10): n-grams that match and n-grams there are, by order; words; words of the closest reference."""
    rows = np.zeros((len(candidates), 2 * ORDERS + 2))
    for row, sentences, candidate in zip(rows, references, candidates, strict=True):
        most: Grams = Counter()
        for sentence in sentences:
            most |= ngrams(sentence)
        for gram, count in ngrams(candidate).items():
            row[len(gram) - 1] += min(count, most[gram])
        length = len(candidate.split())
        row[ORDERS : 2 * ORDERS] = [max(0, length - order) for order in range(ORDERS)]
        _, closest = min((abs(other - length), other) for other in (len(sentence.split()) for sentence in sentences))
        row[-2:] = length, closest
    return rows


def bleu(sums: np.ndarray) -> dict[str, np.ndarray]:
    """(..., 10), rows of bleu_rows() or sums of them -> BLEU-1 to BLEU-4 (Papineni et al. 2002), (...), in 0 to 1."""
    matched, there = sums[..., :ORDERS], sums[..., ORDERS : 2 * ORDERS]
    product = np.cumprod((matched + TINY) / (there + SMALL), axis=-1)
    ratio = (sums[..., -2] + TINY) / (sums[..., -1] + SMALL)
    brevity = np.where(ratio < 1, np.exp(np.minimum(0, 1 - 1 / ratio)), 1)
    return {f"BLEU-{order}": product[..., order - 1] ** (1 / order) * brevity for order in range(1, ORDERS + 1)}


def rouge_l(references: References, candidates: Sequence[str]) -> np.ndarray:
    """(items,) in 0 to 1: F of the longest common subsequence, from the best precision and the best recall (Lin 2004).

    Words are what stands between single spaces, as in COCO's scorer.
    """
    found = []
    for sentences, candidate in zip(references, candidates, strict=True):
        words = candidate.split(" ")
        common = [(_common(words, sentence.split(" ")), len(sentence.split(" "))) for sentence in sentences]
        precision = max(length / len(words) for length, _ in common)
        recall = max(length / whole for length, whole in common)
        both = recall + BETA**2 * precision
        found.append((1 + BETA**2) * precision * recall / both if precision and recall else 0.0)
    return np.array(found)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for place, against in enumerate(other, 1):
            above = row[place]
            row[place] = before + 1 if word == against else max(above, row[place - 1])
            before = above
    return row[-1]


def cider(references: References, candidates: Sequence[str], log_of_one: float = 0.0) -> np.ndarray:
    """(items,) in 0 to 10: CIDEr-D (arXiv 1411.5726, section 5) as COCO's scorer has it.

    That is: document frequencies from these references, counts clipped to the reference's, and a Gaussian penalty of the
    difference in length, which is counted in bigrams. log_of_one: in place of log(1) where there is one item only; COCO
    has 0, so that CIDEr is 0, and the scorers of RSICC, DeltaVLM and SECOND-CC have 1.
    """
    cooked = [[ngrams(sentence) for sentence in sentences] for sentences in references]
    consensus = Consensus(cooked, log_of_one)
    each = (consensus.cider(grams, [ngrams(said)]) for grams, said in zip(cooked, candidates, strict=True))
    return np.array([value for values in each for value in values])


class Consensus:
    """CIDEr-D with the document frequencies of a corpus. items: n-grams of the references of each item.

    log_of_one: see cider().
    """

    def __init__(self, items: Iterable[Sequence[Grams]], log_of_one: float = 0.0) -> None:
        frequency: Grams = Counter()
        count = 0
        for grams in items:
            frequency.update(set().union(*grams))
            count += 1
        self._log_items = math.log(count) if count > 1 else log_of_one
        self._weights = {gram: self._log_items - math.log(number) for gram, number in frequency.items()}

    def cider(self, references: Sequence[Grams], candidates: Sequence[Grams]) -> list[float]:
        """0 to 10 for each sentence that may be said of one item, which need not be in the corpus."""
        others = [_Weighed(grams, self._weights, self._log_items) for grams in references]
        own = [_Weighed(grams, self._weights, self._log_items) for grams in candidates]
        return [10 * sum(one.likeness(other) for other in others) / len(others) for one in own]


class _Weighed:
    """A sentence as counts of n-grams, each weighed by how rare it is among the items."""

    def __init__(self, grams: Grams, weights: dict[tuple[str, ...], float], unseen: float) -> None:
        self.weighed = {gram: count * weights.get(gram, unseen) for gram, count in grams.items()}
        self.length = sum(count for gram, count in grams.items() if len(gram) == 2)
        squares = [0.0] * ORDERS
        for gram, weight in self.weighed.items():
            squares[len(gram) - 1] += weight**2
        self.norms = [math.sqrt(square) for square in squares]

    def likeness(self, reference: _Weighed) -> float:
        """Mean over the orders, in 0 to 1."""
        products = [0.0] * ORDERS
        for gram, weight in self.weighed.items():
            other = reference.weighed.get(gram, 0.0)
            products[len(gram) - 1] += min(weight, other) * other
        norms = [one * other for one, other in zip(self.norms, reference.norms, strict=True)]
        cosines = [product / norm if norm else 0.0 for product, norm in zip(products, norms, strict=True)]
        return sum(cosines) / ORDERS * math.exp(-((self.length - reference.length) ** 2) / (2 * SIGMA**2))
