"""Masks as COCO writes them, held against COCO's own code where it is installed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.regions import bbox_of, decode, encode, filled, mask_of


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_masks_come_back_as_they_were(height: int, width: int, seed: int, share: float):
    mask = np.random.default_rng(seed).random((height, width)) < share
    rle = encode(mask)
    assert np.array_equal(decode(rle), mask) and rle["size"] == [height, width]


def test_text_is_the_one_that_cocos_own_code_writes():
    coco = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    generator = np.random.default_rng(5)
    masks = [generator.random((37, 53)) < share for share in (0, 0.02, 0.5, 1)]
    masks.append(np.zeros((300, 400), bool))
    masks[-1][100:250, 30:390] = True
    for mask in masks:
        theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
        assert encode(mask)["counts"] == theirs["counts"].decode()
        assert np.array_equal(decode({"size": list(mask.shape), "counts": theirs["counts"].decode()}), mask)


def test_counts_may_be_numbers():
    mask = decode({"size": [2, 3], "counts": [1, 2, 3]})
    assert mask.tolist() == [[False, True, False], [True, False, False]]


@pytest.mark.parametrize("counts", [[1, 2], [7], "", "0", "~~~", [3, 4]])
def test_damaged_run_lengths_are_refused(counts: object):
    with pytest.raises(RsvlmError, match="do not cover its 3 x 2 pixels"):
        decode({"size": [2, 3], "counts": counts})


def test_polygons_are_filled_by_the_middles_of_pixels_and_have_holes():
    outer, hole = [[0, 0], [6, 0], [6, 5], [0, 5]], [[2, 1], [4, 1], [4, 3], [2, 3]]
    mask = filled([outer, hole], 5, 8)
    assert mask.sum() == 30 - 4 and not mask[1:3, 2:4].any() and bbox_of(mask) == [0, 0, 6, 5]
    assert mask_of({"label": "", "polygon": [outer]}, 5, 8).sum() == 30
    assert mask_of({"label": "", "bbox": [0, 0, 1, 1]}, 5, 8) is None and bbox_of(np.zeros((2, 2), bool)) is None


def test_mask_of_another_size_is_told():
    with pytest.raises(RsvlmError, match="3 x 2 pixels lies over a picture of 5 x 5"):
        mask_of({"rle": encode(np.ones((2, 3), bool))}, 5, 5)
