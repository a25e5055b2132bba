"""Random views of examples: what is changed, what stays, and that masks, maps and boxes lie where the picture shows them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.models.learning import Example
from rsvlm.protocol import Record
from rsvlm.trainer.augment import CROP, View, read_at, seen
from rsvlm.trainer.examples import example
from rsvlm.trainer.nuisance import LIGHT, disturbed
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.recipe import Source


def coordinates(height: int, width: int) -> np.ndarray:
    """(height, width, 2): x and y of every pixel's middle, as shares of the picture."""
    return np.stack(np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height), axis=-1)


def views(count: int) -> list[View]:
    random = np.random.default_rng(4)
    return [View.draw(random) for _ in range(count)]


def test_views_are_turned_mirrored_and_cropped_inside_the_picture():
    found = np.stack([view.plane(coordinates(256, 256)) for view in views(400)])
    corners = found[:, [0, 0, -1, -1], [0, -1, 0, -1]] * 2 - 1
    assert np.abs(corners).max() <= 1, "nothing beyond the edge is seen"
    width = np.abs(corners[:, 1] - corners[:, 0]).max(axis=1) / 2 * 256 / 255
    assert CROP[0] - 0.01 <= width.min() < 0.75 and 0.95 < width.max() <= CROP[1] + 0.01
    across, down = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    assert np.abs((across * down).sum(axis=1)).max() < 1e-4, "right angles stay right"
    mirrored = (across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]) < 0
    turns = {(round(x), round(y)) for x, y in across / np.linalg.norm(across, axis=1, keepdims=True)}
    assert turns == {(1, 0), (0, 1), (-1, 0), (0, -1)} and 0.4 < mirrored.mean() < 0.6


