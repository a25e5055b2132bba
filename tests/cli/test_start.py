"""What the command line does before any model: quick starts, refusals without torch, and mistakes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "rsvlm.cli.main"]


@pytest.fixture
def without_torch(tmp_path: Path) -> dict[str, str]:
    """An environment whose torch cannot be imported, with a home of its own."""
    package = tmp_path / "broken" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('raise ImportError("libtorch_cpu.so: no such file", name="torch")\n')
    return {**os.environ, "PYTHONPATH": str(package.parent), "RSVLM_HOME": str(tmp_path / "home")}


def run(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], env=env, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--help"], 0, "describe"),
        (["describe", "--help"], 0, "--extent"),
        (["models", "list"], 0, "compact"),
        (["models", "show", "compact"], 0, "compact"),
        (["describe", "none.tif"], 2, "There is no file none.tif."),
        (["describe", "none.tif", "--model", "big"], 2, "no model called “big”"),
        (["describe", "{place}", "--style", "long"], 2, "no style “long”"),
        (["ask", "{place}", "What?", "--model", "geoclip"], 2, "The model geoclip cannot answer questions"),
        (["knowledge", "search", "none.gpkg", "x"], 2, "There is no library none.gpkg."),
        (["knowledge", "add", "l.gpkg", "none.txt"], 2, "There is no file none.txt."),
        (["describe", "{place}", "--extent", "0", "0", "1", "1"], 2, "outside the raster"),
        (["describe", "https://example.org/a.tif"], 3, "not allowed"),
    ],
)
def test_neither_help_nor_a_refusal_waits_for_torch(
    without_torch: dict[str, str], place: Path, words: list[str], code: int, told: str, add_family
):
    if "geoclip" in words:
        without_torch["RSVLM_MODELS"] = str(add_family("geoclip", []).folder.parent)
    start = time.monotonic()
    done = run(*(word.format(place=place) for word in words), env=without_torch)
    assert (done.returncode, told in done.stdout + done.stderr) == (code, True), done.stderr
    assert time.monotonic() - start < 5  # 0.5 s on an idle machine


def test_torch_that_cannot_be_imported_is_one_sentence_and_a_traceback_in_the_log(
    without_torch: dict[str, str], place: Path, tmp_path: Path
):
    done = run("describe", str(place), env=without_torch)
    log = tmp_path / "home" / "logs" / "backend.log"
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"rsvlm: The package torch cannot be loaded. Run “rsvlm doctor”, and report it with {log}.\n"
    )
    assert "Traceback" in log.read_text() and "libtorch_cpu.so: no such file" in log.read_text()


def test_mistake_in_the_program_is_one_sentence_and_a_traceback_in_the_log(
    without_torch: dict[str, str], place: Path, tmp_path: Path
):
    (tmp_path / "broken" / "torch" / "__init__.py").write_text("{}['nothing']\n")
    done = run("describe", str(place), env=without_torch)
    log = tmp_path / "home" / "logs" / "backend.log"
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("rsvlm: Something went wrong that rsvlm did not foresee.")
    assert str(log) in done.stderr and len(done.stderr.splitlines()) == 1 and "KeyError" not in done.stderr
    assert "KeyError: 'nothing'" in log.read_text()


def test_what_the_disk_refuses_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    env = {**os.environ, "RSVLM_HOME": str(tmp_path / "home")}
    done = run("data", "scenes", "-o", str(tmp_path / "file" / "scenes"), "--count", "1", env=env)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert f"{tmp_path / 'file' / 'scenes' / 'train'} cannot be read or written: Not a directory." in done.stderr


def test_mistake_is_told_where_no_log_can_be_written(without_torch: dict[str, str], place: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = run("describe", str(place), env={**without_torch, "RSVLM_HOME": str(tmp_path / "file")})
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert "could not be logged" in done.stderr and "RSVLM_HOME" in done.stderr


def test_no_bars_are_drawn_between_the_lines_of_a_command():
    program = (
        "import rsvlm.models\nfrom transformers.utils import logging\n"
        "for _ in logging.tqdm(range(3), desc='Loading weights'): pass"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_limits_of_gdal_hold_in_the_command_line(tmp_path: Path):
    """A service description is a raster for GDAL as it comes, and none for the command."""
    (tmp_path / "map.xml").write_text("<GDAL_WMS></GDAL_WMS>")
    program = (
        "import sys, rsvlm.cli.main as m; sys.argv = ['rsvlm', 'describe', 'map.xml']\n"
        "try: m.main()\n"
        "except SystemExit: pass\n"
        "import rasterio\n"
        "with rasterio.Env() as env: print({'WMS', 'HTTP', 'netCDF'} & set(env.drivers()))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "set()\n" and "map.xml is not a raster" in done.stderr


@pytest.mark.parametrize(
    ("told", "encoding"),
    [({"PYTHONIOENCODING": "cp1252"}, "cp1252"), ({"PYTHONUTF8": "0", "LC_ALL": "C"}, "utf-8")],
)
def test_answer_reaches_a_pipe_whole_whatever_the_encoding_of_the_system(told: dict[str, str], encoding: str):
    show = (
        "from rsvlm.cli.terminal import *; from rsvlm.protocol import Answer; write_utf8();"
        "show(Answer('\\u25b8 \\xe9 \\U0001f30d', [], {}, warnings=['\\u25b8']), as_json=True);"
        "show(Answer('', [], {}, warnings=['\\u25b8']), as_json=False)"
    )
    env = {**os.environ, "PYTHONIOENCODING": "", "PYTHONCOERCECLOCALE": "0", **told}
    done = subprocess.run([sys.executable, "-c", show], env=env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode(encoding))["text"] == "▸ é 🌍"
    assert done.stderr.decode(encoding).strip() == ("Note: ▸" if encoding == "utf-8" else r"Note: \u25b8")


def test_help_reaches_a_pipe_in_utf8(tmp_path: Path):
    env = {**os.environ, "PYTHONIOENCODING": "", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = subprocess.run([*COMMAND, "segment", "--help"], env=env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0 and "“storage tanks”" in done.stdout.decode(), done.stderr


@pytest.mark.parametrize("words", [["segment", "{place}"], ["ask", "{place}"], ["classify", "{place}", "--labels"]])
def test_words_that_are_no_text_are_refused_in_a_sentence(rsvlm, place: Path, words: list[str]):
    done = rsvlm(*(word.format(place=place) for word in words), os.fsdecode(b"D\xe4cher"))
    assert (done.code, done.out, done.err) == (
        2,
        "",
        "rsvlm: “D?cher” is not UTF-8. Set terminal and locale to UTF-8.\n",
    )
