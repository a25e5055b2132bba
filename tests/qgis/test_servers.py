"""Any OpenAI-compatible server describes a place: by URL and key, whatever its habits, over a real socket."""

from __future__ import annotations

import base64
import importlib.util
import json
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("openai_server", Path(__file__).with_name("openai_server.py"))
double = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(double)

TEXT = "Ein Hafen mit Booten."


@pytest.fixture
def server():
    running = double.OpenAiServer()
    yield running
    running.stop()


@pytest.fixture
def vault(qgis_app):
    """QGIS's authentication manager, open."""
    from qgis.core import QgsApplication

    manager = QgsApplication.authManager()
    if manager.isDisabled():
        pytest.skip("this QGIS has no authentication manager")
    assert manager.setMasterPassword("test", True)
    return manager


@pytest.fixture
def profile(qgis_app):
    """A profile without servers, before and after."""
    from qgis.core import QgsSettings

    QgsSettings().remove("rsvlm")
    yield QgsSettings()
    QgsSettings().remove("rsvlm")


def picture(crs="EPSG:32632", area=None):
    """256 x 128 px of 2 m: green, a blue half on the right."""
    from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, Qt
    from qgis.PyQt.QtGui import QColor, QImage, QPainter

    from rsvlm.protocol import Raster
    from rsvlm.rsvlm_plugin.layers.picture import picture_of

    image = QImage(256, 128, QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 128, 0))
    painter = QPainter(image)
    painter.fillRect(128, 0, 128, 128, Qt.GlobalColor.blue)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
    painter.fillRect(0, 64, 64, 64, Qt.GlobalColor.transparent)
    painter.end()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    data = base64.b64encode(bytes(content)).decode()
    transform = [2.0, 0.0, 500_000.0, 0.0, -2.0, 5_000_256.0]
    return picture_of(Raster(data=data, transform=transform, crs=crs, area=area, name="Map extent"))


def ask(running, model, style="brief", **fields):
    from rsvlm.rsvlm_plugin.client.server import Server
    from rsvlm.rsvlm_plugin.client.server_describe import describe

    return describe(Server("Office", running.url, model, **fields), picture(), style, "Map extent")


def test_place_is_sent_as_a_picture_and_described_with_its_provenance(server, hear, wait) -> None:
    heard = hear(ask(server, "plain"))
    wait(lambda: heard.over)
    assert heard.errors == []
    assert "".join(heard.text) == TEXT and len(heard.text) == 3
    answer = heard.answers[0]
    assert answer.text == TEXT
    made = answer.provenance
    assert (made["model"], made["server"], made["device"]) == ("served-1.0", "Office", "server")
    assert made["sources"] == ["Map extent"] and made["crs"] == "EPSG:32632"
    assert made["extent"] == [500_000.0, 5_000_000.0, 500_512.0, 5_000_256.0]
    assert made["gsd_m"] == pytest.approx(2.0, rel=2e-3)
    assert "512 m x 256 m of ground, 2 m per pixel" in made["prompt"]
    assert answer.evidence[0].kind == "tile" and answer.evidence[0].score is None
    assert answer.evidence[0].area_m2 == pytest.approx(512 * 256, rel=2e-3)
    assert "nothing in them was measured" in answer.warnings[0]
    assert answer.timings["total"] > 0
    body = server.bodies[0]
    assert sorted(body) == ["messages", "model", "stream"]  # some servers refuse any other field
    url = body["messages"][0]["content"][0]["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,")
    from qgis.PyQt.QtGui import QImage

    sent = QImage.fromData(base64.b64decode(url.partition(",")[2]))
    assert (sent.width(), sent.height()) == (256, 128)
    greens = sent.pixelColor(30, 30), sent.pixelColor(200, 64), sent.pixelColor(30, 100)
    assert greens[0].green() > 110 and greens[1].blue() > 240 and greens[2].lightness() > 250
    assert server.keys == [None]


