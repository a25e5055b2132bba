"""From what a request names to an open dataset, or to one sentence that says why not.

What may be opened at all is decided in access.py, remote.py and gdal.ini; here it is opened, within bounds of size.
"""

from __future__ import annotations

import base64
import binascii
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader, MemoryFile

from rsvlm.geo.access import DATA_DRIVERS, DRIVERS, REMOTE_DRIVERS, check_limits, check_sources, local_path
from rsvlm.geo.remote import is_remote, remote_path, tls_options
from rsvlm.protocol import RsvlmError

MAX_DATA_BYTES = 64 * 2**20
MAX_DATA_VALUES = 100_000_000  # pixels times bands of a picture that is sent
MAX_BANDS = 2_000  # hyperspectral scenes have some hundreds
MAX_BLOCK_BYTES = 2**29  # GDAL holds whole blocks, however few of their pixels are asked for
MAX_REMOTE_PIXELS = 4096**2  # without overviews, a look at the whole fetches every pixel
# A raster without a place is an ordinary thing here: it is seen in pixel coordinates.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)


def open_raster(href: str | None, data: str | None, closing: ExitStack) -> DatasetReader:
    """The dataset of a raster request, closed with `closing`. To be called under rasterio.Env().

    Raises bad_request, not_found, forbidden, too_large or bad_raster.
    """
    if (href is None) == (data is None):
        raise RsvlmError(
            "bad_request", "A raster needs either a file (href) or a picture (data).", "Give one of the two."
        )
    check_limits(remote=href is not None and is_remote(href))
    if href is None:
        memory = closing.enter_context(MemoryFile(_decoded(data or "")))
        dataset = closing.enter_context(_open(memory.name, DATA_DRIVERS, "The picture"))
        if dataset.width * dataset.height * dataset.count > MAX_DATA_VALUES:
            raise _too_large(f"The picture is too large to be sent: {dataset.width} x {dataset.height} pixels")
        return dataset
    if is_remote(href):
        return closing.enter_context(_open_remote(href))
    name = os.path.basename(href) or href
    path = local_path(href)
    check_sources(path, name)
    return closing.enter_context(_open(path, DRIVERS, name))


def _open_remote(href: str) -> DatasetReader:
    """Nothing but this one file is fetched: no other files beside it are looked for.

    It is opened on a thread of its own. On the main thread rasterio.Env would set its options for the whole process, and
    leave them unset: the limit of gdal.ini would be gone.
    """
    path = remote_path(href)
    name = os.path.basename(urlsplit(path).path)
    only = {"CPL_VSIL_CURL_ALLOWED_FILENAME": path, "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", **tls_options()}

    def open_there() -> DatasetReader:
        with rasterio.Env(**only):
            return _open(path, REMOTE_DRIVERS, name)

    with ThreadPoolExecutor(1, "opening") as thread:
        dataset = thread.submit(open_there).result()
    if dataset.width * dataset.height > MAX_REMOTE_PIXELS and not dataset.overviews(1):
        dataset.close()
        raise RsvlmError(
            "bad_raster",
            f"{name} has no overviews, so a look at it would fetch the whole file.",
            "Download it, or have it made a cloud-optimised GeoTIFF.",
        )
    return dataset


def _decoded(data: str) -> bytes:
    if len(data) > MAX_DATA_BYTES * 4 // 3 + 4:
        raise _too_large(f"The picture is larger than {MAX_DATA_BYTES // 2**20} MB")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RsvlmError(
            "bad_request", "The picture's data are not base64.", "Send a PNG or TIFF, base64 encoded."
        ) from error
    if not content:
        raise RsvlmError("bad_request", "The picture's data are empty.", "Send a PNG or TIFF, base64 encoded.")
    return content


def _too_large(said: str) -> RsvlmError:
    return RsvlmError("too_large", f"{said}.", "Send a smaller one, or give the path of the file.")


def _open(path: str, drivers: tuple[str, ...], name: str) -> DatasetReader:
    """A dataset with at least one band of numbers, in blocks that memory can hold; its pixels are not touched."""
    try:
        dataset = DatasetReader(path, driver=list(drivers))
    except (RasterioError, UnicodeEncodeError) as error:  # of a name that is no UTF-8, which GDAL cannot be told
        raise RsvlmError(
            "bad_raster",
            f"{name} is not a raster that can be read: its content is of no known format or it is damaged.",
            "Open it in QGIS to check it, or export it to a GeoTIFF.",
        ) from error
    try:
        _check(dataset, name)
    except RsvlmError:
        dataset.close()
        raise
    return dataset


def _check(dataset: DatasetReader, name: str) -> None:
    if dataset.count == 0:
        inside = [part.rsplit(":", 1)[-1].strip('"/') for part in dataset.subdatasets]
        if inside:
            raise RsvlmError(
                "bad_raster",
                f"{name} is a container of {len(inside)} rasters and shows none by itself.",
                f"Export one of them to a GeoTIFF: {', '.join(inside[:8])}{' …' if len(inside) > 8 else ''}.",
            )
        raise RsvlmError("bad_raster", f"{name} has no bands.", "Choose a raster with at least one band.")
    if dataset.count > MAX_BANDS:
        raise RsvlmError(
            "too_large",
            f"{name} has {dataset.count} bands, and at most {MAX_BANDS} are read.",
            "Export the bands that you want to see to a GeoTIFF.",
        )
    if any("complex" in kind for kind in dataset.dtypes):
        raise RsvlmError(
            "bad_raster",
            f"{name} holds complex numbers, which cannot be seen as a picture.",
            "Compute its amplitude first, for instance with the raster calculator.",
        )
    height, width = max(dataset.block_shapes, key=lambda shape: shape[0] * shape[1])
    together = dataset.count if dataset.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE") == "PIXEL" else 1
    if height * width * together * max(np.dtype(kind).itemsize for kind in dataset.dtypes) > MAX_BLOCK_BYTES:
        raise RsvlmError(
            "too_large",
            f"{name} is stored in blocks of {width} x {height} pixels, too large to be held in memory.",
            "Export it to a GeoTIFF with the creation option TILED=YES.",
        )
