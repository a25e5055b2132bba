#!/usr/bin/env python3
"""Stands in for the backend's Python where a test acts in the middle of an answer: known words, at a known pace."""

import base64
import json
import os
import struct
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WORDS = [f"word{number} " for number in range(30)]
PAUSE = 0.06
stopped = threading.Event()
HOME = Path(os.environ["RSVLM_HOME"])


def picture(side: int = 96) -> str:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x20\x90\x60" * side) * side
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    whole = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return base64.b64encode(whole).decode()


def answer(raster: dict, words: list) -> dict:
    extent = raster.get("extent") or [654200.0, 5318000.0, 654800.0, 5318600.0]
    provenance = {"model": "compact", "sources": [raster.get("href") or raster.get("name")], "extent": extent}
    provenance.update(crs=raster["crs"], device="cpu", created="2026-11-20T14:02:03+01:00", gsd_m=0.5)
    return {
        "text": "".join(words).strip(),
        "partial": len(words) < len(WORDS),
        "evidence": [],
        "provenance": provenance,
        "timings": {"total": 1.8},
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: object) -> None:
        pass

    def begin(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def event(self, chunk: dict) -> None:
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.flush()

    def send_json(self, value: dict) -> None:
        self.begin("application/json")
        self.wfile.write(json.dumps(value).encode())

    def do_GET(self) -> None:
        card = {"id": "compact", "title": "compact 0.1", "revision": "7fa7b76d8158"}
        card.update(loaded=True, memory_bytes=400_000_000)
        self.send_json({
            "data": [card], "device": "cpu", "note": None, "state": "ready", "stderr": ["INFO: model loaded"],
            "memory": {"used_bytes": 400_000_000, "free_bytes": 3_000_000_000}, "queue": {"running": 0, "waiting": 0},
        })  # fmt: skip

    def do_DELETE(self) -> None:
        note("cancelled")
        stopped.set()
        self.send_json({})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/view":
            note("view " + json.dumps(body["raster"].get("extent")))
            self.send_json({
                "thumbnail": picture(), "width": 96, "height": 96, "gsd_m": 0.5, "ground_m": [600.0, 600.0],
                "crs": "EPSG:32632", "bands": [1, 2, 3], "tiles": 9, "seconds": 4.0, "warnings": [],
            })  # fmt: skip
            return
        raster = body["messages"][0]["content"][1]["raster"]
        self.begin("text/event-stream")
        stopped.clear()
        said = []
        for done, word in enumerate(WORDS):
            if stopped.is_set():
                break
            said.append(word)
            progress = {"done": done, "total": len(WORDS), "note": "Reading tiles"}
            self.event({"choices": [{"delta": {}}], "rsvlm": {"progress": progress}})
            self.event({"choices": [{"delta": {"content": word}}]})
            time.sleep(PAUSE)
        self.event({"choices": [{"delta": {}, "finish_reason": "stop"}], "rsvlm": {"answer": answer(raster, said)}})
        self.wfile.write(b"data: [DONE]\n\n")


def note(line: str) -> None:
    with open(HOME / "heard.txt", "a", encoding="utf-8") as file:
        file.write(line + "\n")


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    token = HOME / "stand-in.token"
    token.write_text("secret\n")
    (HOME / "pid.txt").write_text(str(os.getpid()))
    line = {"host": "127.0.0.1", "port": server.server_port, "pid": os.getpid(), "token_file": str(token)}
    print(json.dumps({**line, "version": "0.1.0", "protocol": 1}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # until the owner is gone


main()
