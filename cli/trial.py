"""`python -m rsvlm.cli.trial description|providers`: really run what may be broken, and tell as one line of JSON.

A process of its own for `rsvlm doctor`, which has to outlive a package that cannot be imported or crashes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

from rsvlm.models.pool import Models
from rsvlm.protocol import DescribeRequest, Raster, RsvlmError, Watch

SIDE = 256  # pixels, of 1 m
# An ONNX model that returns what it is given: a session of it runs on what is there, not on what is only listed.
IDENTITY = bytes.fromhex(
    "08083a370a100a017812017922084964656e746974791201675a0f0a0178120a0a08080112040a020801620f0a"
    "0179120a0a08080112040a0208014202100d"
)


def description() -> dict[str, Any]:
    """The device, the note on it, and what the bundled model says of a made-up place. Raises RsvlmError."""
    import torch

    from rsvlm.tasks.describe import describe

    models = Models()
    with tempfile.TemporaryDirectory() as folder:
        request = DescribeRequest(Raster(href=str(made_up_place(Path(folder)))))
        answer = describe(request, models, Watch())
    return {
        "device": models.device,
        "note": models.note,
        "torch_built_for": f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU",
        "gdal": rasterio.__gdal_version__,
        "model": answer.provenance["model"],
        "said": answer.text,
        "seconds": answer.timings["total"],
    }


def providers() -> dict[str, Any]:
    """What onnxruntime lists, and what a session of it really runs on."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what cannot be loaded shows in the answer
    listed = onnxruntime.get_available_providers()
    session = onnxruntime.InferenceSession(IDENTITY, options, providers=listed)
    return {"listed": listed, "working": session.get_providers()}


def made_up_place(folder: Path) -> Path:
    """A GeoTIFF of a meadow with a pond."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    pond = (rows - 110) ** 2 + (columns - 140) ** 2 < 60**2
    colours = np.where(pond, np.array([40, 60, 85])[:, None, None], np.array([95, 120, 60])[:, None, None])
    noise = np.random.default_rng(3).integers(-8, 8, (3, SIDE, SIDE))
    path = folder / "place.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=SIDE, height=SIDE, count=3, dtype="uint8", crs="EPSG:32632",
        transform=from_origin(500000, 5500000, 1, 1),
    ) as target:  # fmt: skip
        target.write((colours + noise).astype(np.uint8))
    return path


def main() -> None:
    try:
        told = {"description": description, "providers": providers}[sys.argv[1]]()
    except RsvlmError as error:
        told = error.to_json()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
