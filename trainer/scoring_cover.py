"""Predictions of what covers a picture: for each of its `classes` a mask told (`prediction`) and a true one (`reference`)."""

from __future__ import annotations

import numpy as np

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.mask_files import read_masks
from rsvlm.trainer.metrics.masks import class_overlap
from rsvlm.trainer.metrics.tally import Tally, share
from rsvlm.trainer.predictions import Prediction
from rsvlm.trainer.scored import Given, Rows, Scored


def cover(rows: Rows, given: Given) -> Scored:
    """mIoU over the classes, accuracy of pixels, and the IoU of each class; all over the pixels that are of a class."""
    classes = list(dict.fromkeys(label for row in rows for label in _classes(row)))
    each: list[Tally] = []
    count = np.zeros(len(classes), int)
    for row in rows:  # one after the other: the pictures of a whole data set do not fit into memory
        told, true = _pair(row, given, classes)
        each.append(class_overlap([told], [true], classes))
        count += np.bincount(true[true >= 0], minlength=len(classes))
    overlap = Tally(np.concatenate([one.rows for one in each]), each[0].figures)
    return Scored({"": overlap}, told={"baselines": _everywhere(count, classes)})


def _everywhere(count: np.ndarray, classes: list[str]) -> dict[str, dict[str, float]]:
    """What the most frequent class, told of every pixel, would score: it alone has an IoU above 0. count: pixels of each."""
    most = int(count.argmax())
    right = float(share(count[most], count.sum()))
    there = max(1, int((count > 0).sum()))
    return {f"{classes[most]} everywhere": {"mIoU": round(right / there, 6), "accuracy": round(right, 6)}}


def _classes(row: Prediction) -> list[str]:
    found = row.row.get("classes")
    if not isinstance(found, list) or len(set(map(str, found))) < 2:
        raise RsvlmError(
            "bad_request", f"The row {row.id} names no classes.", "Give classes, and a mask for each of them in a list."
        )
    return [str(label) for label in found]


def _pair(row: Prediction, given: Given, classes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) int16, number of the class that is told, and of the true one; -1 for none. Of several, the first holds."""
    own = [classes.index(label) for label in _classes(row)]
    masks = [read_masks(value, given.folder) for value in (row.said, row.references[0])]
    if masks[0].shape != masks[1].shape or len(masks[0]) != len(own):
        raise RsvlmError(
            "bad_request", f"The masks of {row.id} differ in size, or are not one for each class.",
            "Give one of each class, all in pixels of the image.",
        )  # fmt: skip
    numbers, none = np.array(own, np.int16), np.int16(-1)
    told, true = (np.where(part.any(axis=0), numbers[(part > 0).argmax(axis=0)], none) for part in masks)
    return told, true
