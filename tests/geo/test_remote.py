"""A GeoTIFF is read from a host that the user allowed, in parts; nothing else is asked for, of nobody else."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import rasterio

from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster, RsvlmError

NAME = "/places/town.tif"


@pytest.fixture(scope="session")
def cog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2048 x 2048 pixels of noise with overviews: some 16 MB."""
    path = tmp_path_factory.mktemp("cog") / "town.tif"
    pixels = np.random.default_rng(0).integers(1, 255, (3, 2048, 2048)).astype(np.uint8)
    with rasterio.open(
        path, "w", driver="COG", width=2048, height=2048, count=3, dtype="uint8", crs="EPSG:32633", blocksize=256,
        transform=rasterio.transform.from_origin(500000, 5000000, 1, 1), overview_resampling="average",
    ) as target:  # fmt: skip
        target.write(pixels)
    return path


@pytest.fixture
def town(web, cog: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the COG on an allowed host."""
    web.files[NAME] = cog.read_bytes()
    monkeypatch.setenv("RSVLM_ALLOWED_HOSTS", f"data.example.org, {web.host}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return web.url + NAME


def refused(code: str, *words: str, href: str) -> None:
    with pytest.raises(RsvlmError) as caught, Scene.open(Raster(href=href)) as scene:
        scene.view(scene.extent, (8, 8))
    error = caught.value
    assert error.code == code, error.message
    assert all(word in error.message + error.hint for word in words), (error.message, error.hint)
    assert error.message.endswith(".") and error.hint.endswith(".")


def test_cog_is_read_in_parts_and_as_it_is(web, town: str, cog: Path):
    place = (500100.0, 4999000.0, 500356.0, 4999256.0)
    with Scene.open(Raster(href=town, extent=place)) as far, Scene.open(Raster(href=str(cog), extent=place)) as near:
        assert far.crs == near.crs and far.gsd_m == near.gsd_m and far.source == town
        np.testing.assert_array_equal(far.view(place, (64, 64)).pixels, near.view(place, (64, 64)).pixels)
    assert {path for _, path, _ in web.asked} == {NAME}
    assert all(method == "HEAD" or "Range" in headers for method, _, headers in web.asked)
    assert web.sent < cog.stat().st_size / 2


def test_source_of_a_layer_in_qgis_is_an_address_too(web, town: str):
    with Scene.open(Raster(href=f"/vsicurl/{town}")) as scene:
        assert scene.width == 2048


def test_limits_still_hold_after_a_remote_raster(web, town: str, tmp_path: Path):
    """GDAL may fetch the one file while it is opened, and nothing thereafter: in no thread, whoever opened it."""
    sources = "".join(
        f"<SimpleSource><SourceFilename>/vsicurl/{web.url}/other{number}.tif</SourceFilename><SourceBand>1</SourceBand>"
        '<SourceProperties RasterXSize="8" RasterYSize="8" DataType="Byte"/>'
        '<SrcRect xOff="0" yOff="0" xSize="8" ySize="8"/>'
        f'<DstRect xOff="{8 * number}" yOff="0" xSize="8" ySize="8"/></SimpleSource>'
        for number in range(4)
    )
    path = tmp_path / "far.vrt"
    path.write_text(
        f'<VRTDataset rasterXSize="32" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1">{sources}</VRTRasterBand>'
        "</VRTDataset>"
    )

    def read_far() -> None:
        with contextlib.suppress(rasterio.errors.RasterioError), rasterio.open(path) as dataset:
            dataset.read()

    def try_both() -> None:
        with Scene.open(Raster(href=town)) as scene:
            read_far()
            scene.view(scene.extent, (8, 8))
        read_far()

    try_both()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(try_both).result()
    assert {asked for _, asked, _ in web.asked} == {NAME}


def test_nothing_of_the_user_is_sent_along(web, town: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    for name, value in {
        "HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc"), "GDAL_HTTP_NETRC_FILE": str(tmp_path / ".netrc"),
        "GDAL_HTTP_USERPWD": "me:secret", "GDAL_HTTP_BEARER": "secret", "GDAL_HTTP_AUTH": "BASIC",
        "GDAL_HTTP_HEADERS": "X-Key: secret", "GDAL_HTTP_COOKIE": "key=secret",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with Scene.open(Raster(href=town)) as scene:
        scene.view(scene.extent, (32, 32))
    assert len(web.asked) > 1
    for _, _, headers in web.asked:
        assert {"authorization", "cookie", "x-key"}.isdisjoint(name.lower() for name in headers)


def test_file_that_changed_is_read_anew(web, town: str, cog: Path, tmp_path: Path):
    with Scene.open(Raster(href=town)) as scene:
        before = scene.view(scene.extent, (16, 16)).pixels
    brighter = tmp_path / "brighter.tif"
    shutil.copy(cog, brighter)
    with rasterio.open(brighter, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as target:
        target.write(np.full((3, 2048, 2048), 200, np.uint8))
        target.build_overviews([2, 4, 8])
    web.files[NAME] = brighter.read_bytes()
    with Scene.open(Raster(href=town)) as scene:
        assert not np.array_equal(scene.view(scene.extent, (16, 16)).pixels, before)


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example/town.tif",
        "http://127.0.0.1/town.tif",
        "http://127.0.0.1:1/town.tif",
        "http://localhost:{port}/town.tif",
        "http://{host}@evil.example/town.tif",
        "http://me:secret@{host}/town.tif",
        "http://{host}:80@evil.example/town.tif",
        "http://evil.example\\@{host}/town.tif",
        "http://evil.example#@{host}/town.tif",
        "http://{host}/town.tif#x",
        "http://127.0.0.1%3a{port}/town.tif",
        "http://%31%32%37.0.0.1:{port}/town.tif",
        "http://127.0.0.1.:{port}/town.tif",
        "http://2130706433:{port}/town.tif",
        "http://0x7f.0.0.1:{port}/town.tif",
        "http://[::1]:{port}/town.tif",
        "http://[::ffff:127.0.0.1]:{port}/town.tif",
        "http://sub.data.example.org/town.tif",
        "http://data.example.org:8080/town.tif",
        "http://data.example.org.evil.example/town.tif",
        "HTTP://EVIL.EXAMPLE/town.tif",
        "http://ｄata.example.org/town.tif",
        "http:/{host}/town.tif",
        "http:///{host}/town.tif",
        "http://{host}",
        "http://{host}/a b.tif",
        "http://{host}/a\n.tif",
        "/vsicurl/http://evil.example/town.tif",
        "/vsicurl/ftp://{host}/town.tif",
        "/vsicurl?url=http://{host}/town.tif",
        "/vsicurl_streaming/http://{host}/town.tif",
        "/vsizip//vsicurl/http://{host}/town.zip/town.tif",
        "/vsis3/bucket/town.tif",
        "ftp://{host}/town.tif",
        "file://{host}/town.tif",
        "s3://bucket/town.tif",
    ],
)
def test_every_other_address_is_refused_and_nobody_is_asked(web, town: str, address: str):
    refused("forbidden", href=address.replace("{host}", web.host).replace("{port}", str(web.port)))
    assert web.asked == []


def test_refusal_says_how_to_allow_the_host(web, town: str):
    refused(
        "forbidden",
        "evil.example",
        "Settings ▸ Options ▸ rsvlm",
        "RSVLM_ALLOWED_HOSTS",
        href="https://evil.example/a.tif",
    )


def test_no_host_is_allowed_unless_named(web, town: str, monkeypatch: pytest.MonkeyPatch):
    for hosts in ("", " , ", "*", "127.0.0.1", ".0.0.1"):
        monkeypatch.setenv("RSVLM_ALLOWED_HOSTS", hosts)
        refused("forbidden", "not allowed", href=town)
    assert web.asked == []


def test_upper_case_names_the_same_host(web, town: str):
    with Scene.open(Raster(href=town.replace("http", "HTTP"))) as scene:
        assert scene.width == 2048


def test_redirect_to_another_host_is_not_followed(web, town: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSVLM_ALLOWED_HOSTS", web.host)
    web.says["/moved.tif"] = (302, {"Location": f"http://localhost:{web.port}{NAME}"})
    web.says["/away.tif"] = (307, {"Location": "file:///etc/passwd"})
    refused("forbidden", f"localhost:{web.port}", href=f"{web.url}/moved.tif")
    refused("forbidden", "not plain http", href=f"{web.url}/away.tif")
    assert {path for _, path, _ in web.asked} == {"/moved.tif", "/away.tif"}


def test_redirect_on_the_host_is_followed_but_not_for_ever(web, town: str):
    web.says["/moved.tif"] = (301, {"Location": NAME})
    web.says["/round.tif"] = (302, {"Location": "/round.tif"})
    with Scene.open(Raster(href=f"{web.url}/moved.tif")) as scene:
        assert scene.width == 2048
    refused("bad_raster", "without end", href=f"{web.url}/round.tif")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (404, "not_found", "no such file"),
        (401, "forbidden", "no passwords are sent"),
        (403, "forbidden", "no passwords are sent"),
        (500, "bad_raster", "HTTP 500"),
    ],
)
def test_refusal_of_the_server_is_told(web, town: str, status: int, code: str, words: str):
    web.says["/other.tif"] = (status, {})
    refused(code, web.host, words, href=f"{web.url}/other.tif")
    assert len(web.asked) == 1


def test_server_that_sends_no_parts_is_refused(web, town: str):
    web.whole.add(NAME)
    refused("bad_raster", "only as a whole", href=town)
    assert len(web.asked) == 1


def test_vrt_from_elsewhere_is_not_opened(web, town: str):
    web.files["/evil.vrt"] = b'<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>'
    refused("bad_raster", "is not a GeoTIFF", href=f"{web.url}/evil.vrt")


def test_server_that_is_not_there(town: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSVLM_ALLOWED_HOSTS", "127.0.0.1:9")
    refused("bad_raster", "127.0.0.1:9 cannot be reached", href="http://127.0.0.1:9/a.tif")


def test_large_file_without_overviews_is_not_fetched(web, town: str, write: Callable[..., str]):
    path = Path(write(np.zeros((1, 1, 1), np.uint8)))
    with rasterio.open(
        path, "w", driver="GTiff", width=9000, height=9000, count=3, dtype="uint8", tiled=True, SPARSE_OK=True
    ):
        pass
    web.files["/flat.tif"] = path.read_bytes()
    refused("bad_raster", "flat.tif has no overviews", href=f"{web.url}/flat.tif")


def test_broken_file_is_told(web, town: str):
    web.files["/broken.tif"] = b"II*\0" + b"\xff" * 60
    refused("bad_raster", "broken.tif is not a raster that can be read", href=f"{web.url}/broken.tif")
