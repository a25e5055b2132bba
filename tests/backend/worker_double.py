"""Speaks the worker's lines without any model. What is asked for by the raster's href is what happens:

/say: two pieces of text, one of evidence, an answer.   /wait: progress, then nothing until it is cancelled.
/die: the process ends in the middle of the answer.     /odd: a line that is no JSON.
/mutter: two lines on standard error and a status, then as /say.   /count: as /say, and tokens.
/draw: a sketch, then as /say.
No href: as /say.   Anything else: a bad raster.
An embedding is the number of the input, a half and minus one; each input is two tokens. The text "wait" waits.
The first argument, if there is one: how many tasks it works on at once.
"""

import json
import os
import sys
import threading
from typing import Any

stopped: "dict[int, threading.Event]" = {}
lock = threading.Lock()


def send(**message: Any) -> None:
    with lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def fail(message: "dict[str, Any]", code: str, words: str) -> None:
    error = {"code": code, "message": words, "hint": "", "request_id": message["request_id"]}
    send(event="error", job=message["job"], error=error)


def wished(message: "dict[str, Any]") -> str:
    if message["op"] == "embed":
        return "/wait" if {"text": "wait"} in message["inputs"] else "embed"
    request = message if message["op"] == "view" else message["request"]
    raster = request["raster"] if "raster" in request else request["before"]
    return str(raster.get("href", "/say"))


def answer(message: "dict[str, Any]") -> None:
    job = message["job"]
    wish = wished(message)
    send(event="started", job=job)
    if wish == "/mutter":
        sys.stderr.write(f"looking at {os.path.expanduser('~')}/a.tif\nits last line")
        sys.stderr.flush()
        models = [{"id": "double", "bytes": 7}]
        send(event="status", models=models, used_bytes=7, free_bytes=9, device="cpu", note="It fell back.")
    if wish == "embed":
        vectors = [[float(number), 0.5, -1.0] for number in range(len(message["inputs"]))]
        result = {"embeddings": vectors, "tokens": 2 * len(vectors), "model": message["model"]}
        send(event="done", job=job, result=result)
        return
    if wish == "/draw":
        send(event="sketch", job=job, sketch={"type": "MultiPolygon", "coordinates": []})
    if wish in ("/say", "/mutter", "/count", "/draw"):
        send(event="text", job=job, delta="Two ")
        send(event="text", job=job, delta="houses.")
        geometry = {"type": "Point", "coordinates": [1, 2]}
        send(event="evidence", job=job, evidence={"kind": "box", "geometry": geometry, "label": "house"})
        tokens = {"usage": {"prompt_tokens": 17, "completion_tokens": 3}} if wish == "/count" else {}
        send(event="done", job=job, result={"text": "Two houses.", "warnings": ["seen by a double"], **tokens})
        return
    if wish not in ("/wait", "/die", "/odd"):
        fail(message, "bad_raster", "No raster.")
        return
    send(event="progress", job=job, progress={"done": 1, "total": 9, "note": "waiting"})
    if wish == "/die":
        os._exit(9)
    if wish == "/odd":
        sys.stdout.write("not JSON\n")
        sys.stdout.flush()
    stopped[job].wait()
    fail(message, "cancelled", "Stopped.")


if __name__ == "__main__":
    send(event="ready", device="double", note=None, tasks=int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["op"] == "cancel":
            stopped[asked["job"]].set()
        else:
            stopped[asked["job"]] = threading.Event()
            threading.Thread(target=answer, args=(asked,), daemon=True).start()
