"""The models' tab does what its buttons say: the backend's real command, a real server, files in a folder of models."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPACT = ROOT / "resources" / "models" / "compact"
REVISION = "0123456789abcdef0123456789abcdef01234567"
FILES = {name: (COMPACT / name).read_bytes() for name in ("model.safetensors", "config.json", "tokenizer.json")}
CARD = """
id = "coast"
family = "compact"
title = "Coast 1"
tasks = ["describe"]
licence = "CC-BY-NC-4.0"
terms = "For research only."
memory_bytes = 100_000_000
prompt_template = "{image}<caption>"
box_convention = "none"
trained_on = []
input = { bands = "red, green, blue", pixels = 128, gsd_range_m = [0.3, 8.0], sensors = ["optical"] }
[source]
repository = "someone/coast"
revision = "REVISION"
accept_licence = true
"""


class Hub(ThreadingHTTPServer):
    """Sends the files of the model, slowly where `pause` says so, from any byte on."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked, self.pause = [], 0.0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Answering(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        content = FILES[self.path.rpartition("/")[2]]
        start = int((self.headers.get("Range") or "bytes=0-")[6:].rstrip("-"))
        self.server.asked.append((self.path, start))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        try:
            for at in range(start, len(content), 200_000):
                self.wfile.write(content[at : at + 200_000])
                time.sleep(self.server.pause)
        except OSError:
            return

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def folder(tmp_path):
    """The user's folder of models, with the card of a model that is not there yet."""
    rows = [CARD.replace("REVISION", REVISION)]
    for name, content in FILES.items():
        rows.append(
            f'[[source.files]]\nname = "{name}"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\n'
            f"size_bytes = {len(content)}\n"
        )
    (tmp_path / "models" / "coast").mkdir(parents=True)
    (tmp_path / "models" / "coast" / "card.toml").write_text("\n".join(rows))
    return tmp_path / "models"


@pytest.fixture
def hub():
    server = Hub()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def box(qgis_app, folder, hub, wait, monkeypatch):
    """The tab, showing the list."""
    from qgis.core import QgsSettings

    from rsvlm.rsvlm_plugin.settings import model_store
    from rsvlm.rsvlm_plugin.settings.models_box import ModelsBox

    if not Path(os.environ["RSVLM_PYTHON"]).is_file():
        pytest.skip("the backend's environment is not there; run make setup")
    QgsSettings().remove("rsvlm")
    monkeypatch.setenv("RSVLM_MODELS", str(folder))
    monkeypatch.setenv("RSVLM_MIRROR", f"http://127.0.0.1:{hub.server_port}")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(model_store, "_shared", None)
    made = ModelsBox()
    made.show()
    wait(lambda: made.table.topLevelItemCount() == 2, 30)
    yield made
    made._store.stop()
    made.deleteLater()


def choose(box, title):
    for number in range(box.table.topLevelItemCount()):
        item = box.table.topLevelItem(number)
        if item.text(0) == title:
            box.table.setCurrentItem(item)
            return [item.text(column) for column in range(5)]
    raise LookupError(title)


def resting(box, wait, words):
    wait(lambda: not box._store.doing and words in box.note.text(), 60)


def test_list_tells_size_memory_licence_and_state(box) -> None:
    row = choose(box, "Coast 1")
    assert row[0] == "Coast 1" and row[1].endswith("MB") and row[2].endswith("MB")
    assert row[3:] == ["CC-BY-NC-4.0", "Not installed"]
    assert box.terms.text() == "For research only."
    enabled = [button.isEnabled() for button in (box.download_button, box.verify_button, box.remove_button)]
    assert enabled == [True, False, True]
    assert choose(box, "compact (bundled)")[4] == "Bundled"
    enabled = [button.isEnabled() for button in (box.download_button, box.verify_button, box.remove_button)]
    assert enabled == [False, True, False]


