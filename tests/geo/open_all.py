"""A program that opens every raster file of a folder, as rsvlm does or ("free") as GDAL does by itself.

"late": as rsvlm does where GDAL was started before. "unread": where GDAL cannot read the file of its limits.

Prints one JSON line: file -> how it ended, and the drivers of the process.
"""

from __future__ import annotations

import json
import os
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
    if how == "late":
        import rasterio

        with rasterio.Env():
            pass
    if how == "unread":
        import rsvlm.geo  # noqa: F401 # it names the file

        os.environ["GDAL_CONFIG_FILE"] = "/nowhere"
    look = free if how == "free" else guarded
    ends = {path.name: look(path) for path in sorted(folder.iterdir()) if path.suffix in (".vrt", ".tif", ".xml")}
    import rasterio

    with rasterio.Env() as env:
        print(json.dumps({"ends": ends, "drivers": sorted(env.drivers())}))


if __name__ == "__main__":
    main()
