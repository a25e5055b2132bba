"""What a record shows: windows of rasters as they lie, masks and boxes on the pixels that are seen, and after every change."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

import rsvlm.geo  # noqa: F401  # its limits, before rasterio is used
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.augment import seen
from rsvlm.trainer.examples import conversation, example, open_source, targets
from rsvlm.trainer.pictures import Picture, read_picture
from rsvlm.trainer.recipe import Source
from rsvlm.trainer.records import Writer
from rsvlm.trainer.regions import encode

TRANSFORMS = {
    "north up": Affine(2, 0, 500000, 0, -2, 5500000),
    "south up": Affine(2, 0, 500000, 0, 2, 5500000),
    "turned": Affine(1.6, 1.2, 500000, 1.2, -1.6, 5500000),
}


def raster(path: Path, transform: Affine, dtype: str = "uint16") -> np.ndarray:
    """40 x 60 pixels of noise around a bright rectangle at rows 10 to 20, columns 30 to 50."""
    pixels = np.random.default_rng(2).integers(100, 2000, (3, 40, 60)).astype(dtype)
    pixels[:, 10:20, 30:50] = 9000
    with rasterio.open(
        path, "w", driver="GTiff", width=60, height=40, count=3, dtype=dtype, crs="EPSG:32632", transform=transform
    ) as file:
        file.write(pixels)
    return pixels


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_window_is_read_as_it_lies_in_the_file(tmp_path: Path, transform: Affine):
    raster(tmp_path / "one.tif", transform)
    picture = read_picture({"href": str(tmp_path / "one.tif"), "window": [20, 5, 60, 30]})
    assert picture.pixels.shape == (25, 40, 3) and (picture.width, picture.height) == (40, 25)
    bright = picture.pixels.min(axis=2) > 240
    assert bright[6:14, 11:29].all() and not bright[:4].any() and not bright[:, :9].any()


def test_masks_and_boxes_lie_on_the_pixels_that_are_seen(tmp_path: Path):
    raster(tmp_path / "one.tif", TRANSFORMS["north up"])
    mask = np.zeros((40, 60), bool)
    mask[10:20, 30:50] = True
    regions = [
        {"label": "square", "rle": encode(mask), "bbox": [30, 10, 50, 20]},
        {"label": "again", "polygon": [[[30, 10], [50, 10], [50, 20], [30, 20]]], "bbox": [30, 10, 50, 20]},
    ]
    record = Record(
        "1", "segment", "train", [{"href": str(tmp_path / "one.tif"), "window": [0, 0, 60, 40]}], [], regions
    )
    found = example(record, side=120)
    assert found.phrases == ("square", "again") and found.masks.shape == (2, 120, 120)
    np.testing.assert_allclose(found.boxes, [[60, 30, 100, 60]] * 2)
    bright = found.pictures[0].min(axis=2) > 150  # half way up an edge
    for one in found.masks:
        assert (one & bright).sum() / (one | bright).sum() > 0.9
    for seed in range(6):
        turned = seen(found, ("view",), np.random.default_rng(seed))
        rows, columns = np.nonzero(turned.masks[0])
        inside = turned.pictures[0][turned.masks[0]].mean() - turned.pictures[0][~turned.masks[0]].mean()
        assert inside > 40, "the mask is still over what is bright"
        around = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(turned.boxes[0], around, atol=2.0)


def test_regions_without_masks_are_boxes_alone(tmp_path: Path):
    raster(tmp_path / "one.tif", TRANSFORMS["north up"])
    record = Record(
        "1", "ground", "train", [{"href": str(tmp_path / "one.tif")}], [], [{"label": "a", "bbox": [0, 0, 5, 5]}]
    )
    found = example(record)
    assert found.masks is None and found.boxes.tolist() == [[0, 0, 5, 5]]


def test_assistants_that_follow_each_other_are_alternatives():
    said = [("user", "a?"), ("assistant", "1"), ("user", "b?"), ("assistant", "2"), ("assistant", "3")]
    messages = [{"role": role, "content": content} for role, content in said]
    assert conversation(messages, 0) == ((("a?", "1"), ("b?", "2")), ("2", "3"))
    assert conversation(messages, 1) == ((("a?", "1"), ("b?", "3")), ("2", "3"))
    assert conversation([], 0) == ((), ())


def test_source_is_cut_selected_and_told_when_it_is_empty(tmp_path: Path):
    path = tmp_path / "mine.jsonl"
    with Writer(path, "test") as writer:
        for number in range(9):
            split = "train" if number % 3 else "val"
            writer.write(
                Record(str(number), "caption", split, [{"href": "x.png"}], [{"role": "assistant", "content": "a"}])
            )
    found, _ = open_source(Source(path="mine.jsonl", split="train", limit=4), tmp_path, tmp_path / "kept.jsonl")
    assert [record.id for record in found] == ["1", "2", "5", "7"]
    for wrong in (
        Source(path="mine.jsonl", split="test"),
        Source(path="gone.jsonl"),
        Source(path="mine.jsonl", format="x"),
    ):
        with pytest.raises(RsvlmError):
            open_source(wrong, tmp_path, tmp_path / "kept.jsonl")


@pytest.mark.parametrize("kind", ["records", "archive"])
def test_limit_leaves_no_class_out_of_a_set_that_is_sorted_by_class(tmp_path: Path, kind: str):
    """Seven classes of ten: 13 of the 70 records are of all of them, two or one of each."""
    if kind == "records":
        with Writer(tmp_path / "sorted", "test") as writer:
            for number in range(70):
                said = [{"role": "assistant", "content": f"class {number // 10}"}]
                writer.write(Record(str(number), "caption", "train", [{"href": "x.png"}], said))
    else:
        rows = [
            {"filename": f"{n}.png", "split": "train", "scene": "s", "captions": [f"class {n // 10}"]}
            for n in range(70)
        ]
        with zipfile.ZipFile(tmp_path / "sorted", "w") as archive:
            archive.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)))
    found, _ = open_source(Source(path="sorted", format=kind, limit=13), tmp_path, tmp_path / "kept.jsonl")
    classes = Counter(record.captions[0] for record in found)
    assert len(found) == 13 and set(classes) == {f"class {number}" for number in range(7)}
    assert set(classes.values()) == {1, 2}


def test_outline_without_a_box_has_the_one_around_it(tmp_path: Path):
    raster(tmp_path / "one.tif", TRANSFORMS["north up"])
    mask = np.zeros((40, 60), bool)
    mask[10:20, 30:50] = True
    regions = [{"label": "a", "rle": encode(mask)}, {"label": "b", "rle": encode(mask), "bbox": [1, 2, 3, 4]}]
    found = example(Record("1", "segment", "train", [{"href": str(tmp_path / "one.tif")}], [], regions))
    assert found.boxes.tolist() == [[30, 10, 50, 20], [1, 2, 3, 4]] and found.masks.shape == (2, 40, 60)


def test_masks_of_many_regions_are_made_one_at_a_time():
    """60 of a million pixels each, of a picture of which 32 x 32 are seen: each is all that is right of a line."""
    picture, lines = Picture(np.zeros((32, 32, 3), np.uint8), 1000, 1000), np.arange(60) * 10
    corners = ([[x, 0], [1000, 0], [1000, 1000], [x, 1000]] for x in lines.tolist())
    regions = [{"label": "", "polygon": [ring]} for ring in corners]
    targets(regions[:1], picture)  # what the first one alone loads
    tracemalloc.start()
    try:
        _, masks, boxes = targets(regions, picture)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20
    assert masks is not None and boxes is not None
    seen = ((np.arange(32) + 0.5) * 1000 / 32).astype(int) >= lines[:, None]
    assert masks.shape == (60, 32, 32) and all(np.array_equal(masks[:, row], seen) for row in range(32))
    np.testing.assert_allclose(boxes, [[x * 32 / 1000, 0, 32, 32] for x in lines])


def test_mask_of_another_size_names_its_record(tmp_path: Path):
    raster(tmp_path / "one.tif", TRANSFORMS["north up"])
    regions = [{"label": "a", "rle": encode(np.ones((5, 6), bool))}]
    with pytest.raises(RsvlmError, match=r"^The record set/7: A mask of 6 x 5 pixels lies over a picture of") as caught:
        example(Record("set/7", "segment", "train", [{"href": str(tmp_path / "one.tif")}], [], regions))
    assert caught.value.code == "bad_request" and caught.value.hint.startswith("Make them one size")