def test_download_waits_for_the_licence_can_be_stopped_and_goes_on(box, hub, folder, wait) -> None:
    from rsvlm.rsvlm_plugin.settings.model_dialogs import TermsDialog

    choose(box, "Coast 1")
    dialog = TermsDialog(box._row())
    assert not dialog.network_button.isEnabled() and not dialog.folder_button.isEnabled()
    dialog.accept_box.setChecked(True)
    assert dialog.network_button.isEnabled() and dialog.accepted_licence
    hub.pause = 0.05
    box._store.download(box._row(), accepted=True)
    wait(lambda: box.progress.value() >= 20, 30)
    assert not box.download_button.isEnabled()
    box.stop_button.click()
    resting(box, wait, "goes on from there")
    begun = folder / "coast" / f".part-{REVISION[:12]}" / "model.safetensors"
    came = begun.stat().st_size
    assert 0 < came < len(FILES["model.safetensors"])
    hub.pause, hub.asked[:] = 0.0, []
    installed = []
    box._store.changed.connect(lambda: installed.append(True))
    box._store.download(box._row(), accepted=False)  # the licence is accepted once
    resting(box, wait, "Coast 1 is installed.")
    assert hub.asked[0][1] == came and installed == [True]
    wait(lambda: choose(box, "Coast 1")[4] == "Installed", 30)
    assert (folder / "coast" / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_model_is_installed_from_a_folder_verified_altered_and_removed(box, hub, folder, tmp_path, wait) -> None:
    shutil.copytree(COMPACT, tmp_path / "stick")
    choose(box, "Coast 1")
    box._store.download(box._row(), True, str(tmp_path / "stick"))
    resting(box, wait, "Coast 1 is installed.")
    assert hub.asked == []
    wait(lambda: choose(box, "Coast 1")[4] == "Installed", 30)
    box.verify_button.click()
    resting(box, wait, "Coast 1 is whole")
    (folder / "coast" / "config.json").write_text("{}")
    box.verify_button.click()
    resting(box, wait, "The files of coast are missing or altered.")
    box._store.remove(box._row())
    resting(box, wait, "Coast 1 was removed.")
    wait(lambda: box.table.topLevelItemCount() == 1, 30)
    assert not (folder / "coast").exists()


def test_weights_are_imported_under_a_name_that_is_free(box, folder, tmp_path, wait) -> None:
    from rsvlm.rsvlm_plugin.settings.model_dialogs import ImportDialog

    shutil.copytree(COMPACT, tmp_path / "My Weights")
    dialog = ImportDialog({"compact", "coast"})
    dialog.path.setFilePath(str(tmp_path / "My Weights" / "model.safetensors"))
    assert dialog.name.text() == "my-weights" and dialog.import_button.isEnabled()
    for wrong in ("coast", "My Weights", ""):
        dialog.name.setText(wrong)
        assert not dialog.import_button.isEnabled()
    dialog.name.setText("mine")
    box._store.bring_in(*dialog.wish())
    resting(box, wait, "mine is installed.")
    wait(lambda: box.table.topLevelItemCount() == 3, 30)
    assert choose(box, "mine")[3:] == ["not stated", "Installed"]
    box._store.bring_in(str(tmp_path / "nothing.safetensors"), "other", "Other", "")
    resting(box, wait, "nothing.safetensors is neither a folder nor a file")


def test_two_things_are_not_done_at_once(box, hub, wait) -> None:
    hub.pause = 0.05
    choose(box, "Coast 1")
    box._store.download(box._row(), accepted=True)
    wait(lambda: hub.asked, 30)
    refused = []
    box._store.failed.connect(refused.append)
    box._store.verify(box._row())
    assert refused[0].code == "busy"
    box._store.stop()
    resting(box, wait, "Stopped.")


def test_without_a_backend_the_tab_says_what_to_do(qgis_app, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.settings import model_store
    from rsvlm.rsvlm_plugin.settings.models_box import ModelsBox

    monkeypatch.setenv("RSVLM_PYTHON", "/nowhere/python")
    monkeypatch.setattr(model_store, "_shared", None)
    box = ModelsBox()
    box.show()
    assert "/nowhere/python, which does not exist" in box.note.text()
    box.deleteLater()


def test_installed_model_is_what_the_backend_lists(box, folder, tmp_path, wait) -> None:
    """What the tab installs, the command that everything else rests on sees."""
    choose(box, "Coast 1")
    shutil.copytree(COMPACT, tmp_path / "stick")
    box._store.download(box._row(), True, str(tmp_path / "stick"))
    resting(box, wait, "Coast 1 is installed.")
    command = [os.environ["RSVLM_PYTHON"], "-m", "rsvlm.cli.main", "models", "show", "coast", "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout)
    assert told["installed"] is True and told["verified"] is True
