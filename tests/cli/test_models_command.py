"""`rsvlm models`: what it prints for people and programs, downloads from a server, imports, removals and refusals."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import tomlkit

from rsvlm.models.cards import get_card

REVISION = "0123456789abcdef0123456789abcdef01234567"


def refused(done, *words: str, code: int = 2) -> None:
    assert done.code == code and done.out == "" and "Traceback" not in done.err, done.err
    assert done.err.splitlines()[-1].startswith("rsvlm: ")
    assert all(word in done.err for word in words), done.err


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models, empty."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Files as a mirror of the hub lays them out: those of the bundled model under another name."""
    folder = tmp_path / "mirror" / "someone" / "large" / "resolve" / REVISION
    folder.mkdir(parents=True)
    for file in get_card(None).source.files:
        shutil.copy(get_card(None).folder / file.name, folder)
    return folder


@pytest.fixture
def offered(models: Path, release: Path) -> Path:
    """The card of a model that is there to be downloaded, under a licence to be accepted."""
    files = [
        {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "size_bytes": path.stat().st_size}
        for path in sorted(release.iterdir())
    ]
    source = {"repository": "someone/large", "revision": REVISION, "files": files, "accept_licence": True}
    card = get_card(None).model_dump(mode="json", exclude={"figures"}, exclude_none=True)
    card |= {"id": "large", "title": "Large [v2]", "licence": "Toy licence", "terms": "Not for war.", "source": source}
    path = models / "large" / "card.toml"
    path.parent.mkdir()
    path.write_text(tomlkit.dumps(card), "utf-8")
    return path


