#!/usr/bin/env python3
"""Stands in for the backend's Python where a test needs what the real one never does. RSVLM_MISBEHAVE says what.

It is run by the plugin as a child process and answers over real HTTP; nothing of QGIS or of the plugin is replaced.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOW = os.environ["RSVLM_MISBEHAVE"]
HOME = Path(os.environ["RSVLM_HOME"])
STATE = HOME / "state.json"  # what a test wants /v1/models to tell
stopped = threading.Event()
PROTOCOL = 999 if HOW == "other protocol" else int(os.environ["RSVLM_TEST_PROTOCOL"])
ANSWER = {"text": "Fünf Boote.", "evidence": [], "provenance": {"model": "compact"}, "warnings": []}


def event(chunk: dict) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode("utf-8") + b"\r\n\r\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: object) -> None:
        pass

    def send(self, kind: str, parts: list, pause: float = 0.0) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        for part in parts:
            self.wfile.write(part)
            self.wfile.flush()
            time.sleep(pause)
        self.close_connection = True

    def do_GET(self) -> None:
        if HOW == "speaks nonsense":
            self.send("text/html", [b"<html>hello</html>"])
            return
        note("looked", "looks.txt")
        card = {"id": "compact", "title": "Compact 0.1"}
        told = {"data": [card], "device": "cpu"}
        if STATE.is_file():
            told.update(json.loads(STATE.read_text()))
        self.send("application/json", [json.dumps(told).encode()])

    def do_DELETE(self) -> None:
        note("DELETE " + self.path)
        stopped.set()
        self.send("application/json", [b"{}"])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        note("POST " + json.dumps(body))
        stream = "text/event-stream; charset=utf-8"
        words = [event({"choices": [{"delta": {"content": word}}]}) for word in ("Fünf ", "Boote.")]
        if HOW == "has another token":
            self.send_error(401)
        elif HOW == "one byte at a time":
            step = event(
                {"choices": [{"delta": {}}], "rsvlm": {"progress": {"done": 1, "total": 2, "note": "Looking"}}}
            )
            seen = {"kind": "tile", "geometry": {"type": "Point", "coordinates": [0, 0]}, "label": "harbour"}
            last = event({"choices": [{"delta": {}, "finish_reason": "stop"}], "rsvlm": {"answer": ANSWER}})
            whole = b": hello\n\n" + step + words[0] + words[1] + event({"rsvlm": {"evidence": seen}}) + last
            whole += b"data: [DONE]\n\n"
            self.send(stream, [bytes([byte]) for byte in whole])
        elif HOW == "hands over what it has":
            self.send(stream, words[:1])
            stopped.wait(10)
            answer = {**ANSWER, "text": "Fünf.", "partial": True}
            last = event({"choices": [{"delta": {}, "finish_reason": "stop"}], "rsvlm": {"answer": answer}})
            self.wfile.write(last + b"data: [DONE]\n\n")
        elif HOW == "says what a file holds":
            self.send(stream, [(HOME / "stream.txt").read_bytes()])
        elif HOW == "ends in the middle":
            self.send(stream, words[:1])
        elif HOW == "dies in the middle":
            self.send(stream, words[:1], 0.1)
            os._exit(9)
        elif HOW == "falls silent":
            self.send(stream, [words[0], b""], 60.0)
        elif HOW == "talks slowly":
            self.send(stream, [words[0]] + [b": wait\n\n"] * 100, 0.1)


def note(line: str, file_name: str = "heard.txt") -> None:
    with open(HOME / file_name, "a", encoding="utf-8") as file:
        file.write(line + "\n")


def main() -> None:
    note("started")
    if HOW == "has no backend":
        sys.exit("/usr/bin/python3: Error while finding module specification: No module named 'rsvlm'")
    if HOW == "fails to start":
        sys.exit("ImportError: libfoo.so.1: cannot open shared object file")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    token = HOME / "stub.token"
    token.write_text("secret\n")
    line = {"host": "127.0.0.1", "port": server.server_port, "pid": os.getpid(), "token_file": str(token)}
    print(json.dumps({**line, "version": "0.1.0", "protocol": PROTOCOL}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # until the owner is gone


main()
