"""The service and its worker go when their owner goes, whatever way that happens."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
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
from rsvlm.backend.job_object import BasicLimits, ExtendedLimits
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


# What a child does to notice its owner's end, one way at a time; standard input says nothing here.
WAYS = {
    "the kernel's signal": "die_with_parent()",
    "the parent's number": "watch_owner(os.getppid(), lambda: os._exit(0))",
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_alone_notices_a_killed_parent(way: str) -> None:
    child = (
        "import os, time\n"
        "from rsvlm.backend.lifetime import die_with_parent, watch_owner\n"
        f"{WAYS[way]}\n"
        "print(os.getpid(), flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdin=subprocess.DEVNULL)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", parent, child], stdout=subprocess.PIPE)
    assert process.stdout
    watching = psutil.Process(int(process.stdout.readline()))
    process.kill()
    process.wait()
    print(f"{way}: gone after {_seconds_until_gone([watching]):.2f} s")
    process.stdout.close()


# What takes standard input, and what is then said of each line of it.
READERS = {
    "lines": "for line in os.fdopen(take_standard_input(), 'rb'): print(line.decode().strip(), flush=True)",
    "owner": "watch_owner(os.getppid(), lambda: (print('left', flush=True), os._exit(0))); time.sleep(20)",
}


@pytest.mark.parametrize(("reader", "said"), [("lines", ["one", "two"]), ("owner", ["left"])])
def test_standard_input_is_read_to_its_end_where_no_library_looks(reader: str, said: list[str]) -> None:
    """Descriptor 0 is the null device meanwhile; a library that looks at it waits for nobody."""
    child = (
        "import os, time\n"
        "from rsvlm.backend.lifetime import watch_owner\n"
        "from rsvlm.backend.standard_input import take_standard_input\n"
        "look = lambda: print(os.path.sameopenfile(0, os.open(os.devnull, os.O_RDONLY)), flush=True)\n"
        "leave = os._exit\n"
        "os._exit = lambda code: (look(), leave(code))\n"
        f"{READERS[reader]}\n"
        "os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", child], input=b"one\ntwo\n", timeout=20, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == [*said, "True"]


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


def test_real_worker_goes_with_a_killed_service(start: Any, serve: list[str], picture: str) -> None:
    backend = start(serve)
    assert backend.ask({"data": picture}).status_code == 200
    worker = backend.worker()
    assert "rsvlm.backend.worker" in worker.cmdline()
    backend.process.kill()
    print(f"gone after {_seconds_until_gone([worker]):.2f} s")


def test_nothing_is_left_after_twenty_starts_and_kills(tmp_path: Path, serve_with_double: list[str]) -> None:
    """Killed at any moment of the start, by turns the service itself and the parent of one that was told nothing."""
    parent = "import subprocess, sys; subprocess.run(sys.argv[1:], stdin=subprocess.PIPE)"
    commands = [serve_with_double, [sys.executable, "-c", parent, *serve_with_double]]
    environment = {**os.environ, "RSVLM_HOME": str(tmp_path)}
    moments = random.Random(0)
    for round_ in range(20):
        process = subprocess.Popen(
            commands[round_ % 2], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment
        )
        time.sleep(moments.uniform(0.05, 0.9))
        process.kill()
        process.communicate()
    _seconds_until_gone(_started_with(str(tmp_path)))
    assert _started_with(str(tmp_path)) == []
    last = subprocess.run(serve_with_double, input=b"", env=environment, timeout=20, check=True, capture_output=True)
    assert "shared" not in json.loads(last.stdout)
    assert list(tmp_path.glob("backend-*")) == [], "files of killed services were left for ever"


def _started_with(home: str) -> list[psutil.Process]:
    """Every process of this machine that has this RSVLM_HOME."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("RSVLM_HOME") == home and _runs(process):
                found.append(process)
    return found


def test_structures_for_windows_have_the_sizes_that_it_wants() -> None:
    """All of the job object that can be held to anything on another system."""
    wide = ctypes.sizeof(ctypes.c_void_p) == 8
    assert ctypes.sizeof(BasicLimits) == (64 if wide else 48)
    assert ctypes.sizeof(ExtendedLimits) == (144 if wide else 112)
    assert (BasicLimits.flags.offset, ExtendedLimits.basic.offset) == (16, 0)


def test_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("RSVLM_HOME", str(file))
    with pytest.raises(RsvlmError, match="cannot be written") as caught:
        prepare_home()
    assert caught.value.code == "unavailable" and "RSVLM_HOME" in caught.value.hint
