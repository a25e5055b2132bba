"""The service and its worker go when their owner goes, whatever way that happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
import pytest

from rsvlm.backend.home import prepare_home
from rsvlm.protocol import RsvlmError

GONE_S = 3.0


def _seconds_until_gone(processes: Iterable[psutil.Process]) -> float:
    began = time.monotonic()
    alive = list(processes)
    while alive:
        assert time.monotonic() - began < GONE_S, f"still there: {alive}"
        time.sleep(0.01)
        alive = [process for process in alive if _runs(process)]
    return time.monotonic() - began


def _runs(process: psutil.Process) -> bool:
    """Ended but not yet collected by its new parent is ended."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _family(backend: Any) -> list[psutil.Process]:
    return [psutil.Process(backend.info["pid"]), backend.worker()]


def test_end_of_standard_input_ends_service_and_worker(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    family = _family(backend)
    backend.process.stdin.close()
    print(f"gone after {_seconds_until_gone(family):.2f} s")
    assert backend.process.wait() == 0
    assert backend.process.stdout.read() == b"", "only one line belongs on standard output"


@pytest.mark.parametrize("stdin", ["pipe", "devnull"])
def test_killed_parent_takes_service_and_worker_along(tmp_path: Any, serve_with_double: list[str], stdin: str) -> None:
    """With standard input from /dev/null only the parent's end itself can be noticed."""
    parent = (
        "import subprocess, sys, time\n"
        f"source = subprocess.{stdin.upper()}\n"
        "child = subprocess.Popen(sys.argv[1:], stdin=source, stdout=subprocess.PIPE)\n"
        "print(child.stdout.readline().decode(), flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "RSVLM_HOME": str(tmp_path)}
    command = [sys.executable, "-c", parent, *serve_with_double]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout
    service = psutil.Process(json.loads(process.stdout.readline())["pid"])
    deadline = time.monotonic() + 5
    while not service.children() and time.monotonic() < deadline:
        time.sleep(0.02)
    family = [service, *service.children()]
    assert len(family) == 2
    process.kill()
    process.wait()
    print(f"gone after {_seconds_until_gone(family):.2f} s")
    process.stdout.close()


def test_killed_supervisor_takes_its_worker_along(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    worker = backend.worker()
    backend.process.send_signal(signal.SIGKILL)
    print(f"gone after {_seconds_until_gone([worker]):.2f} s")


def test_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("RSVLM_HOME", str(file))
    with pytest.raises(RsvlmError, match="cannot be written") as caught:
        prepare_home()
    assert caught.value.code == "unavailable" and "RSVLM_HOME" in caught.value.hint
