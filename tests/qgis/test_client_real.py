"""The whole way: QGIS, the backend as a process, the bundled model, a real raster."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCENE = ROOT / "resources" / "demo" / "after.tif"
PATIENCE_S = 120  # a cold disk and a busy machine; a few seconds are usual

pytestmark = pytest.mark.skipif(
    not (Path(os.environ["RSVLM_PYTHON"]).is_file() and SCENE.is_file()),
    reason="the backend's environment or the demo scene is not there; run make setup",
)


@pytest.fixture(scope="module")
def backend(qgis_app):
    """One backend for all tests of this file: its start is the slow part."""
    from rsvlm.rsvlm_plugin.client import Backend
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    shared_process().stop()
    yield Backend()
    shared_process().stop()


def scene(extent=None):
    from rsvlm.protocol import Raster

    return Raster(href=str(SCENE), extent=extent, name="after")


def test_preview_is_a_picture_with_its_size_on_the_ground(backend, hear, wait) -> None:
    heard = hear(backend.view(scene()))
    wait(lambda: heard.over, PATIENCE_S)
    preview = heard.answers[0]
    assert base64.b64decode(preview["thumbnail"]).startswith(b"\x89PNG")
    assert preview["ground_m"] == pytest.approx([600, 600], rel=0.02)
    assert preview["crs"].startswith("EPSG:")


def test_brief_answer_streams_the_words_of_its_text(backend, hear, wait) -> None:
    from rsvlm.protocol import DescribeRequest

    heard = hear(backend.describe(DescribeRequest(scene())))
    wait(lambda: heard.over, PATIENCE_S)
    assert heard.errors == []
    answer = heard.answers[0]
    assert "".join(heard.text) == answer.text != ""
    assert answer.provenance["model"] == "compact"
    assert answer.provenance["device"] in ("cpu", "cuda")
    assert 0 <= answer.confidence <= 1
    wait(lambda: backend.state.kind == "ready", PATIENCE_S)
    assert backend.state.device == answer.provenance["device"]
    assert backend.state.model


def test_detailed_answer_has_a_tile_for_every_part_of_the_extent(backend, hear, wait) -> None:
    from rsvlm.protocol import DescribeRequest

    heard = hear(backend.describe(DescribeRequest(scene(), "detailed")))
    wait(lambda: heard.over, PATIENCE_S)
    answer = heard.answers[0]
    assert len(heard.evidence) == len(answer.evidence) > 1
    assert answer.evidence[0] is heard.evidence[0]  # told once
    assert {item.kind for item in answer.evidence} == {"tile"}
    assert heard.progress[-1][0] == heard.progress[-1][1] == len(answer.evidence)


@pytest.mark.parametrize(
    ("raster", "code"),
    [
        ({"href": "/nowhere/a.tif"}, "not_found"),
        ({"href": str(ROOT)}, "bad_raster"),
        ({"href": str(ROOT / "README.md")}, "bad_raster"),
        ({"href": str(SCENE), "extent": (0, 0, 1, 1)}, "bad_extent"),
        ({"href": str(SCENE), "crs": "EPSG:99999999", "extent": (0, 0, 1, 1)}, "bad_request"),
    ],
)
def test_bad_input_is_one_clear_sentence(backend, hear, wait, raster, code) -> None:
    from rsvlm.protocol import DescribeRequest, Raster

    heard = hear(backend.describe(DescribeRequest(Raster(**raster))))
    wait(lambda: heard.over, PATIENCE_S)
    error = heard.errors[0]
    assert error.code == code, error.message
    assert error.message.endswith(".") and error.hint.endswith(".")
    assert "Traceback" not in error.message and "Error" not in error.message


def test_unknown_model_is_named(backend, hear, wait) -> None:
    from rsvlm.protocol import DescribeRequest

    heard = hear(backend.describe(DescribeRequest(scene(), "brief", "gigantic")))
    wait(lambda: heard.over, PATIENCE_S)
    assert heard.errors[0].code == "unknown_model"
    assert "gigantic" in heard.errors[0].message


def test_killed_in_the_middle_is_said_and_the_next_click_works(backend, hear, wait) -> None:
    from rsvlm.protocol import DescribeRequest

    heard = hear(backend.describe(DescribeRequest(scene(), "detailed")))
    wait(lambda: heard.progress, PATIENCE_S)
    os.kill(backend._process._endpoint.pid, 9)
    wait(lambda: heard.over, PATIENCE_S)
    assert heard.errors[0].code == "worker_died"
    again = hear(backend.describe(DescribeRequest(scene())))
    wait(lambda: again.over, PATIENCE_S)
    assert again.answers[0].text


def test_qgis_process_describes_without_a_window(tmp_path) -> None:
    from osgeo import ogr

    plugins = tmp_path / "profiles" / "default" / "python" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "rsvlm").symlink_to(ROOT)
    output = tmp_path / "described.gpkg"
    environment = {**os.environ, "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}

    def qgis_process(*arguments: str) -> subprocess.CompletedProcess:
        command = ["qgis_process.bin", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert "rsvlm" in qgis_process("plugins", "enable", "rsvlm").stdout
    ran = qgis_process("run", "rsvlm:describeextent", f"--INPUT={SCENE}", "--STYLE=1", f"--OUTPUT={output}")
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    written = ogr.Open(str(output))
    layer = written.GetLayer(0)
    place = layer.GetNextFeature()
    assert place["text"] in ran.stdout and place["model"] == "compact" and place["style"] == "detailed"
    assert place.GetGeometryRef().Area() == pytest.approx(600 * 600, rel=0.02)
    assert layer.GetFeatureCount() > 2
