"""Records are held out by place: neighbours stay together, shares are near what was asked for, nothing overlaps."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from shapely import box
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer import splitting
from rsvlm.trainer.records import Records, Writer
from rsvlm.trainer.splitting import Divided, divide, place_of

SIDE = 64


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    """1,280 x 640 pixels of a metre, UTM 33."""
    path = tmp_path / "ortho.tif"
    with rasterio.open(
        path, "w", driver="GTiff", crs="EPSG:32633", dtype="uint8", count=3, width=1280, height=640,
        transform=Affine(1, 0, 500000, 0, -1, 5000000),
    ) as file:  # fmt: skip
        file.write(np.ones((3, 640, 1280), np.uint8))
    return path


def windows(path: Path, raster: Path, step: int = SIDE, **image: Any) -> Path:
    with Writer(path, "") as out:
        for y in range(0, 640 - SIDE + 1, step):
            for x in range(0, 1280 - SIDE + 1, step):
                shown = {"href": str(raster), "window": [x, y, x + SIDE, y + SIDE], **image}
                out.write(Record(f"{x}_{y}", "caption", "train", [shown], [{"role": "assistant", "content": "a"}]))
    return path


def divided(files: list[Path], out: Path, seed: int = 0, block: float = 0, **shares: float) -> Divided:
    return divide(files, out, shares, block, seed, False, Watch())


def by_split(path: Path) -> dict[str, list[list[int]]]:
    found = defaultdict(list)
    for record in Records(path):
        found[record.split].append(record.images[0]["window"])
    return dict(found)


def test_whole_blocks_are_held_out_as_large_as_asked_for(raster: Path, tmp_path: Path):
    done = divided([windows(tmp_path / "in.jsonl", raster)], tmp_path / "out.jsonl", val=0.2, test=0.1)
    assert sum(done.splits.values()) == 200 and done.overlapping == 0
    assert abs(done.splits["val"] - 40) <= 3 and abs(done.splits["test"] - 20) <= 3
    assert done.block == pytest.approx(2 * SIDE, rel=0.02)
    splits = by_split(tmp_path / "out.jsonl")
    held = {tuple(window) for name in ("val", "test") for window in splits[name]}
    # A window that is held out alone among windows of training would be a hole of one: blocks have neighbours.
    beside = [
        any(
            (x + dx, y + dy, x + dx + SIDE, y + dy + SIDE) in held
            for dx, dy in ((SIDE, 0), (-SIDE, 0), (0, SIDE), (0, -SIDE))
        )
        for x, y, _, _ in held
    ]
    assert np.mean(beside) > 0.9


def test_what_overlaps_a_window_of_another_split_is_left_out(raster: Path, tmp_path: Path):
    done = divided([windows(tmp_path / "in.jsonl", raster, SIDE // 2)], tmp_path / "out.jsonl", val=0.2, test=0.1)
    splits = {name: [box(*window) for window in found] for name, found in by_split(tmp_path / "out.jsonl").items()}
    assert done.overlapping > 0 and set(splits) == {"train", "val", "test"}
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        shared = max(a.intersection(b).area for a in splits[one] for b in splits[other])
        assert shared <= 0.02 * SIDE**2, (one, other)


def test_windows_side_by_side_far_from_the_middle_of_a_zone_do_not_overlap(tmp_path: Path):
    """North is 2° beside the raster's up there, so that boxes around windows in degrees lie upon each other."""
    path = tmp_path / "tilted.tif"
    with rasterio.open(
        path, "w", driver="GTiff", crs="EPSG:32633", dtype="uint8", count=3, width=1280, height=640,
        transform=Affine(10, 0, 200000, 0, -10, 6000000),
    ) as file:  # fmt: skip
        file.write(np.ones((3, 640, 1280), np.uint8))
    done = divided([windows(tmp_path / "in.jsonl", path)], tmp_path / "out.jsonl", val=0.2, test=0.1)
    assert done.overlapping == 0 and sum(done.splits.values()) == 200


def test_the_same_seed_draws_the_same_and_another_one_other_blocks(raster: Path, tmp_path: Path):
    given = windows(tmp_path / "in.jsonl", raster)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        divided([given], tmp_path / name, seed, val=0.2)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_two_rasters_of_one_place_are_held_out_together_and_get_ids_of_their_own(raster: Path, tmp_path: Path):
    files = [windows(tmp_path / f"{year}.jsonl", raster, date=year) for year in ("2019", "2020")]
    divided(files, tmp_path / "out.jsonl", val=0.25)
    records = list(Records(tmp_path / "out.jsonl"))
    assert len(records) == 400 and len({record.id for record in records}) == 400
    places = defaultdict(set)
    for record in records:
        places[tuple(record.images[0]["window"])].add(record.split)
    assert {len(splits) for splits in places.values()} == {1}


