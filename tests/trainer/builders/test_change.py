"""Instructions on two dates: every number, place and verdict in them is what the masks say."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.builders.building import Built, Job, build
from rsvlm.trainer.builders.change import TYPES, change_records
from rsvlm.trainer.builders.components import cells, components, without_small
from rsvlm.trainer.builders.pairs import Reading
from rsvlm.trainer.metrics.change_answers import NONE, read_cells, read_counts
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.records import Records
from rsvlm.trainer.regions import decode

Picture = Callable[[Path, np.ndarray], Path]
NEW = Reading({128: "road", 255: "building"}, "new", 256, 1)


def flooded(mask: np.ndarray) -> int:
    """Parts by flooding, pixel by pixel: slow, and plain to see right."""
    left = set(zip(*map(np.ndarray.tolist, np.nonzero(mask)), strict=True))
    count = 0
    while left:
        count += 1
        edge = [left.pop()]
        while edge:
            row, column = edge.pop()
            for near in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
                if near in left:
                    left.remove(near)
                    edge.append(near)
    return count


def built(folder: Path, reading: Reading, seed: int = 0, masks: int = 1, **more: float) -> tuple[list[Record], Built]:
    named = [folder / name for name in ("label", "map")][2 - masks :] if masks == 2 else [folder / "label"]
    job = Job("change", seed, [folder], {})
    made = change_records(
        folder / "A", folder / "B", named, reading, more.get("unchanged", 1.0), int(more.get("questions", 9)), job
    )
    out = folder / f"{seed}.jsonl"
    done = build(job, made, out, True, Watch())
    return list(Records(out)), done


@pytest.fixture
def folder(tmp_path: Path, picture: Picture) -> Path:
    """20 pairs of 60 px with random masks of roads and buildings; every fourth without a change."""
    generator = np.random.default_rng(5)
    for number in range(20):
        coarse = generator.choice([0, 0, 0, 128, 255], (12, 12)) * (number % 4 > 0)
        mask = np.kron(coarse, np.ones((5, 5))).astype(np.uint8)
        picture(tmp_path / "label" / f"{number:02}.png", mask)
        for date in "AB":
            picture(tmp_path / date / f"{number:02}.png", generator.integers(0, 255, (60, 60, 3), np.uint8))
    return tmp_path


@pytest.mark.parametrize("seed", range(6))
def test_parts_are_those_that_share_edges(seed: int):
    mask = np.random.default_rng(seed).random((40, 37)) < 0.35 + 0.05 * seed
    numbers, count = components(mask)
    assert count == flooded(mask) and set(np.unique(numbers)) == set(range(count + 1)) and ((numbers > 0) == mask).all()
    kept, small = without_small(mask, 4)
    sizes = np.bincount(numbers.ravel())[1:]
    assert small == (sizes < 4).sum() and flooded(kept) == (sizes >= 4).sum() and not (kept & ~mask).any()


def test_every_count_and_cell_is_that_of_the_mask_and_is_read_by_the_published_rules(folder: Path):
    records, done = built(folder, NEW)
    seen: Counter[str] = Counter()
    for record in records:
        truth = {"road": np.zeros((60, 60), bool), "building": np.zeros((60, 60), bool)}
        truth |= {region["label"].removeprefix("new "): decode(region["rle"]) for region in record.regions}
        with rasterio.open(record.images[1]["href"].replace("/B/", "/label/")) as label:
            values = label.read(1)
        assert (truth["road"] == (values == 128)).all() and (truth["building"] == (values == 255)).all()
        seen[record.meta["type"]] += 1
        assert record.meta["changed"] == bool(values.any())
        answers = record.captions
        if record.meta["type"] == "count":
            told = read_counts(answers[0])
            assert told.rule != NONE and told.found == {name: flooded(mask) for name, mask in truth.items()}
        if record.meta["type"] == "locate":
            told_cells = read_cells(answers[0])
            assert told_cells.rule == "released"
            assert told_cells.found == {name: frozenset(cells(mask)) for name, mask in truth.items()}
        if record.meta["type"] == "binary":
            assert answers == ["yes" if values.any() else "no"]
        if record.meta["type"] == "dialogue":
            assert len(answers) == 4 and answers[0] == ("yes" if values.any() else "no")
            assert read_counts(answers[1]).found == {name: flooded(mask) for name, mask in truth.items()}
    assert set(seen) == set(TYPES) and seen["binary"] == seen["dialogue"] == 20 and done.kinds == dict(seen)


def test_cells_hold_pixels_and_the_others_hold_none():
    for seed in range(20):
        mask = np.random.default_rng(seed).random((31, 50)) < 0.004
        rows, columns = np.nonzero(mask)
        names = {
            f"{('top', 'center', 'bottom')[int(3 * (y + 0.5) / 31)]}-{('left', 'center', 'right')[int(3 * (x + 0.5) / 50)]}"
            for y, x in zip(rows, columns, strict=True)
        }
        assert set(cells(mask)) == names


def test_open_answers_are_true_where_they_name_a_place(folder: Path):
    records, _ = built(folder, NEW)
    asked = [record for record in records if record.meta["type"] == "open"]
    places = {"at the top left": "top-left", "in the middle": "center-center", "at the bottom right": "bottom-right"}
    checked: Counter[str] = Counter()
    for record in asked:
        question, answer = (message["content"] for message in record.messages)
        found = re.match(r"Did anything change (.*)\?", question)
        if found and found[1] in places:
            there = places[found[1]] in record.meta["cells"]
            assert answer.startswith("Yes" if there else "No")
            checked[answer[:2]] += 1
        found = re.match(r"About ([\d.]+) percent", answer)
        if found:
            share = np.any([decode(region["rle"]) for region in record.regions], axis=0).mean()
            assert float(found[1]) == pytest.approx(100 * share, rel=0.06)
            checked["share"] += 1
    assert len(checked) == 3


def test_maps_of_classes_tell_what_is_new_and_what_is_lost(tmp_path: Path, picture: Picture):
    before, after = np.zeros((30, 30), np.uint8), np.zeros((30, 30), np.uint8)
    before[2:8, 2:8] = 1  # a pond that became a house
    after[2:8, 2:8] = 2
    after[20:25, 20:25] = 2
    for name, values in (("label", before), ("map", after)):
        picture(tmp_path / name / "x.png", values)
    for date in "AB":
        picture(tmp_path / date / "x.png", np.zeros((30, 30, 3), np.uint8))
    records, _ = built(tmp_path, Reading({1: "pond", 2: "house"}, "", 256, 1), masks=2)
    counts = {"new pond": 0, "new house": 2, "lost pond": 1, "lost house": 0}
    assert all(record.meta["counts"] == counts for record in records)
    count = next(record for record in records if record.meta["type"] == "count")
    assert count.captions == ["0 new ponds, 2 new houses, 1 lost pond and 0 lost houses"]


def sentences(
    folder: Path, picture: Picture, before: np.ndarray, after: np.ndarray, classes: dict[int, str]
) -> set[str]:
    """What captions of several seeds say of two maps of classes."""
    for name, values in (("label", before), ("map", after)):
        picture(folder / name / "x.png", values.astype(np.uint8))
    for date in "AB":
        picture(folder / date / "x.png", np.zeros((*before.shape, 3), np.uint8))
    made = [record for seed in range(4) for record in built(folder, Reading(classes, "", 256, 1), seed, masks=2)[0]]
    return {text for record in made if record.meta["type"] == "caption" for text in record.captions}


def test_what_is_lost_is_not_shown_by_the_later_image(tmp_path: Path, picture: Picture):
    """Maps of both dates: a house goes, and in a second pair another one comes besides."""
    before, after = np.zeros((30, 30)), np.zeros((30, 30))
    before[2:8, 2:8] = 1
    gone = sentences(tmp_path / "gone", picture, before, after, {1: "house"})
    assert gone == {
        "Between the two dates there is one lost house at the top left.",
        "Compared with the earlier image, there is one lost house at the top left.",
        "There is one lost house at the top left.",
    }
    after[22:28, 22:28] = 1
    both = sentences(tmp_path / "both", picture, before, after, {1: "house"})
    assert both and all("one new house and one lost house" in text for text in both)
    assert not any("later image" in text for text in both)
    came = sentences(tmp_path / "came", picture, np.zeros((30, 30)), after, {1: "house"})
    assert "The later image shows one new house at the bottom right." in came


def test_verb_is_that_of_all_that_is_named(tmp_path: Path, picture: Picture):
    after = np.zeros((30, 30))
    after[2:8, 2:8] = 1
    one = sentences(tmp_path / "one", picture, np.zeros((30, 30)), after, {1: "road", 2: "house"})
    assert "One new road is seen at the top left." in one
    after[2:5, 12:15] = after[2:5, 16:19] = 2
    several = sentences(tmp_path / "several", picture, np.zeros((30, 30)), after, {1: "road", 2: "house"})
    what = "ne new road and two new houses"
    assert f"O{what} are seen at the top left and at the top." in several
    assert f"Between the two dates there is o{what} at the top left and at the top." in several


@pytest.mark.parametrize("rows, percent", [(30, "100"), (3, "10"), (1, "3.3")])
def test_share_is_told_without_an_exponent(tmp_path: Path, picture: Picture, rows: int, percent: str):
    mask = np.zeros((30, 30), np.uint8)
    mask[:rows] = 1
    picture(tmp_path / "label" / "x.png", mask)
    for date in "AB":
        picture(tmp_path / date / "x.png", np.zeros((30, 30, 3), np.uint8))
    records, _ = built(tmp_path, Reading({}, "new", 256, 1))
    answers = [text for record in records for text in record.captions if text.startswith("About")]
    assert answers == [f"About {percent} percent of the image has changed."]


def test_same_seed_same_bytes_other_seed_other_words(folder: Path):
    first = [record.to_json() for record in built(folder, NEW, 0)[0]]
    assert first == [record.to_json() for record in built(folder, NEW, 0)[0]]
    other = [record.to_json() for record in built(folder, NEW, 1)[0]]
    assert [row["messages"] for row in first] != [row["messages"] for row in other]


@pytest.mark.parametrize("after", [1, 40])
def test_stopped_building_goes_on_to_the_same_bytes(folder: Path, after: int):
    def begin() -> tuple[Job, Iterator[Record]]:
        job = Job("change", 3, [folder], {})
        return job, change_records(folder / "A", folder / "B", [folder / "label"], NEW, 0.5, 2, job)

    job, records = begin()
    whole = build(job, records, folder / "whole.jsonl", False, Watch())
    job, records = begin()

    def stopped() -> Iterator[Record]:
        yield from islice(records, after)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(job, stopped(), folder / "torn.jsonl", False, Watch())
    job, records = begin()
    done = build(job, records, folder / "torn.jsonl", False, Watch())
    assert (done.before, done.left_out) == (after, whole.left_out)
    assert (folder / "torn.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()


def test_negatives_are_kept_or_left_out_and_counted(folder: Path):
    kept, _ = built(folder, NEW)
    fewer, done = built(folder, NEW, unchanged=0.0)
    assert sum(not record.meta["changed"] and record.meta["type"] == "binary" for record in kept) == 5
    assert all(record.meta["changed"] for record in fewer) and done.left_out["nothing has changed"] == 5


def test_large_rasters_on_a_map_are_cut_and_another_grid_is_found_by_its_place(tmp_path: Path):
    """Before at 2 m, after and mask at 1 m: both records show the same ground."""
    profile = {"driver": "GTiff", "crs": "EPSG:32633", "dtype": "uint8"}
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8), (200, 200))
    for name, values, metres in (("A", ramp[::2, ::2], 2.0), ("B", ramp, 1.0), ("label", (ramp > 150) * 1, 1.0)):
        transform = Affine(metres, 0, 500000, 0, -metres, 5000000)
        (tmp_path / name).mkdir()
        bands = 1 if name == "label" else 3
        with rasterio.open(
            tmp_path / name / "x.tif",
            "w",
            **profile,
            width=len(values),
            height=len(values),
            count=bands,
            transform=transform,
        ) as file:
            file.write(np.broadcast_to(values, (bands, *values.shape)).astype(np.uint8))
    records, _ = built(tmp_path, Reading({}, "changed", 100, 1))
    pictures = {record.id.rsplit("/", 1)[0]: record.images for record in records}
    assert set(pictures) == {"x/0_0", "x/100_0", "x/0_100", "x/100_100"}
    early, late = (read_picture(image, 10).pixels.astype(int) for image in pictures["x/100_0"])
    assert np.abs(early - late).max() <= 3 and np.ptp(late) > 50
    locate = next(record for record in records if record.id == "x/100_0/locate")
    assert "top-center" in locate.captions[0] and "top-left" not in locate.captions[0]


def test_what_a_mask_has_no_data_of_has_not_changed(tmp_path: Path, picture: Picture):
    """Pairs of 64 px with a house; of one mask a border has no data, of another its right half."""
    for name, columns in (("border", 58), ("half", 32)):
        mask = np.zeros((64, 64), np.uint8)
        mask[10:20, 10:20] = 1
        mask[:, columns:] = 255
        for date in "AB":
            picture(tmp_path / date / f"{name}.png", np.zeros((64, 64, 3), np.uint8))
        picture(tmp_path / "label" / f"{name}.png", mask)
        with rasterio.open(tmp_path / "label" / f"{name}.png", "r+") as file:
            file.nodata = 255
    records, done = built(tmp_path, Reading({}, "new", 256, 1))
    assert {record.id.split("/")[0] for record in records} == {"border"}
    assert all(decode(region["rle"]).sum() == 100 for record in records for region in record.regions)
    assert done.left_out == {"much of a window has no data in a mask": 1}
    named, _ = built(tmp_path, Reading({1: "house", 255: "road"}, "new", 256, 1))
    assert {decode(region["rle"]).sum() for region in named[0].regions} == {100, 64 * 6}, "what is named is data"
    for file in tmp_path.glob("label/*.png"):
        with rasterio.open(file, "r+") as mask_file:
            mask_file.nodata = 0
    assert len({record.id.split("/")[0] for record in built(tmp_path, Reading({}, "new", 256, 1))[0]}) == 2


def test_what_does_not_belong_together_is_told_in_words(folder: Path, picture: Picture):
    with pytest.raises(RsvlmError, match="Neither what changed"):
        next(change_records(folder / "A", folder / "B", [], NEW, 1, 1, Job("change", 0, [], {})))
    with pytest.raises(RsvlmError, match="need the names"):
        maps = [folder / "label", folder / "label"]
        next(change_records(folder / "A", folder / "B", maps, Reading({}, "", 9, 1), 1, 1, Job("change", 0, [], {})))
    (folder / "label" / "03.png").write_bytes(b"no picture")
    picture(folder / "label" / "05.png", np.ones((10, 10), np.uint8))
    (folder / "A" / "07.png").unlink()
    _, done = built(folder, NEW)
    told = done.left_out
    assert told["a picture or mask cannot be read"] == 1 and told["a date or the mask is missing"] == 1
    assert told["the mask lies on another grid than the later date"] == 1


def test_real_pairs_by_the_command_line(data_dir: Path, tmp_path: Path):
    with zipfile.ZipFile(data_dir / "change_pairs_256.zip") as archive:
        names = [name for name in archive.namelist() if "00000007_" in name]
        archive.extractall(tmp_path, names)
    out = tmp_path / "made.jsonl"
    words = ["change", str(tmp_path / "A"), str(tmp_path / "B"), "--masks", str(tmp_path / "label"), "-o", str(out)]
    result = CliRunner().invoke(
        data_app, [*words, "--state", "damaged", "--classes", "1=building,255=building", "--json"]
    )
    assert result.exit_code == 0, result.output
    for record in Records(out):
        count = record.meta["counts"]["damaged building"]
        assert count == sum(flooded(decode(region["rle"])) for region in record.regions)
    print(f"{len(Records(out))} records of {len(names) // 5} pairs")