def test_what_lies_outside_the_area_is_white_and_not_part_of_the_footprint(qgis_app) -> None:
    from qgis.PyQt.QtGui import QImage

    ring = [[500_000, 5_000_256], [500_200, 5_000_256], [500_200, 5_000_156], [500_000, 5_000_156]]
    seen = picture(area={"type": "Polygon", "coordinates": [[*ring, ring[0]]]})
    sent = QImage.fromData(seen.jpeg)
    assert sent.pixelColor(40, 20).green() in range(110, 140) and sent.pixelColor(40, 20).red() < 30
    assert sent.pixelColor(120, 60).lightness() > 250
    assert seen.area_m2 == pytest.approx(200 * 100, rel=2e-3)


def test_picture_without_a_crs_lies_in_pixels_and_has_no_measures(qgis_app) -> None:
    from rsvlm.rsvlm_plugin.client.server_describe import prompt

    seen = picture(crs=None)
    assert (seen.crs, seen.gsd_m, seen.area_m2, seen.extent) == (None, None, None, (0, 0, 256, 128))
    assert "per pixel" not in prompt("brief", seen)


@pytest.mark.parametrize(
    "habit",
    ["plain", "crlf", "no done", "no blank line", "usage", "reasoning", "think", "no opening tag", "parts",
     "not streaming", "wrong type"],
)  # fmt: skip
def test_words_are_the_same_whatever_the_server_s_habit(server, hear, wait, habit) -> None:
    heard = hear(ask(server, habit))
    wait(lambda: heard.over)
    assert heard.errors == []
    assert heard.answers[0].text == TEXT
    assert len(heard.answers[0].warnings) == 1
    if habit != "no opening tag":  # which nobody can tell before the closing one
        assert "".join(heard.text).strip() == TEXT
    if habit == "reasoning":
        assert (0, 0, "Office is thinking") in heard.progress


@pytest.mark.parametrize("habit", ["length", "ends early", "endless"])
def test_answer_that_is_not_complete_says_so(server, hear, wait, habit) -> None:
    heard = hear(ask(server, habit))
    wait(lambda: heard.over)
    assert "ended early" in heard.answers[0].warnings[1]
    assert len(heard.answers[0].text) < 20_000


@pytest.mark.parametrize(
    ("model", "code", "message", "hint"),
    [
        ("quota", "busy", "takes no more requests", "Rate limit reached"),
        ("missing", "unknown_model", "has no model called “missing”", "try pulling it first"),
        ("blind", "bad_request", "The model “blind” of “Office” cannot look at this picture.", "At most 0 image(s)"),
        ("no mmproj", "bad_request", "cannot look at this picture", "mmproj"),
        ("loading", "unavailable", "is loading its model or is busy", "Ask again in a moment"),
        ("broken", "model_failed", "failed while it answered", "look at the server's log"),
        ("strict", "bad_request", "refused the question", "extra_forbidden"),
        ("moved", "not_found", "has moved to another address", "Enter its new URL"),
        ("large", "too_large", "too large", "limit"),
        ("nonsense", "not_found", "no OpenAI-compatible server", "/v1"),
        ("error in stream", "model_failed", "failed while it answered", "CUDA out of memory"),
        ("error as text", "model_failed", "failed while it answered", "while running the model"),
        ("error field", "model_failed", "failed while it answered", "slot unavailable"),
        ("cut in a line", "worker_died", "stopped in the middle", "Ask again"),
        ("wordless", "model_failed", "answered without a word", "another model"),
    ],
)  # fmt: skip
def test_refusals_become_a_sentence_and_the_next_step(server, hear, wait, model, code, message, hint) -> None:
    heard = hear(ask(server, model))
    wait(lambda: heard.over)
    error = heard.errors[0]
    assert error.code == code
    assert message in error.message and hint in error.hint
    for said in (error.message, error.hint):
        assert "Traceback" not in said and "<html>" not in said and "{" not in said.replace('{"type"', "")


