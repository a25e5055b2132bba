"""Captions for labels: by templates with what the raster states, by a model; what has no label is told."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.models.pool import Models
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.building import Answers, Job
from rsvlm.trainer.builders.caption import caption_records, model_records
from rsvlm.trainer.builders.facts import facts_of
from rsvlm.trainer.builders.sources import labelled
from rsvlm.trainer.pictures import read_picture, size_of
from rsvlm.trainer.records import read_caption_archive
from rsvlm.trainer.regions import encode

Picture = Callable[[Path, np.ndarray], Path]


@pytest.fixture
def classes(tmp_path: Path, picture: Picture) -> Path:
    """A folder of classes: two photographs, and a raster of half a metre at 10° east, taken in June 2021."""
    folder = tmp_path / "classes"
    generator = np.random.default_rng(0)
    for name in ("storage_tank/a", "water/b"):
        picture(folder / f"{name}.png", generator.integers(0, 255, (64, 64, 3), np.uint8))
    (folder / "airport").mkdir()
    with rasterio.open(
        folder / "airport" / "c.tif", "w", driver="GTiff", width=64, height=64, count=4, dtype="uint8", photometric="minisblack",
        crs="EPSG:32632", transform=Affine(0.5, 0, 576000, 0, -0.5, 5150000),
    ) as file:  # fmt: skip
        file.write(np.stack([np.full((64, 64), value, np.uint8) for value in (50, 60, 70, 150)]))
        file.update_tags(acquisition_date="2021-06-05")
        for band, role in enumerate(("red", "green", "blue", "nir"), 1):
            file.set_band_description(band, role)
    return folder


def made(
    path: Path, seed: int = 0, captions: int = 4, geo: bool = True, images: Path | None = None
) -> tuple[list[Record], Job]:
    job = Job("caption", seed, [path], {})
    return list(caption_records(labelled(path, images, job), captions, geo, job)), job


def test_folder_of_classes_becomes_different_captions_that_name_the_class(classes: Path):
    records, _ = made(classes)
    assert [record.id for record in records] == ["airport/c", "storage_tank/a", "water/b"]
    for record, words in zip(records, ("an airport", "a storage tank", "water"), strict=True):
        assert len(record.captions) == len(set(record.captions)) == 4
        assert all(words in caption.lower() and caption.endswith(".") for caption in record.captions), record.captions
    assert records[1].meta["scene"] == "storage_tank" and records[1].meta["labels"] == ["storage tank"]


def test_what_the_raster_states_is_told_and_nothing_else(classes: Path):
    records, _ = made(classes)
    said = " ".join(records[0].captions)
    assert sum(words in said for words in ("0.5 m", "in June 2021", "46.50° north, 9.99° east")) >= 2
    assert not any(char.isdigit() for record in records[1:] for caption in record.captions for char in caption)
    assert not any(char.isdigit() for caption in made(classes, geo=False)[0][0].captions for char in caption)
    meta = records[0].meta
    assert (
        meta["gsd_m"] == pytest.approx(0.5, rel=0.01)
        and meta["date"] == "2021-06-05"
        and meta["resolution"] == "very high"
    )


def test_facts_are_those_of_the_pixels(classes: Path):
    facts = facts_of({"href": str(classes / "airport" / "c.tif"), "window": [0, 0, 32, 64]})
    assert facts["values"]["red"] == [50.0, 0.0] and facts["values"]["blue"] == [70.0, 0.0]
    assert facts["ndvi"] == pytest.approx((150 - 50) / 200) and facts["ground_m"] == [16, 32] and facts["valid"] == 1.0
    assert facts["bands"] == ["red", "green", "blue", "nir"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_picture_whose_name_is_no_utf8_is_left_out(tmp_path: Path, picture: Picture):
    whole = picture(tmp_path / "lake" / "a.png", np.full((64, 64, 3), 9, np.uint8))
    odd = Path(os.fsdecode(os.fsencode(tmp_path / "lake") + b"/K\xfcste.png"))
    whole.with_name(odd.name).write_bytes(whole.read_bytes())
    (record,), job = made(tmp_path)
    assert record.images == [{"href": str(whole)}] and sum(job.left_out.values()) == 1
    with pytest.raises(RsvlmError, match="cannot be read"):
        read_picture({"href": str(odd)})
    assert size_of(str(odd)) is None


def test_tables_records_and_coco_give_labels_too(tmp_path: Path, picture: Picture):
    picture(tmp_path / "a.png", np.full((64, 64, 3), 9, np.uint8))
    table = tmp_path / "t.csv"
    table.write_text("Filename,Class,split\na.png,ship;ship;harbor,val\na.png,,train\n")
    (record,), job = made(table, geo=False)
    assert record.split == "val" and all("two ships and a harbor" in text.lower() for text in record.captions)
    assert job.left_out["a row names no file or no label"] == 1
    notes = [{"id": n, "image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]} for n in (1, 2, 3)]
    coco = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "tree"}],
        "annotations": notes,
    }
    (tmp_path / "i.json").write_text(json.dumps(coco))
    assert "three trees" in made(tmp_path / "i.json", geo=False)[0][0].captions[0].lower()
    lines = tmp_path / "r.jsonl"
    row = Record("r", "vqa", "test", [{"href": str(tmp_path / "a.png")}], [], meta={"scene": "golf_course"})
    lines.write_text(json.dumps(row.to_json()))
    (record,), _ = made(lines, geo=False)
    assert "a golf course" in record.captions[0].lower() and record.split == "test"


def test_regions_of_nothing_are_not_told_and_whole_classes_have_no_article(tmp_path: Path, picture: Picture):
    """As “rsvlm data convert masks” writes windows; without `classes`, as other records have masks."""
    href = str(picture(tmp_path / "a.png", np.full((64, 64, 3), 9, np.uint8)))
    left, nothing = np.zeros((64, 64), bool), np.zeros((64, 64), bool)
    left[:, :30] = True
    masks = {"roofs": left, "open water": nothing, "plants": ~left}
    regions = [{"label": name, "rle": encode(mask)} for name, mask in masks.items()]
    damaged = {"label": "road", "rle": {"size": [64, 64], "counts": [5]}}
    rows = [
        Record("a", "segment", "train", [{"href": href}], [], regions, {"classes": ["building", "vegetation"]}),
        Record("b", "segment", "train", [{"href": href}], [], [*regions[1:], damaged]),
    ]
    path = tmp_path / "r.jsonl"
    path.write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    (cover, other), job = made(path, geo=False)
    assert cover.meta["labels"] == ["buildings", "vegetation"] and other.meta["labels"] == ["plants"]
    assert all("buildings and vegetation" in text.lower() and "a build" not in text for text in cover.captions)
    assert sum(job.left_out.values()) == 1


def test_same_seed_same_captions_other_seed_others(classes: Path):
    first = [record.captions for record in made(classes, 0, 2)[0]]
    assert (
        first
        == [record.captions for record in made(classes, 0, 2)[0]]
        != [record.captions for record in made(classes, 5, 2)[0]]
    )


def test_a_model_says_what_a_picture_shows_and_is_asked_once(data_dir: Path, tmp_path: Path):
    found = read_caption_archive(data_dir / "ucm_trainval_256.zip", "val")[:60:20]
    rows = [Record(record.id, "classify", "val", record.images, [], meta={}) for record in found]
    rows.append(Record("gone", "classify", "val", [{"href": str(tmp_path / "gone.png")}], []))
    path = tmp_path / "given.jsonl"
    path.write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    job, models = Job("caption", 0, [path], {}), Models("cpu")
    with Answers(tmp_path / "out.jsonl", job) as answers:
        records = list(model_records(labelled(path, None, job), "compact", models, answers, job, Watch()))
        again = list(model_records(labelled(path, None, job), "compact", models, answers, job, Watch()))
    assert records == again and len(records) == 3 and sum(job.left_out.values()) == 2
    for record in records:
        assert record.meta["by"].startswith("compact@") and 0 < record.meta["confidence"] <= 1
        assert len(record.captions) == 1 and len(record.captions[0].split()) > 4
    print([record.captions[0] for record in records])


def test_what_cannot_be_captioned_is_told_in_words(classes: Path, tmp_path: Path, picture: Picture):
    picture(classes / "no_class.png", np.zeros((8, 8, 3), np.uint8))
    (classes / "water" / "broken.png").write_bytes(b"nothing")
    _, job = made(classes)
    assert job.left_out["the picture has no label"] == 1 and sum(job.left_out.values()) == 2
    (tmp_path / "empty").mkdir()
    with pytest.raises(RsvlmError, match="There is no picture"):
        made(tmp_path / "empty")
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n")
    with pytest.raises(RsvlmError, match="no columns"):
        made(table)
    result = CliRunner().invoke(data_app, ["caption", str(classes), "-o", str(tmp_path / "o.jsonl"), "--json"])
    assert result.exit_code == 0 and json.loads(result.stdout)["records"] == 3
