"""Phrases for one thing: each means exactly one, the one that its record outlines; absent ones mean none."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.building import Job, given
from rsvlm.trainer.builders.colours import NAMES, colour_shares
from rsvlm.trainer.builders.refer import refer_records
from rsvlm.trainer.records import Records
from rsvlm.trainer.regions import encode, mask_of

Picture = Callable[[Path, np.ndarray], Path]
COLOURS = {"red": (200, 40, 40), "white": (235, 235, 230), "blue": (50, 80, 190), "green": (60, 130, 60)}
CLASSES = ("house", "storage_tank", "pond")


def scattered(folder: Path, picture: Picture, pictures: int = 12) -> Path:
    """Pictures of 90 px with up to six rectangles of random class, colour and size, which do not touch."""
    generator = np.random.default_rng(8)
    lines = []
    for number in range(pictures):
        pixels, regions = np.full((90, 90, 3), (120, 100, 70), np.uint8), []
        spots = generator.permutation(9)[: generator.integers(1, 7)]
        for spot in spots:
            x, y = 30 * (spot % 3) + generator.integers(0, 12), 30 * (spot // 3) + generator.integers(0, 12)
            width, height = generator.integers(4, 18, 2)
            pixels[y : y + height, x : x + width] = COLOURS[str(generator.choice(list(COLOURS)))]
            ring = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
            ring = [[int(value) for value in corner] for corner in ring]
            regions.append({"label": str(generator.choice(CLASSES)), "polygon": [ring]})
        href = str(picture(folder / f"{number}.png", pixels))
        lines.append(Record(f"scene/{number}", "segment", "val", [{"href": href}], [], regions).to_json())
    path = folder / "given.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def made(path: Path, seed: int = 0, each: int = 9, absent: int = 6) -> tuple[list[Record], Job]:
    job = Job("refer", seed, [path], {})
    return list(refer_records(given(path, None, job), False, 1, each, absent, job)), job


def matching(phrase: str, original: Record, pixels: np.ndarray) -> list[int]:
    """Which regions a phrase is true of, as one would read it, without any room for what is nearly so."""
    words = phrase.removeprefix("the ")
    masks = [mask_of(region, 90, 90) for region in original.regions]
    labels = [region["label"].replace("_", " ") for region in original.regions]
    label = next(name.replace("_", " ") for name in CLASSES if name.replace("_", " ") in words)
    found = [number for number, name in enumerate(labels) if name == label]
    places = {number: np.argwhere(masks[number]).mean(axis=0) + 0.5 for number in found}
    areas = {number: masks[number].sum() for number in found}
    start, _, place = words.partition(label)
    for word in start.split():
        if word in NAMES:
            found = [n for n in found if (pixels[masks[n]] == COLOURS.get(word, -1)).all(axis=1).mean() > 0.5]
        elif word in ("largest", "smallest"):
            best = max(areas.values()) if word == "largest" else min(areas.values())
            found = [n for n in found if areas[n] == best]
        else:
            axis, pick = {"leftmost": (1, min), "rightmost": (1, max), "topmost": (0, min), "bottommost": (0, max)}[
                word
            ]
            best = pick(place[axis] for place in places.values())
            found = [n for n in found if places[n][axis] == best]
    if place:
        names = place.removeprefix(" at the ").removeprefix(" in the ").split()
        row = next((i for i, name in enumerate(("top", "", "bottom")) if name and name in names), 1)
        column = next((i for i, name in enumerate(("left", "", "right")) if name and name in names), 1)
        found = [n for n in found if (places[n] // 30 == (row, column)).all()]
    return found


def test_every_phrase_means_exactly_the_outlined_thing_and_absent_ones_none(tmp_path: Path, picture: Picture):
    path = scattered(tmp_path, picture)
    originals = {record.id: record for record in Records(path)}
    records, _ = made(path)
    kinds: Counter[str] = Counter()
    for record in records:
        original = originals[record.meta["of"]]

        with rasterio.open(original.images[0]["href"]) as file:
            pixels = file.read().transpose(1, 2, 0)
        phrase = record.messages[0]["content"]
        found = matching(phrase, original, pixels)
        kinds.update(list(record.meta["phrase"]) or ["class"])
        if record.meta.get("target_absent"):
            assert not found and not record.regions and len(record.captions) == 1, (record.id, phrase)
            kinds["absent"] += 1
            continue
        assert found == [record.meta["instance_id"]], (record.id, phrase)
        assert record.regions[0]["label"] == phrase
        assert record.regions[0]["polygon"] == original.regions[found[0]]["polygon"] and record.split == "val"
    assert {"class", "size", "side", "colour", "cell", "absent"} <= set(kinds)
    assert min(kinds[name] for name in ("size", "side", "colour", "cell", "absent")) > 10, kinds


def test_what_is_nearly_alike_is_not_told_apart(tmp_path: Path, picture: Picture):
    """Two houses of 100 and 110 pixels side by side, of one colour: no phrase may choose between them by size or colour."""
    pixels = np.full((90, 90, 3), 90, np.uint8)
    regions = []
    for x, width in ((8, 10), (70, 11)):
        pixels[10:20, x : x + width] = COLOURS["red"]
        regions.append({"label": "house", "polygon": [[[x, 10], [x + width, 10], [x + width, 20], [x, 20]]]})
    href = str(picture(tmp_path / "a.png", pixels))
    path = tmp_path / "given.jsonl"
    path.write_text(json.dumps(Record("a", "segment", "train", [{"href": href}], [], regions).to_json()))
    said = {record.messages[0]["content"] for record in made(path, absent=0)[0]}
    left, right = (
        {"the leftmost house", "the house at the top left"},
        {"the rightmost house", "the house at the top right"},
    )
    coloured = {"the red house at the top left", "the red house at the top right"}
    assert said == left | right | coloured


def test_picture_of_two_splits_is_held_out_with_all_that_it_shows(tmp_path: Path, picture: Picture):
    href = str(picture(tmp_path / "a.png", np.full((90, 90, 3), 90, np.uint8)))
    rows = []
    for split, x in (("train", 5), ("val", 70)):
        ring = [[x, 10], [x + 10, 10], [x + 10, 20], [x, 20]]
        rows.append(
            Record(split, "segment", split, [{"href": href}], [], [{"label": "house", "polygon": [ring]}]).to_json()
        )
    path = tmp_path / "given.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    records, _ = made(path, absent=1)
    assert {record.split for record in records} == {"val"}
    said = {record.messages[0]["content"] for record in records}
    assert "the leftmost house" in said and "the house" not in said


def test_records_of_a_picture_belong_together_wherever_they_stand(tmp_path: Path, picture: Picture):
    """A house, a pond of another picture, and a second house of the first one, which is held out."""
    hrefs = {name: str(picture(tmp_path / f"{name}.png", np.full((90, 90, 3), 90, np.uint8))) for name in "ab"}
    rows = []
    for name, split, label, x in (("a", "train", "house", 5), ("b", "train", "pond", 5), ("a", "test", "house", 70)):
        ring = [[x, 10], [x + 10, 10], [x + 10, 20], [x, 20]]
        regions = [{"label": label, "polygon": [ring]}]
        rows.append(Record(f"{name}/{x}", "segment", split, [{"href": hrefs[name]}], [], regions).to_json())
    path = tmp_path / "given.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    records, _ = made(path, absent=0)
    first = [record for record in records if record.images[0]["href"] == hrefs["a"]]
    said = {record.messages[0]["content"] for record in first}
    assert {record.split for record in first} == {"test"} and "the leftmost house" in said and "the house" not in said


def test_masks_of_whole_classes_are_things_only_where_they_are_taken_apart(tmp_path: Path, picture: Picture):
    """As “rsvlm data convert masks” writes windows: under another name of the class, and a road of nothing."""
    href = str(picture(tmp_path / "a.png", np.full((90, 90, 3), 90, np.uint8)))
    houses = np.zeros((90, 90), bool)
    houses[5:15, 5:15] = houses[60:85, 60:85] = True
    masks = {"roofs": houses, "roads": np.zeros((90, 90), bool)}
    regions = [{"label": name, "rle": encode(mask)} for name, mask in masks.items()]
    path = tmp_path / "given.jsonl"
    row = Record("a", "segment", "train", [{"href": href}], [], regions, {"classes": ["building"]})
    path.write_text(json.dumps(row.to_json()))
    records, job = made(path, absent=0)
    assert not records and job.left_out == {
        "the mask of a whole class is not one thing: add --apart": 1,
        "the outline of a region is empty": 1,
    }
    apart = list(refer_records(Records(path), True, 1, 9, 0, job))
    assert "the largest building" in {record.messages[0]["content"] for record in apart}
    assert {record.meta["category"] for record in apart} == {"building"}


def test_parts_of_a_mask_are_things_of_their_own_if_asked(tmp_path: Path, picture: Picture):
    ring = [[[5, 5], [15, 5], [15, 15], [5, 15]], [[60, 60], [85, 60], [85, 85], [60, 85]]]
    href = str(picture(tmp_path / "a.png", np.full((90, 90, 3), 90, np.uint8)))
    path = tmp_path / "given.jsonl"
    record = Record("a", "segment", "train", [{"href": href}], [], [{"label": "pond", "polygon": ring}])
    path.write_text(json.dumps(record.to_json()))
    assert {"the pond"} <= {record.messages[0]["content"] for record in made(path, absent=0)[0]}
    job = Job("refer", 0, [path], {})
    apart = {r.messages[0]["content"]: r.regions[0]["bbox"] for r in refer_records(Records(path), True, 1, 9, 0, job)}
    assert apart["the largest pond"] == [60, 60, 85, 85] and apart["the leftmost pond"] == [5, 5, 15, 15]
    assert "the pond" not in apart


def test_same_seed_same_phrases_other_seed_others(tmp_path: Path, picture: Picture):
    path = scattered(tmp_path, picture)
    first = [record.to_json() for record in made(path, 0, 1, 1)[0]]
    assert first == [record.to_json() for record in made(path, 0, 1, 1)[0]]
    assert first != [record.to_json() for record in made(path, 1, 1, 1)[0]]


@pytest.mark.parametrize("name", COLOURS)
def test_colours_are_called_as_people_call_them(name: str):
    shaded = np.array(COLOURS[name])[None] * np.linspace(0.9, 1.05, 20)[:, None]
    shares = colour_shares(shaded.clip(0, 255).astype(np.uint8))
    assert shares[name] == 1.0 and sum(shares.values()) == 1.0


def test_what_has_no_outline_and_what_cannot_be_read_is_told(tmp_path: Path, picture: Picture):
    href = str(picture(tmp_path / "a.png", np.full((90, 90, 3), 90, np.uint8)))
    rows = [
        Record("a", "ground", "train", [{"href": href}], [], [{"label": "pond", "bbox": [1, 1, 9, 9]}]),
        Record("b", "segment", "train", [{"href": "gone.png"}], [], [{"label": "pond", "bbox": [1, 1, 9, 9]}]),
    ]
    path = tmp_path / "given.jsonl"
    path.write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    records, job = made(path, absent=0)
    assert not records and job.left_out["a region has a box, but no outline"] == 1 and len(job.left_out) == 2
    with pytest.raises(RsvlmError, match="no raster is given"):
        given(tmp_path / "houses.gpkg", None, job)


def test_outlines_over_a_raster_by_the_command_line(data_dir: Path, tmp_path: Path):
    folder, out = data_dir / "rasters" / "spacenet4_atlanta", tmp_path / "made.jsonl"
    words = ["refer", str(folder / "buildings.geojson"), "--images", str(folder / "pan_0p5m.tif"), "-o", str(out)]
    result = CliRunner().invoke(data_app, [*words, "--json"])
    assert result.exit_code == 0, result.output
    records = list(Records(out))
    assert len({(str(record.images), record.messages[0]["content"]) for record in records}) == len(records) > 10
    print(
        f"{len(records)} phrases, {sum(bool(record.meta.get('target_absent')) for record in records)} of them for nothing"
    )


def test_classes_that_are_there_as_boxes_are_neither_absent_nor_told_apart(tmp_path: Path, picture: Picture):
    """The first picture has a ship, and another building, as boxes alone; the second one has what both have, and a dam."""
    hrefs = [str(picture(tmp_path / f"{name}.png", np.full((90, 90, 3), 90, np.uint8))) for name in "ab"]
    ring = [[[5, 5], [15, 5], [15, 15], [5, 15]]]
    boxes = [{"label": name, "bbox": [60, 60, 80, 80]} for name in ("ship", "building")]
    drawn = [{"label": name, "polygon": ring} for name in ("building", "pond")]
    rows = [
        Record("a", "segment", "train", [{"href": hrefs[0]}], [], drawn),
        Record("a/boxes", "ground", "train", [{"href": hrefs[0]}], [], boxes),
        Record("b", "segment", "train", [{"href": hrefs[1]}], [], [{"label": "dam", "polygon": ring}]),
    ]
    path = tmp_path / "given.jsonl"
    path.write_text("\n".join(json.dumps(row.to_json()) for row in rows))
    records, job = made(path, absent=40)
    there = {r.meta["category"] for r in records if r.meta["of"] == "a" and not r.meta.get("target_absent")}
    absent = {r.meta["category"] for r in records if r.meta["of"] == "a" and r.meta.get("target_absent")}
    assert there == {"pond"} and absent == {"pond", "dam"}  # the pond with colours and places that it does not have
    assert job.left_out["other things of its class have no outline"] == 1
