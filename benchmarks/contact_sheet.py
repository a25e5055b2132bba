"""What a model says and outlines of real places, on one picture to be looked at.

python benchmarks/contact_sheet.py OUT.png [--model ID]      rasters of $RSVLM_DATA, else ../shared/data
python benchmarks/contact_sheet.py OUT.jpg --demo            the made-up village that ships, as in docs/compact.md

Each place has its picture, the caption below, and outlines of common land cover; of two dates both pictures, and what changed
outlined on the later one.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from measuring.data_sets import data_with
from measuring.places import drawn, place
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry import shape

from rsvlm.models.pool import Models
from rsvlm.protocol import Answer, ChangeRequest, DescribeRequest, Raster, RsvlmError, SegmentRequest, Watch
from rsvlm.tasks import change, describe, segment

SIDE = 320  # pixels of a picture's longer side
COLUMNS, MARGIN, WORDS = 4, 10, 118  # places in a row; pixels between them, and below each for words
COVER = {  # phrase -> colour, told apart by people who see few colours too (Wong, Nature Methods 8, 441)
    "buildings": "#d55e00", "roads": "#f0e442", "trees": "#009e73", "water": "#56b4e9", "bare land": "#cc79a7",
}  # fmt: skip
CHANGED = "#ff2fd0"
# File, and which part of it: left, top, right, bottom in shares of its sides.
ONE_DATE = (
    ("naip_nd/naip_20200831_rgbn_5m.tif", (0.0, 0.0, 0.3, 0.3)),
    ("naip_nd/naip_20200831_rgbn_5m.tif", (0.35, 0.35, 0.65, 0.65)),
    ("naip_nd/naip_20120731_rgbn_5m.tif", (0.65, 0.6, 0.95, 0.9)),
    ("landsat_pucallpa/landsat_2020_swir1_nir_red_green.tif", (0.3, 0.3, 0.7, 0.7)),
    ("s2_aquileia/s2_20190416.tif", (0.0, 0.0, 0.4, 0.4)),
    ("s2_aquileia/s2_20190416.tif", (0.5, 0.5, 0.9, 0.9)),
    ("s2_spain/S2_13band.tif", (0.1, 0.1, 0.9, 0.9)),
    ("vhr_korea/cogeo_0p6m_rgb.tif", (0.0, 0.0, 0.5, 0.5)),
    ("vhr_korea/cogeo_0p6m_rgb.tif", (0.5, 0.5, 1.0, 1.0)),
    ("swellendam_osm/ortho_2p5m_rgba.tif", (0.05, 0.35, 0.3, 0.6)),
    ("swellendam_osm/ortho_2p5m_rgba.tif", (0.35, 0.35, 0.6, 0.6)),
    ("swellendam_osm/ortho_2p5m_rgba.tif", (0.65, 0.35, 0.9, 0.6)),
    ("swellendam_osm/ortho_2p5m_rgba.tif", (0.4, 0.65, 0.65, 0.9)),
    ("spacenet4_atlanta/pan_0p5m.tif", (0.0, 0.0, 0.5, 0.5)),
    ("spacenet4_atlanta/pan_0p5m.tif", (0.5, 0.5, 1.0, 1.0)),
)
PARTS = ((0.2, 0.2, 0.6, 0.6), (0.5, 0.5, 0.9, 0.9))
TWO_DATES = (
    ("naip_nd/naip_20090818_rgbn_5m.tif", "naip_nd/naip_20120731_rgbn_5m.tif", PARTS[0]),
    ("naip_nd/naip_20120731_rgbn_5m.tif", "naip_nd/naip_20200831_rgbn_5m.tif", PARTS[1]),
    ("s2_pilbara_fire/s2_20181201.tif", "s2_pilbara_fire/s2_20190105.tif", PARTS[0]),
    (
        "landsat_pucallpa/landsat_1985_swir1_nir_red_green.tif",
        "landsat_pucallpa/landsat_2020_swir1_nir_red_green.tif", PARTS[0],
    ),
    (
        "landsat_pucallpa/landsat_2000_swir1_nir_red_green.tif",
        "landsat_pucallpa/landsat_2020_swir1_nir_red_green.tif", PARTS[1],
    ),
)  # fmt: skip

DEMO = Path(__file__).resolve().parents[1] / "resources" / "demo"
VILLAGE = tuple(
    ("before.tif", (left, top, left + 0.5, top + 0.5)) for left, top in ((0, 0), (0.5, 0), (0, 0.5), (0.5, 0.5))
)


def told(answer: Answer) -> str:
    return " ".join([answer.text, *(f"[{warning}]" for warning in answer.warnings[:1])])


def one_date(raster: Raster, model: str | None, models: Models) -> tuple[list[Image.Image], str]:
    said = describe.describe(DescribeRequest(raster, model=model), models, Watch())
    seen = segment.segment(SegmentRequest(raster, list(COVER), model), models, Watch())
    outlines = [(shape(item.geometry), COVER[item.label]) for item in seen.evidence]
    return [drawn(raster, outlines, SIDE)], told(said)


def two_dates(before: Raster, after: Raster, model: str | None, models: Models) -> tuple[list[Image.Image], str]:
    answer = change.change(ChangeRequest(before, after, model=model), models, Watch())
    outlines = [(shape(item.geometry), CHANGED) for item in answer.evidence if item.kind == "mask"]
    return [drawn(before, [], SIDE), drawn(after, outlines, SIDE)], told(answer)


def village(model: str | None, models: Models) -> Iterator[tuple[list[Image.Image], str]]:
    for file, part in VILLAGE:
        yield one_date(place(DEMO / file, part), model, models)


def places(folder: Path, model: str | None, models: Models) -> Iterator[tuple[list[Image.Image], str]]:
    for file, part in ONE_DATE:
        yield one_date(place(folder / file, part), model, models)
    for first, second, part in TWO_DATES:
        pair = place(folder / first, part), place(folder / second, part)
        try:
            yield two_dates(*pair, model, models)
        except RsvlmError as error:
            yield [drawn(raster, [], SIDE) for raster in pair], f"Refused: {error.message}"


def sheet(rows: Sequence[tuple[list[Image.Image], str]]) -> Image.Image:
    """Places from left to right; two dates stand beside each other."""
    font = ImageFont.load_default(15)
    cells: list[tuple[int, int, list[Image.Image], str]] = []
    column = line = 0
    for pictures, words in rows:
        if column + len(pictures) > COLUMNS:
            column, line = 0, line + 1
        cells.append((column, line, pictures, words))
        column += len(pictures)
    step = SIDE + MARGIN
    page = Image.new("RGB", (COLUMNS * step + MARGIN, (line + 1) * (step + WORDS) + 40), "white")
    pen = ImageDraw.Draw(page)
    for number, (phrase, colour) in enumerate({**COVER, "what changed": CHANGED}.items()):
        left = MARGIN + number * 160
        pen.rectangle((left, 10, left + 18, 28), fill=colour, outline="black")
        pen.text((left + 24, 9), phrase, fill="black", font=font)
    for column, line, pictures, words in cells:
        left, top = MARGIN + column * step, 40 + line * (step + WORDS)
        for number, image in enumerate(pictures):
            page.paste(image, (left + number * step, top))
        text = textwrap.fill(words, 42 * len(pictures), max_lines=5, placeholder=" …")
        pen.text((left, top + SIDE + 4), text, fill="black", font=font)
    return page


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, nargs="?", default=Path("build/sheet.png"))
    parser.add_argument("--model", default=None)
    parser.add_argument("--demo", action="store_true")
    given = parser.parse_args()
    models = Models("cpu")
    if given.demo:
        shown = village(given.model, models)
    else:
        needed = [file for *files, _ in (*ONE_DATE, *TWO_DATES) for file in files]
        shown = places(data_with(*(f"rasters/{file}" for file in needed)) / "rasters", given.model, models)
    sheet(list(shown)).save(given.out)
