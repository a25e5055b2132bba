"""A model server as other people write them, over a real socket: plain OpenAI, with the habits that servers have.

The name of the model says which habit. It keeps what it was asked; nothing of the plugin is replaced.
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, List, Optional

WORDS = ["Ein ", "Hafen ", "mit Booten."]
KEY = "sk-test"
# model: (status, body) of a refusal, in the words of real servers
REFUSALS = {
    "quota": (429, b'{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}'),
    "missing": (404, b'{"error":"model \\"missing\\" not found, try pulling it first"}'),
    "blind": (400, b'{"object":"error","message":"At most 0 image(s) may be provided in one prompt.","code":400}'),
    "no mmproj": (500, b'{"error":{"code":500,"message":"image input is not supported - hint: provide the mmproj"}}'),
    "loading": (503, b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}'),
    "broken": (500, b"<html><body>Traceback (most recent call last)</body></html>"),
    "strict": (422, b'{"detail":[{"type":"extra_forbidden","loc":["body","x"]}]}'),
    "moved": (307, b""),
    "large": (413, b"<html>413 Request Entity Too Large</html>"),
}


def chunk(text: Optional[str] = None, finish: Optional[str] = None, **more: Any) -> bytes:
    delta = {**({} if text is None else {"content": text}), **more}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return data({"object": "chat.completion.chunk", "model": "served-1.0", "choices": [choice]})


def data(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n\n"


STOP, DONE = chunk(finish="stop"), b"data: [DONE]\n\n"
USAGE = data({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})
SAID = [chunk(word) for word in WORDS]
STREAMS = {
    "plain": [chunk(None, role="assistant", content=None), *SAID, STOP, DONE],
    "crlf": [part.replace(b"\n", b"\r\n") for part in [*SAID, STOP, DONE]],
    "no done": [*SAID, STOP],
    "no blank line": [*SAID, STOP.rstrip(b"\n")],
    "usage": [*SAID, STOP, USAGE, data({"choices": None, "usage": None}), DONE],
    "reasoning": [chunk(None, reasoning_content="Hm, boats?"), chunk(None, reasoning="Yes."), *SAID, STOP, DONE],
    "think": [chunk("\n<th"), chunk("ink>Boats?</thi"), chunk("nk>\n\n"), *SAID, STOP, DONE],
    "no opening tag": [chunk("Boats?\n</think>\n"), *SAID, STOP, DONE],
    "parts": [chunk(None, content=[{"type": "text", "text": "".join(WORDS)}]), STOP, DONE],
    "length": [*SAID, chunk(finish="length"), DONE],
    "ends early": SAID,
    "cut in a line": [*SAID, b'data: {"choices": [{"de'],
    "error in stream": [SAID[0], data({"error": {"message": "CUDA out of memory", "code": 500}})],
    "error as text": [SAID[0], data({"error": "an error was encountered while running the model"})],
    "error field": [SAID[0], b'error: {"code":500,"message":"slot unavailable","type":"server_error"}\n\n'],
    "wordless": [chunk(""), STOP, DONE],
    "endless": [chunk("und " * 500)] * 40,
    "structured": [
        chunk('Sure! Here it is:\n```json\n{"summary": "A harbour '),
        chunk('with boats.", "features": [{"name": "boat", "count": 11}], "uncertain": []}\n```\nAnything else?'),
        STOP,
        DONE,
    ],
    "green": [chunk("Green."), STOP, DONE],
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "OpenAiServer"

    def log_message(self, *_args: object) -> None:
        pass

    def begin(self, status: int, kind: str, length: Optional[int] = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="models"')  # as a web server in front sends it
        if status == 307:
            self.send_header("Location", "http://127.0.0.1:1/v1/chat/completions")
        if length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def whole(self, body: bytes, status: int = 200, kind: str = "application/json") -> None:
        self.begin(status, kind, len(body))
        self.wfile.write(body)

    def allowed(self) -> bool:
        self.server.keys.append(self.headers.get("Authorization"))
        if self.server.wants_key and self.headers.get("Authorization") != f"Bearer {KEY}":
            self.whole(b'{"error":{"message":"Incorrect API key provided"}}', 401)
            return False
        return True

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        if not self.allowed():
            return
        if not self.path.endswith("/v1/models"):
            self.whole(b'{"detail":"Not Found"}', 404)
            return
        self.whole(json.dumps({"object": "list", "data": [{"id": name} for name in ("green", *STREAMS)]}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.paths.append(self.path)
        if not self.allowed():
            return
        if not self.path.endswith("/v1/chat/completions"):
            self.whole(b"404 page not found", 404, "text/plain")
            return
        self.server.bodies.append(body)
        model = body["model"]
        if model in REFUSALS:
            status, refusal = REFUSALS[model]
            self.whole(refusal, status, "text/html" if refusal.startswith(b"<") else "application/json")
        elif model == "not streaming":
            message = {"role": "assistant", "content": "".join(WORDS)}
            answer = {"object": "chat.completion", "model": "served-1.0", "choices": [{"message": message}]}
            answer["choices"][0]["finish_reason"] = "stop"
            self.whole(json.dumps(answer).encode())
        elif model == "nonsense":
            self.whole(b"<html>It works!</html>", 200, "text/html")
        elif model == "wrong type":
            self.whole(b"".join(STREAMS["plain"]), 200, "text/plain")
        elif model == "slow":
            self.begin(200, "text/event-stream; charset=utf-8")
            self.talk_until_hung_up()
        else:
            self.begin(200, "text/event-stream")
            for part in STREAMS[model]:
                self.wfile.write(part)
                self.wfile.flush()

    def talk_until_hung_up(self) -> None:
        try:
            for number in range(300):
                self.wfile.write(chunk(f"word{number} "))
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.server.hung_up.set()


class OpenAiServer(ThreadingHTTPServer):
    """Runs in threads of this process until `stop`. url: for the plugin's settings."""

    daemon_threads = True

    def __init__(self, wants_key: bool = False, ssl_context: Any = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.wants_key = wants_key
        self.keys: List[Optional[str]] = []
        self.paths: List[str] = []
        self.bodies: List[dict] = []
        self.hung_up = threading.Event()
        scheme = "http"
        if ssl_context is not None:
            scheme = "https"
            self.socket = ssl_context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{scheme}://127.0.0.1:{self.server_port}/v1"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def handle_error(self, *_args: object) -> None:
        """A client that hangs up, or mistrusts the certificate, is what some tests are about."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
