"""Words of the bundled family: its special tokens, and how questions and answers become rows of ids.

A row is one turn after the other. A caption reads `<caption> words <eos>`; all else `<ask> question <answer> words <eos>`, with
<segment> or <ground> in place of <ask> and a phrase for the question. What is to be outlined is answered by [SEG], boxes by
four tokens each, x0, y0, x1, y1 in percent of the picture's sides, and what is not there by <none>. Knows ids only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

PERCENT = 100  # parts of a side of the picture
SPECIAL_TOKENS = (
    "<pad>", "<eos>", "<caption>", "[RET]", "<ask>", "<answer>", "<segment>", "<ground>", "[SEG]", "<none>",
    *(f"<{part}>" for part in range(PERCENT + 1)),
)  # fmt: skip
PAD, EOS, CAPTION, RET, ASK, ANSWER, SEGMENT, GROUND, SEG, NONE, FIRST_PLACE = range(11)
IGNORED = -100  # label of a token that is not learnt


@dataclass(frozen=True)
class Row:
    """ids of a row; labels: the same, or IGNORED where nothing is learnt."""

    ids: list[int]
    labels: list[int]

    @classmethod
    def outline(cls, phrase: Sequence[int], there: bool) -> Row:
        """[SEG] stands behind every phrase, as when one is looked for, also where <none> is the word to be learnt."""
        asked = put(SEGMENT, phrase)
        said = [SEG, EOS] if there else [NONE, IGNORED]
        return cls([*asked, SEG, EOS], [IGNORED] * len(asked) + said)

    @classmethod
    def of(cls, turns: Iterable[tuple[int, Sequence[int], Sequence[int]]]) -> Row:
        """turns: task token, ids of the question, ids of the answer."""
        ids: list[int] = []
        labels: list[int] = []
        for task, question, answer in turns:
            asked = [*put(task, question)]
            said = [*answer, EOS]
            ids += asked + said
            labels += [IGNORED] * len(asked) + said
        return cls(ids, labels)


def put(task: int, question: Sequence[int] = ()) -> list[int]:
    """What stands before an answer."""
    return [task] if task == CAPTION else [task, *question, ANSWER]


def outline_asked(phrase: Sequence[int]) -> list[int]:
    """All that is said when an outline is asked for, its [SEG] last. phrase: ids."""
    return [*put(SEGMENT, phrase), SEG]


def box_ids(box: Sequence[float], height: int, width: int) -> list[int]:
    """box: x0, y0, x1, y1 in pixels of a picture of this size."""
    sides = (width, height, width, height)
    return [FIRST_PLACE + round(PERCENT * min(max(place / side, 0), 1)) for place, side in zip(box, sides, strict=True)]


def padded(rows: Sequence[Sequence[int]], value: int, multiple: int = 8) -> Tensor:
    """(rows, longest) int64, filled up at the end to a multiple: few shapes, which CPU kernels are compiled for."""
    longest = -(-max(map(len, rows)) // multiple) * multiple
    return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])
