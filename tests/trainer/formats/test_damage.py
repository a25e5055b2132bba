"""Tiles of two dates with masks of damage: what is damaged, what stands, and that they are never training data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.reading import Source
from rsvlm.trainer.regions import decode

Read = Callable[..., tuple[list[Record], Source]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tiles with masks, the second one unharmed; and one without."""
    root = tmp_path / "tiles"
    damage = np.zeros((40, 40), np.uint8)
    damage[2:8, 2:8], damage[20:30, 20:30], damage[34:38, 2:6] = 1, 2, 4
    for name, values in (("a", damage), ("b", np.minimum(damage, 1)), ("c", None)):
        for part in ("A", "B", "building", "damage"):
            (root / part).mkdir(parents=True, exist_ok=True)
            pixels = np.full((40, 40, 3), 90, np.uint8)
            if values is not None and part in ("building", "damage"):
                pixels = values if part == "damage" else (values > 0).astype(np.uint8) * 255
            if values is not None or part in "AB":
                Image.fromarray(pixels).save(root / part / f"{name}.png")
    rows = [{"id": "a", "source": "xBD"}, {"id": "b", "source": "xBD"}, {"id": "c", "source": "other"}, {"no": "id"}]
    (root / "meta.json").write_text(json.dumps(rows))
    return root


def test_damage_and_buildings_are_outlined_and_asked_about(folder: Path, read: Read):
    records, source = read("damage", folder)
    by_id = {record.id: record for record in records}
    assert set(by_id) == {f"tiles/{name}{kind}" for name in "ab" for kind in ("", "/binary", "/buildings")}
    found = {region["label"]: decode(region["rle"]) for region in by_id["tiles/a"].regions}
    assert set(found) == {"building with minor damage", "destroyed building"}
    assert found["building with minor damage"].sum() == 100 and found["destroyed building"][34:38, 2:6].all()
    unharmed = by_id["tiles/b"]
    assert [decode(region["rle"]).sum() for region in unharmed.regions] == [0] and not unharmed.meta["changed"]
    assert by_id["tiles/a/binary"].captions == ["yes"] and by_id["tiles/b/binary"].captions == ["no"]
    assert decode(by_id["tiles/a/buildings"].regions[0]["rle"]).sum() == 36 + 100 + 16
    assert by_id["tiles/a/buildings"].images == by_id["tiles/a"].images[:1]
    assert source.left_out == {"the pair has no masks": 1, "the row is not as this format has it": 1}


@pytest.mark.parametrize("part", ["B", "building"])
def test_pair_of_which_sizes_differ_is_left_out(folder: Path, read: Read, part: str):
    Image.new("L", (20, 20)).save(folder / part / "a.png")
    records, source = read("damage", folder)
    assert {record.id.partition("/")[2][0] for record in records} == {"b"}
    assert source.left_out["the mask differs in size from its picture"] == 1


def test_all_of_it_validates_and_tells_its_licence(folder: Path, read: Read):
    records, _ = read("damage", folder)
    assert {record.split for record in records} == {"val"}
    assert all("NC" in record.meta["licence"] and "not for training" in record.meta["licence"] for record in records)
    assert read("damage", folder, None, "train")[0] == []
    (folder / "meta.json").unlink()
    with pytest.raises(RsvlmError, match="that lists its pairs"):
        read("damage", folder)


def test_xbd_tiles_are_all_read(data_dir: Path, read: Read):
    records, source = read("damage", data_dir / "change_pairs_256.zip")
    assert len(records) == 240 and source.left_out == {"the pair has no masks": 3}
    changed = [record.meta["changed"] for record in records if record.meta.get("type") == "mask"]
    assert sum(changed) == 51 and len(changed) == 80
