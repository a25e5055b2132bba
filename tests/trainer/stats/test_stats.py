"""What is counted in a file of records, what is found wrong with it, and the page that shows it."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image

from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.records import Writer
from rsvlm.trainer.stats.page import page
from rsvlm.trainer.stats.report import Findings, examine


def scene(seed: int, side: int = 96) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 255, (8, 8, 3)).astype(np.uint8)
    return Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)


def records(folder: Path) -> Iterator[Record]:
    """20 for training and 5 for testing: of these one shows the same picture, one an equal one, one a similar one."""
    for number in range(25):
        name = f"{number}.png"
        scene(number, 64 if number < 10 else 96).save(folder / name)
        split = "train" if number < 20 else "test"
        words = [f"a scene with the number {number} .", "many trees are here ." if number % 12 == 0 else "a field"]
        yield record(f"set/{number}", split, name, words, {"scene": "wood" if number % 2 else "field"})
    yield record("set/25", "test", "3.png", ["short one"])
    scene(4, 64).save(folder / "equal.png")
    yield record("other/26", "test", "equal.png", ["A scene, with the number 4."])
    scene(11).save(folder / "similar.jpg", quality=40)
    yield record("other/27", "test", "similar.jpg", ["none"])
    before, after = scene(50), scene(50)
    for name, picture in (("before.png", before), ("after.png", after)):
        picture.save(folder / name)
    yield Record("other/28", "change", "train", [{"href": "before.png"}, {"href": "after.png"}], [])


def record(ident: str, split: str, name: str, said: list[str], meta: dict[str, Any] | None = None) -> Record:
    messages = [{"role": "user", "content": "Describe <b>it</b>."}]
    messages += [{"role": "assistant", "content": text} for text in said]
    return Record(ident, "caption", split, [{"href": name}], messages, meta=meta or {})


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    folder = tmp_path_factory.mktemp("stats")
    with Writer(folder / "some.jsonl", "") as out:
        for one in records(folder):
            out.write(one)
        (folder / "cut.png").write_bytes((folder / "1.png").read_bytes()[:300])
        scene(60, 200).save(folder / "cut.jpg")
        (folder / "cut.jpg").write_bytes((folder / "cut.jpg").read_bytes()[:2500])
        Image.new("RGB", (50, 50), "black").save(folder / "black.png")
        out.write(record("set/5", "train", "black.png", ["x"]))
        for name in ("none.png", "cut.png", "cut.jpg", "black.png"):
            out.write(record(f"wrong/{name}", "train", name, ["x"]))
    with (folder / "some.jsonl").open("a") as file:
        file.write('{"id": "1"}\n{\n')
    return examine(folder / "some.jsonl", 6, Watch())


def test_everything_is_counted(findings: Findings):
    told = findings.to_json()
    assert told["records"] == 34 and told["splits"] == {"train": 26, "test": 8}
    assert told["tasks"] == {"caption": 33, "change": 1}
    assert told["sources"] == {"set": 27, "other": 3, "wrong": 4}
    assert told["classes"] == {"field": 13, "wood": 12}
    sizes = {(size["width"], size["height"]): size["count"] for size in told["pictures"]["sizes"]}
    assert sizes == {(96, 96): 18, (64, 64): 11, (50, 50): 1} and told["pictures"]["count"] == 30
    words = told["words"]
    assert words["answers"] == 58 and words["longest"] == 7
    assert sum(count for _, _, count in words["histogram"]) == 58


def test_what_is_wrong_is_told(findings: Findings):
    told = findings.to_json()
    broken = {row["record"]: row["why"] for row in told["pictures"]["broken"]["first"]}
    assert (
        set(broken) == {"wrong/none.png", "wrong/cut.png", "wrong/cut.jpg"} and told["pictures"]["broken"]["count"] == 3
    )
    assert all("cannot be read" in why for why in broken.values())
    assert told["wrong_lines"]["count"] == 2 and told["wrong_lines"]["first"][1].startswith("Line 36 of some.jsonl")
    assert told["pictures"]["one_colour"] == 1 and told["repeated_ids"] == 1


def test_pictures_that_are_there_twice_are_found_and_two_dates_are_none(findings: Findings):
    twice = findings.to_json()["duplicates"]
    assert twice["exact"] == {"groups": 1, "pictures": 2, "first": [["set/4", "other/26"]]}
    assert twice["near"] == {"groups": 1, "pictures": 2, "first": [["set/11", "other/27"]]}


def test_what_test_shares_with_train_is_told(findings: Findings):
    leaks = findings.to_json()["leakage"]
    assert leaks["pictures"] == {"train / test": 3}
    assert sorted(row["records"] for row in leaks["first"]) == [
        ["set/11", "other/27"], ["set/3", "set/3"], ["set/4", "other/26"],
    ]  # fmt: skip
    assert leaks["sentences"] == {"train / test": 2}  # "many trees are here" (0, 12, 24), and that of the number 4


def test_page_holds_everything_and_no_markup_of_the_data(findings: Findings):
    text = page(findings)
    assert "<b>it" not in text and "http" not in text and "<script" not in text
    tree = ElementTree.fromstring(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).split(">", 1)[1].replace(
        "<meta charset='utf-8'>", ""
    ))  # fmt: skip
    pictures = [str(node.get("src")) for node in tree.iter("img")]
    shown = [Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))) for source in pictures]
    assert len(shown) >= 24 + 9 and {picture.size for picture in shown} == {(128, 128)}
    words = " ".join("".join(tree.itertext()).split())
    for said in ("34records", "3broken pictures", "2wrong lines", "1sets of equal pictures", "3pictures in two splits",
                 "set/11", "other/27", "a scene with the number 0", "Line 36 of some.jsonl"):  # fmt: skip
        assert said in words, said
    bars = [node for node in tree.iter("i") if "width:100.0%" in str(node.get("style"))]
    assert len(bars) >= 4 and len(list(tree.iter("svg"))) >= 1


def test_windows_of_one_raster_are_pictures_of_their_own(tmp_path: Path):
    pixels = np.asarray(scene(5, 256)).transpose(2, 0, 1)
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", width=256, height=256, count=3, dtype="uint8", crs="EPSG:32632",
        transform=Affine(1, 0, 500_000, 0, -1, 5_000_000),
    ) as file:  # fmt: skip
        file.write(pixels)
    with Writer(tmp_path / "r.jsonl", "") as out:
        for number, (split, window) in enumerate(
            [("train", [0, 0, 128, 128]), ("val", [128, 0, 256, 128]), ("val", [0, 0, 128, 128])]
        ):
            out.write(Record(str(number), "segment", split, [{"href": "a.tif", "window": window}], []))
    told = examine(tmp_path / "r.jsonl", 4, Watch()).to_json()
    assert told["pictures"]["count"] == 2 and told["leakage"]["pictures"] == {"train / val": 1}
    assert told["pictures"]["sizes"] == [{"width": 128, "height": 128, "count": 2}] and told["words"] == {"answers": 0}


def test_file_without_records_is_told(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text("{}\n")
    with pytest.raises(RsvlmError, match=r"holds no records\. Line 1 of a\.jsonl"):
        examine(tmp_path / "a.jsonl", 4, Watch())
    (tmp_path / "b.jsonl").write_text("\n")
    with pytest.raises(RsvlmError, match="It is empty"):
        examine(tmp_path / "b.jsonl", 4, Watch())


def test_findings_are_json(findings: Findings):
    assert json.loads(json.dumps(findings.to_json()))["records"] == 34
