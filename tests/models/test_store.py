"""Downloads from a real server of the hub's layout: whole, resumed, broken off, wrong, cancelled; and removal."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit

from rsvlm.models import fetching
from rsvlm.models.cards import ModelCard, get_card, load_cards
from rsvlm.models.store import download, licence_accepted, remove
from rsvlm.protocol import Cancelled, RsvlmError, Watch

REVISION = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = np.random.default_rng(4).integers(0, 256, 3_000_000, np.uint8).tobytes()
FILES = {"model.safetensors": WEIGHTS, "config.json": b'{"stem": 8}', "words/tokenizer.json": b"{}"}


class Hub(ThreadingHTTPServer):
    """ranges: whether it can begin in the middle; breaks: bytes after which each answer ends early, one an answer.

    statuses: what it answers instead, one a request, 200 for the file; moved: another server that it sends on to; token:
    without which it gives no file.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.ranges, self.breaks, self.statuses, self.moved, self.token = True, [], [], None, None
        self.files = {f"/someone/toy/resolve/{REVISION}/{name}": content for name, content in FILES.items()}
        self.asked: list[tuple[str, str | None, str | None]] = []  # path, Range, Authorization

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        hub = self.server
        wanted = self.headers.get("Range")
        hub.asked.append((self.path, wanted, self.headers.get("Authorization")))
        if hub.statuses and (status := hub.statuses.pop(0)) != 200:
            return self.send_error(status)
        if self.path not in hub.files:
            return self.send_error(404)
        if hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
            return self.send_error(401)
        if hub.moved and not self.path.startswith("/cache"):
            self.send_response(307)
            self.send_header("Location", hub.moved + self.path)
            return self.end_headers()
        content = hub.files[self.path]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and hub.ranges else 0
        if start and start >= len(content):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = start + hub.breaks.pop(0) if hub.breaks else len(content)
        self.wfile.write(content[start:end])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[], Hub]]:
    servers: list[Hub] = []

    def start() -> Hub:
        server = Hub()
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hub(serve: Callable[[], Hub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The mirror that this process downloads from, into a folder of its own, without waiting between tries."""
    server = serve()
    monkeypatch.setenv("RSVLM_MIRROR", server.address + "/")
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    for name in ("HF_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(fetching, "PAUSES", (0.0, 0.0, 0.0))
    return server


def write_card(folder: Path, **source: Any) -> ModelCard:
    """The card of a toy model on the hub, in the user's folder of models."""
    files = [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        for name, content in FILES.items()
    ]
    content = get_card(None).model_dump(mode="json", exclude={"id", "source", "figures"}, exclude_none=True) | {
        "id": "toy",
        "source": {"repository": "someone/toy", "revision": REVISION, "files": files, **source},
    }
    (folder / "toy").mkdir(parents=True, exist_ok=True)
    (folder / "toy" / "card.toml").write_text(tomlkit.dumps(content), "utf-8")
    return get_card("toy")


@pytest.fixture
def card(hub: Hub, tmp_path: Path) -> ModelCard:
    return write_card(tmp_path / "models")


class Told(Watch):
    """Remembers what it was told, and stops the download once `until` bytes are there."""

    def __init__(self, until: float = float("inf")) -> None:
        self.until, self.bytes, self.totals = until, [], set()

    def progress(self, done: int, total: int, note: str) -> None:
        self.bytes.append(done)
        self.totals.add(total)

    def cancelled(self) -> bool:
        return bool(self.bytes) and self.bytes[-1] >= self.until


def begun(card: ModelCard) -> Path:
    return card.folder / f".part-{REVISION[:12]}" / "model.safetensors"


def left_over(card: ModelCard) -> list[Path]:
    return list(card.folder.glob(".part-*"))


def test_model_arrives_whole_with_progress(hub: Hub, card: ModelCard):
    told = Told()
    assert not card.installed
    download(card, told, accepted=False)
    assert card.installed and card.verify() and left_over(card) == []
    for name, content in FILES.items():
        assert (card.folder / name).read_bytes() == content
    total = sum(map(len, FILES.values()))
    assert told.totals == {total} and told.bytes[-1] == total and told.bytes == sorted(told.bytes)
    assert [path.rpartition("/")[2] for path, _, _ in hub.asked] == [
        "model.safetensors",
        "config.json",
        "tokenizer.json",
    ]
    assert all(path.startswith(f"/someone/toy/resolve/{REVISION}/") for path, _, _ in hub.asked)


def test_model_that_is_there_is_not_fetched_again_and_a_broken_file_is(hub: Hub, card: ModelCard):
    download(card, Watch(), accepted=False)
    hub.asked.clear()
    download(card, Watch(), accepted=False)
    assert hub.asked == []
    (card.folder / "config.json").write_bytes(b'{"stem": 9}')
    download(card, Watch(), accepted=False)
    assert [path.rpartition("/")[2] for path, _, _ in hub.asked] == ["config.json"] and card.verify()


def test_connection_that_breaks_is_taken_up_where_it_broke(hub: Hub, card: ModelCard):
    hub.breaks = [1_000_000, 500_000, 1]
    download(card, Watch(), accepted=False)
    assert card.verify()
    ranges = [wanted for path, wanted, _ in hub.asked if path.endswith("model.safetensors")]
    assert ranges == [None, "bytes=1000000-", "bytes=1500000-", "bytes=1500001-"]


def test_server_that_cannot_go_on_begins_again(hub: Hub, card: ModelCard):
    hub.ranges, hub.breaks = False, [1_000_000]
    told = Told()
    download(card, told, accepted=False)
    assert card.verify() and (card.folder / "model.safetensors").read_bytes() == WEIGHTS
    ranges = [wanted for path, wanted, _ in hub.asked if path.endswith("model.safetensors")]
    assert ranges == [None, "bytes=1000000-"]


def test_server_that_always_breaks_off_is_given_up_and_what_came_is_kept(hub: Hub, card: ModelCard):
    hub.breaks = [1_000_000, 0, 0, 0, 0]
    with pytest.raises(RsvlmError, match=r"from 127\.0\.0\.1 did not begin, or broke off") as caught:
        download(card, Watch(), accepted=False)
    assert caught.value.code == "unavailable" and "goes on where it stopped" in caught.value.hint
    assert begun(card).stat().st_size == 1_000_000 and not card.installed
    hub.breaks, hub.ranges, hub.asked = [], True, []
    download(card, Watch(), accepted=False)
    assert card.verify() and hub.asked[0][1] == "bytes=1000000-"


def test_server_that_breaks_off_and_cannot_go_on_is_given_up(hub: Hub, card: ModelCard):
    hub.ranges, hub.breaks = False, [1_000_000] * 10
    with pytest.raises(RsvlmError, match="broke off"):
        download(card, Watch(), accepted=False)
    assert len(hub.asked) == 4, "bytes that were there already are no progress"


def test_stopped_download_keeps_what_came_and_goes_on(hub: Hub, card: ModelCard):
    with pytest.raises(Cancelled):
        download(card, Told(until=1), accepted=False)
    there = begun(card).stat().st_size
    assert 0 < there < len(WEIGHTS) and not card.installed
    hub.asked.clear()
    told = Told()
    download(card, told, accepted=False)
    assert card.verify() and hub.asked[0][1] == f"bytes={there}-" and told.bytes[0] == there


def test_begun_bytes_that_are_wrong_are_noticed_and_thrown_away(hub: Hub, card: ModelCard):
    begun(card).parent.mkdir()
    begun(card).write_bytes(b"\0" * 1000)
    with pytest.raises(RsvlmError, match=r"model\.safetensors that came is not the one that the card of toy names"):
        download(card, Watch(), accepted=False)
    assert not begun(card).exists()
    download(card, Watch(), accepted=False)
    assert card.verify()


@pytest.mark.parametrize(
    "content", [WEIGHTS[:-1] + b"\0", WEIGHTS[:-7], WEIGHTS + b"more", b"<html>Log in</html>", b""]
)
def test_file_that_is_not_the_one_of_the_card_is_refused(hub: Hub, card: ModelCard, content: bytes):
    assert content != WEIGHTS
    hub.files[f"/someone/toy/resolve/{REVISION}/model.safetensors"] = content
    with pytest.raises(RsvlmError, match="not the one that the card of toy names") as caught:
        download(card, Watch(), accepted=False)
    assert caught.value.code == "model_failed" and caught.value.hint
    assert not begun(card).exists() and not (card.folder / "model.safetensors").exists()


def test_passing_trouble_of_the_server_is_waited_out(hub: Hub, card: ModelCard):
    hub.statuses = [503, 429, 200, 500, 502, 504]
    download(card, Watch(), accepted=False)
    assert card.verify()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(401, "forbidden", "HF_TOKEN"), (403, "forbidden", "terms"), (404, "not_found", "no file model.safetensors"),
     (410, "not_found", "any more"), (451, "unavailable", "HTTP 451")],
)  # fmt: skip
def test_refusal_of_the_server_is_told_at_once(hub: Hub, card: ModelCard, status: int, code: str, words: str):
    hub.statuses = [status]
    with pytest.raises(RsvlmError) as caught:
        download(card, Watch(), accepted=False)
    assert caught.value.code == code and words in caught.value.message + caught.value.hint
    assert "127.0.0.1" in caught.value.message and len(hub.asked) == 1


