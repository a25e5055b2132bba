"""Bad input ends in one clear sentence with a hint, never in another error or a wrong picture."""

from __future__ import annotations

import base64
import os
import socket
import sqlite3
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import rasterio

from rsvlm.geo.opening import MAX_DATA_BYTES
from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster, RsvlmError


def refused(code: str, *words: str, **raster) -> RsvlmError:
    """The error of seeing a raster, which must be of this code and say these words in one sentence."""
    with pytest.raises(RsvlmError) as caught, Scene.open(Raster(**raster)) as scene:
        scene.view(scene.extent, (32, 32))
    error = caught.value
    assert error.code == code, error.message
    assert all(word in error.message + error.hint for word in words), (error.message, error.hint)
    assert error.message.endswith(".") and error.hint.endswith(".") and "\n" not in error.message
    assert "rasterio" not in error.message and "Error" not in error.message
    return error


def picture(side: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (3, side, side)).astype(np.uint8)


def test_missing_file(tmp_path: Path):
    refused("not_found", "There is no file", "gone.tif", href=str(tmp_path / "gone.tif"))


def test_folder(tmp_path: Path):
    refused("bad_raster", "is a folder", href=str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"just words\n", b"II*\0garbage"])
def test_file_that_is_no_raster(tmp_path: Path, content: bytes):
    path = tmp_path / "words.tif"
    path.write_bytes(content)
    refused("bad_raster", "words.tif", href=str(path))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("compress", ["deflate", "none", "lzw"])
def test_truncated_tiff(write, share: float, compress: str):
    path = write(picture(400), compress=compress, tiled=True, blockxsize=64, blockysize=64)
    os.truncate(path, int(os.path.getsize(path) * share))
    refused("bad_raster", "scene.tif", "damaged", href=path)


def test_truncated_tiff_is_still_seen_where_it_is_whole(write):
    path = write(picture(400)[:1], compress="none", tiled=True, blockxsize=64, blockysize=64, nodata=None)
    os.truncate(path, int(os.path.getsize(path) * 0.9))
    with Scene.open(Raster(href=path)) as scene, pytest.raises(RsvlmError, match="damaged"):
        scene.view(scene.extent, (50, 50))


def test_vector_file_with_no_raster_in_it(tmp_path: Path):
    path = tmp_path / "points.geojson"
    path.write_text('{"type":"FeatureCollection","features":[]}')
    refused("bad_raster", "points.geojson", href=str(path))
    empty = tmp_path / "empty.gpkg"
    sqlite3.connect(empty).close()
    refused("bad_raster", "empty.gpkg", href=str(empty))


def test_container_names_what_is_inside(tmp_path: Path):
    path = tmp_path / "cube.gpkg"
    for append, table in (("NO", "spring"), ("YES", "autumn")):
        with rasterio.open(
            path, "w", driver="GPKG", width=8, height=8, count=3, dtype="uint8", crs="EPSG:4326",
            transform=rasterio.transform.from_origin(0, 8, 1, 1), RASTER_TABLE=table, APPEND_SUBDATASET=append,
        ) as target:  # fmt: skip
            target.write(picture(8))
    refused("bad_raster", "container of 2 rasters", "spring", "autumn", href=str(path))


@pytest.mark.parametrize(
    "href",
    [
        "s3://bucket/a.tif",
        "zip+https://example.org/a.zip!a.tif",
        "/vsicurl_streaming/http://example.org/a.tif",
        "/vsis3/bucket/a.tif",
        "/vsigs/bucket/a.tif",
        "/vsiaz/bucket/a.tif",
        "/vsizip//vsicurl/https://example.org/a.zip/a.tif",
        "/vsizip/{/vsicurl/https://example.org/a.zip}/a.tif",
        "/vsizip/vsicurl/https://example.org/a.zip",
        "/vsitar//vsis3/bucket/a.tar/a.tif",
        "/vsisubfile/0_100,/vsicurl/http://example.org/a.tif",
        "/vsimem/a.tif",
        "WMS:http://example.org/wms",
        "WCS:https://example.org/wcs",
        "PG:dbname=x",
        "GTIFF_DIR:1:/data/a.tif",
        "<GDAL_WMS><Service name='TMS'/></GDAL_WMS>",
        "<VRTDataset rasterXSize='1' rasterYSize='1'/>",
        '{"type":"gdalg"}',
    ],
)
def test_remote_rasters_and_connection_strings_are_not_opened(href: str):
    refused("forbidden", "opened", href=href)