def test_places_are_on_the_ground_or_in_the_picture(raster: Path, tmp_path: Path):
    messages = [{"role": "assistant", "content": "a"}]
    window = Record("w", "caption", "train", [{"href": str(raster), "window": [0, 0, 64, 64]}], messages)
    extent = [500000.0, 4999936.0, 500064.0, 5000000.0]
    same = Record("e", "caption", "train", [{"href": str(raster), "extent": extent, "crs": "EPSG:32633"}], messages)
    assert place_of(window).box == pytest.approx(place_of(same).box, abs=1e-9)
    assert place_of(window).side() == pytest.approx(64, rel=0.01)
    assert place_of(window).box == pytest.approx((15.0, 45.1528, 15.0008, 45.1534), abs=1e-3)
    plain = tmp_path / "plain.tif"
    with rasterio.open(plain, "w", driver="GTiff", dtype="uint8", count=1, width=100, height=80) as file:
        file.write(np.ones((1, 80, 100), np.uint8))
    place = place_of(Record("p", "caption", "train", [{"href": str(plain)}], messages))
    assert (place.picture, place.box) == (str(plain), (0, 0, 100, 80))


def test_too_few_places_are_refused_in_words(raster: Path, tmp_path: Path):
    with pytest.raises(RsvlmError, match="All records lie in 1 blocks"):
        divided([windows(tmp_path / "in.jsonl", raster)], tmp_path / "out.jsonl", block=100_000, val=0.2)
    assert not (tmp_path / "out.jsonl").exists()
    divided([tmp_path / "in.jsonl"], tmp_path / "out.jsonl", block=100_000)
    assert set(by_split(tmp_path / "out.jsonl")) == {"train"}


def test_words_without_a_picture_lie_nowhere_and_are_for_training(raster: Path, tmp_path: Path):
    talk = [{"role": "user", "content": "What is a moraine?"}, {"role": "assistant", "content": "A heap of rubble."}]
    with Writer(tmp_path / "talk.jsonl", "") as out:
        for number in range(30):
            out.write(Record(f"talk/{number}", "chat", "test", [], talk))
    given = [windows(tmp_path / "in.jsonl", raster), tmp_path / "talk.jsonl"]
    done = divided(given, tmp_path / "out.jsonl", val=0.2)
    assert done.overlapping == 0 and done.block == pytest.approx(2 * SIDE, rel=0.02)
    records = list(Records(tmp_path / "out.jsonl"))
    assert {record.split for record in records if not record.images} == {"train"} and len(records) == 230
    with pytest.raises(RsvlmError, match="in 0 blocks"):
        divided([tmp_path / "talk.jsonl"], tmp_path / "none.jsonl", val=0.2)


