"""Small rasters written with GDAL as users have them, and a web server that counts what it is asked for."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(pixels (bands, H, W), name=..., names=[...], colours=[...], mask=..., **profile) -> path of a GeoTIFF.

    In UTM zone 33N with pixels of 10 m unless the profile says otherwise.
    """

    def make(pixels: np.ndarray, name: str = "scene.tif", **options: Any) -> str:
        names, colours = options.pop("names", None), options.pop("colours", None)
        mask, tags, palette = (options.pop(key, None) for key in ("mask", "tags", "palette"))
        profile = {"crs": "EPSG:32633", "transform": from_origin(500000, 5000000, 10, 10), "driver": "GTiff", **options}
        path = tmp_path / name
        count, height, width = pixels.shape
        with rasterio.open(path, "w", width=width, height=height, count=count, dtype=pixels.dtype, **profile) as target:
            if colours:
                target.colorinterp = colours
            if palette:
                target.write_colormap(1, palette)
            for index, text in enumerate(names or [], 1):
                target.set_band_description(index, text)
            target.update_tags(**(tags or {}))
            target.write(pixels)
            if mask is not None:
                target.write_mask(mask)
        return str(path)

    return make


class Web:
    """files: path -> content, served in ranges. says: path -> (status, headers) without content.

    asked: (method, path, headers) of every request. sent: bytes of content.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.says: dict[str, tuple[int, dict[str, str]]] = {}
        self.whole: set[str] = set()  # paths that are never sent in parts
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.sent = 0
        self.port = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path
        self.asked.append((request.command, path, dict(request.headers)))
        status, headers = self.says.get(path, (200 if path in self.files else 404, {}))
        content = self.files.get(path, b"") if status == 200 else b""
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
        if status == 200 and part and path not in self.whole:
            first, last = int(part.group(1)), min(int(part.group(2)), len(content) - 1)
            status, headers = 206, {"Content-Range": f"bytes {first}-{last}/{len(content)}", **headers}
            content = content[first : last + 1]
        request.send_response(status)
        for name, value in {"Content-Length": str(len(content)), "Accept-Ranges": "bytes", **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            self.sent += len(content)
            request.wfile.write(content)


@pytest.fixture
def web() -> Iterator[Web]:
    """A running web server on this machine."""
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            web.reply(self)

        do_HEAD = do_POST = do_PUT = do_DELETE = do_PROPFIND = do_GET  # noqa: N815

        def log_message(self, *_words: object) -> None:
            """Tests look at `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield web
    server.shutdown()
    server.server_close()
