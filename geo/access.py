"""Which rasters may be opened: by which drivers, under which names. Decides on names; opens nothing.

Local files, members of local zip and tar archives, and COGs on web hosts that the user allowed (remote.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from functools import cache
from html import unescape
from urllib.parse import urlsplit
from urllib.request import url2pathname

import rasterio
from rasterio.env import get_gdal_config

from rsvlm.protocol import RsvlmError

# What analysts have: imagery as it is delivered (GeoTIFF, JPEG 2000, NITF, and the product folders of satellites), files
# of the usual programs (Imagine, ENVI, ER Mapper, Idrisi, PCI, SAGA, Surfer, ArcInfo), elevation, maps for phones, plain
# pictures, HDF5, and VRT, which joins them. Each reads local files only. Every other driver is taken out of the process
# by gdal.ini, because a VRT would open its sources with any that is there.
DRIVERS = (
    "AAIGrid", "AIG", "BIGGIF", "BMP", "BSB", "DIMAP", "DTED", "EHdr", "ENVI", "ERS", "GIF", "GPKG", "GS7BG", "GSAG",
    "GSBG", "GTiff", "HDF5", "HDF5Image", "HFA", "JP2OpenJPEG", "JPEG", "MBTiles", "NITF", "PCIDSK", "PNG", "RS2", "RST",
    "SAFE", "SAGA", "SENTINEL2", "SRTMHGT", "TIL", "TSX", "USGSDEM", "VRT", "WEBP", "XYZ",
)  # fmt: skip
DATA_DRIVERS = ("PNG", "GTiff", "JPEG", "WEBP")  # of a picture that is sent; none of them refers to other files
REMOTE_DRIVERS = ("GTiff",)  # a VRT from elsewhere would name files of this machine

_ARCHIVES = ("/vsizip/", "/vsitar/")
_CONNECTION = re.compile(r"^\s*(<|\{|[A-Za-z][A-Za-z0-9_+.-]+:)")
_VRT_SOURCE = re.compile(r"<(?:SourceFilename|SourceDataset)([^>]*)>([^<]*)</")
_LARGEST_VRT = 64 * 2**20


@cache
def _drivers() -> Collection[str]:
    with rasterio.Env() as env:
        return env.drivers().keys()


def check_limits(remote: bool) -> None:
    """Raises RsvlmError (forbidden) where GDAL does not keep to gdal.ini, so that a file could have it ask the network.

    That is so in a program that started GDAL before it imported rsvlm.geo. remote: where the limits came without what keeps the
    environment from GDAL, what stands there could be sent to a host.
    """
    if "HTTP" in _drivers():
        raise RsvlmError(
            "forbidden",
            "No raster is opened, because GDAL was started without the limits on what a raster may refer to.",
            "Import rsvlm.geo before anything starts GDAL, or install rsvlm in a folder whose path has plain letters only.",
        )
    if remote and get_gdal_config("PATH", normalize=False) is not None:
        raise RsvlmError(
            "forbidden",
            "No raster on another machine is opened, because GDAL could send it what the environment holds.",
            "Install rsvlm in a folder whose path has plain letters only, or download the file.",
        )


def local_path(href: str) -> str:
    """The path that GDAL may open for `href`. Raises forbidden for what is remote, not_found for what is not there."""
    path = _named_file(href) if href.startswith("file:///") else href
    if "\0" in path or not path.strip():
        raise RsvlmError("bad_request", "The raster's path is empty or malformed.", "Give the path of a raster file.")
    for prefix in _ARCHIVES:
        if path.startswith(prefix):
            return prefix + _archive_member(path[len(prefix) :])
    if path.lstrip().startswith("/vsi") or "://" in path:
        raise RsvlmError(
            "forbidden",
            f"{href} is not on this machine, and only GeoTIFFs on allowed http(s) hosts are opened from elsewhere.",
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


def _named_file(url: str) -> str:
    """The path in a file's URL; also in one that somebody made by putting file:// before a path, whatever signs that holds."""
    plain = url.removeprefix("file://")
    try:
        return plain if os.path.exists(plain) else url2pathname(urlsplit(url).path)
    except OSError:  # on Windows, for what cannot be a path there
        return plain


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
            "forbidden", "The archive is not on this machine, and remote archives are not opened.", "Download it first."
        )
    if not os.path.isfile(archive):
        raise RsvlmError("not_found", f"There is no archive {archive}.", "Check the path.")
    return "{" + os.path.abspath(archive) + "}" + member


def check_sources(path: str, name: str) -> None:
    """Say of a VRT file, before it is read, that it names something remote. Raises forbidden.

    gdal.ini keeps GDAL from opening such a source in any case, with the words of a damaged file.
    """
    waiting, seen = [path], {path}
    while waiting:
        for source in _sources(waiting.pop()):
            if source.startswith(_ARCHIVES) and "/vsi" not in source[1:] and "://" not in source:
                continue
            if source.startswith("/vsi") or "://" in source or source.lstrip().startswith("<"):
                raise RsvlmError(
                    "forbidden",
                    f"{name} refers to a raster that is not on this machine.",
                    "Open that raster itself if its host is allowed, or export the layer to a GeoTIFF.",
                )
            if source not in seen:
                seen.add(source)
                waiting.append(source)


def _sources(path: str) -> Iterator[str]:
    """What a VRT file names as its sources; nothing for other files."""
    if not os.path.isfile(path) or os.path.getsize(path) > _LARGEST_VRT:
        return
    with open(path, "rb") as file:
        if b"<VRTDataset" not in file.read(1024):
            return
        file.seek(0)
        text = file.read().decode("utf-8", "replace")
    for attributes, source in _VRT_SOURCE.findall(text):
        source = unescape(source.strip())
        relative = re.search(r"relativeToVRT\s*=\s*[\"']1", attributes, re.IGNORECASE)
        yield os.path.join(os.path.dirname(path), source) if relative else source
