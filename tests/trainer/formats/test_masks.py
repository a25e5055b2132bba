"""Coloured masks as records: whole pictures and windows, classes that are there and absent, questions that are true."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.wording import cover_names
from rsvlm.trainer.examples import example
from rsvlm.trainer.formats.masks import SIDES, windows
from rsvlm.trainer.formats.reading import Source
from rsvlm.trainer.regions import decode

PALETTE = {"building": "#3C1098", "water": "#E2A929", "mud": "#102030", "unlabeled": "#9B9B9B"}
COLOURS = {name: tuple(bytes.fromhex(colour[1:])) for name, colour in PALETTE.items()}
ALIKE = "a window is all of one class, as many are"
Read = Callable[..., tuple[list[Record], Source]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """12 pictures of 260 x 230: as bright as the number of their class, water left, a house in it, a strip of nobody below."""
    root = tmp_path / "land"
    (root / "classes.json").parent.mkdir()
    (root / "classes.json").write_text(json.dumps(PALETTE))
    for part in ("images", "masks"):
        (root / part).mkdir()
    for number in range(12):
        mask = np.zeros((230, 260, 3), np.uint8)
        mask[:] = COLOURS["mud"]
        mask[:, : 100 + number] = COLOURS["water"]
        mask[80:120, 40:90] = COLOURS["building"]
        mask[220:] = COLOURS["unlabeled"]
        pixels = np.full((230, 260, 3), 40, np.uint8)
        pixels[:, : 100 + number] = 120
        pixels[80:120, 40:90] = 200
        Image.fromarray(mask).save(root / "masks" / f"part_{number}.png")
        Image.fromarray(pixels).save(root / "images" / f"part_{number}.jpg", quality=95)
    return root


def by_task(records: list[Record], task: str) -> list[Record]:
    return [record for record in records if record.task == task]


def test_first_sixth_by_hash_is_held_and_seen_whole(folder: Path, read: Read):
    records, source = read("masks", folder)
    names = [f"part_{number}" for number in range(12)]
    first = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[:2]
    held = [record for record in records if record.split == "held"]
    assert sorted(record.id for record in by_task(held, "segment")) == sorted(f"land/{name}" for name in first)
    assert all("window" not in record.images[0] for record in held)
    train = by_task(read("masks", folder, None, "train")[0], "segment")
    assert {Path(record.images[0]["href"]).stem for record in train} == set(names) - set(first)
    assert all("window" in record.images[0] for record in train if record.id.count("/") == 2)
    assert len(train) > 10 and set(source.left_out) == {ALIKE}


def test_regions_are_the_colours_in_the_window_and_lie_on_the_pixels(folder: Path, read: Read):
    records, _ = read("masks", folder, None, "train")
    names = {name: label for label in PALETTE for name in cover_names(label)}
    absent = 0
    for record in by_task(records, "segment"):
        number = int(Path(record.images[0]["href"]).stem.partition("_")[2])
        x0, y0, x1, y1 = record.images[0].get("window", (0, 0, 260, 230))
        rows, columns = np.mgrid[y0:y1, x0:x1]
        house = (rows >= 80) & (rows < 120) & (columns >= 40) & (columns < 90)
        known = rows < 220
        water = (columns < 100 + number) & ~house & known
        truth = {"building": house, "water": water, "mud": ~water & ~house & known}
        found = {names[region["label"]]: decode(region["rle"]) for region in record.regions}
        assert found.keys() == truth.keys() and all((found[label] == truth[label]).all() for label in truth)
        assert record.meta["classes"] == [label for label in truth if truth[label].any()]
        absent += sum(not mask.any() for mask in found.values())
        seen = example(record)
        grey = seen.pictures[0].mean(axis=2)
        for phrase, mask in zip(seen.phrases, seen.masks, strict=True):
            level = {"building": 200, "water": 120, "mud": 40}[names[phrase]]
            assert not mask.any() or abs(np.median(grey[mask]) - level) < 5
    assert absent > 0, "a class that is not in a window has a region of nothing"


def test_zip_says_the_same_as_its_folder_and_absent_classes_are_asked_for(folder: Path, tmp_path: Path, read: Read):
    only_water = np.full((300, 400, 3), COLOURS["water"], np.uint8)
    for part, ending in (("images", "png"), ("masks", "png")):
        Image.fromarray(only_water).save(folder / part / f"sea.{ending}")
    with zipfile.ZipFile(tmp_path / "land.zip", "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder).as_posix())
    first, second = read("masks", folder)[0], read("masks", tmp_path / "land.zip")[0]
    assert [record.messages for record in first] == [record.messages for record in second]
    assert [record.regions for record in first] == [record.regions for record in second]
    assert second[0].images[0]["href"].startswith(f"/vsizip/{tmp_path}/land.zip/images/")
    sea = [record for record in by_task(second, "segment") if "sea" in record.id]
    for record in sea:
        seen = example(record, side=64)
        there = {mask.any() for phrase, mask in zip(seen.phrases, seen.masks, strict=True) if "water" in phrase}
        assert there == {True} and seen.masks.any(axis=(1, 2)).sum() == 1 and len(seen.masks) == 3
    assert 1 < len(sea) < sum(1 for _ in windows(400, 300, "land/sea")) / 2, "of windows of one class, few are kept"
    asked = [record for record in by_task(second, "vqa") if "sea" in record.id and record.meta["type"] == "presence"]
    for record in asked:
        assert (record.captions == ["yes"]) == ("water" in record.messages[0]["content"])


def test_answers_hold_for_the_masks(folder: Path, read: Read):
    records, _ = read("masks", folder)
    truth = {
        (record.images[0]["href"], str(record.images[0].get("window"))): record
        for record in by_task(records, "segment")
    }
    seen: Counter[str] = Counter()
    for record in by_task(records, "vqa"):
        whole = truth[record.images[0]["href"], str(record.images[0].get("window"))]
        labels = list(PALETTE)[:3]
        shares = {label: decode(region["rle"]).mean() for label, region in zip(labels, whole.regions, strict=True)}
        question, answer = record.messages[0]["content"], record.captions[0]
        label = next((label for label in labels for name in cover_names(label) if f" {name}" in question), "")
        kind = record.meta["type"]
        seen[kind] += 1
        if kind == "most":
            assert shares[answer] == max(shares.values())
        elif kind == "share":
            told = int((re.search(r"\d+", answer) or ["95"])[0])  # “nearly all of it”
            assert abs(100 * shares[label] - told) <= (10 if answer.startswith("less") else 5.01)
        else:
            assert (answer == "yes") == (shares[label] > 0)
    assert set(seen) == {"presence", "share", "most"}


def test_windows_are_of_several_scales_inside_and_the_same_by_name():
    found = list(windows(1000, 700, "a"))
    sides = Counter(x1 - x0 for x0, _, x1, _ in found)
    assert set(sides) == {side for side in SIDES if side < 700} and max(sides.values()) == 24
    assert all(x0 >= 0 and x1 <= 1000 and y0 >= 0 and y1 <= 700 and x1 - x0 == y1 - y0 for x0, y0, x1, y1 in found)
    assert found == list(windows(1000, 700, "a")) != list(windows(1000, 700, "b"))
    assert list(windows(120, 900, "a")) == []


def test_mask_of_another_size_than_its_picture_is_left_out(folder: Path, read: Read):
    small = Image.open(folder / "masks" / "part_3.png").resize((130, 115), Image.Resampling.NEAREST)
    small.save(folder / "masks" / "part_3.png")
    (folder / "images" / "part_4.jpg").write_bytes(b"no picture")
    records, source = read("masks", folder)
    shown = {Path(record.images[0]["href"]).stem for record in records}
    assert shown == {f"part_{number}" for number in range(12)} - {"part_3", "part_4"}
    assert source.left_out["the mask differs in size from its picture"] == 1
    assert source.left_out["the picture cannot be read"] == 1


def test_what_is_no_such_set_is_told(folder: Path, read: Read, picture: Callable[..., Path]):
    (folder / "images" / "more.png").write_bytes((folder / "images" / "part_0.jpg").read_bytes())
    picture("land/masks/part_1.png", 7)
    (folder / "masks" / "part_2.png").write_bytes(b"no picture")
    _, source = read("masks", folder)
    told = dict(source.left_out)
    assert told.pop(ALIKE) > 0
    assert told.pop("the picture has no mask") == 1 and told.pop("the mask cannot be read") == 1
    assert told == {"the mask has none of the colours of classes.json": 1}
    (folder / "classes.json").write_text("[]")
    with pytest.raises(RsvlmError, match="that tells colours"):
        read("masks", folder)
    with pytest.raises(RsvlmError, match="that tells colours"):
        read("masks", picture("other/images/x.png").parent.parent)


def test_dubai_is_split_as_it_is_measured(data_dir: Path, read: Read):
    records, source = read("masks", data_dir / "dubai_segmentation.zip", None, "held")
    whole = by_task(records, "segment")
    assert len(whole) == 9 and {len(record.regions) for record in whole} == {5} and not source.left_out
    assert {record.id.rpartition("/")[2] for record in whole} >= {"tile4_image_part_009", "tile2_image_part_007"}
    seen = example(whole[0], side=256)
    assert seen.masks.shape == (5, 256, 256) and 0.9 < seen.masks.sum(axis=0).mean() <= 1
