"""What QGIS writes when an analyst corrects an answer is read by the trainer, and no crash loses it. No QGIS is needed."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import Raster, Record
from rsvlm.rsvlm_plugin.layers.corrections import Corrections, correction, image_of
from rsvlm.trainer.examples import Examples, example
from rsvlm.trainer.recipe import Source
from rsvlm.trainer.records import Records

PROVENANCE = {"model": "compact", "revision": "1", "style": "brief", "gsd_m": 2.0, "device": "cpu"}


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    """100 x 80 pixels of two metres, four bands of which the fourth is 200."""
    path = tmp_path / "scene.tif"
    pixels = np.random.default_rng(3).integers(0, 255, (4, 80, 100), np.uint8)
    pixels[3, :, :50] = 200
    with rasterio.open(
        path, "w", driver="GTiff", crs="EPSG:32633", dtype="uint8", count=4, width=100, height=80,
        transform=Affine(2, 0, 500000, 0, -2, 5000000),
    ) as file:  # fmt: skip
        file.write(pixels)
    return path


def put_right(key: str, image: dict[str, object], words: str = "Eleven boats lie in a harbour.") -> Record:
    return correction(key, image, words, "Many cars.", PROVENANCE, {"lat": 45.15, "lon": 15.0, "source": "scene"})


def test_corrected_answer_is_an_example_of_the_extent_and_bands_that_were_seen(raster: Path, tmp_path: Path):
    extent = [500000.0, 4999880.0, 500080.0, 4999960.0]
    seen = Raster(href=str(raster), crs="EPSG:32633", extent=extent, bands=(4, 2, 1), acquired="2021-06-01")
    corrections = Corrections(tmp_path / "mine")
    assert corrections.keep(put_right("one", image_of(seen))) == 1
    (record,) = Records(corrections.path)
    assert record.images == [
        {"href": str(raster), "extent": extent, "crs": "EPSG:32633", "bands": [4, 2, 1], "date": "2021-06-01"}
    ]
    assert (record.task, record.split, record.captions) == ("caption", "train", ["Eleven boats lie in a harbour."])
    assert record.meta["said"] == "Many cars." and record.meta["model"] == "compact" and record.meta["lat"] == 45.15
    found = example(record)
    assert found.pictures[0].shape == (40, 40, 3) and found.answers == ("Eleven boats lie in a harbour.",)
    assert np.ptp(found.pictures[0][..., 0].astype(int)) == 0  # the fourth band is even there


def test_drawn_picture_is_kept_beside_as_the_model_saw_it(tmp_path: Path):
    pixels = np.random.default_rng(5).integers(0, 255, (48, 64, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    drawn = Raster(
        data=base64.b64encode(file.getvalue()).decode(),
        transform=[2.0, 0.0, 1000.0, 0.0, -2.0, 5000.0],
        crs="EPSG:3857",
    )
    corrections = Corrections(tmp_path / "mine")
    corrections.keep(put_right("two", corrections.picture("two", drawn)))
    assert json.loads(corrections.path.read_text())["images"] == [{"href": "pictures/two.png", "crs": "EPSG:3857"}]
    moved = corrections.folder.rename(tmp_path / "elsewhere")
    (record,) = Records(moved / "corrections.jsonl")
    assert (example(record).pictures[0] == pixels).all()
    assert [float(n) for n in (moved / "pictures" / "two.pgw").read_text().split()] == [2, 0, 0, -2, 1001, 4999]


def test_a_second_correction_takes_the_place_of_the_first(raster: Path, tmp_path: Path):
    corrections = Corrections(tmp_path)
    image = image_of(Raster(href=str(raster)))
    for key, words in (("a", "One."), ("b", "Two."), ("a", "Three.")):
        count = corrections.keep(put_right(key, image, words))
    assert count == 2
    assert {record.id: record.captions for record in Records(corrections.path)} == {
        "correction/b": ["Two."], "correction/a": ["Three."],
    }  # fmt: skip
    assert not corrections.path.with_suffix(".part").exists()


@pytest.mark.parametrize(("end", "kept"), [('{"id": "correction/c", "ta', 1), ("", 1), ("\n\n", 1)])
def test_a_line_that_a_crash_cut_off_costs_no_other(raster: Path, tmp_path: Path, end: str, kept: int):
    corrections = Corrections(tmp_path)
    image = image_of(Raster(href=str(raster)))
    corrections.keep(put_right("a", image))
    whole = corrections.path.read_text()
    corrections.path.write_text(whole.rstrip("\n") + ("\n" + end if end.strip() else end))
    assert corrections.keep(put_right("b", image)) == kept + 1
    assert [record.id for record in Records(corrections.path)] == ["correction/a", "correction/b"]


def test_failure_while_the_file_is_written_anew_leaves_the_old_one(
    raster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    corrections = Corrections(tmp_path)
    image = image_of(Raster(href=str(raster)))
    corrections.keep(put_right("a", image, "One."))
    before = corrections.path.read_bytes()

    def full(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rsvlm.rsvlm_plugin.layers.corrections.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        corrections.keep(put_right("a", image, "Two."))
    assert corrections.path.read_bytes() == before


def test_train_and_stats_read_the_file(raster: Path, tmp_path: Path):
    corrections = Corrections(tmp_path / "mine")
    for key in "abc":
        corrections.keep(put_right(key, image_of(Raster(href=str(raster))), f"Corrected words of {key}."))
    result = CliRunner().invoke(data_app, ["stats", str(corrections.path), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["records"] == 3 and told["wrong_lines"]["count"] == 0 and told["pictures"]["broken"]["count"] == 0
    examples = Examples.of([Source(path=str(corrections.path), split="train")], tmp_path, tmp_path, 0)
    assert {examples.at(place).answers for place in range(3)} == {(f"Corrected words of {key}.",) for key in "abc"}