@pytest.mark.parametrize("size", [(96, 96), (60, 120)])
def test_masks_and_boxes_lie_on_what_the_picture_shows(size: tuple[int, int]):
    height, width = size
    random = np.random.default_rng(1)
    for view in views(60):
        x0, y0 = random.integers(0, width // 2), random.integers(0, height // 2)
        x1, y1 = x0 + random.integers(8, width // 2), y0 + random.integers(8, height // 2)
        mask = np.zeros(size, bool)
        mask[y0:y1, x0:x1] = True
        picture = view.picture(np.repeat(mask[..., None] * np.uint8(255), 3, axis=2))
        moved = view.plane(mask)
        bright = picture[..., 0] > 127
        edge = np.abs(picture[..., 0].astype(int) - 127) < 110
        assert (bright == moved)[~edge].all() and (bright ^ moved).mean() < 0.03
        boxes, share = view.boxes(np.array([[x0, y0, x1, y1]], float), size)
        rows, columns = np.nonzero(moved)
        if rows.size:
            around = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            np.testing.assert_allclose(boxes[0], around, atol=1.0)
        scale = (view.x1 - view.x0) * (view.y1 - view.y0)
        assert share[0] == pytest.approx(moved.sum() * scale / mask.sum(), abs=0.12)
        turns = view.turns if height == width else view.turns // 2 * 2
        where = view.plane(coordinates(*size))
        expected = np.rot90(where, -turns)[:, :: -1 if view.mirror else 1]
        assert (np.diff(expected[0, :, 0]) >= 0).all() and (np.diff(expected[:, 0, 1]) >= 0).all()


def square(task: str, *boxes: list[int], masks: bool = True) -> Example:
    """A picture of 64 x 64 with a bright box for each phrase."""
    planes = np.zeros((len(boxes), 64, 64), bool)
    for plane, (x0, y0, x1, y1) in zip(planes, boxes, strict=True):
        plane[y0:y1, x0:x1] = True
    pixels = np.repeat((40 + planes.any(axis=0) * 170).astype(np.uint8)[..., None], 3, axis=2)
    names = tuple(f"box {number}" for number in range(len(boxes)))
    return Example("1", task, (pixels,), (), (), names, planes if masks else None, np.array(boxes, float))


def test_boxes_out_of_view_are_not_asked_for_and_masks_of_nothing_stay():
    corners = [[0, 0, 6, 6], [58, 0, 64, 6], [0, 58, 6, 64], [58, 58, 64, 64]]
    counts = set()
    for seed in range(60):
        found = seen(square("ground", *corners), ("view",), np.random.default_rng(seed))
        assert found.boxes is not None and found.masks is not None
        assert len(found.phrases) == len(found.boxes) == len(found.masks) >= 1
        for box, mask in zip(found.boxes.astype(int).tolist(), found.masks, strict=True):
            assert box[0] < box[2] and box[1] < box[3] and mask[box[1] : box[3], box[0] : box[2]].all()
            assert found.pictures[0][mask].mean() > found.pictures[0][~mask].mean() + 40
        counts.add(len(found.phrases))
        drawn = seen(square("segment", *corners), ("view",), np.random.default_rng(seed))
        assert drawn.masks is not None and len(drawn.phrases) == len(drawn.masks) == 4
    assert {1, 2} <= counts


def test_box_that_would_go_out_of_view_keeps_the_whole_picture_in_view():
    for seed in range(40):
        found = seen(square("ground", [0, 0, 4, 4], masks=False), ("view",), np.random.default_rng(seed))
        assert found.boxes is not None
        x0, y0, x1, y1 = found.boxes[0]
        assert (x1 - x0) * (y1 - y0) >= 0.25 * 16 and found.phrases == ("box 0",)


def test_dates_are_seen_from_one_side_and_each_on_its_own_day():
    grid = np.kron(np.random.default_rng(0).integers(60, 200, (16, 16)), np.ones((8, 8)))
    pixels = np.repeat(grid.astype(np.uint8)[..., None], 3, axis=2)
    pair = Example("1", "change", (pixels, pixels), maps=(pixels, pixels))
    far = []
    for seed in range(30):
        found = seen(pair, ("view", "nuisance"), np.random.default_rng(seed))
        before, after = (picture.astype(float).mean(axis=2) for picture in found.pictures)
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.5
        assert (found.maps[0] == found.maps[1]).all() and set(np.unique(found.maps[0])) <= set(np.unique(pixels))
        far.append(np.abs(before - after).mean())
    assert np.mean(np.array(far) > 3) > 0.9
    still = seen(square("segment", [20, 20, 40, 40]), ("shift",), np.random.default_rng(0))
    assert (still.pictures[0] == square("segment", [20, 20, 40, 40]).pictures[0]).all(), "one picture never shifts"
    assert seen(pair, ("none",), np.random.default_rng(0)) is pair and seen(pair, (), np.random.default_rng(0)) is pair


def test_light_changes_and_stays_a_picture():
    random = np.random.default_rng(5)
    pixels = random.integers(0, 256, (300, 8, 8, 3)).astype(np.uint8)
    lit = np.stack([disturbed(one, random, 1.0, LIGHT) for one in pixels])
    assert lit.shape == pixels.shape and lit.dtype == np.uint8
    assert (np.abs(lit.astype(float) - pixels).mean(axis=(1, 2, 3)) > 0.005 * 255).mean() > 0.95
    grey = (lit.max(axis=3) == lit.min(axis=3)).all(axis=(1, 2))
    assert 1 / 30 < grey.mean() < 1 / 6
    order, again = (values[~grey].mean(axis=3).reshape(-1, 64).argmax(axis=1) for values in (pixels, lit))
    assert (order == again).mean() > 0.5, "what was brightest mostly stays so"


def test_recipe_names_ways_and_tells_those_that_are_none():
    assert Source(path="x", augment="view").augment == ("view",)
    assert Source(path="x", augment=["view", "haze", "shift"]).augment == ("view", "haze", "shift")
    assert Source(path="x").augment == ()
    with pytest.raises(ValueError, match="no way “viwe”"):
        Source(path="x", augment=["light", "viwe"])


def test_view_of_256_pixels_takes_a_few_milliseconds():
    masks = np.random.default_rng(0).random((5, 256, 256)) < 0.5
    pixels = np.random.default_rng(1).integers(0, 255, (256, 256, 3)).astype(np.uint8)
    given = Example("1", "segment", (pixels,), phrases=("a", "b", "c", "d", "e"), masks=masks)
    taken = []
    for seed in range(40):
        start = time.process_time()
        seen(given, ("view", "nuisance"), np.random.default_rng(seed))
        taken.append(time.process_time() - start)
    print(f"{1000 * np.median(taken):.1f} ms")
    assert np.median(taken) < 0.03


def test_view_of_a_finer_picture_is_cut_from_what_is_there(tmp_path: Path):
    """Not made larger again after it was made smaller. Masks and boxes are in pixels of the view."""
    fine = np.random.default_rng(2).integers(0, 256, (192, 192, 1)).astype(np.uint8).repeat(3, axis=2)
    Image.fromarray(fine).save(tmp_path / "fine.png")
    image = {"href": str(tmp_path / "fine.png")}
    region = {"label": "left half", "bbox": [0, 0, 96, 192]}
    record = Record("1", "ground", "train", [image], [{"role": "user", "content": "left half"}], [region])
    assert read_at(("light",), 96) == 96 and read_at(("view",), 96) == 192
    whole, coarse = example(record, side=96, finest=192), example(record, side=96)
    assert (whole.pictures[0] == fine).all() and coarse.pictures[0].shape == (96, 96, 3)
    assert read_picture(image, 256, 999).pixels.shape == (256, 256, 3)
    errors = []
    for seed in range(20):
        view = View.draw(np.random.default_rng(seed), 96)
        box = (view.x0 * 192, view.y0 * 192, view.x1 * 192, view.y1 * 192)
        large = Image.fromarray(fine).resize((768, 768), Image.Resampling.NEAREST, box)
        true = view.whole.picture(np.asarray(large.resize((96, 96), Image.Resampling.BOX))).astype(float)
        shown = [seen(given, ("view",), np.random.default_rng(seed), 96) for given in (whole, coarse)]
        assert {found.pictures[0].shape for found in shown} == {(96, 96, 3)} and shown[0].boxes is not None
        x0, y0, x1, y1 = shown[0].boxes[0]
        assert 0 <= x0 < x1 <= 96 and 0 <= y0 < y1 <= 96 and max(x1 - x0, y1 - y0) == 96
        errors.append([np.abs(view.picture(given.pictures[0]) - true).mean() for given in (whole, coarse)])
    sharp, blurred = np.mean(errors, axis=0)
    assert sharp < 0.5 * blurred


def test_box_without_a_side_is_seen_whole_and_as_large_as_asked():
    given = square("ground", [8, 8, 8, 20], masks=False)
    found = seen(given, ("view",), np.random.default_rng(1), 32)
    assert found.pictures[0].shape == (32, 32, 3) and found.phrases == ("box 0",)
