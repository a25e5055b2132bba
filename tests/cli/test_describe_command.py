"""`rsvlm describe`: words for people, one JSON document for programs, one line and a code for what is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import box, shape

from rsvlm.protocol import Answer
from rsvlm.tasks.structure import Description


def refused(done, *words: str, code: int = 2) -> None:
    """Nothing on standard output, and one sentence with its mend on standard error."""
    assert done.code == code, (done.code, done.err)
    assert done.out == "" and "Traceback" not in done.err
    lines = done.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("rsvlm: ") and lines[0].endswith((".", "”.")), done.err
    assert all(word in lines[0] for word in words), lines[0]


def test_words_go_to_standard_output_and_notes_to_standard_error(rsvlm, place: Path):
    done = rsvlm("describe", place)
    assert done.code == 0 and done.out.count("\n") == 1
    assert done.out[0].isupper() and done.out.endswith(".\n")
    assert done.err == "" or all(line.startswith("Note: ") for line in done.err.splitlines())


def test_json_is_one_document_and_nothing_else(process, place: Path):
    done = process("describe", place, "--json")
    assert done.code == 0 and done.err == "", done.err
    assert done.out.count("\n") == 1, "one line"
    answer = Answer.from_json(json.loads(done.out))
    assert answer.text.endswith(".") and answer.provenance["model"] == "compact"
    assert shape(answer.evidence[0].geometry).equals(box(500000, 5499800, 500200, 5500000))
    assert answer.evidence[0].area_m2 == pytest.approx(40000, rel=2e-3)
    assert rasterio.CRS.from_wkt(answer.provenance["crs"]).to_epsg() == 32632


def test_part_of_a_raster_is_given_in_its_own_or_another_crs(rsvlm, place: Path):
    own = json.loads(rsvlm("describe", place, "--extent", 500050, 5499850, 500150, 5499950, "--json").out)
    assert own["provenance"]["extent"] == [500050, 5499850, 500150, 5499950]
    from rasterio.warp import transform_bounds

    degrees = transform_bounds("EPSG:32632", "EPSG:4326", 500050, 5499850, 500150, 5499950)
    other = json.loads(rsvlm("describe", place, "--extent", *degrees, "--crs", "EPSG:4326", "--json").out)
    assert other["provenance"]["extent"] == pytest.approx(own["provenance"]["extent"], abs=2)


def textured(side: int) -> np.ndarray:
    """(3, side, side) uint8, not of one even colour."""
    return np.random.default_rng(0).integers(80, 140, (3, side, side)).astype(np.uint8)


def test_extent_may_be_negative(rsvlm, write):
    path = write(textured(50), crs="EPSG:3857", transform=from_origin(-100, -50, 1, 1))
    done = rsvlm("describe", path, "--extent", -90, -95, -60, -65, "--json")
    assert json.loads(done.out)["provenance"]["extent"] == [-90, -95, -60, -65]


def test_structured_style_prints_data_by_the_schema(rsvlm, place: Path):
    done = rsvlm("describe", place, "--style", "structured")
    data = Description.model_validate_json(done.out)
    assert done.code == 0 and sum(part.share for part in data.shares) == pytest.approx(1)


def test_detailed_style_and_chosen_bands(rsvlm, place: Path):
    done = rsvlm("describe", place, "--style", "detailed", "--bands", "3,2,1", "--json")
    answer = json.loads(done.out)
    assert answer["provenance"]["bands"] == [3, 2, 1] and answer["provenance"]["style"] == "detailed"
    assert "measures 200 × 200 m" in answer["text"]


def test_member_of_an_archive_is_described(rsvlm, place: Path, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(place, "inside/a.tif")
    done = rsvlm("describe", f"/vsizip/{tmp_path / 'all.zip'}/inside/a.tif", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["provenance"]["extent"] == [500000, 5499800, 500200, 5500000]


def test_single_pixel_shows_nothing_that_words_could_tell(rsvlm, write):
    refused(rsvlm("describe", write(np.full((3, 1, 1), 120, np.uint8))), "one even colour")


def test_raster_100000_pixels_wide_is_described(rsvlm, write):
    row = np.tile(np.arange(250, dtype=np.uint8), 400)[None, None].repeat(3, axis=0)
    done = rsvlm("describe", write(row, compress="deflate"), "--json")
    answer = json.loads(done.out)
    assert done.code == 0 and answer["text"].endswith(".")
    assert answer["evidence"][-1]["geometry"]["coordinates"][0][1][0] == 600000


def test_raster_in_a_local_crs_is_described_without_areas(rsvlm, write):
    crs = rasterio.CRS.from_wkt('LOCAL_CS["site",UNIT["metre",1]]')
    done = rsvlm("describe", write(textured(60), crs=crs), "--json")
    assert done.code == 0, done.err
    assert [item["area_m2"] for item in json.loads(done.out)["evidence"]] == [None]


def test_missing_file(process, tmp_path: Path):
    refused(process("describe", tmp_path / "gone.tif"), "There is no file", "gone.tif")


def test_nothing_but_nodata(rsvlm, write):
    refused(rsvlm("describe", write(np.zeros((3, 60, 60), np.uint8), nodata=0)), "nothing to describe")


def test_folder(rsvlm, tmp_path: Path):
    refused(rsvlm("describe", tmp_path), "is a folder")


def test_text_file_named_tif(rsvlm, tmp_path: Path):
    (tmp_path / "words.tif").write_text("no raster at all\n")
    refused(rsvlm("describe", tmp_path / "words.tif"), "words.tif")


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_truncated_tiff(rsvlm, write, share: float):
    noise = np.random.default_rng(0).integers(1, 255, (3, 300, 300)).astype(np.uint8)
    path = write(noise, tiled=True, blockxsize=64, blockysize=64)
    os.truncate(path, int(path.stat().st_size * share))
    refused(rsvlm("describe", path, "--json"), "place.tif", "damaged")


def test_raster_without_bands(rsvlm, tmp_path: Path):
    path = tmp_path / "none.vrt"
    path.write_text('<VRTDataset rasterXSize="10" rasterYSize="10"></VRTDataset>')
    refused(rsvlm("describe", path), "none.vrt")


def test_raster_of_nan(rsvlm, write):
    refused(rsvlm("describe", write(np.full((1, 60, 60), np.nan, np.float32))), "nothing to describe")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--extent", 1, 2, 3, 4, "--crs", "EPSG:999999"], ["EPSG:999999", "not known"]),
        (["--extent", 1, 2, 3, 4, "--crs", "nonsense"], ["nonsense", "not known"]),
        (["--extent", 600000, 5400000, 600100, 5400100], ["outside the raster"]),
        (["--extent", 500010, 5499900, 500010, 5499950], ["empty"]),
        (["--extent", 500020, 5499900, 500010, 5499950], ["inverted"]),
        (["--extent", "nan", "nan", "nan", "nan"], ["not a finite number"]),
        (["--extent", 1, 2, 3], ["--extent", "4 arguments"]),
        (["--extent", "a", "b", "c", "d"], ["--extent"]),
        (["--style", "poem"], ["no style “poem”", "brief, detailed, structured"]),
        (["--model", "big"], ["no model called “big”", "compact"]),
        (["--device", "tpu"], ["no device “tpu”"]),
        (["--bands", "1,9,2"], ["no band 9"]),
        (["--bands", "1,2"], ["--bands", "one or three band numbers"]),
        (["--bands", "²"], ["--bands", "one or three band numbers"]),
        (["--nosuch"], ["--nosuch", "rsvlm describe --help"]),
    ],
)
def test_wrong_options_are_one_line(rsvlm, place: Path, words: list[object], told: list[str]):
    refused(rsvlm("describe", place, *words), *told)


def test_remote_raster_is_not_opened(rsvlm):
    refused(rsvlm("describe", "https://example.org/a.tif"), "example.org", "not allowed", "RSVLM_ALLOWED_HOSTS", code=3)


def test_extent_beyond_the_raster_is_clipped_with_a_note(rsvlm, place: Path):
    beyond = ("--extent", 500100, 5499000, 501000, 5499950)
    done = rsvlm("describe", place, *beyond)
    note = "The extent reaches beyond the raster; the part inside it was looked at."
    assert done.code == 0 and f"Note: {note}" in done.err.splitlines()
    answer = json.loads(rsvlm("describe", place, *beyond, "--json").out)
    assert answer["provenance"]["extent"] == [500100, 5499800, 500200, 5499950]
    assert answer["warnings"][0] == note
    inside = json.loads(rsvlm("describe", place, "--extent", 500000, 5499800, 500200, 5500000, "--json").out)
    assert note not in inside["warnings"]


def test_missing_raster_argument(rsvlm):
    refused(rsvlm("describe"), "raster", "rsvlm describe --help")


def test_interrupt_ends_with_130_and_no_traceback(tmp_path: Path):
    path = tmp_path / "large.tif"
    rasterio.open(
        path, "w", driver="GTiff", width=40_000, height=40_000, count=3, dtype="uint8", crs="EPSG:32632", tiled=True,
        transform=from_origin(500000, 5500000, 1, 1), SPARSE_OK=True, compress="deflate",
    ).close()  # fmt: skip
    running = subprocess.Popen(
        [sys.executable, "-m", "rsvlm.cli.main", "describe", str(path), "--style", "detailed"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and running.poll() is None:
            if str(path) in [file.path for file in psutil.Process(running.pid).open_files()]:
                break
            time.sleep(0.05)
        assert running.poll() is None, "it is at work"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130, err
    assert out == "" and "Traceback" not in err
