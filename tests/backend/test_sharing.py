"""One backend for each user and environment: who listens, where the others find it, and what is left behind."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from rsvlm.backend import sharing
from rsvlm.protocol import PROTOCOL, VERSION, RsvlmError


def _launch(command: list[str], home: Path, **environment: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "RSVLM_HOME": str(home), **environment}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _left(home: Path) -> list[str]:
    return sorted(path.name for path in home.glob("backend-*"))


def test_second_start_names_the_first_and_ends(start: Any, serve_with_double: list[str]) -> None:
    first = start(serve_with_double)
    second = _launch(serve_with_double, first.home)
    out, _ = second.communicate(timeout=20)
    assert json.loads(out) == {**first.info, "shared": True}
    assert second.returncode == 0
    headers = {"Authorization": f"Bearer {Path(json.loads(out)['token_file']).read_text()}"}
    assert httpx.get(f"{first.url}/v1/models", headers=headers, trust_env=False).status_code == 200


def test_files_are_for_their_owner_only_and_go_with_the_service(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    files = {path.suffix: path for path in backend.home.glob("backend-*")}
    assert sorted(files) == [".json", ".lock", ".token"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    assert json.loads(files[".json"].read_text()) == backend.info
    assert backend.info == {
        "host": "127.0.0.1",
        "port": backend.info["port"],
        "pid": backend.process.pid,
        "token_file": str(files[".token"]),
        "version": VERSION,
        "protocol": PROTOCOL,
        "python": sys.executable,
    }
    backend.stop()
    assert _left(backend.home) == []


def test_key_is_twelve_digits_of_environment_version_and_device(monkeypatch: Any) -> None:
    monkeypatch.delenv("RSVLM_DEVICE", raising=False)
    automatic = sharing.environment_key()
    monkeypatch.setenv("RSVLM_DEVICE", "auto")
    assert sharing.environment_key() == automatic
    keys = {automatic}
    monkeypatch.setenv("RSVLM_DEVICE", "cpu")
    keys.add(sharing.environment_key())
    monkeypatch.setattr(sharing, "VERSION", "0.0.0")
    keys.add(sharing.environment_key())
    monkeypatch.setattr(sys, "prefix", "/another/environment")
    keys.add(sharing.environment_key())
    assert len(keys) == 4 and all(len(key) == 12 and int(key, 16) >= 0 for key in keys)


def test_another_device_has_a_backend_of_its_own(start: Any, serve_with_double: list[str]) -> None:
    first = start(serve_with_double, RSVLM_DEVICE="auto")
    second = start(serve_with_double, first.home, RSVLM_DEVICE="cpu")
    assert "shared" not in second.info and second.info["port"] != first.info["port"]
    assert [one.ask({"href": "/say"}).status_code for one in (first, second)] == [200, 200]
    second.stop()
    assert first.client.get("/v1/models").status_code == 200 and len(_left(first.home)) == 3


def test_of_several_started_at_once_exactly_one_listens(tmp_path: Path, serve_with_double: list[str]) -> None:
    started = [_launch(serve_with_double, tmp_path) for _ in range(5)]
    lines = [json.loads(process.stdout.readline()) for process in started if process.stdout]
    owners = [process for process, line in zip(started, lines) if "shared" not in line]
    assert len(owners) == 1
    assert {line["port"] for line in lines} == {lines[started.index(owners[0])]["port"]}
    for process in started:
        process.communicate(timeout=20)
        assert process.returncode == 0
    assert _left(tmp_path) == []


def test_files_of_killed_backends_are_known_as_stale(start: Any, serve_with_double: list[str]) -> None:
    killed = [start(serve_with_double, RSVLM_DEVICE="auto")]
    killed.append(start(serve_with_double, killed[0].home, RSVLM_DEVICE="cpu"))
    for backend in killed:
        backend.process.kill()
        backend.process.wait()
    assert len(_left(killed[0].home)) == 6
    fresh = start(serve_with_double, killed[0].home, RSVLM_DEVICE="auto")
    assert "shared" not in fresh.info and fresh.token != killed[0].token
    assert len(_left(fresh.home)) == 3, "those of the other device were left by a killed backend, too"
    assert fresh.ask({"href": "/say"}).status_code == 200


def test_who_starts_while_the_owner_ends_becomes_the_next_one(start: Any, serve_with_double: list[str]) -> None:
    first = start(serve_with_double)
    with first.client.stream("POST", "/v1/chat/completions", json=first.chat({"href": "/wait"}, stream=True)):
        first.process.terminate()  # its stream holds it up for a moment
        second = start(serve_with_double, first.home)
    assert "shared" not in second.info
    assert first.process.wait(5) is not None
    assert second.ask({"href": "/say"}).status_code == 200 and len(_left(second.home)) == 3


def test_key_that_is_held_by_nobody_who_listens_is_said_in_words(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(sharing, "FIND_S", 0.3)
    held = sharing.claim_or_find(tmp_path)
    assert isinstance(held, sharing.Claim)
    for place in (None, {"host": "127.0.0.1", "port": 1}, {"host": "127.0.0.1"}, ["damaged"]):
        if place:
            held.announce(place)
        with pytest.raises(RsvlmError, match="does not answer") as caught:
            sharing.claim_or_find(tmp_path)
        assert caught.value.code == "unavailable" and "RSVLM_HOME" in caught.value.hint
    held.release()
    assert _left(tmp_path) == []


def test_backend_that_was_stopped_is_not_joined_before_it_goes_on(
    monkeypatch: Any, start: Any, serve_with_double: list[str]
) -> None:
    monkeypatch.setattr(sharing, "FIND_S", 0.3)
    backend = start(serve_with_double)
    backend.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(RsvlmError, match="does not answer"):
            sharing.claim_or_find(backend.home)
    finally:
        backend.process.send_signal(signal.SIGCONT)
    monkeypatch.setattr(sharing, "FIND_S", 10)
    assert sharing.claim_or_find(backend.home) == backend.info


def test_folder_without_locks_is_served_without_sharing(tmp_path: Path, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "no locks on this drive")

    monkeypatch.setattr(fcntl, "flock", refuse)
    claim = sharing.claim_or_find(tmp_path)
    assert isinstance(claim, sharing.Claim)
    _, token_file = claim.write_token()
    assert token_file.name == f"backend-{sharing.environment_key()}-{os.getpid()}.token"
    claim.release()
    assert not token_file.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_place_that_another_user_has_put_there_is_not_believed(
    tmp_path: Path, monkeypatch: Any, start: Any, serve_with_double: list[str]
) -> None:
    monkeypatch.setattr(sharing, "FIND_S", 0.3)
    held = sharing.claim_or_find(tmp_path)
    assert isinstance(held, sharing.Claim)
    place = {"host": "127.0.0.1", "port": start(serve_with_double).info["port"]}
    held.announce(place)
    assert sharing.claim_or_find(tmp_path) == place
    os.chown(next(tmp_path.glob("*.json")), 65534, 65534)
    with pytest.raises(RsvlmError):
        sharing.claim_or_find(tmp_path)
    held.release()