def test_raster_in_a_local_archive_is_opened_and_a_missing_one_named(write, tmp_path: Path):
    path, archive = write(picture()), tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.write(path, "inside/a.tif")
    for href in (f"/vsizip/{archive}/inside/a.tif", f"/vsizip/{{{archive}}}/inside/a.tif"):
        with Scene.open(Raster(href=href)) as scene:
            np.testing.assert_array_equal(scene.view(scene.extent, (16, 16)).pixels, picture())
    refused("bad_raster", "b.tif", href=f"/vsizip/{archive}/inside/b.tif")
    refused("not_found", "no archive", href=f"/vsizip/{tmp_path}/none.zip/a.tif")


@pytest.mark.parametrize("name", ["scene.tif", "two words é.tif", "50%25 ?#.tif", "100%.tif"])
def test_file_url_is_a_local_file(write, name: str):
    """Written as URLs are, or a path that somebody put file:// before."""
    path = write(picture(), name)
    for href in (Path(path).as_uri(), "file://" + path):
        with Scene.open(Raster(href=href)) as scene:
            assert scene.width == 16
    refused("not_found", "There is no file", "gone%20away.tif", href=f"{Path(path).parent.as_uri()}/gone%20away.tif")
    refused("forbidden", "not on this machine", href="file:///vsicurl/http%3A//127.0.0.1:9/a.tif")
    refused("bad_request", "malformed", href="file:///a%00b.tif")


@pytest.mark.parametrize(
    ("extent", "words"),
    [
        ([500000, 4999900, 500000, 5000000], "empty"),
        ([500100, 4999900, 500000, 5000000], "inverted"),
        ([500000, 5000000, 500100, 4999900], "inverted"),
        ([float("nan"), 0, 1, 1], "not a finite number"),
        ([float("-inf"), 0, 1, 1], "not a finite number"),
        ([0, 1, 2], "four numbers"),
        ([0, 1, 2, "x"], "four numbers"),
        ([600000, 4999900, 600100, 5000000], "outside the raster"),
    ],
)
def test_extent_that_is_none(write, extent: list[float], words: str):
    refused("bad_extent", words, href=write(picture()), extent=extent)


def test_extent_that_the_rasters_crs_cannot_hold(write):
    path = write(picture())
    refused("bad_extent", "from EPSG:4326", href=path, crs="EPSG:4326", extent=[0, 95, 1, 96])
    refused("bad_extent", "converted", href=path, crs='LOCAL_CS["site",UNIT["metre",1]]', extent=[0, 0, 1, 1])


@pytest.mark.parametrize("crs", ["EPSG:999999", "EPSG:abc", "nonsense", "PROJCS[broken", "EPSG:"])
def test_unknown_crs(write, crs: str):
    refused("bad_request", "is not known", href=write(picture()), crs=crs, extent=[0, 0, 1, 1])


def test_crs_is_never_taken_for_a_file_or_an_address(write, tmp_path: Path):
    path = tmp_path / "site.prj"
    path.write_text(rasterio.CRS.from_epsg(32633).to_wkt())
    refused("bad_request", "is not known", href=write(picture()), crs=str(path), extent=[0, 0, 1, 1])
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/site.prj"
        refused("bad_request", "is not known", href=write(picture()), crs=address, extent=[0, 0, 1, 1])
        with pytest.raises(TimeoutError):
            server.accept()


def test_map_extent_on_a_picture_without_georeference(write):
    path = write(picture(), crs=None, transform=rasterio.Affine.identity())
    refused("bad_extent", "not georeferenced", href=path, crs="EPSG:3857", extent=[0, 0, 1, 1])


