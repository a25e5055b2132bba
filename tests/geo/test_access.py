"""No file makes GDAL ask the network, run code or use a driver that is not meant to be there, however it refers to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from html import escape
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from rsvlm.geo.access import DRIVERS
from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster, RsvlmError

OPEN_ALL = Path(__file__).with_name("open_all.py")


def wms(web) -> str:
    return (
        f"<GDAL_WMS><Service name='TMS'><ServerUrl>{web.url}/wms/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service>"
        "<DataWindow><UpperLeftX>-1</UpperLeftX><UpperLeftY>1</UpperLeftY><LowerRightX>1</LowerRightX>"
        "<LowerRightY>-1</LowerRightY><SizeX>8</SizeX><SizeY>8</SizeY></DataWindow><BlockSizeX>8</BlockSizeX>"
        "<BlockSizeY>8</BlockSizeY><BandsCount>1</BandsCount></GDAL_WMS>"
    )


def remote_names(web, folder: Path) -> list[str]:
    """Every way to name something that is not a local file of an ordinary format."""
    sparse = folder / "sparse.parts"
    sparse.write_text(
        f'<VSISparseFile><SubfileRegion><Filename relative="0">/vsicurl/{web.url}/sparse.tif</Filename><DestinationOffset>'
        "0</DestinationOffset><SourceOffset>0</SourceOffset><RegionLength>100</RegionLength></SubfileRegion></VSISparseFile>"
    )
    service = folder / "service.txt"
    service.write_text(wms(web))
    far = f"/vsicurl/{web.url}/a"
    clouds = ("s3", "s3_streaming", "gs", "gs_streaming", "az", "az_streaming", "adls", "oss", "swift")
    return [
        f"{far}.tif", f"/vsicurl_streaming/{web.url}/b.tif", f"/vsicurl?url={web.url}/c.tif", f"/vsigzip/{far}.gz",
        *(f"/vsi{cloud}/bucket/a.tif" for cloud in clouds), f"/vsiwebhdfs/{web.url}/webhdfs/v1/a.tif",
        f"/vsizip/{far}.zip/a.tif", f"/vsizip/{{{far}.zip}}/a.tif", f"/vsitar/{far}.tar/a.tif",
        f"/vsisubfile/0_100,{far}.tif", f"/vsicached?file={far}.tif", f"/vsisparse/{sparse}",
        f"{web.url}/d.tif", wms(web), str(service), f"WMS:{web.url}/?", f"WCS:{web.url}/?", f"WMTS:{web.url}/?",
        f'NETCDF:"{web.url}/dap":v', f'HDF5:"{web.url}/x"://v', f'ZARR:"{far}"', f"STACIT:{web.url}/s", f"vrt://{far}.tif",
        f"GPKG:{far}.gpkg:t", f"DERIVED_SUBDATASET:AMPLITUDE:{web.url}/e.tif", f"OGCAPI:{web.url}/", f"GTI:{far}.gpkg",
        f"SENTINEL2_L2A:{far}.xml:10m:EPSG_32632", f"GTIFF_DIR:1:{far}.tif", "/vsistdin/", "EEDAI:projects/x/y",
    ]  # fmt: skip


def source(name: str, column: int = 0) -> str:
    return (
        f'<SimpleSource><SourceFilename relativeToVRT="0">{escape(name)}</SourceFilename><SourceBand>1</SourceBand>'
        '<SourceProperties RasterXSize="8" RasterYSize="8" DataType="Byte" BlockXSize="8" BlockYSize="8"/>'
        f'<SrcRect xOff="0" yOff="0" xSize="8" ySize="8"/><DstRect xOff="{column}" yOff="0" xSize="8" ySize="8"/>'
        "</SimpleSource>"
    )


def vrt(content: str, width: int = 8, attributes: str = "") -> str:
    return (
        f'<VRTDataset rasterXSize="{width}" rasterYSize="8"{attributes}><VRTRasterBand dataType="Byte" band="1">{content}'
        "</VRTRasterBand></VRTDataset>"
    )


def write_plain(path: Path, side: int = 64) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (1, side, side)).astype(np.uint8)
    with rasterio.open(path, "w", driver="GTiff", width=side, height=side, count=1, dtype="uint8", crs="EPSG:32632",
                       transform=from_origin(5e5, 5e6, 1, 1)) as target:  # fmt: skip
        target.write(pixels)
    return path


def write_smugglers(folder: Path, names: list[str]) -> None:
    """For each name: a VRT, one that reads in threads, one behind another, a warped and a raw one, and overviews."""
    for number, name in enumerate(names):
        stem = folder / f"{number:02}"
        one = stem.with_suffix(".one.vrt")
        one.write_text(vrt(source(name)))
        stem.with_suffix(".many.vrt").write_text(vrt("".join(source(name, 8 * column) for column in range(4)), 32))
        stem.with_suffix(".nested.vrt").write_text(vrt(source(str(one))))
        stem.with_suffix(".warped.vrt").write_text(
            '<VRTDataset rasterXSize="8" rasterYSize="8" subClass="VRTWarpedDataset"><VRTRasterBand dataType="Byte" band="1" '
            f'subClass="VRTWarpedRasterBand"/><GDALWarpOptions><SourceDataset relativeToVRT="0">{escape(name)}'
            '</SourceDataset><BandList><BandMapping src="1" dst="1"/></BandList></GDALWarpOptions></VRTDataset>'
        )
        stem.with_suffix(".raw.vrt").write_text(
            '<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand">'
            f'<SourceFilename relativetoVRT="0">{escape(name)}</SourceFilename><ImageOffset>0</ImageOffset>'
            "<PixelOffset>1</PixelOffset><LineOffset>8</LineOffset></VRTRasterBand></VRTDataset>"
        )
        plain = write_plain(stem.with_suffix(".overview.tif"))
        Path(f"{plain}.aux.xml").write_text(
            f'<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{escape(name)}</MDI></Metadata></PAMDataset>'
        )


def open_all(folder: Path, how: str, web, **environment: str) -> dict:
    """As a process of its own, with accounts for every cloud in its environment, all of them on `web`."""
    accounts = {
        "AWS_S3_ENDPOINT": web.host, "AWS_HTTPS": "NO", "AWS_VIRTUAL_HOSTING": "FALSE", "AWS_NO_SIGN_REQUEST": "YES",
        "AZURE_STORAGE_CONNECTION_STRING": f"AccountName=a;AccountKey=YWJj;BlobEndpoint={web.url}/az",
        "CPL_GS_ENDPOINT": f"{web.url}/gs/", "GS_NO_SIGN_REQUEST": "YES", "OSS_ENDPOINT": web.host, "OSS_HTTPS": "NO",
        "OSS_VIRTUAL_HOSTING": "FALSE", "OSS_SECRET_ACCESS_KEY": "a", "OSS_ACCESS_KEY_ID": "b",
        "SWIFT_STORAGE_URL": f"{web.url}/swift", "SWIFT_AUTH_TOKEN": "x", "EEDA_BEARER": "x", "EEDA_URL": f"{web.url}/",
        "GDAL_VRT_ENABLE_PYTHON": "YES", "GDAL_SKIP": "PNG", "GDAL_HTTP_MAX_RETRY": "0",
        "no_proxy": "127.0.0.1",
    }  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if name != "GDAL_CONFIG_FILE"}
    done = subprocess.run(
        [sys.executable, str(OPEN_ALL), str(folder), how], env={**inherited, **accounts, **environment}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_file_makes_gdal_ask_the_network(tmp_path: Path, web):
    write_smugglers(tmp_path, remote_names(web, tmp_path))
    ends = open_all(tmp_path, "guarded", web)["ends"]
    assert web.asked == []
    assert len(ends) > 6 * 40
    assert {ends[name] for name in ends if name.endswith(".one.vrt")} <= {"forbidden", "bad_raster"}
    assert ends["00.one.vrt"] == ends["00.nested.vrt"] == ends["00.warped.vrt"] == "forbidden"


def test_gdal_by_itself_would_have_asked(tmp_path: Path, web):
    """So that the server of the test above is known to be within reach of such files."""
    (tmp_path / "service.txt").write_text(wms(web))
    names = [f"/vsicurl/{web.url}/a.tif", "/vsiswift/bucket/a.tif", f"{web.url}/d.tif", wms(web)]
    write_smugglers(tmp_path, names)
    open_all(tmp_path, "free", web)
    paths = " ".join(path for _, path, _ in web.asked)
    assert all(part in paths for part in ("/a.tif", "/swift/bucket", "/d.tif", "/wms/0/0/0.png"))


def test_process_has_the_listed_drivers_and_those_for_writing_and_for_memory(tmp_path: Path, web):
    write_plain(tmp_path / "plain.tif")
    assert set(open_all(tmp_path, "guarded", web)["drivers"]) == {*DRIVERS, "COG", "MEM", "Memory"}


def test_nothing_is_opened_where_gdal_was_started_without_its_limits(tmp_path: Path, web):
    write_plain(tmp_path / "plain.tif")
    write_smugglers(tmp_path, [f"/vsicurl/{web.url}/a.tif", wms(web)])
    assert set(open_all(tmp_path, "late", web)["ends"].values()) == {"forbidden"}
    assert web.asked == []


def test_limits_hold_where_gdal_cannot_read_the_path_of_their_file(root: Path, tmp_path: Path, web):
    """As on Windows, where the letters of a user's name are not those that GDAL takes them for."""
    link, folder = tmp_path / "Иван" / "rsvlm", tmp_path / "files"
    link.parent.mkdir()
    link.symlink_to(root)
    folder.mkdir()
    write_plain(folder / "plain.tif")
    write_smugglers(folder, [f"/vsicurl/{web.url}/a.tif", wms(web), f"{web.url}/d.tif"])
    found = open_all(folder, "unread", web, PYTHONPATH=str(link.parent))
    assert set(found["drivers"]) == {*DRIVERS, "COG", "MEM", "Memory"} and found["ends"]["plain.tif"] == "seen"
    assert found["ends"]["00.one.vrt"] == "forbidden" and web.asked == []