def test_server_that_is_not_there_and_url_that_is_another_s(server, hear, wait) -> None:
    from rsvlm.rsvlm_plugin.client.server import Server
    from rsvlm.rsvlm_plugin.client.server_describe import describe

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = hear(describe(Server("Office", f"http://127.0.0.1:{port}/v1", "m"), picture(), "brief", None))
    other = hear(describe(Server("Office", server.url.replace("/v1", "/v2"), "m"), picture(), "brief", None))
    wait(lambda: gone.over and other.over)
    assert gone.errors[0].message == f"Nothing answers at http://127.0.0.1:{port}/v1."
    assert "no OpenAI-compatible server" in other.errors[0].message


def test_stop_hangs_up_and_the_words_so_far_are_there(server, hear, wait) -> None:
    heard = hear(ask(server, "slow"))
    wait(lambda: len(heard.text) > 2)
    heard.reply.stop()
    assert heard.errors[0].code == "cancelled"
    assert heard.reply.said.text.startswith("word0 word1 ")
    wait(server.hung_up.is_set)


def test_structured_answer_is_found_in_the_prose_around_it(server, hear, wait) -> None:
    heard = hear(ask(server, "structured", "structured"))
    plain = hear(ask(server, "plain", "structured"))
    wait(lambda: heard.over and plain.over)
    answer = heard.answers[0]
    assert answer.text == "A harbour with boats."
    assert answer.structured["features"] == [{"name": "boat", "count": 11}]
    assert plain.answers[0].structured is None
    assert "did not answer with JSON" in plain.answers[0].warnings[1]


def test_key_is_kept_by_qgis_s_authentication_manager_and_nowhere_else(vault, profile, hear, wait) -> None:
    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers
    from rsvlm.rsvlm_plugin.client.server_key import forget_key, read_key, store_key

    running = double.OpenAiServer(wants_key=True)
    authcfg = store_key(double.KEY, "Office", "")
    assert store_key(double.KEY, "Office", authcfg) == authcfg
    shared_servers().save([Server("Office", running.url, "plain", authcfg)])
    heard = hear(ask(running, "plain", authcfg=authcfg))
    refused = hear(ask(running, "plain"))
    wait(lambda: heard.over and refused.over)
    assert heard.answers[0].text == TEXT
    assert double.KEY not in json.dumps(heard.answers[0].to_json())
    assert refused.errors[0].code == "unauthorized"
    assert refused.errors[0].message == "The server “Office” does not accept the key."
    profile.sync()
    assert double.KEY not in Path(profile.fileName()).read_text()
    assert read_key(authcfg, "Office") == double.KEY
    forget_key(authcfg)
    assert authcfg not in vault.configIds()
    running.stop()


def test_locked_or_emptied_authentication_manager_is_said_in_words(vault, server, hear, wait) -> None:
    from rsvlm.rsvlm_plugin.client.server_key import forget_key, store_key

    authcfg = store_key("secret", "Office", "")
    vault.clearMasterPassword()
    heard = hear(ask(server, "plain", authcfg=authcfg))
    wait(lambda: heard.over)
    assert heard.errors[0].code == "unauthorized" and "which is locked" in heard.errors[0].message
    vault.setMasterPassword("test", True)
    forget_key(authcfg)
    heard = hear(ask(server, "plain", authcfg=authcfg))
    wait(lambda: heard.over)
    assert "no longer in QGIS's authentication manager" in heard.errors[0].message
    assert server.bodies == []


def test_pictures_go_to_another_computer_only_where_the_user_allowed_it(qgis_app) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.client.server import Server

    def refused(**fields) -> str:
        try:
            Server("Office", **fields).check()
        except RsvlmError as error:
            return error.message
        return ""

    assert refused(url="http://127.0.0.1:11434/v1", model="m") == ""
    assert refused(url="http://localhost:8000/v1", model="m") == refused(url="http://[::1]:8000/v1", model="m") == ""
    assert "(api.example.org)" in refused(url="https://api.example.org/v1", model="m")
    assert refused(url="https://api.example.org/v1", model="m", allowed_host="api.example.org") == ""
    assert "not allowed" in refused(url="https://api.example.net/v1", model="m", allowed_host="api.example.org")
    assert "not allowed" in refused(url="http://localhost.example.net/v1", model="m")
    assert "No model" in refused(url="http://localhost/v1")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        (" http://127.0.0.1:8080/ ", "http://127.0.0.1:8080/v1"),
        ("https://api.example.org/v1/chat/completions", "https://api.example.org/v1"),
        ("https://api.example.org/openai/v1/models", "https://api.example.org/openai/v1"),
        ("https://api.example.org/openai", "https://api.example.org/openai"),
        ("", ""),
    ],
)
def test_url_is_understood_as_it_is_pasted(qgis_app, typed, meant) -> None:
    from rsvlm.rsvlm_plugin.client.server import normalised

    assert normalised(typed) == meant