@pytest.mark.parametrize(
    ("area", "code", "words"),
    [
        ({"type": "Point", "coordinates": [1, 2]}, "bad_request", "not a polygon"),
        ({"type": "Polygon"}, "bad_request", "GeoJSON"),
        ({"type": "Polygon", "coordinates": "abc"}, "bad_request", "GeoJSON"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, "bad_extent", "outside the raster"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [2, 0], [0, 0]]]}, "bad_extent", "empty"),
    ],
)
def test_area_that_is_none(write, area: dict, code: str, words: str):
    refused(code, words, href=write(picture()), area=area)


@pytest.mark.parametrize(
    ("bands", "words"), [([9], "no band 9"), ([0], "no band 0"), ([1, 2], "2 bands make no picture")]
)
def test_bands_that_are_not_there(write, bands: list[int], words: str):
    refused("bad_request", words, href=write(picture()), bands=bands)


def test_picture_data_that_are_none(write):
    refused("bad_request", "not base64", data="%%%")
    refused("bad_request", "either", data="AAAA", href="a.tif")
    refused("bad_request", "either")
    refused("bad_request", "empty", data="")
    refused("bad_raster", "The picture is not a raster", data=base64.b64encode(b"hello").decode())
    refused("too_large", "64 MB", data="A" * (MAX_DATA_BYTES * 4 // 3 + 8))
    with open(write(picture()), "rb") as file:
        content = base64.b64encode(file.read()).decode()
    flat, far, stretched, sheared = (
        [1, 0, 0, 0, 0, 0],
        [1, 0, 1e15, 0, -1, 0],
        [1, 0, 0, 0, -1e6, 0],
        [1, 1, 0, 1, 1.0001, 0],
    )
    for odd in (flat, far, stretched, sheared):
        refused("bad_request", "transform", data=content, transform=odd, crs="EPSG:3857")
    placed = {"data": content, "transform": [1, 0, 0, 0, -1, 16]}
    refused("bad_extent", "outside", **placed, crs="EPSG:3857", extent=[0, 0, 5e-324, 1])
    for vertical in ("EPSG:5773", "EPSG:4978"):
        refused("bad_request", "not of a map", **placed, crs=vertical)


def test_place_around_a_pole_has_no_width_to_measure(write):
    with open(write(picture()), "rb") as file:
        content = base64.b64encode(file.read()).decode()
    pole = Raster(data=content, transform=[0.625, 0, 0, 0, -0.625, 95], crs="EPSG:4326")
    with Scene.open(pole) as scene:
        assert scene.ground_size_m(scene.extent) is None
        assert scene.view(scene.extent, (32, 32)).valid.all()


def test_small_data_of_a_huge_picture(write):
    sparse = write(np.zeros((1, 1, 1), np.uint8))
    with rasterio.open(
        sparse, "w", driver="GTiff", width=60000, height=60000, count=1, dtype="uint8", SPARSE_OK=True, tiled=True
    ):
        pass
    with open(sparse, "rb") as file:
        refused("too_large", "60000 x 60000", data=base64.b64encode(file.read()).decode())


def test_small_data_with_one_huge_block(tmp_path: Path):
    path = tmp_path / "block.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=16, height=16, count=3, dtype="uint8", SPARSE_OK=True, tiled=True,
        blockxsize=32768, blockysize=32768,
    ):  # fmt: skip
        pass
    assert path.stat().st_size < 1000
    refused("too_large", "blocks of 32768 x 32768", data=base64.b64encode(path.read_bytes()).decode())
    refused("too_large", "block.tif", "TILED=YES", href=str(path))


def test_small_data_of_a_huge_png():
    """Its header promises 200,000 x 200,000 pixels; there are none, and none are looked for."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 200_000, 200_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    refused("too_large", "200000 x 200000", data=base64.b64encode(png).decode())


def test_more_bands_than_any_sensor_has(tmp_path: Path):
    path = tmp_path / "bands.tif"
    with rasterio.open(path, "w", driver="GTiff", width=1, height=1, count=2001, dtype="uint8", SPARSE_OK=True):
        pass
    refused("too_large", "bands.tif has 2001 bands", href=str(path))
    refused("too_large", "2001 bands", data=base64.b64encode(path.read_bytes()).decode())


def test_picture_data_may_not_be_a_file_that_points_elsewhere():
    vrt = b'<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>'
    refused("bad_raster", "The picture", data=base64.b64encode(vrt).decode())
