"""A program that opens every raster file of a folder, as rsvlm does or ("free") as GDAL does by itself.

Prints one JSON line: file -> how it ended, and the drivers of the process.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")


def guarded(path: Path) -> str:
    from rsvlm.geo.scene import Scene
    from rsvlm.protocol import Raster, RsvlmError

    try:
        with Scene.open(Raster(href=str(path))) as scene:
            scene.view(scene.extent, (8, 8))
    except RsvlmError as error:
        return error.code
    return "seen"


def free(path: Path) -> str:
    import rasterio

    try:
        with rasterio.open(path) as dataset:
            dataset.overviews(1)
            dataset.read()
    except rasterio.errors.RasterioError:
        return "failed"
    return "seen"


def main() -> None:
    folder, how = Path(sys.argv[1]), sys.argv[2]
    look = free if how == "free" else guarded
    ends = {path.name: look(path) for path in sorted(folder.iterdir()) if path.suffix in (".vrt", ".tif", ".xml")}
    import rasterio

    with rasterio.Env() as env:
        print(json.dumps({"ends": ends, "drivers": sorted(env.drivers())}))


if __name__ == "__main__":
    main()