def test_command_tells_what_it_made(raster: Path, tmp_path: Path):
    given, out = windows(tmp_path / "in.jsonl", raster, SIDE // 2), tmp_path / "out.jsonl"
    result = CliRunner().invoke(data_app, ["split", str(given), "-o", str(out), "--val", "0.2", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert sum(told["splits"].values()) + told["overlapping"] == len(Records(given))
    assert f"Left out {told['overlapping']}: they overlap" in result.stderr


def listed(path: Path, images: list[dict[str, Any]]) -> Path:
    with Writer(path, "") as out:
        for number, image in enumerate(images):
            out.write(Record(str(number), "caption", "train", [image], [{"role": "assistant", "content": "a"}]))
    return path


def test_pictures_that_look_nearly_the_same_go_into_one_split(tmp_path: Path):
    """On no map; every picture lies there twice, the second time coarser and under another name."""
    generator, images = np.random.default_rng(3), []
    for number in range(10):
        rough = Image.fromarray(generator.integers(0, 255, (8, 8, 3)).astype(np.uint8))
        rough.resize((96, 96), Image.Resampling.BICUBIC).save(tmp_path / f"{number}.png")
        rough.resize((80, 80), Image.Resampling.BICUBIC).save(tmp_path / f"again-{number}.jpg", quality=70)
        images += [{"href": f"{number}.png"}, {"href": f"again-{number}.jpg"}]
    given = listed(tmp_path / "in.jsonl", images)
    for seed in range(3):
        done = divided([given], tmp_path / f"{seed}.jsonl", seed, val=0.3, test=0.2)
        assert done.blocks == 10 and done.splits == {"train": 10, "val": 6, "test": 4}
        splits = [record.split for record in Records(tmp_path / f"{seed}.jsonl")]
        assert splits[::2] == splits[1::2]


@pytest.mark.parametrize("between", ["is one file", "lies there twice"])
def test_pairs_that_have_a_date_in_common_go_into_one_split(tmp_path: Path, between: str):
    """Ten places on no map, each as a pair of 2015 and 2018 and as one of 2018 and 2021."""
    said = [{"role": "assistant", "content": "a road was built"}]
    with Writer(tmp_path / "in.jsonl", "") as out:
        for place in range(10):
            first, second, third = (noise(tmp_path / f"{place}-{date}.png", 3 * place + date) for date in range(3))
            again = second if between == "is one file" else noise(tmp_path / f"{place}-again.png", 3 * place + 1)
            out.write(Record(f"{place}-2018", "change", "train", [first, second], said))
            out.write(Record(f"{place}-2021", "change", "train", [again, third], said))
    for seed in range(3):
        done = divided([tmp_path / "in.jsonl"], tmp_path / f"{seed}.jsonl", seed, val=0.3, test=0.2)
        assert done.blocks == 10 and done.splits == {"train": 10, "val": 6, "test": 4}
        splits = [record.split for record in Records(tmp_path / f"{seed}.jsonl")]
        assert splits[::2] == splits[1::2]


def noise(path: Path, seed: int) -> dict[str, Any]:
    """An image on no map that looks like those of its seed alone."""
    rough = Image.fromarray(np.random.default_rng(seed).integers(0, 255, (8, 8, 3)).astype(np.uint8))
    rough.resize((96, 96), Image.Resampling.BICUBIC).save(path)
    return {"href": path.name}


def test_picture_of_many_records_is_looked_at_once_and_equal_ones_are_compared_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    generator, images = np.random.default_rng(3), []
    for number in range(4):
        rough = Image.fromarray(generator.integers(0, 255, (8, 8, 3)).astype(np.uint8))
        for copy in "ab":
            rough.resize((96, 96), Image.Resampling.BICUBIC).save(tmp_path / f"{number}{copy}.png")
            images += [{"href": f"{number}{copy}.png"}] * 5
    looked: list[str] = []
    compared: list[int] = []
    look, near_pairs = splitting.look, splitting.near_pairs
    monkeypatch.setattr(splitting, "look", lambda image: (looked.append(image["href"]), look(image))[1])
    monkeypatch.setattr(
        splitting, "near_pairs", lambda hashes, most: (compared.append(len(hashes)), near_pairs(hashes, most))[1]
    )
    done = divided([listed(tmp_path / "in.jsonl", images)], tmp_path / "out.jsonl", val=0.25)
    assert len(looked) == len(set(looked)) == 8 and compared == [4]
    assert done.blocks == 4 and done.splits == {"train": 30, "val": 10}
    splits = [record.split for record in Records(tmp_path / "out.jsonl")]
    assert all(len(set(splits[first : first + 10])) == 1 for first in range(0, 40, 10))


def test_split_of_which_nothing_is_left_is_refused_and_not_made_empty(raster: Path, tmp_path: Path):
    """Two windows share most of their ground: where both are held out, each in a split of its own, one has nothing."""
    windows = ([0, 0, 64, 64], [10, 0, 74, 64], [600, 300, 664, 364])
    given = listed(tmp_path / "in.jsonl", [{"href": str(raster), "window": window} for window in windows])
    refused = 0
    for seed in range(8):
        try:
            done = divided([given], tmp_path / f"{seed}.jsonl", seed, block=8, val=0.3, test=0.3)
        except RsvlmError as error:
            assert "Nothing is left of the split" in error.message and not (tmp_path / f"{seed}.jsonl").exists()
            refused += 1
        else:
            assert set(done.splits) == {"train", "val", "test"}
    assert refused == 8, "one of the two always gives way to the other"
    with pytest.raises(RsvlmError, match="leave nothing to train on"):
        divided([given], tmp_path / "all.jsonl", val=0.6, test=0.4)


def test_small_window_within_a_large_one_is_not_in_another_split(raster: Path, tmp_path: Path):
    windows = [
        [0, 0, 640, 640],
        *([x, 100, x + 40, 140] for x in range(50, 600, 100)),
        *([x, 0, x + 40, 40] for x in range(700, 1200, 50)),
    ]
    given = listed(tmp_path / "in.jsonl", [{"href": str(raster), "window": window} for window in windows])
    for seed in range(6):
        divided([given], tmp_path / f"{seed}.jsonl", seed, block=50, val=0.3)
        splits = by_split(tmp_path / f"{seed}.jsonl")
        shared = [box(*a).intersection(box(*b)).area for a in splits["train"] for b in splits["val"]]
        assert max(shared) < 40**2 * 0.02


def test_block_far_larger_than_a_share_is_left_to_training(raster: Path, tmp_path: Path):
    """Blocks of 40, 8 and 6 records. Where all of them are too large, the smallest is held out."""
    windows = [[0, 0, 64, 64]] * 40 + [[400, 0, 464, 64]] * 8 + [[800, 0, 864, 64]] * 6
    given = listed(tmp_path / "in.jsonl", [{"href": str(raster), "window": window} for window in windows])
    for seed in range(20):
        done = divided([given], tmp_path / f"{seed}.jsonl", seed, block=64, val=0.15)
        assert done.blocks == 3 and done.splits["val"] in (6, 8)
        least = divided([given], tmp_path / f"least-{seed}.jsonl", seed, block=64, val=0.05)
        assert least.splits == {"train": 48, "val": 6}
