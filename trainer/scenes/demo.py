"""Write the demo scene: a generated village by a lake on two dates, as COGs with exact class rasters.

python -m rsvlm.trainer.scenes.demo OUT_DIR [--seed N]
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional, Sequence, Tuple

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile
from rasterio.shutil import copy as copy_raster

from rsvlm.trainer.scenes.change import Pair, make_pair
from rsvlm.trainer.scenes.classes import CLASSES, COLOURS
from rsvlm.trainer.scenes.draw import Drawing, Light, draw

PIXELS = 1200
GSD_M = 0.5
CRS = "EPSG:32632"
UPPER_LEFT = (654_200.0, 5_318_600.0)  # easting, northing; the place is picked at random and the scene does not show it
SEED = 36


@dataclass(frozen=True)
class Flight:
    """One date of the demo: file name, when (as TIFFTAG_DATETIME writes it) and in what light."""

    name: str
    taken: str
    light: Light


FLIGHTS = (
    Flight("before", "2021:06:18 10:42:00", Light(azimuth=152.0, elevation=47.0)),
    Flight("after", "2025:07:02 10:58:00", Light(azimuth=148.0, elevation=49.0, gain=1.03, warmth=0.012)),
)


def make_demo(seed: int = SEED) -> Tuple[Pair, Tuple[Drawing, ...]]:
    """The pair of layouts and its drawings, before first."""
    pair = make_pair(seed, PIXELS * GSD_M)
    layouts = (pair.before, pair.after)
    return pair, tuple(draw(layout, PIXELS, flight.light) for layout, flight in zip(layouts, FLIGHTS))


def write_demo(out: Path, seed: int = SEED) -> Pair:
    """Write {before,after}.tif and {before,after}_classes.tif into `out`, which is made if need be."""
    pair, drawings = make_demo(seed)
    out.mkdir(parents=True, exist_ok=True)
    for flight, drawing in zip(FLIGHTS, drawings):
        tags = {"TIFFTAG_DATETIME": flight.taken, "TIFFTAG_SOFTWARE": "rsvlm.trainer.scenes.demo", "SEED": str(seed)}
        _write_photo(out / f"{flight.name}.tif", drawing.rgb, tags)
        _write_classes(out / f"{flight.name}_classes.tif", drawing.masks.classes, tags)
    return pair


def _write_photo(path: Path, rgb: NDArray[np.uint8], tags: Dict[str, str]) -> None:
    options = {"compress": "JPEG", "quality": 90, "overview_quality": 85, "overview_resampling": "average"}
    _write_cog(path, np.moveaxis(rgb, -1, 0), ("red", "green", "blue"), tags, None, options)


def _write_classes(path: Path, classes: NDArray[np.uint8], tags: Dict[str, str]) -> None:
    names = {f"CLASS_{code}": name for code, name in enumerate(CLASSES)}
    colours = {code: (*COLOURS[name], 255) for code, name in enumerate(CLASSES)}
    options = {"compress": "DEFLATE", "level": 9, "overview_resampling": "mode"}
    _write_cog(path, classes[None], ("class",), {**tags, **names}, colours, options)


def _write_cog(
    path: Path,
    bands: NDArray[np.uint8],
    names: Sequence[str],
    tags: Dict[str, str],
    colours: Optional[Dict[int, Tuple[int, int, int, int]]],
    options: Dict[str, object],
) -> None:
    """bands: (bands, H, W). Written beside and renamed, so that a crash leaves no half file."""
    profile = {
        "driver": "GTiff",
        "dtype": "uint8",
        "count": len(bands),
        "height": bands.shape[1],
        "width": bands.shape[2],
        "crs": CRS,
        "transform": Affine(GSD_M, 0, UPPER_LEFT[0], 0, -GSD_M, UPPER_LEFT[1]),
    }
    beside = path.with_suffix(".part.tif")
    with MemoryFile() as memory:
        with memory.open(**profile) as draft:
            draft.write(bands)
            draft.update_tags(**tags)
            draft.descriptions = tuple(names)
            if colours:
                draft.write_colormap(1, colours)
            else:
                draft.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
        with memory.open() as draft:
            copy_raster(draft, str(beside), driver="COG", blocksize=256, **options)
    beside.replace(path)


def summary(pair: Pair) -> str:
    """What the scene holds and what changed, one line each."""
    counted = ", ".join(f"{pair.before.count(kind)} {kind}s" for kind in ("building", "tree", "boat", "car", "field"))
    tally: Dict[str, int] = {}
    for change in pair.changes:
        tally[f"{change.label} {change.action}"] = tally.get(f"{change.label} {change.action}", 0) + 1
    changed = ", ".join(f"{number} {what}" for what, number in sorted(tally.items()))
    return f"before: {counted}\nchanged: {changed}"


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(description="Generate the demo scene: before and after, with exact class rasters.")
    parser.add_argument("out_dir", type=Path, help="folder to write the four COGs to")
    parser.add_argument("--seed", type=int, default=SEED, help="another number gives another village")
    options = parser.parse_args(arguments)
    pair = write_demo(options.out_dir, options.seed)
    for flight in FLIGHTS:
        for name in (f"{flight.name}.tif", f"{flight.name}_classes.tif"):
            print(f"{options.out_dir / name}: {(options.out_dir / name).stat().st_size / 1e6:.2f} MB", file=sys.stderr)
    print(summary(pair), file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
