"""`rsvlm doctor`: a report for others, with what is wrong first, whatever is wrong."""

from __future__ import annotations

import getpass
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rsvlm.cli.privacy import file_names, public
from rsvlm.models.cards import get_card
from rsvlm.protocol import PROTOCOL, VERSION

LOG = """\
2026-05-01 10:00:00,000 7 INFO [-] rsvlm.backend: started
2026-05-01 10:00:01,000 7 ERROR [r1] rsvlm.backend.worker: request r1 failed
Traceback (most recent call last):
  File "{home}/env/lib/rsvlm/tasks/describe.py", line 3, in describe
ValueError: {home}/secret project/site 7.tif is odd
2026-05-01 10:00:02,000 7 WARNING [-] rsvlm.backend: slow
"""


@pytest.fixture
def person(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody called Maria Muster, with a home of her own."""
    home = tmp_path / "mmuster"
    (home / "data" / "logs").mkdir(parents=True)
    names = {"HOME": str(home), "USER": "mmuster", "LOGNAME": "mmuster", "USERNAME": "mmuster"}
    kept = {name: value for name, value in os.environ.items() if name != "RSVLM_MODELS"}
    return {**kept, **names, "USERPROFILE": str(home), "RSVLM_HOME": str(home / "data")}


def doctor(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rsvlm.cli.main", "doctor", *words],
        env=env, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


def test_sound_installation_is_told_with_all_that_a_bug_report_needs(person: dict[str, str]):
    env = {
        **person, "RSVLM_TOKEN": "s3cret", "RSVLM_CACHE": "1000", "RSVLM_MIRROR": "https://me:pass@mirror.example/hub",
        "RSVLM_MODELS": f"{person['HOME']}/models",
    }  # fmt: skip
    (Path(person["RSVLM_HOME"]) / "logs" / "backend.log").write_text(LOG.format(home=person["HOME"]))
    done = doctor(env, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr, report["ok"], report["problems"]) == (0, "", True, [])
    versions, system, trial = report["versions"], report["system"], report["trial"]
    assert (versions["rsvlm"], versions["protocol"]) == (VERSION, PROTOCOL)
    assert versions["packages"]["torch"] and versions["packages"]["rasterio"]
    assert system["memory"].endswith("GB") and system["memory_free"] and isinstance(system["gpus"], list)
    assert trial["device"] in ("cpu", "cuda") and trial["said"].endswith(".") and trial["model"] == "compact"
    assert trial["gdal"].startswith("3.")
    assert {"id": "compact", "revision": get_card(None).revision, "altered": []} in report["models"]
    assert report["settings"] == {
        "RSVLM_CACHE": "1000", "RSVLM_HOME": "~/data", "RSVLM_MIRROR": "https://mirror.example/hub",
        "RSVLM_MODELS": "~/models", "RSVLM_TOKEN": "(set)",
    } | {name: value for name, value in report["settings"].items() if name == "RSVLM_DATA"}  # fmt: skip
    assert len(report["errors"]) == 1 and "request r1 failed | ValueError: " in report["errors"][0]
    for personal in ("mmuster", str(Path(person["HOME"]).parent), "s3cret", "pass@", "secret project"):
        assert personal not in done.stdout
    assert "Everything is in order." in doctor(env).stdout.splitlines()[0]


def test_torch_that_cannot_be_imported_comes_first(person: dict[str, str], tmp_path: Path):
    package = tmp_path / "broken" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('raise ImportError("libtorch_cpu.so: no such file", name="torch")\n')
    done = doctor({**person, "PYTHONPATH": str(package.parent)})
    assert done.returncode == 3 and done.stderr == ""
    first, *others = done.stdout.splitlines()
    assert first == "PROBLEM: The model cannot be run: ImportError: libtorch_cpu.so: no such file."
    assert any(line.strip().startswith("transformers: ") for line in others)


def test_process_that_crashes_is_told(person: dict[str, str], tmp_path: Path):
    package = tmp_path / "broken" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import os\nos.abort()\n")
    done = doctor({**person, "PYTHONPATH": str(package.parent)}, "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["problems"] == ["The model cannot be run: its process ended with -6."]


def test_altered_weights_and_a_broken_card_are_told(person: dict[str, str], root: Path, tmp_path: Path):
    checkout = tmp_path / "checkout" / "rsvlm"
    ignored = shutil.ignore_patterns(".*", "build", "tests", "docs", "benchmarks", "runs", "dist")
    shutil.copytree(root, checkout, ignore=ignored)
    with open(next(checkout.glob("resources/models/compact/*.safetensors")), "ab") as weights:
        weights.write(b"x")
    broken = Path(person["RSVLM_HOME"]) / "models" / "mine"
    broken.mkdir(parents=True)
    (broken / "card.toml").write_text("id = 3")
    program = "import sys; sys.path.insert(0, sys.argv.pop()); from rsvlm.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "doctor", "--json", str(checkout.parent)],
        env={**person, "PYTHONPATH": str(checkout.parent)}, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert done.returncode == 3 and report["models"][0]["altered"] == ["model.safetensors"]
    card, weights, run = report["problems"]
    assert "mine/card.toml" in card and "model.safetensors" in weights and "altered" in run


def test_what_is_personal_is_taken_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(platform, "node", lambda: "mercury.example.org")
    monkeypatch.setenv("HOME", "/home/mmuster")
    monkeypatch.setenv("USER", "mmuster")
    report = {
        "path": "/home/mmuster/maps/a.tif", "other": "/mnt/MMuster/b", "host": "mercury and mercury.example.org",
        "kept": ["mmusterhafen", "mercurys", 3, None, True],
    }  # fmt: skip
    assert public(report) == {
        "path": "~/maps/a.tif", "other": "/mnt/<user>/b", "host": "<host> and <host>",
        "kept": ["mmusterhafen", "mercurys", 3, None, True],
    }  # fmt: skip
    assert getpass.getuser() == "mmuster" or os.name == "nt"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("failed: /mnt/secret/site.tif is odd", "failed: …/site.tif is odd"),
        ('File "C:\\Users\\m\\a.py", line 3', 'File "…/a.py", line 3'),
        ("~/maps/a.tif: no", "…/a.tif: no"),
        ("read 3/4 of 12/05 at 1.5 m/s", "read 3/4 of 12/05 at 1.5 m/s"),
        ("GET /v1/models", "GET …/models"),
    ],
)
def test_paths_in_a_log_are_cut_to_their_last_part(line: str, shown: str):
    assert file_names(line) == shown