def test_url_that_is_none_is_told_when_the_server_is_asked(qgis_app) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.client.server import Server, normalised

    with pytest.raises(RsvlmError, match="“Office” has no URL") as caught:
        Server("Office", normalised("[::1"), "m").check()
    assert caught.value.code == "bad_request"


def test_list_of_servers_is_kept_in_the_profile_and_told_to_whoever_listens(profile) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers

    servers, told = shared_servers(), []
    servers.changed.connect(lambda: told.append(servers.load()))
    office = Server("Office", "http://127.0.0.1:1/v1", "m")
    servers.save([office])
    servers.save([office])
    assert told == [[office]]
    assert servers.find("Office") == office
    with pytest.raises(RsvlmError, match="no server called “Home”") as caught:
        servers.find("Home")
    assert "Office" in caught.value.hint
    profile.setValue("rsvlm/servers", "[{")
    assert servers.load() == []


class Proxy(threading.Thread):
    """An HTTP proxy that answers for every host itself and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked = []
        self.wants_login = False
        self.start()

    def run(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                head = client.recv(100_000)
                self.asked.append(head.split(b"\r\n")[0].decode())
                if self.wants_login:
                    client.sendall(
                        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n"
                        b'Proxy-Authenticate: Basic realm="office"\r\n\r\n'
                    )
                    continue
                body = b'{"data": [{"id": "behind the proxy"}]}'
                client.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
                )
                client.sendall(body)


@pytest.fixture
def proxy(profile):
    """The user's proxy in QGIS's network settings."""
    from qgis.core import QgsNetworkAccessManager

    running = Proxy()
    values = {"proxyEnabled": True, "proxyType": "HttpProxy", "proxyHost": "127.0.0.1", "proxyPort": str(running.port)}
    for name, value in values.items():
        profile.setValue(f"proxy/{name}", value)
    manager = QgsNetworkAccessManager.instance()
    manager.setupDefaultProxyAndCache()
    yield running
    profile.remove("proxy")
    manager.setupDefaultProxyAndCache()
    running.socket.close()


def test_user_s_proxy_is_used_for_other_computers_and_not_for_this_one(proxy, server, hear, wait) -> None:
    from rsvlm.rsvlm_plugin.client.server import Server
    from rsvlm.rsvlm_plugin.client.server_describe import models

    far = hear(models(Server("Far", "http://vlm.example:8000/v1")))
    near = hear(models(Server("Near", server.url)))
    wait(lambda: far.over and near.over)
    assert far.answers == [["behind the proxy"]]
    assert proxy.asked == ["GET http://vlm.example:8000/v1/models HTTP/1.1"]
    assert "plain" in near.answers[0]


def test_proxy_that_wants_a_login_is_a_sentence(proxy, hear, wait) -> None:
    from rsvlm.rsvlm_plugin.client.server import Server
    from rsvlm.rsvlm_plugin.client.server_describe import models

    proxy.wants_login = True
    heard = hear(models(Server("Far", "http://vlm.example:8000/v1")))
    wait(lambda: heard.over)
    assert heard.errors[0].message == "The proxy on the way to “Far” wants a login."
    assert "Settings ▸ Options ▸ Network" in heard.errors[0].hint


def test_certificate_that_nobody_trusts_is_a_sentence_and_nothing_is_sent(tmp_path, hear, wait) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
        *files,
    ]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    running = double.OpenAiServer(ssl_context=context)
    heard = hear(ask(running, "plain"))
    wait(lambda: heard.over)
    running.stop()
    assert heard.errors[0].message.startswith("The certificate of 127.0.0.1 cannot be trusted")
    assert "self" in heard.errors[0].message  # says why
    assert running.paths == []


@pytest.fixture
def algorithm(qgis_app, qgis_processing, profile, server):
    """rsvlm:describeextent, and the server “Office” in the profile."""
    from qgis.core import QgsApplication

    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers
    from rsvlm.rsvlm_plugin.processing.provider import RsvlmProvider

    shared_servers().save([Server("Office", server.url, "plain"), Server("Far", "http://10.0.0.1/v1", "m")])
    provider = RsvlmProvider()
    QgsApplication.processingRegistry().addProvider(provider)
    yield "rsvlm:describeextent"
    QgsApplication.processingRegistry().removeProvider(provider)


def run_in_thread(parameters, feedback, wait):
    """What the algorithm gives when the toolbox runs it: prepared here, carried out in a thread."""
    from qgis.core import QgsApplication, QgsProcessingAlgRunnerTask, QgsProcessingContext, QgsProject

    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    outcomes = []
    made = QgsApplication.processingRegistry().algorithmById("rsvlm:describeextent")
    task = QgsProcessingAlgRunnerTask(made, parameters, context, feedback)
    task.executed.connect(lambda well, results: outcomes.append((well, results)))
    QgsApplication.taskManager().addTask(task)
    wait(lambda: outcomes, 20)
    return outcomes[0]


def test_algorithm_has_a_file_described_by_a_server(algorithm, server, tmp_path, wait) -> None:
    import numpy as np
    import processing
    from osgeo import gdal, osr
    from qgis.core import QgsProcessingException, QgsProcessingFeedback
    from qgis.PyQt.QtGui import QImage

    path = str(tmp_path / "field.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 400, 300, 3)
    system = osr.SpatialReference()
    system.ImportFromEPSG(32632)
    dataset.SetProjection(system.ExportToWkt())
    dataset.SetGeoTransform((500_000, 2, 0, 5_000_000, 0, -2))
    for band, value in enumerate((20, 150, 40), 1):
        dataset.GetRasterBand(band).WriteArray(np.full((300, 400), value, np.uint8))
    dataset.FlushCache()
    feedback = QgsProcessingFeedback()
    well, results = run_in_thread({"INPUT": path, "SERVER": "Office", "OUTPUT": "memory:"}, feedback, wait)
    assert well and results["OUTPUT_TEXT"] == TEXT
    assert "Asking Office" in feedback.textLog() and "nothing in them was measured" in feedback.textLog()
    url = server.bodies[0]["messages"][0]["content"][0]["image_url"]["url"]
    sent = QImage.fromData(base64.b64decode(url.partition(",")[2]))
    assert (sent.width(), sent.height()) == (400, 300)  # the file's own pixels
    processing.run(algorithm, {"INPUT": path, "SERVER": "Office", "MODEL": "usage"})
    assert server.bodies[1]["model"] == "usage"
    for wrong, said in (
        ("Home", "no server called “Home”"),
        ("Far", "not allowed yet that pictures are sent to “Far”"),
    ):
        with pytest.raises(QgsProcessingException, match=said):
            processing.run(algorithm, {"INPUT": path, "SERVER": wrong})


def test_algorithm_that_is_cancelled_hangs_up(algorithm, server, tmp_path, wait) -> None:
    from qgis.core import QgsProcessingFeedback
    from qgis.PyQt.QtCore import QTimer

    from rsvlm.rsvlm_plugin.client import server_reply

    path = str(Path(__file__).resolve().parents[2] / "resources" / "demo" / "after.tif")
    feedback = QgsProcessingFeedback()
    look = QTimer()
    look.timeout.connect(lambda: feedback.cancel() if server.bodies else None)
    look.start(20)
    run_in_thread({"INPUT": path, "SERVER": "Office", "MODEL": "slow"}, feedback, wait)
    wait(server.hung_up.is_set)
    look.stop()
    assert not server_reply._alive
