"""Structured captions: what fits the schema and the facts is kept, all else is asked for once more, then refused and told."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from typer.testing import CliRunner

from rsvlm.cli.data import data_app
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.builders.structure import Structured
from rsvlm.trainer.records import Records

GOOD = {
    "tag": "bare field",
    "modality": "optical",
    "resolution": "very high",
    "captions": [f"A plain brown field without any trees, in wording {name}." for name in "abcde"],
}


class Model:
    """A server of one's own that answers as OpenAI's does. answers: of each picture in turn; bodies: what it was sent."""

    def __init__(self) -> None:
        self.answers: list[str | int] = []
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # its name in the standard library
                outer.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                outer.keys.append(self.headers.get("Authorization"))
                answer = outer.answers.pop(0) if outer.answers else json.dumps(GOOD)
                status = answer if isinstance(answer, int) else 200
                body = json.dumps({"choices": [{"message": {"role": "assistant", "content": answer}}]}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"


@pytest.fixture
def model() -> Iterator[Model]:
    running = Model()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def rasters(tmp_path: Path) -> Path:
    """Three rasters of half a metre, taken in 2021."""
    folder = tmp_path / "rasters"
    folder.mkdir()
    for name in "abc":
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", width=64, height=64, count=3, dtype="uint8", crs="EPSG:32632",
            transform=Affine(0.5, 0, 576000, 0, -0.5, 5150000),
        ) as file:  # fmt: skip
            file.write(np.random.default_rng(ord(name)).integers(50, 90, (3, 64, 64), np.uint8))
            file.update_tags(acquisition_date="2021-06-05")
    return folder


def run(rasters: Path, model: Model, *more: str) -> Any:
    out = rasters.parent / "out.jsonl"
    return CliRunner().invoke(
        data_app, ["structure", str(rasters), "-o", str(out), "--url", model.url, "--model", "m", "--json", *more]
    )


def test_answers_that_fit_become_captions_with_the_measured_facts(rasters: Path, model: Model, monkeypatch):
    monkeypatch.setenv("RSVLM_CHAT_KEY", "secret")
    model.answers = [json.dumps(GOOD), f"```json\n{json.dumps(GOOD)}\n```"]
    result = run(rasters, model)
    assert result.exit_code == 0, result.output
    records = list(Records(rasters.parent / "out.jsonl"))
    assert [record.captions for record in records] == [GOOD["captions"]] * 3
    meta = records[0].meta
    assert (
        meta["scene"] == "bare field" and meta["gsd_m"] == pytest.approx(0.5, rel=0.01) and meta["date"] == "2021-06-05"
    )
    assert meta["by"] == "m" and meta["tries"] == 1 and meta["structured"]["resolution"] == "very high"
    sent = model.bodies[0]
    assert sent["response_format"]["json_schema"]["schema"] == Structured.model_json_schema()
    text, picture = sent["messages"][0]["content"]
    assert '"date": "2021-06-05"' in text["text"] and picture["image_url"]["url"].startswith("data:image/png;base64,")
    assert model.keys == ["Bearer secret"] * 3 and "secret" not in (rasters.parent / "out.jsonl").read_text()


@pytest.mark.parametrize(
    "wrong, told",
    [
        ("no json", "Invalid JSON"),
        ({**GOOD, "more": 1}, "Extra inputs"),
        ({**GOOD, "captions": GOOD["captions"][:4]}, "at least 5"),
        ({**GOOD, "captions": [GOOD["captions"][0]] * 5}, "two captions are the same"),
        ({**GOOD, "resolution": "low"}, "it is very high by the facts"),
        ({**GOOD, "modality": "sar"}, "it is optical by the facts"),
        (
            {**GOOD, "captions": [*GOOD["captions"][:4], "A field as it was seen in the year 2014."]},
            "2014 is not in the facts",
        ),
    ],
)
def test_what_does_not_fit_is_asked_once_more_and_then_refused(rasters: Path, model: Model, wrong: Any, told: str):
    answer = wrong if isinstance(wrong, str) else json.dumps(wrong)
    model.answers = [answer, answer, answer, json.dumps(GOOD)]
    result = run(rasters, model)
    assert result.exit_code == 0, result.output
    done = json.loads(result.stdout)
    assert done["records"] == 2 and len(model.bodies) == 5
    ((reason, count),) = done["left_out"].items()
    assert count == 1 and told in reason
    assert told in model.bodies[1]["messages"][0]["content"][0]["text"]
    assert [record.meta["tries"] for record in Records(rasters.parent / "out.jsonl")] == [2, 1]


def test_a_server_without_schemas_is_asked_without(rasters: Path, model: Model):
    model.answers = [400, json.dumps(GOOD)]
    assert run(rasters, model).exit_code == 0
    assert ["response_format" in body for body in model.bodies] == [True, False, False, False]


def test_work_goes_on_where_the_server_stopped_and_asks_nothing_twice(rasters: Path, model: Model):
    model.answers = ["nothing", "nothing", json.dumps(GOOD), 503]
    result = run(rasters, model)
    assert (
        isinstance(result.exception, RsvlmError) and result.exception.code == "unavailable" and len(model.bodies) == 4
    )
    result = run(rasters, model)
    done = json.loads(result.stdout)
    assert len(model.bodies) == 5 and done["records"] == 2 and sum(done["left_out"].values()) == 1
    torn = (rasters.parent / "out.jsonl").read_bytes()
    model.answers = ["nothing", "nothing"]
    assert run(rasters, model, "--overwrite").exit_code == 0
    assert (rasters.parent / "out.jsonl").read_bytes() == torn
    assert sorted(path.name for path in rasters.parent.iterdir()) == ["out.jsonl", "rasters"]


@pytest.mark.parametrize("status, code", [(401, "unauthorized"), (404, "bad_request"), (500, "unavailable")])
def test_refusals_are_told_in_words(rasters: Path, model: Model, status: int, code: str):
    model.answers = [status, status]
    error = run(rasters, model).exception
    assert isinstance(error, RsvlmError) and error.code == code and error.hint


def test_no_server_no_address_and_models_without_answers_are_told(rasters: Path, add_family: Callable[..., Any]):
    add_family("geoclip", [])
    words = ["structure", str(rasters), "-o", str(rasters.parent / "o.jsonl"), "--model"]
    for more, told in (
        (["m", "--url", "http://127.0.0.1:9/v1"], "does not answer"),
        (["m", "--url", "ftp://x"], "is no address"),
        (["geoclip"], "answers no questions"),
        (["compact"], "too long for compact"),
        (["nosuch"], "nosuch"),
    ):
        error = CliRunner().invoke(data_app, [*words, *more]).exception
        assert isinstance(error, RsvlmError) and told in error.message


def test_our_own_backend_is_understood_and_its_plain_sentences_are_refused(
    rasters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, add_family: Callable[..., Any]
):
    """A model that knows no schema: its answers come, and every one is refused by the schema."""
    add_family("geopix", ["a", "field"])
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    command = [sys.executable, "-m", "rsvlm.cli.main", "serve"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout and process.stdin
        info = json.loads(process.stdout.readline())
        monkeypatch.setenv("RSVLM_CHAT_KEY", Path(info["token_file"]).read_text())
        url = f"http://{info['host']}:{info['port']}/v1"
        words = ["structure", str(rasters), "-o", str(tmp_path / "o.jsonl"), "--url", url, "--model", "geopix"]
        error = CliRunner().invoke(data_app, words).exception
        assert isinstance(error, RsvlmError) and "refused twice" in error.message and "(3 times)" in error.message
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait(20)
        if process.stdout:
            process.stdout.close()
