"""The process that listens: there at once, and light for as long as it runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from rsvlm.protocol import PROTOCOL, VERSION

HEAVY = ("torch", "transformers", "rasterio", "rio_tiler", "shapely", "pyproj", "numpy", "PIL")


def test_first_line_names_versions_and_process(double: Any) -> None:
    assert set(double.info) == {"host", "port", "pid", "token_file", "version", "protocol", "python"}
    assert (double.info["version"], double.info["protocol"]) == (VERSION, PROTOCOL)
    assert double.info["host"] == "127.0.0.1"
    assert double.info["pid"] == double.process.pid


def test_supervisor_imports_nothing_heavy_even_while_it_answers() -> None:
    script = (
        "import sys\n"
        "import rsvlm.cli.serve, rsvlm.backend.supervisor\n"
        "from rsvlm.backend import openapi\n"
        "from rsvlm.backend.app import create_app\n"
        "from rsvlm.backend.bodies import model_id\n"
        "from rsvlm.backend.dispatch import Dispatcher\n"
        "assert openapi.document(create_app(Dispatcher())) and model_id(None)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_models_are_listed_without_waiting_for_the_worker(start: Any, serve: list[str]) -> None:
    backend = start(serve)
    listed = backend.client.get("/v1/models").json()
    assert (listed["object"], listed["version"], listed["protocol"]) == ("list", VERSION, PROTOCOL)
    assert listed["device"] == "starting"
    compact = next(model for model in listed["data"] if model["id"] == "compact")
    assert compact["object"] == "model" and "describe" in compact["tasks"]
    assert compact["title"] and compact["revision"] and compact["licence"]


def test_log_lies_in_the_home_folder_and_holds_no_token(double: Any) -> None:
    double.client.get("/v1/models")
    log = double.log()
    assert "rsvlm.backend.connection: worker" in log and "is ready on double" in log
    assert double.token not in log
    assert Path(double.info["token_file"]).parent == double.home