@pytest.fixture
def mirror(release: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server over the release, as a process of its own; it knows no ranges."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "http.server",
        str(port),
        "--bind",
        "127.0.0.1",
        "--directory",
        str(release.parents[3]),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urlopen(address, timeout=1).close()
            break
        except OSError:
            time.sleep(0.02)
    monkeypatch.setenv("RSVLM_MIRROR", address)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield address
    server.kill()
    server.wait()


def test_models_are_listed_for_programs(process):
    done = process("models", "list", "--json")
    assert done.code == 0 and done.err == ""
    listed = json.loads(done.out)
    card = get_card(None)
    compact = next(row for row in listed["models"] if row["id"] == "compact")
    assert compact["revision"] == card.revision and compact["tasks"] == list(card.tasks)
    assert compact["licence"] == card.licence and compact["installed"] is True and compact["bundled"] is True
    assert compact["size_bytes"] == card.size_bytes and compact["memory_bytes"] > card.size_bytes
    assert compact["downloadable"] is False and compact["licence_to_accept"] is False and listed["problems"] == []


def test_models_are_listed_for_people(rsvlm, offered: Path):
    words = rsvlm("models", "list").out
    assert re.search(r"compact .* installed", words) and re.search(r"large .* to download", words)


def test_broken_card_is_told_in_a_sentence_and_the_others_are_listed(rsvlm, models: Path):
    (models / "broken").mkdir()
    (models / "broken" / "card.toml").write_text("id = 5")
    done = rsvlm("models", "list")
    assert done.code == 0 and "compact" in done.out and done.err.count("\n") == 1
    assert done.err.startswith("Note: The model card broken/card.toml cannot be read")
    listed = json.loads(rsvlm("models", "list", "--json").out)
    assert [row["id"] for row in listed["models"]] == ["compact"] and "broken/card.toml" in listed["problems"][0]


def test_card_is_shown(rsvlm):
    card = get_card(None)
    shown = json.loads(rsvlm("models", "show", "compact", "--json").out)
    assert shown["verified"] is True and shown["revision"] == card.revision
    assert [file["sha256"] for file in shown["source"]["files"]] == [file.sha256 for file in card.source.files]
    assert shown["input"]["gsd_range_m"] == list(card.input.gsd_range_m)
    words = " ".join(rsvlm("models", "show", "compact").out.split())
    assert card.revision in words and "as the card says" in words and card.licence in words
    assert re.search(r"Memory: about \d+ MB while it is loaded", words)
    assert re.search(r"Parameters: 8,494,703 Memory", words)
    refused(rsvlm("models", "show", "big"), "no model called “big”", "compact")
    shown = json.loads(rsvlm("models", "show", "--json").out)
    assert shown["id"] == "compact" and shown["parameters"] == 8_494_703


def test_published_sizes_of_a_family_are_shown_without_its_weights(rsvlm):
    words = " ".join(rsvlm("models", "show", "--family", "skyeye").out.split())
    assert "7,782,021,504" in words and "19.5 GB" in words
    (size,) = json.loads(rsvlm("models", "show", "--family", "skyeye", "--json").out)["sizes"]
    assert size["parameters"] == 7_782_021_504
    refused(rsvlm("models", "show", "--family", "big"), "no published size of “big”", "skyeye")
    refused(rsvlm("models", "show", "compact", "--family", "skyeye"), "cannot be shown together")


def test_card_to_download_is_shown_with_its_place_and_its_own_brackets(rsvlm, offered: Path):
    words = " ".join(rsvlm("models", "show", "large").out.split())
    assert "Large [v2]" in words and "Weights: to download" in words and "Toy licence. Not for war." in words
    assert f"From: someone/large at {REVISION}" in words


def test_download_needs_the_licence_accepted_and_shows_progress(process, rsvlm, offered: Path, mirror: str):
    without = process("models", "download", "large")
    refused(without, "Toy licence", "Not for war.", "--accept-licence")
    assert [path.name for path in offered.parent.iterdir()] == ["card.toml"]

    done = process("models", "download", "large", "--accept-licence", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out) == {
        "id": "large", "revision": REVISION[:12], "folder": str(offered.parent), "installed": True,
    }  # fmt: skip
    lines = [line for line in done.err.splitlines() if line.startswith("large: ")]
    assert lines[0] == "large: 0 % of 17 MB" and lines[-1] == "large: 100 % of 17 MB" and len(lines) > 5
    listed = json.loads(rsvlm("models", "list", "--json").out)["models"]
    assert next(row for row in listed if row["id"] == "large")["installed"] is True
    assert get_card("large").verify()


def test_downloaded_model_describes_and_broken_files_are_told_with_the_mend(
    rsvlm, offered: Path, release: Path, place: Path
):
    done = rsvlm("models", "download", "large", "--accept-licence", "--from", release)
    assert done.code == 0 and done.out == f"large is installed in {offered.parent}.\n"
    described = rsvlm("describe", place, "--model", "large", "--json")
    assert described.code == 0, described.err
    answer = json.loads(described.out)
    assert answer["provenance"]["model"] == "large" and answer["provenance"]["revision"] == REVISION[:12]

    weights = offered.parent / "model.safetensors"
    os.truncate(weights, 5000)
    refused(rsvlm("describe", place, "--model", "large"), "weights of large", "rsvlm models download large", code=3)
    checked = rsvlm("models", "verify", "--json")
    assert checked.code == 3 and json.loads(checked.out)["models"] == [
        {"id": "compact", "ok": True, "altered": []}, {"id": "large", "ok": False, "altered": ["model.safetensors"]},
    ]  # fmt: skip
    assert checked.err.startswith(
        "rsvlm: The files of large are missing or altered. Run “rsvlm models download large”."
    )
    again = rsvlm("models", "download", "large", "--from", release)
    assert again.code == 0, "the licence was accepted before"
    assert rsvlm("models", "verify", "large").out == "large: as the card says\n"


def test_licence_is_asked_for_on_a_terminal(offered: Path, release: Path):
    def answer(word: bytes) -> tuple[int, str]:
        try:
            ours, theirs = pty.openpty()
        except OSError as error:
            pytest.skip(f"this machine has no terminals: {error}")
        command = [sys.executable, "-m", "rsvlm.cli.main", "models", "download", "large", "--from", str(release)]
        running = subprocess.Popen(command, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        os.write(ours, word + b"\n")
        said = b""
        try:
            while piece := os.read(ours, 4096):
                said += piece
        except OSError:  # so Linux tells that the other end is closed
            pass
        os.close(ours)
        return running.wait(timeout=60), said.decode()

    code, said = answer(b"n")
    assert code == 2 and "Toy licence. Not for war." in said and "Do you accept this licence?" in said
    assert "nothing was downloaded" in said and not (offered.parent / "model.safetensors").exists()
    code, said = answer(b"y")
    assert code == 0 and "100 % of 17 MB" in said and get_card("large").verify()


def test_model_is_removed(rsvlm, offered: Path, release: Path):
    rsvlm("models", "download", "large", "--accept-licence", "--from", release)
    done = rsvlm("models", "remove", "large", "--json")
    freed = json.loads(done.out)
    assert done.code == 0 and freed["removed"] == "large" and freed["freed_bytes"] > 14_000_000
    assert not offered.parent.exists()
    refused(rsvlm("models", "remove", "large"), "no model called “large”")
    refused(rsvlm("models", "remove", "compact"), "ships with rsvlm")
    assert get_card(None).verify()


def test_weights_are_imported_and_used(rsvlm, models: Path, release: Path, place: Path):
    done = rsvlm(
        "models", "import", release, "--id", "mine", "--title", "Mine", "--licence", "MIT", "--terms", "None.", "--json"
    )
    assert done.code == 0, done.err
    added = json.loads(done.out)
    assert added["id"] == "mine" and added["folder"] == str(models / "mine")
    assert added["report"] == {"missing": [], "unexpected": [], "other_shape": []}
    assert (
        get_card("mine").licence == "MIT" and get_card("mine").revision == added["revision"] == get_card(None).revision
    )
    described = rsvlm("describe", place, "--model", "mine", "--json")
    assert described.code == 0, described.err
    answer = json.loads(described.out)
    assert answer["provenance"]["model"] == "mine" and answer["text"].endswith(".")


def test_weights_that_do_not_fit_are_told_in_a_table(rsvlm, models: Path, release: Path):
    config = json.loads((release / "config.json").read_bytes())
    (release / "config.json").write_text(json.dumps({**config, "embedding": 64}))
    done = rsvlm("models", "import", release, "--id", "mine")
    refused(done, "do not fit the configuration: 5 keys are missing or of another shape")
    assert re.search(r"image_head\.weight .* of another shape .* \[256, 256\], not \[64, 256\]", done.err)
    assert list(models.iterdir()) == []


def test_nothing_to_download_is_told_in_one_line(rsvlm):
    done = rsvlm("models", "download", "compact")
    refused(done, "compact is not one to download")
    assert done.err.count("\n") == 1
