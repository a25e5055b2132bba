"""Yes or no, changed or unchanged: accuracy, precision, recall and F, and the rules by which an answer is one or the other.

The yes-no rule is ours, as no release has one; the rule of unchanged captions is DeltaVLM's (arXiv 2507.22346, its notebook of
classification), without regard to case. Knows strings and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np

from rsvlm.trainer.metrics.tally import Tally, share

UNCHANGED = frozenset({
    "there is no difference", "the two scenes seem identical", "the scene is the same as before",
    "no change has occurred", "almost nothing has changed",
})  # fmt: skip


def says_yes(answer: str) -> bool:
    """Whether the first word, in lower case and without punctuation, is yes."""
    words = re.findall(r"[a-z]+", answer.lower())
    return bool(words) and words[0] == "yes"


def bare(caption: str) -> str:
    """In lower case, without full stops."""
    return caption.replace(".", "").strip().lower()


def tells_change(caption: str, unchanged: Collection[str] = UNCHANGED) -> bool:
    """Whether it is none of the sentences for pairs without change, which are bare; by default the five of LEVIR-CC."""
    return bare(caption) not in unchanged


def decisions(told: np.ndarray, true: np.ndarray) -> Tally:
    """told, true: (items,) bool. Of nothing told or nothing true, precision and recall are 0."""
    told, true = np.asarray(told, bool), np.asarray(true, bool)
    rows = np.stack([told & true, told & ~true, ~told & true, ~told & ~true], axis=1).astype(float)
    return Tally(rows, _figures)


def _figures(sums: np.ndarray) -> dict[str, np.ndarray]:
    hit, false, missed, rest = (sums[..., column] for column in range(4))
    return {
        "accuracy": share(hit + rest, hit + false + missed + rest),
        "precision": share(hit, hit + false),
        "recall": share(hit, hit + missed),
        "F1": share(2 * hit, 2 * hit + false + missed),
        "F0.5": share(1.25 * hit, 1.25 * hit + 0.25 * missed + false),
        "precision of no": share(rest, rest + missed),
        "recall of no": share(rest, rest + false),
    }
