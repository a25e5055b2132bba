"""Formats of conversations, boxes and masks, and polygons over rasters, which find their way back to the map."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from rsvlm.geo.vector_files import write_evidence
from rsvlm.geo.vector_reading import read_features
from rsvlm.protocol import Evidence, Record, RsvlmError
from rsvlm.trainer.formats import coco, geopix, llava
from rsvlm.trainer.formats.rasters import on_map
from rsvlm.trainer.formats.reading import UNLIKE
from rsvlm.trainer.records import Records, Writer
from rsvlm.trainer.regions import decode, encode, mask_of

Read = Callable[..., Any]


def test_llava_conversations_come_back(read: Read, written: Read, tmp_path: Path):
    turns = [
        {"from": "human", "value": "<image>\n[vqa] What  is it?"}, {"from": "gpt", "value": "A lake."},
        {"from": "human", "value": "How large?"}, {"from": "gpt", "value": "Small."},
    ]  # fmt: skip
    rows = [
        {"id": "a", "image": "x/a.png", "conversations": turns[:2]},
        {"id": "b", "image": "x/b.png", "conversations": [{"from": "human", "value": "<image>\nHi"}, *turns[1:]]},
        {"id": "c", "conversations": turns[:1]}, {"id": "d", "conversations": [{"from": "alien", "value": ""}]},
    ]  # fmt: skip
    records, source = read("llava", written("train.json", rows))
    assert [(r.id, r.task, r.meta) for r in records] == [("train/0", "vqa", {"tag": "vqa"}), ("train/1", "chat", {})]
    assert records[0].messages[0] == {"role": "user", "content": "What is it?"} and source.left_out == {UNLIKE: 2}
    assert llava.write(records, tmp_path / "again.json") == 2
    again, _ = read("llava", tmp_path / "again.json")
    assert [(r.messages, r.images, r.task) for r in again] == [(r.messages, r.images, r.task) for r in records]


def test_answer_that_nobody_asked_for_is_written_with_its_picture(tmp_path: Path):
    record = Record("a", "caption", "train", [{"href": "a.png"}], [{"role": "assistant", "content": "A lake."}])
    assert llava.write([record], tmp_path / "talk.json") == 1
    (row,) = json.loads((tmp_path / "talk.json").read_text())
    assert [(turn["from"], turn["value"]) for turn in row["conversations"]] == [
        ("human", "<image>\n"),
        ("gpt", "A lake."),
    ]


def test_skyeye_boxes_become_regions(read: Read, written: Read, picture: Read, tmp_path: Path):
    picture("images/a.png", 90, (200, 100))
    talk = [{"from": "human", "value": "<Img><ImageHere></Img> [refer] give me the location of the white ship"},
            {"from": "gpt", "value": "{<10><20><50><60>}"}]  # fmt: skip
    caption = [{"from": "human", "value": "<image>\nWhat is there?"}, {"from": "gpt", "value": "A ship."}]
    written("vg/rsvg.json", [{"image": "a.png", "conversations": talk}])
    written("caption/caption_UCM_train.json", [{"image": "a.png", "conversations": caption}])
    records, _ = read("skyeye", tmp_path)
    assert [(r.task, r.meta["source"]) for r in records] == [("caption", "caption_UCM_train"), ("ground", "rsvg")]
    assert records[1].regions == [{"label": "the white ship", "bbox": [20.0, 20.0, 100.0, 60.0]}]
    assert records[1].messages[0]["content"] == "give me the location of the white ship"


def test_turned_boxes_have_their_outline(read: Read, written: Read, picture: Read):
    picture("a.png", 90, (200, 100))
    talk = [
        {"from": "human", "value": "<image>\n[identify] what is {<25><25><75><75>|<90>}"},
        {"from": "gpt", "value": "a ship"},
    ]
    (record,), _ = read("llava", written("x.json", [{"id": 1, "image": "a.png", "conversations": talk}]))
    (region,) = record.regions
    assert region["label"] == "a ship" and region["bbox"] == pytest.approx([75, 0, 125, 100])
    assert shapely.Polygon(region["polygon"][0]).bounds == pytest.approx((75, 0, 125, 100))


@pytest.mark.parametrize(("name", "task", "count"), [("vqa", "vqa", 30), ("classification", "classify", 20)])
def test_published_rs_rag_samples(read: Read, data_dir: Path, name: str, task: str, count: int):
    records, source = read("rs-rag", data_dir / "formats" / f"rs_rag_{name}.jsonl")
    assert len(records) == count and {record.task for record in records} == {task} and not source.left_out
    assert not any("<image>" in message["content"] for record in records for message in record.messages)
    assert all(len(record.images) == 1 and len(record.captions) == 1 for record in records)
    if task == "classify":
        assert records[0].meta["scene"] == records[0].captions[0] == "Stadium"


def test_published_geopixeld_sample(read: Read, data_dir: Path):
    records, source = read("geopixeld", data_dir / "formats" / "geopixeld" / "GeoPixelD.json")
    (record,) = records
    assert not source.missing and record.split == "train" and record.task == "segment"
    assert [region["label"] for region in record.regions] == [f"tennis court-{n}" for n in (1, 2, 3, 4)]
    assert (
        "[SEG]" not in record.captions[0]
        and "The tennis court-2, tennis court-3, and tennis court-4" in record.captions[0]
    )
    with rasterio.open(record.images[0]["href"]) as shown:
        height, width = shown.shape
    outlines = json.loads((data_dir / "formats/geopixeld/P0224_0_800_0_800.json").read_text())["polygons"]
    for region, parts in zip(record.regions, outlines, strict=True):
        mask = mask_of(region, height, width)
        expected = sum(shapely.Polygon(part).area for part in parts)
        assert mask is not None and abs(mask.sum() - expected) / expected < 0.05


def described(name: str, parts: list[list[list[int]]], written: Read) -> dict[str, Any]:
    """A row of GeoPixelD with one phrase, whose outline lies beside the picture."""
    outlines = str(Path(name).with_suffix(".json"))
    written(outlines, {"polygons": [parts]})
    talk = [{"from": "human", "value": "What is there?"}, {"from": "gpt", "value": "A <p> court </p> [SEG]."}]
    return {"id": name, "image": name, "polygons": outlines, "conversations": talk}


def test_split_of_geopixeld_is_picked_by_the_folders_of_pictures(read: Read, written: Read):
    rows = [described(f"{place}1.png", [corners(0, 0, 4, 4)], written) for place in ("train/", "data/val/", "all/")]
    path = written("GeoPixelD.json", rows)
    for split, folder in (("train", "train"), ("val", "data/val")):
        records, _ = read("geopixeld", path, split=split)
        assert [(record.id, record.split) for record in records] == [
            (f"GeoPixelD/{folder}/1.png", split), ("GeoPixelD/all/1.png", split),
        ]  # fmt: skip


def corners(x0: int, y0: int, x1: int, y1: int) -> list[list[int]]:
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]


@pytest.mark.parametrize(
    ("parts", "pixels"),
    [
        ([corners(0, 0, 4, 4), corners(2, 0, 6, 4)], 24),
        ([corners(0, 0, 4, 4), corners(0, 0, 4, 4)], 16),
        ([corners(0, 0, 8, 8), corners(2, 2, 4, 4)], 64),
        ([corners(0, 0, 4, 4), corners(4, 0, 8, 4), [[0, 0], [1, 1]]], 32),
        ([corners(0, 0, 8, 2), corners(0, 6, 8, 8), corners(0, 0, 2, 8), corners(6, 0, 8, 8)], 48),
    ],
)
def test_parts_of_outlines_hold_all_that_lies_in_any(
    read: Read, written: Read, parts: list[list[list[int]]], pixels: int
):
    """They shift, repeat, lie in each other, only touch, or stand around a court."""
    note = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 8, 8]}
    note["segmentation"] = [[value for xy in part for value in xy] for part in parts]
    whole = {
        "images": [{"id": 1, "file_name": "1.png"}],
        "annotations": [note],
        "categories": [{"id": 1, "name": "court"}],
    }
    for name, path in (
        ("coco", written("instances.json", whole)),
        ("geopixeld", written("GeoPixelD.json", [described("1.png", parts, written)])),
    ):
        (record,) = read(name, path)[0]
        expected = np.zeros((10, 10), bool)
        for (x0, y0), _, (x1, y1), *_ in (part for part in parts if len(part) == 4):
            expected[y0:y1, x0:x1] = True
        assert np.array_equal(mask_of(record.regions[0], 10, 10), expected) and expected.sum() == pixels


def test_geopix_masks_come_back(read: Read, written: Read, tmp_path: Path):
    mask = np.zeros((20, 30), bool)
    mask[4:9, 10:22] = True
    one = {
        "bbox": [1, 2, 3, 4], "category": "ship", "category_id": 3, "description": "the ship on the left", "instance_id": 0,
        "mask": encode(mask),
    }  # fmt: skip
    empty = {**one, "instance_id": 1, "mask": encode(np.zeros((20, 30), bool))}
    row = {"image_id": 5, "image_path": "SIOR/a.jpg", "instances": [one, empty, {}]}
    records, source = read("geopix", written("train.json", [row, 5]))
    assert records[0].regions[0]["label"] == "the ship on the left" and records[0].regions[0]["bbox"] == [10, 4, 22, 9]
    assert np.array_equal(decode(records[0].regions[0]["rle"]), mask) and records[0].meta["category"] == "ship"
    assert source.left_out == {UNLIKE: 2, "the mask of an object is empty": 1}
    assert geopix.write(records, tmp_path / "train_again.json") == 1
    again, _ = read("geopix", tmp_path / "train_again.json")
    assert (again[0].regions, again[0].meta, again[0].images) == (
        records[0].regions,
        records[0].meta,
        records[0].images,
    )


def test_dior_rsvg_splits_count_objects(read: Read, written: Read, picture: Read, tmp_path: Path):
    def xml(name: str, *objects: str) -> str:
        return f"<annotation><filename>{name}</filename>{''.join(objects)}</annotation>"

    def thing(name: str, *box: int) -> str:
        sides = "".join(
            f"<{side}>{value}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
        )
        return f"<object><name>{name}</name><bndbox>{sides}</bndbox><description>the {name}</description></object>"

    picture("JPEGImages/00001.jpg")
    written("Annotations/00001.xml", xml("00001.jpg", thing("ship", 1, 2, 3, 4), thing("dam", 5, 6, 5, 8)))
    written("Annotations/00002.xml", xml("7.jpg", thing("bridge", 10, 20, 30, 40)))
    written("Annotations/00003.xml", '<!DOCTYPE a [<!ENTITY b "c">]><annotation/>')
    for split, text in (("train", "0\n"), ("val", "1\n2\n"), ("test", "")):
        written(f"{split}.txt", text)
    records, source = read("dior-rsvg", tmp_path)
    assert [(r.split, r.regions[0]) for r in records] == [
        ("train", {"label": "the ship", "bbox": [1.0, 2.0, 3.0, 4.0]}),
        ("val", {"label": "the bridge", "bbox": [10.0, 20.0, 30.0, 40.0]}),
    ]
    assert records[0].messages == [{"role": "user", "content": "the ship"}] and sum(source.left_out.values()) == 2
    assert [r.meta["category"] for r in read("dior-rsvg", tmp_path, split="val")[0]] == ["bridge"]
    assert [r.meta["filename"] for r in records] == ["00001.jpg", "7.jpg"] and source.missing == 1


def test_coco_comes_back(read: Read, written: Read, tmp_path: Path):
    mask = np.zeros((30, 40), bool)
    mask[2:6, 1:9] = True
    notes = [
        {"id": 1, "image_id": 1, "category_id": 2, "bbox": [1, 2, 8, 4], "segmentation": encode(mask)},
        {"id": 2, "image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 3], "segmentation": [[0, 0, 4, 0, 4, 3]]},
        {"id": 3, "image_id": 1, "category_id": 1, "bbox": [0, 0, 0, 3]},
        {"id": 4, "image_id": 2, "category_id": 1, "bbox": [5, 5, 1, 1]},
        {"id": 5, "image_id": 9, "category_id": 1, "bbox": [5, 5, 1, 1]},
    ]
    images = [{"id": number, "file_name": f"{number}.png", "width": 40, "height": 30} for number in (1, 2, 3)]
    whole = {
        "images": images,
        "annotations": notes,
        "categories": [{"id": 1, "name": "car"}, {"id": 2, "name": "pond"}],
    }
    records, source = read("coco", written("instances_val.json", whole))
    assert [(r.task, r.split) for r in records] == [("segment", "val"), ("ground", "val")]
    assert [region["bbox"] for region in records[0].regions] == [[1, 2, 9, 6], [0, 0, 4, 3]]
    assert sum(source.left_out.values()) == 3
    assert coco.write(records, tmp_path / "val_again.json") == 3
    again, _ = read("coco", tmp_path / "val_again.json")
    assert [(r.regions, r.images, r.meta) for r in again] == [(r.regions, r.images, r.meta) for r in records]
    areas = {note["id"]: note["area"] for note in json.loads((tmp_path / "val_again.json").read_text())["annotations"]}
    assert areas == {1: 32, 2: 6.0, 3: 1}


def test_coco_boxes_beside_outlines_are_a_record_of_their_own(read: Read, written: Read):
    """So that masks are learnt of the outlines of a picture, whatever else is there."""
    ring = [[0, 0, 4, 0, 4, 3]]
    notes = [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 4, 3], "segmentation": ring},
        {"id": 2, "image_id": 1, "category_id": 1, "bbox": [5, 5, 1, 1]},
        {"id": 3, "image_id": 2, "category_id": 1, "bbox": [0, 0, 4, 3], "segmentation": ring},
        {"id": 4, "image_id": 3, "category_id": 1, "bbox": [5, 5, 1, 1]},
    ]
    images = [{"id": number, "file_name": f"{number}.png"} for number in (1, 2, 3)]
    whole = {"images": images, "annotations": notes, "categories": [{"id": 1, "name": "car"}]}
    records, _ = read("coco", written("train.json", whole))
    assert [(r.id, r.task, ["polygon" in region for region in r.regions]) for r in records] == [
        ("train/1", "segment", [True]), ("train/1/boxes", "ground", [False]),
        ("train/2", "segment", [True]), ("train/3", "ground", [False]),
    ]  # fmt: skip


def test_coco_captions(read: Read, written: Read):
    notes = [{"id": 1, "image_id": 1, "caption": "a"}, {"id": 2, "image_id": 1, "caption": "b"}]
    path = written("captions_train.json", {"images": [{"id": 1, "file_name": "1.png"}], "annotations": notes})
    records, _ = read("coco", path)
    assert records[0].task == "caption" and records[0].captions == ["a", "b"]


def raster(path: Path, side: int = 700) -> Path:
    """Half a metre, UTM 32 north, turned a little so that a swapped axis would show."""
    transform = Affine.translation(654_000, 5_318_000) @ Affine.rotation(10) @ Affine.scale(0.5, -0.5)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=side,
        height=side,
        count=3,
        dtype="uint8",
        crs="EPSG:32632",
        transform=transform,
    ) as file:
        file.write(np.random.default_rng(1).integers(0, 255, (3, side, side)).astype(np.uint8))
    return path


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson"])
def test_polygons_go_to_pixels_and_back_to_the_map(read: Read, tmp_path: Path, suffix: str):
    (tmp_path / "rasters").mkdir()
    path = raster(tmp_path / "rasters" / "scene.tif")
    with rasterio.open(path) as file:
        transform, crs = file.transform, file.crs.to_wkt()
    with_hole = shapely.Polygon([(40, 50), (90, 50), (90, 120), (40, 120)], [[(60, 70), (80, 70), (80, 90), (60, 90)]])
    across = shapely.box(500, 10, 530, 40)
    outside = shapely.box(-90, -90, -50, -50)
    shapes = [
        shapely.transform(s, lambda xy: np.column_stack(transform @ tuple(xy.T))) for s in (with_hole, across, outside)
    ]
    vectors = tmp_path / f"places{suffix}"
    placed = [
        Evidence("mask", shapely.geometry.mapping(shape), label)
        for shape, label in zip(shapes, ("roof", "pond", "roof"), strict=True)
    ]
    write_evidence(vectors, placed, crs, {})
    records, source = read("rasters", vectors, tmp_path / "rasters")
    assert [record.images[0]["window"] for record in records] == [[0, 0, 512, 512], [512, 0, 700, 512]]
    assert [[region["label"] for region in record.regions] for record in records] == [["roof", "pond"], ["pond"]]
    mask = mask_of(records[0].regions[0], 512, 512)
    assert mask is not None and abs(mask.sum() - (50 * 70 - 20 * 20)) <= 8 and not mask[75:85, 65:75].any()
    assert records[0].meta["gsd_m"] == pytest.approx(0.5, rel=1e-3) and records[0].images[0]["crs"] == "EPSG:32632"
    assert source.left_out == {
        "there is no polygon in the window": 2,
        "the polygon does not lie on scene.tif": 1,
    }
    with Writer(tmp_path / "r.jsonl", "") as out:
        for record in records:
            out.write(record)
    first, second = Records(tmp_path / "r.jsonl")
    back = on_map(first, first.regions[0])
    assert back.symmetric_difference(shapes[0]).area < 0.01 * shapes[0].area
    joined = on_map(first, first.regions[1]).union(on_map(second, second.regions[0]))
    assert joined.symmetric_difference(shapes[1]).area < 0.01 * shapes[1].area


def test_published_buildings_lie_on_their_raster(read: Read, data_dir: Path):
    folder = data_dir / "rasters" / "spacenet4_atlanta"
    records, source = read("rasters", folder / "buildings.geojson", folder)
    regions = [region for record in records for region in record.regions]
    assert len(records) == 4 and len(regions) >= 43 and not source.missing
    features = read_features(folder / "buildings.geojson")
    drawn = shapely.union_all([shape for shape in features.shapes if shape is not None])
    with rasterio.open(folder / "pan_0p5m.tif") as file:
        frame, crs = shapely.box(*file.bounds), file.crs.to_wkt()
    from pyproj import Transformer

    way = Transformer.from_crs(features.crs, crs, always_xy=True)
    drawn = shapely.transform(drawn, lambda xy: np.column_stack(way.transform(*xy.T))).intersection(frame)
    back = shapely.union_all([on_map(record, region) for record in records for region in record.regions])
    assert back.symmetric_difference(drawn).area < 0.01 * drawn.area


def test_vector_files_that_are_none_are_told(tmp_path: Path):
    with pytest.raises(RsvlmError, match="no vector file"):
        read_features(tmp_path / "a.txt")
    (tmp_path / "a.gpkg").write_text("no")
    with pytest.raises(RsvlmError, match="cannot be read"):
        read_features(tmp_path / "a.gpkg")
