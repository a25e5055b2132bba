"""Records of a caption archive: which pictures are in which split, and what is no archive."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.pictures import read_picture, read_squares
from rsvlm.trainer.records import data_folder, is_held, read_caption_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 names without pictures: 300 in train, 100 in val."""
    path = tmp_path_factory.mktemp("records") / "names.zip"
    rows = [
        {"filename": f"{n}.png", "split": "val" if n % 4 == 0 else "train", "scene": "pond", "captions": ["a", "b"]}
        for n in range(400)
    ]
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)))
    return path


def names(path: Path, split: str) -> set[str]:
    return {record.meta["filename"] for record in read_caption_archive(path, split)}


@pytest.mark.parametrize("name", ["airport_1.jpg", "a", "", "Bäume 7.tif", *map(str, range(50))])
def test_one_in_ten_is_held_by_the_hash_of_its_name(name: str):
    assert is_held(name) == (int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") % 10 == 0)


def test_splits_share_no_picture_and_leave_none_out(archive: Path):
    train, fit, held, val = (names(archive, split) for split in ("train", "fit", "held", "val"))
    assert len(train) == 300 and len(val) == 100 and not train & val
    assert fit | held == train and not fit & held
    assert held == {name for name in train if is_held(name)} and 15 < len(held) < 50


def test_real_archives_keep_held_pictures_out_of_training(data_dir: Path):
    fit, held = (names(data_dir / "rsicd_train_128.zip", split) for split in ("fit", "held"))
    assert len(fit) == 8055 and len(held) == 918 and not fit & held
    train, val = (names(data_dir / "ucm_trainval_256.zip", split) for split in ("train", "val"))
    assert len(train) == 1680 and len(val) == 210 and not train & val


def test_record_refers_to_its_picture_and_holds_all_captions(tiny: Path):
    records = read_caption_archive(tiny / "tiny.zip", "val")
    assert len(records) == 6
    record = records[0]
    assert record.id == "tiny/forest_3.png" and record.task == "caption" and record.split == "val"
    assert record.meta["scene"] == "forest" and len(record.captions) == 3
    assert record.captions[1] == "This is forest number 3 ."
    assert [message["role"] for message in record.messages] == ["user", "assistant", "assistant", "assistant"]
    square = read_picture(record.images[0], 64).pixels
    np.testing.assert_allclose(square.mean(axis=(0, 1)), (30, 70, 35), atol=2)


def test_pictures_are_averaged_and_enlarged_to_the_wanted_square(tiny: Path):
    records = read_caption_archive(tiny / "tiny.zip", "val")
    small, large = read_squares(records, 32), read_squares(records, 128)
    assert small.shape == (6, 32, 32, 3) and large.shape == (6, 128, 128, 3) and small.dtype == np.uint8
    full = read_squares(records, 64).astype(float)
    means = full.reshape(6, 32, 2, 32, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(small, means, atol=1)
    np.testing.assert_allclose(large.mean(axis=(1, 2)), full.mean(axis=(1, 2)), atol=1)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"words", {"readme.txt": "x"}, {"captions.jsonl": "{"}, {"captions.jsonl": '{"filename": "a.png"}'},
     {"captions.jsonl": "[1]"}],
)  # fmt: skip
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes | dict[str, str] | None):
    path = tmp_path / "mine.zip"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        with zipfile.ZipFile(path, "w") as target:
            for name, text in content.items():
                target.writestr(name, text)
    with pytest.raises(RsvlmError, match=r"mine\.zip is not a caption archive") as caught:
        read_caption_archive(path, "val")
    assert caught.value.exit_code == 2 and "captions.jsonl" in caught.value.hint


def test_folder_is_no_archive_and_split_without_pictures_is_named(tmp_path: Path, archive: Path):
    with pytest.raises(RsvlmError, match="not a caption archive"):
        read_caption_archive(tmp_path, "val")
    with pytest.raises(RsvlmError, match="no images in the split “test”"):
        read_caption_archive(archive, "test")


def test_missing_and_cut_pictures_are_named_and_grey_ones_are_seen_grey(archive: Path, tmp_path: Path):
    with pytest.raises(RsvlmError, match=r"0\.png cannot be read") as caught:
        read_squares(read_caption_archive(archive, "val"), 32)
    assert caught.value.code == "bad_raster"
    from PIL import Image

    grey = np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))
    for name in ("grey.png", "grey.jpg"):
        Image.fromarray(grey).save(tmp_path / name)
        seen = read_picture({"href": str(tmp_path / name)}, 64).pixels
        assert (seen == seen[:, :, :1]).all() and (np.diff(seen[32, :, 0].astype(int)) >= 0).all() and seen.std() > 30
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-40])
        for image in ({}, {"window": [0, 0, 64, 64]}, {"bands": [1]}):
            with pytest.raises(RsvlmError, match=rf"{name} cannot be read") as caught:
                read_picture({"href": str(tmp_path / name), **image}, 64)
            assert caught.value.code == "bad_raster"


def test_data_folder_is_the_named_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path / "none"))
    with pytest.raises(RsvlmError, match="does not exist") as caught:
        data_folder()
    assert "RSVLM_DATA" in caught.value.hint