def test_no_server_at_all(hub: Hub, card: ModelCard, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSVLM_MIRROR", "http://127.0.0.1:9")
    with pytest.raises(RsvlmError, match="did not begin") as caught:
        download(card, Watch(), accepted=False)
    assert caught.value.code == "unavailable" and "HTTPS_PROXY" in caught.value.hint


@pytest.mark.parametrize("mirror", ["ftp://example.org", "file:///etc", "nonsense", "http://"])
def test_mirror_that_is_no_address_is_refused(card: ModelCard, mirror: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSVLM_MIRROR", mirror)
    with pytest.raises(RsvlmError, match="RSVLM_MIRROR names no mirror") as caught:
        download(card, Watch(), accepted=False)
    assert caught.value.code == "bad_request"


def test_without_a_mirror_it_is_the_hub(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("RSVLM_MIRROR", raising=False)
    assert fetching.on_hub("a/b", REVISION, "x.json") == f"https://huggingface.co/a/b/resolve/{REVISION}/x.json"


def test_proxy_of_the_environment_is_used(hub: Hub, card: ModelCard, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSVLM_MIRROR", "http://models.invalid")
    monkeypatch.setenv("http_proxy", hub.address)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    hub.files = {f"http://models.invalid{path}": content for path, content in hub.files.items()}
    download(card, Watch(), accepted=False)
    assert card.verify() and hub.asked[0][0].startswith("http://models.invalid/someone/toy/")


def test_token_goes_to_the_hub_alone_and_into_no_log(
    hub: Hub, serve, card: ModelCard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd
):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    other = serve()
    hub.moved, hub.statuses = other.address, [503]
    with caplog.at_level(logging.DEBUG):
        download(card, Watch(), accepted=False)
    assert card.verify()
    assert {token for _, _, token in hub.asked} == {"Bearer hf_secret"}
    assert {token for _, _, token in other.asked} == {None}, "another host gets the bytes' address, not the token"
    written = (
        caplog.text + "".join(capfd.readouterr()) + "".join(p.read_text("latin-1") for p in card.folder.rglob("*.*"))
    )
    assert "hf_secret" not in written


def test_token_goes_along_where_the_hub_sends_on_to_itself_and_no_further(
    hub: Hub, serve: Callable[[], Hub], card: ModelCard, monkeypatch: pytest.MonkeyPatch
):
    """As the hub does for small files, to an address without a host."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    other = serve()
    hub.token, hub.moved = "hf_secret", "/cache"
    hub.files |= {f"/cache{path}": content for path, content in hub.files.items()}
    download(card, Watch(), accepted=False)
    assert card.verify() and len(hub.asked) == 2 * len(FILES)
    for name in FILES:
        (card.folder / name).unlink()
    hub.moved = other.address + "/cache"
    other.files = {path: content for path, content in hub.files.items() if path.startswith("/cache")}
    download(card, Watch(), accepted=False)
    assert card.verify() and len(other.asked) == len(FILES) and {token for _, _, token in other.asked} == {None}


def test_file_with_an_address_of_its_own_comes_by_https(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pair = tmp_path / "both.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made += [
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(tmp_path / "key.pem"),
        "-out",
        str(tmp_path / "c.pem"),
    ]
    try:
        subprocess.run(made, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    pair.write_bytes((tmp_path / "key.pem").read_bytes() + (tmp_path / "c.pem").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    hub.socket = context.wrap_socket(hub.socket, server_side=True)
    hub.files = {f"/release/{name}": content for name, content in FILES.items()}
    files = [
        {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content),
         "url": f"https://localhost:{hub.server_port}/release/{name}"}
        for name, content in FILES.items()
    ]  # fmt: skip
    plain = write_card(tmp_path / "models")
    text = (plain.folder / "card.toml").read_text("utf-8")
    content = tomlkit.parse(text).unwrap() | {"source": {"files": files}}
    (plain.folder / "card.toml").write_text(tomlkit.dumps(content), "utf-8")
    card = get_card("toy")
    with pytest.raises(RsvlmError, match="from localhost did not begin"):
        download(card, Watch(), accepted=False)  # a certificate that nobody vouches for
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c.pem"))
    download(card, Watch(), accepted=False)
    assert card.verify() and card.revision == hashlib.sha256(WEIGHTS).hexdigest()[:12]


def test_files_come_from_a_folder_without_a_network(hub: Hub, card: ModelCard, tmp_path: Path):
    folder = tmp_path / "stick"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    begun(card).parent.mkdir()
    begun(card).write_bytes(WEIGHTS[:1_234_567])
    told = Told()
    download(card, told, accepted=False, origin=folder)
    assert card.verify() and hub.asked == [] and told.bytes[0] == 1_234_567


def test_folder_that_lacks_a_file_or_holds_another_is_told(card: ModelCard, tmp_path: Path):
    with pytest.raises(RsvlmError, match=r"has no file model\.safetensors") as caught:
        download(card, Watch(), accepted=False, origin=tmp_path)
    assert caught.value.code == "bad_request"
    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(RsvlmError, match="not the one that the card") as caught:
        download(card, Watch(), accepted=False, origin=tmp_path)
    assert caught.value.code == "model_failed"


def test_download_that_names_code_is_refused_before_it_is_in_place(hub: Hub, tmp_path: Path):
    content = b'{"auto_map": {"AutoModel": "evil.Model"}}'
    hub.files[f"/someone/toy/resolve/{REVISION}/config.json"] = content
    files = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        for name, data in (("model.safetensors", WEIGHTS), ("config.json", content))
    ]
    card = write_card(tmp_path / "models", files=files)
    with pytest.raises(RsvlmError, match=r"The model toy is refused: config\.json holds “auto_map”"):
        download(card, Watch(), accepted=False)
    assert not card.installed and not (card.folder / "config.json").exists()


def test_licence_has_to_be_accepted_once_and_that_is_kept(hub: Hub, tmp_path: Path):
    card = write_card(tmp_path / "models", accept_licence=True)
    with pytest.raises(RsvlmError, match=f"accepts its licence: {card.licence}") as caught:
        download(card, Watch(), accepted=False)
    assert caught.value.code == "bad_request" and "--accept-licence" in caught.value.hint
    assert hub.asked == [] and not licence_accepted(card)
    download(card, Watch(), accepted=True)
    assert card.installed and licence_accepted(card)
    record = json.loads((card.folder / "licence.json").read_bytes())
    assert record["model"] == "toy" and record["licence"] == card.licence and record["accepted"].endswith("+00:00")
    (card.folder / "config.json").unlink()
    download(card, Watch(), accepted=False)
    assert card.verify()
    assert not licence_accepted(card.model_copy(update={"licence": "Another"})), "another licence is asked for again"


def test_model_that_is_not_to_download_is_refused():
    with pytest.raises(RsvlmError, match="model compact is not one to download") as caught:
        download(get_card(None), Watch(), accepted=True)
    assert caught.value.code == "bad_request"


def test_room_on_the_disk_is_asked_for_first(hub: Hub, card: ModelCard, tmp_path: Path):
    files = [file.model_dump(exclude_none=True) for file in card.source.files]
    files[0]["size_bytes"] = 10**18
    huge = write_card(tmp_path / "models", files=files)
    with pytest.raises(RsvlmError, match="needs 1,000,000,000,100 MB on the disk") as caught:
        download(huge, Watch(), accepted=False)
    assert caught.value.code == "unavailable" and hub.asked == []
    assert caught.value.details["needed_bytes"] > caught.value.details["free_bytes"] > 0


def test_full_disk_is_told_and_what_came_is_kept(card: ModelCard, monkeypatch: pytest.MonkeyPatch):
    class Full(Told):
        def progress(self, done: int, total: int, note: str) -> None:
            if done > 500_000:
                raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(RsvlmError, match="disk is full; what was downloaded is kept") as caught:
        download(card, Full(), accepted=False)
    assert caught.value.code == "unavailable" and begun(card).stat().st_size > 500_000


def test_folder_that_cannot_be_written_is_told(card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "file"))
    with pytest.raises(RsvlmError, match="cannot be written") as caught:
        download(card, Watch(), accepted=False)
    assert caught.value.code == "unavailable" and "RSVLM_MODELS" in caught.value.hint


def test_two_downloads_of_one_model_do_not_mix(card: ModelCard):
    refused: list[RsvlmError] = []

    class Second(Watch):
        def progress(self, done: int, total: int, note: str) -> None:
            if not refused:
                with pytest.raises(RsvlmError, match="downloaded by another program") as caught:
                    download(card, Watch(), accepted=False)
                refused.append(caught.value)

    download(card, Second(), accepted=False)
    assert card.verify() and refused[0].code == "busy"


def test_parts_of_an_older_revision_go_once_the_newer_one_is_there(card: ModelCard):
    old = card.folder / ".part-000000000000" / "model.safetensors"
    old.parent.mkdir()
    old.write_bytes(b"old")
    download(card, Watch(), accepted=False)
    assert card.verify() and not old.parent.exists()


def test_model_is_removed_with_its_folder_and_nothing_else(card: ModelCard, tmp_path: Path):
    download(card, Watch(), accepted=False)
    neighbour = tmp_path / "models" / "neighbour" / "model.safetensors"
    neighbour.parent.mkdir()
    neighbour.write_bytes(b"stays")
    assert remove(card) >= len(WEIGHTS)
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["neighbour"]
    assert neighbour.read_bytes() == b"stays" and "toy" not in load_cards()
    with pytest.raises(RsvlmError, match="toy is not installed") as caught:
        remove(card)
    assert caught.value.code == "bad_request"


def test_removing_a_link_leaves_what_it_leads_to(card: ModelCard, tmp_path: Path):
    download(card, Watch(), accepted=False)
    card.folder.rename(tmp_path / "elsewhere")
    card.folder.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert card.verify()
    remove(card)
    assert not card.folder.exists() and (tmp_path / "elsewhere" / "model.safetensors").read_bytes() == WEIGHTS


def test_bundled_model_is_never_removed(hub: Hub):
    with pytest.raises(RsvlmError, match="compact ships with rsvlm and stays") as caught:
        remove(get_card(None))
    assert caught.value.code == "bad_request" and get_card(None).verify()


def test_rest_of_an_interrupted_removal_is_in_nobodys_way(card: ModelCard, tmp_path: Path):
    (tmp_path / "models" / ".removed-toy").mkdir()
    (tmp_path / "models" / ".removed-toy" / "half").write_bytes(b"x")
    download(card, Watch(), accepted=False)
    remove(card)
    assert list((tmp_path / "models").iterdir()) == []


def test_store_needs_no_torch():
    script = "import sys; import rsvlm.models.store, rsvlm.models.importing; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
