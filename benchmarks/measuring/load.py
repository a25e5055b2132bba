"""Many clients at once, among them rude ones: whether each gets an answer or a typed error, and what stays behind."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from measuring.figures import Figure
from measuring.memory import resident_mb
from measuring.rasters import village
from measuring.service import Service
from rsvlm.protocol import ERROR_CODES, RsvlmError

CLIENTS = 200
SECONDS = 60
KEPT_MB = 100  # that the worker may keep: the pictures' features and what the allocator does not give back
SETTLE_S = 15.0  # until the last answers are out and idle connections are closed
REPLY_LIMIT_S = 120
KINDS = ("whole", "stream", "view", "state", "hang up")
CHAT = "/v1/chat/completions"


@dataclass
class Tally:
    """answers: complete ones; refusals: typed errors by code; left: clients that hung up in mid-answer;
    broken: what was neither an answer nor a typed error, in words."""

    answers: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    left: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.answers + self.refusals.total() + self.left + len(self.broken)


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    megabytes: float
    descriptors: int

    @classmethod
    def by(cls, pid: int) -> Held:
        return cls(resident_mb(pid)[0], len(os.listdir(f"/proc/{pid}/fd")))


def measure(folder: Path, rounds: int) -> list[Figure]:
    """CLIENTS for SECONDS; `rounds` does not count here. Raises RsvlmError if the backend cannot be started."""
    home = folder / "home"
    raster = village()
    with Service(home) as service:
        pids = service.pid, service.worker_pid()
        flood(service.address, service.headers, raster, clients=8, seconds=5)
        before = [settled(service, pid) for pid in pids]
        tally = flood(service.address, service.headers, raster, CLIENTS, SECONDS)
        after = [settled(service, pid) for pid in pids]
    kept = [now.descriptors - then.descriptors for now, then in zip(after, before, strict=True)]
    left = [*home.glob("backend-*"), *(pid for pid in pids if Path(f"/proc/{pid}").exists())]
    crowd = f"{CLIENTS} clients for {SECONDS} s"
    return [
        Figure(f"{crowd}: requests", tally.requests, "requests"),
        Figure(f"{crowd}: answers", tally.answers / SECONDS, "answers/s"),
        Figure(f"{crowd}: refused as busy", tally.refusals["busy"], "requests"),
        Figure(f"{crowd}: other typed errors", tally.refusals.total() - tally.refusals["busy"], "requests"),
        Figure(f"{crowd}: neither answer nor typed error", len(tally.broken), "requests", 0),
        Figure(f"{crowd}: memory that the worker keeps", after[1].megabytes - before[1].megabytes, "MB", KEPT_MB),
        Figure(f"{crowd}: memory that the supervisor keeps", after[0].megabytes - before[0].megabytes, "MB", KEPT_MB),
        Figure(f"{crowd}: file descriptors kept", sum(kept), "", 0),
        Figure(f"{crowd}: processes and files left", len(left), "", 0),
    ]


def settled(service: Service, pid: int) -> Held:
    """What a process holds once nothing runs, and idle connections had the time to be closed."""
    deadline = time.monotonic() + SETTLE_S
    while any(service.models()["queue"].values()):
        if time.monotonic() > deadline:
            raise RsvlmError("busy", "The service still works on requests that nobody waits for.", "Look into its log.")
        time.sleep(0.1)
    time.sleep(SETTLE_S / 2)
    return Held.by(pid)


def flood(
    address: tuple[str, int], headers: dict[str, str], raster: dict[str, Any], clients: int, seconds: float
) -> Tally:
    """Ask from `clients` threads for `seconds`, each client one request after the other, all kinds in turn."""
    tally, lock = Tally(), threading.Lock()
    end = time.monotonic() + seconds

    def ask(first: int) -> None:
        kind = first
        while time.monotonic() < end:
            outcome, pause_s = _exchange(address, headers, KINDS[kind % len(KINDS)], raster)
            with lock:
                _count(outcome, tally)
            time.sleep(pause_s)
            kind += 1

    threads = [threading.Thread(target=ask, args=(number,), name=f"client-{number}") for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def _count(outcome: str, tally: Tally) -> None:
    if outcome == "answer":
        tally.answers += 1
    elif outcome == "left":
        tally.left += 1
    elif outcome in ERROR_CODES:
        tally.refusals[outcome] += 1
    else:
        tally.broken.append(outcome)


def _exchange(
    address: tuple[str, int], headers: dict[str, str], kind: str, raster: dict[str, Any]
) -> tuple[str, float]:
    """What became of one request ("answer", "left", a code, or words), and how long the service asks to stay away."""
    connection = HTTPConnection(*address, timeout=REPLY_LIMIT_S)
    try:
        if kind == "state":
            connection.request("GET", "/v1/models", None, headers)
        elif kind == "view":
            connection.request("POST", "/v1/view", json.dumps({"raster": raster}), headers)
        else:
            connection.request("POST", CHAT, json.dumps(_question(raster, stream=kind != "whole")), headers)
        response = connection.getresponse()
        if response.status != 200:
            code = str(json.loads(response.read())["error"]["code"])
            return code, float(response.headers["Retry-After"]) if code == "busy" else 0.0
        if kind == "hang up":
            response.readline()
            return "left", 0.0
        return _stream_outcome(response) if kind == "stream" else _outcome(kind, json.loads(response.read())), 0.0
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        return f"{kind}: {error!r}", 0.0
    finally:
        connection.close()


def _outcome(kind: str, said: dict[str, Any]) -> str:
    named = {"state": "data", "view": "thumbnail", "whole": "choices"}[kind]
    return "answer" if said[named] else f"{kind}: an empty {named}"


def _stream_outcome(response: HTTPResponse) -> str:
    last = ""
    for line in response:
        if line.startswith(b"data: "):
            last = line[len(b"data: ") :].decode().strip()
    return "answer" if last == "[DONE]" else str(json.loads(last)["error"]["code"])


def _question(raster: dict[str, Any], stream: bool) -> dict[str, Any]:
    parts: Sequence[dict[str, Any]] = ({"type": "raster", "raster": raster},)
    return {"stream": stream, "messages": [{"role": "user", "content": parts}], "rsvlm": {"task": "describe"}}
