"""From what a request names to an open dataset, or to one sentence that says why not.

Only local files are opened (and members of local zip and tar archives), and nothing they refer to on the network.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import warnings
from contextlib import ExitStack
from functools import lru_cache

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader, MemoryFile

from rsvlm.protocol import RsvlmError

# The only file name that GDAL may fetch through /vsicurl and its relatives is none; its cache of blocks is in bytes.
GDAL_OPTIONS = {"CPL_VSIL_CURL_ALLOWED_FILENAME": "-", "GDAL_CACHEMAX": 192 * 2**20}
MAX_DATA_BYTES = 64 * 2**20
MAX_DATA_PIXELS = 100_000_000
_DATA_DRIVERS = ["PNG", "GTiff", "JPEG", "WEBP"]
_NETWORK_DRIVERS = {
    "DAAS", "EEDA", "EEDAI", "HTTP", "NGW", "OGCAPI", "PLMOSAIC", "PostGISRaster", "STACIT", "STACTA", "WCS", "WMS",
    "WMTS",
}  # fmt: skip
_ARCHIVES = ("/vsizip/", "/vsitar/")
# A raster without a place is an ordinary thing here: it is seen in pixel coordinates.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)

_CONNECTION = re.compile(r"^\s*(<|\{|[A-Za-z][A-Za-z0-9_+.-]+:)")


def open_raster(href: str | None, data: str | None, closing: ExitStack) -> DatasetReader:
    """The dataset of a raster request, closed with `closing`. To be called under rasterio.Env(**GDAL_OPTIONS).

    Raises bad_request, not_found, forbidden, too_large or bad_raster.
    """
    if (href is None) == (data is None):
        raise RsvlmError(
            "bad_request", "A raster needs either a file (href) or a picture (data).", "Give one of the two."
        )
    if href is not None:
        return closing.enter_context(_open(local_path(href), _local_drivers(), os.path.basename(href) or href))
    memory = closing.enter_context(MemoryFile(_decoded(data or "")))
    dataset = closing.enter_context(_open(memory.name, _DATA_DRIVERS, "The picture"))
    if dataset.width * dataset.height * dataset.count > MAX_DATA_PIXELS:
        raise RsvlmError(
            "too_large",
            f"The picture is too large to be sent: {dataset.width} x {dataset.height} pixels.",
            "Send a smaller one, or give the path of the file.",
        )
    return dataset


def local_path(href: str) -> str:
    """The path that GDAL may open for `href`. Raises forbidden for what is remote, not_found for what is not there."""
    path = href[7:] if href.startswith("file://") else href
    if "\0" in path or not path.strip():
        raise RsvlmError("bad_request", "The raster's path is empty or malformed.", "Give the path of a raster file.")
    for prefix in _ARCHIVES:
        if path.startswith(prefix):
            return prefix + _archive_member(path[len(prefix) :])
    if path.lstrip().startswith("/vsi") or "://" in path:
        raise RsvlmError(
            "forbidden",
            f"{href} is not on this machine, and remote rasters are not opened.",
            "Download the file, or export the place you need from the layer to a GeoTIFF.",
        )
    if os.path.isdir(path):
        raise RsvlmError("bad_raster", f"{href} is a folder, not a raster.", "Choose the raster file inside it.")
    if os.path.isfile(path):
        if not os.access(path, os.R_OK):
            raise RsvlmError("bad_raster", f"{href} may not be read.", "Ask its owner for permission to read it.")
        return os.path.abspath(path)
    if _CONNECTION.match(path):
        raise RsvlmError(
            "forbidden",
            "The raster is named by a connection string, and only files are opened.",
            "Export the layer to a GeoTIFF and use that.",
        )
    raise RsvlmError("not_found", f"There is no file {href}.", "Check the path and whether the drive is connected.")


def _archive_member(inner: str) -> str:
    """`archive.zip/member` with the archive made absolute; the archive must be a file on this machine."""
    braced = re.match(r"^\{([^{}]*)\}(/.*)?$", inner)
    if braced:
        archive, member = braced.group(1), braced.group(2) or ""
    else:
        parts = inner.split("/")
        ends = [i for i in range(1, len(parts) + 1) if os.path.isfile("/".join(parts[:i]))]
        archive = "/".join(parts[: ends[0]]) if ends else inner
        member = inner[len(archive) :]
    if archive.lstrip("/").startswith("vsi") or "://" in inner:
        raise RsvlmError(
            "forbidden", "The archive is not on this machine, and remote rasters are not opened.", "Download it first."
        )
    if not os.path.isfile(archive):
        raise RsvlmError("not_found", f"There is no archive {archive}.", "Check the path.")
    return "{" + os.path.abspath(archive) + "}" + member


@lru_cache(maxsize=1)
def _local_drivers() -> tuple[str, ...]:
    with rasterio.Env() as env:
        return tuple(sorted(set(env.drivers()) - _NETWORK_DRIVERS))


def _decoded(data: str) -> bytes:
    if len(data) > MAX_DATA_BYTES * 4 // 3 + 4:
        raise RsvlmError(
            "too_large",
            f"The picture is larger than {MAX_DATA_BYTES // 2**20} MB.",
            "Send a smaller one, or give the path of the file.",
        )
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RsvlmError(
            "bad_request", "The picture's data are not base64.", "Send a PNG or TIFF, base64 encoded."
        ) from error
    if not content:
        raise RsvlmError("bad_request", "The picture's data are empty.", "Send a PNG or TIFF, base64 encoded.")
    return content


def _open(path: str, drivers: list[str] | tuple[str, ...], name: str) -> DatasetReader:
    try:
        dataset = DatasetReader(path, driver=list(drivers))
    except RasterioError as error:
        raise RsvlmError(
            "bad_raster",
            f"{name} is not a raster that can be read: its content is of no known format or it is damaged.",
            "Open it in QGIS to check it, or export it to a GeoTIFF.",
        ) from error
    if dataset.count == 0:
        inside = [part.rsplit(":", 1)[-1].strip('"/') for part in dataset.subdatasets]
        dataset.close()
        if inside:
            raise RsvlmError(
                "bad_raster",
                f"{name} is a container of {len(inside)} rasters and shows none by itself.",
                f"Export one of them to a GeoTIFF: {', '.join(inside[:8])}{' …' if len(inside) > 8 else ''}.",
            )
        raise RsvlmError("bad_raster", f"{name} has no bands.", "Choose a raster with at least one band.")
    if any("complex" in kind for kind in dataset.dtypes):
        dataset.close()
        raise RsvlmError(
            "bad_raster",
            f"{name} holds complex numbers, which cannot be seen as a picture.",
            "Compute its amplitude first, for instance with the raster calculator.",
        )
    return dataset