def test_python_in_a_vrt_is_not_run(tmp_path: Path, web):
    left = tmp_path / "left"
    plain = write_plain(tmp_path / "plain.tif", 8)
    band = source(str(plain))
    code = f"def f(*args, **kwargs):\n    open({str(left)!r}, 'w').close()\n"
    text = vrt(
        f"<PixelFunctionType>f</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage>"
        f"<PixelFunctionCode><![CDATA[{code}]]></PixelFunctionCode>{band}"
    )
    derived = text.replace('band="1">', 'band="1" subClass="VRTDerivedRasterBand">')
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "code.vrt").write_text(derived)
    assert open_all(folder, "guarded", web)["ends"] == {"code.vrt": "bad_raster"}
    assert not left.exists()
    open_all(folder, "free", web)
    assert left.exists(), "GDAL by itself runs it"


def test_vrt_names_what_it_refers_to_in_words(tmp_path: Path):
    inner = tmp_path / "inner.vrt"
    inner.write_text(vrt(source("/vsicurl/http://127.0.0.1:9/a.tif")))
    outer = tmp_path / "outer.vrt"
    outer.write_text(vrt(source("inner.vrt").replace('relativeToVRT="0"', 'relativeToVRT="1"')))
    with pytest.raises(RsvlmError) as caught:
        Scene.open(Raster(href=str(outer)))
    assert caught.value.code == "forbidden"
    assert caught.value.message == "outer.vrt refers to a raster that is not on this machine."


def test_vrt_of_local_files_is_seen(tmp_path: Path, write: Callable[..., str]):
    pixels = np.random.default_rng(0).integers(0, 255, (1, 8, 8)).astype(np.uint8)
    plain = Path(write(pixels))
    with tarfile.open(tmp_path / "all.tar", "w") as target:
        target.add(plain, "inside.tif")
    for name in (str(plain), f"/vsitar/{tmp_path}/all.tar/inside.tif"):
        path = tmp_path / "near.vrt"
        path.write_text(vrt(source(name)))
        with Scene.open(Raster(href=str(path))) as scene:
            np.testing.assert_array_equal(scene.view(scene.extent, (8, 8)).pixels, pixels)


def test_format_that_is_not_listed_is_refused(tmp_path: Path, web):
    path = tmp_path / "map.xml"
    path.write_text(wms(web))
    with pytest.raises(RsvlmError, match=r"map\.xml is not a raster that can be read"):
        Scene.open(Raster(href=str(path)))
    assert web.asked == []
