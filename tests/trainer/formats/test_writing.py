"""Windows of pictures are written where they lie in the whole, or refused; what has holes keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats import coco, geopix, karpathy, llava
from rsvlm.trainer.regions import decode, encode

Picture = Callable[..., Path]


def record_of(image: dict[str, Any], *regions: dict[str, Any], **meta: Any) -> Record:
    talk = [{"role": "user", "content": "What is there?"}, {"role": "assistant", "content": "A house."}]
    return Record("r", "segment", "train", [image], talk, [{"label": "house", **region} for region in regions], meta)


def box_ring(x0: float, y0: float, x1: float, y1: float) -> list[list[float]]:
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


def test_coco_places_windows_in_the_whole_picture(picture: Picture, tmp_path: Path):
    href = str(picture("o.png", 90, (100, 60)))
    mask = np.zeros((40, 50), bool)
    mask[30:40, 5:9] = True  # down to the edge of the window, whose lower part lies beside the picture
    records = [
        record_of({"href": href, "window": [0, 0, 50, 40]}, {"bbox": [1, 2, 3, 4]}),
        record_of({"href": href, "window": [50, 25, 100, 65]}, {"bbox": [5, 30, 9, 40], "rle": encode(mask)}),
        record_of({"href": href, "window": [50, 0, 100, 40]}, {"polygon": [box_ring(10, 10, 40, 40)]}),
    ]
    assert coco.write(records, tmp_path / "out.json") == 3
    whole = json.loads((tmp_path / "out.json").read_text())
    assert whole["images"] == [{"id": 1, "file_name": href, "width": 100, "height": 60}]
    first, second, third = whole["annotations"]
    assert (first["bbox"], second["bbox"], third["bbox"]) == ([1, 2, 2, 2], [55, 55, 4, 10], [60, 10, 30, 30])
    expected = np.zeros((60, 100), bool)
    expected[55:60, 55:59] = True
    assert np.array_equal(decode(second["segmentation"]), expected)
    assert third["segmentation"] == [[60, 10, 90, 10, 90, 40, 60, 40]] and third["area"] == 900


def test_coco_tells_holes_by_run_lengths_and_parts_by_polygons(picture: Picture, tmp_path: Path):
    image = {"href": str(picture("o.png", 90, (100, 60))), "window": [40, 10, 100, 60]}
    court = [box_ring(10, 5, 50, 45), box_ring(20, 15, 40, 35)]
    two = [box_ring(0, 0, 10, 10), box_ring(10, 0, 30, 10)]
    assert coco.write([record_of(image, {"polygon": court}, {"polygon": two})], tmp_path / "out.json") == 2
    holed, parted = json.loads((tmp_path / "out.json").read_text())["annotations"]
    expected = np.zeros((60, 100), bool)
    expected[15:55, 50:90] = True
    expected[25:45, 60:80] = False
    assert np.array_equal(decode(holed["segmentation"]), expected)
    assert (holed["area"], holed["bbox"]) == (1200, [50, 15, 40, 40])
    assert len(parted["segmentation"]) == 2 and (parted["area"], parted["bbox"]) == (300, [40, 10, 30, 10])


def test_coco_refuses_what_it_cannot_place(tmp_path: Path):
    extent = {"href": "a.tif", "extent": [0, 0, 1, 1], "crs": "EPSG:4326"}
    for image, words in ((extent, "extent on the map"), ({"href": "a.tif", "window": [0, 0, 2, 2]}, "not known")):
        mask = {"rle": encode(np.ones((2, 2), bool))}
        with pytest.raises(RsvlmError, match=words) as caught:
            coco.write([record_of(image, mask)], tmp_path / "out.json")
        assert caught.value.code == "bad_request" and caught.value.hint
    known = record_of({"href": "a.tif", "window": [0, 0, 2, 2]}, mask, width=5, height=4)
    assert coco.write([known], tmp_path / "out.json") == 1


def test_pictures_of_one_name_in_two_folders_stay_two(read: Callable[..., Any], picture: Picture, tmp_path: Path):
    hrefs = [str(picture(f"{folder}/1.png", 90, (8, 6))) for folder in ("d1", "d2", "d1")]
    masks = [np.eye(6, 8, number, bool) for number in range(3)]
    records = [
        record_of({"href": href}, {"rle": encode(mask)}, filename="1.png", image_id=7, instance_id=number)
        for number, (href, mask) in enumerate(zip(hrefs, masks, strict=True))
    ]
    for name, form in (("coco", coco), ("geopix", geopix)):
        assert form.write(records, tmp_path / "out.json") == 3
        again, _ = read(name, tmp_path / "out.json", tmp_path / "d1")
        shown = [(record.images[0]["href"], decode(one["rle"]).tolist()) for record in again for one in record.regions]
        assert sorted(shown) == sorted((href, mask.tolist()) for href, mask in zip(hrefs, masks, strict=True))
        assert {record.meta["filename"] for record in again} == {"1.png", hrefs[1]}
        assert len({record.id for record in again}) == len(again)


@pytest.mark.parametrize("form", [geopix, karpathy, llava])
def test_formats_of_whole_pictures_refuse_windows(picture: Picture, tmp_path: Path, form: Any):
    href, mask = str(picture("o.png", 90, (100, 60))), {"rle": encode(np.ones((60, 100), bool))}
    for part in ({"window": [0, 0, 50, 60]}, {"extent": [0, 0, 50, 60]}, {"window": [0, 0, 99, 60]}):
        with pytest.raises(RsvlmError, match="whole pictures only") as caught:
            form.write([record_of({"href": href, **part}, mask)], tmp_path / "out.json")
        assert "coco" in caught.value.hint
    assert form.write([record_of({"href": href, "window": [0, 0, 100, 60]}, mask)], tmp_path / "out.json") == 1
