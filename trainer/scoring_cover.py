"""Predictions of what covers a picture: for each of its `classes` a mask told (`prediction`) and a true one (`reference`)."""

from __future__ import annotations

import numpy as np

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.mask_files import read_masks
from rsvlm.trainer.metrics.masks import class_overlap
from rsvlm.trainer.predictions import Prediction
from rsvlm.trainer.scored import Given, Rows, Scored


def cover(rows: Rows, given: Given) -> Scored:
    """mIoU over the classes, accuracy of pixels, and the IoU of each class; all over the pixels that are of a class."""
    classes = list(dict.fromkeys(label for row in rows for label in _classes(row)))
    pairs = [_pair(row, given, classes) for row in rows]
    overlap = class_overlap([told for told, _ in pairs], [true for _, true in pairs], classes)
    count = np.bincount(np.concatenate([true[true >= 0] for _, true in pairs]), minlength=len(classes))
    most = int(count.argmax())
    same = class_overlap([np.full_like(true, most) for _, true in pairs], [true for _, true in pairs], classes)
    baseline = {name: round(value, 6) for name, value in same.values().items() if name in ("mIoU", "accuracy")}
    return Scored({"": overlap}, told={"baselines": {f"{classes[most]} everywhere": baseline}})


def _classes(row: Prediction) -> list[str]:
    found = row.row.get("classes")
    if not isinstance(found, list) or len(set(map(str, found))) < 2:
        raise RsvlmError(
            "bad_request", f"The row {row.id} names no classes.", "Give classes, and a mask for each of them in a list."
        )
    return [str(label) for label in found]


def _pair(row: Prediction, given: Given, classes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) number of the class that is told, and of the true one; -1 for none. Of several, the first holds."""
    own = [classes.index(label) for label in _classes(row)]
    masks = [read_masks(value, given.folder) for value in (row.said, row.references[0])]
    if masks[0].shape != masks[1].shape or len(masks[0]) != len(own):
        raise RsvlmError(
            "bad_request", f"The masks of {row.id} differ in size, or are not one for each class.",
            "Give one of each class, all in pixels of the image.",
        )  # fmt: skip
    told, true = (np.where(part.any(axis=0), np.array(own)[(part > 0).argmax(axis=0)], -1) for part in masks)
    return told, true
