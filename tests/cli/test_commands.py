"""The other commands: what they print for people and programs, and what they refuse."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rsvlm.cli.main import app
from rsvlm.protocol import VERSION


def refused(done, *words: str, code: int = 2) -> None:
    assert done.code == code and done.out == "" and "Traceback" not in done.err, done.err
    assert len(done.err.splitlines()) == 1 and done.err.startswith("rsvlm: ")
    assert all(word in done.err for word in words), done.err


def test_version(rsvlm):
    done = rsvlm("--version")
    assert (done.code, done.out, done.err) == (0, f"rsvlm {VERSION}\n", "")


def test_help_names_every_command(rsvlm):
    done = rsvlm("--help")
    assert done.code == 0 and done.err == ""
    for name in ("describe", "train", "eval", "models", "serve", "doctor"):
        assert name in done.out
    alone = rsvlm()
    assert alone.code == 2 and "Usage" in alone.out + alone.err and "Traceback" not in alone.err


@pytest.mark.parametrize(
    "command", ["describe", "train", "eval caption", "models list", "models show", "serve", "doctor"]
)
def test_every_command_explains_itself(rsvlm, command: str):
    done = rsvlm(*command.split(), "--help")
    assert done.code == 0 and f"rsvlm {command}" in done.out and done.err == ""
    assert "--help" in done.out


def test_every_option_has_a_text():
    import typer

    def walk(command, path: str) -> None:
        for parameter in command.params:
            if parameter.name != "help":
                assert getattr(parameter, "help", None), f"{path}: {parameter.name}"
        for name, inner in getattr(command, "commands", {}).items():
            assert inner.help, f"{path} {name}"
            walk(inner, f"{path} {name}")

    walk(typer.main.get_command(app), "rsvlm")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Six pictures in val, with two captions each."""
    path = tmp_path / "own.zip"
    generator = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as target:
        rows = []
        for number in range(6):
            file = io.BytesIO()
            Image.fromarray(generator.integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(file, "PNG")
            target.writestr(f"images/{number}.png", file.getvalue())
            captions = [f"there are {number} houses near a road .", "some trees are here ."]
            rows.append({"filename": f"{number}.png", "split": "val", "scene": "forest", "captions": captions})
        target.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)))
    return path


def test_evaluation_prints_one_document(rsvlm, archive: Path, tmp_path: Path):
    said = tmp_path / "said.jsonl"
    done = rsvlm(
        "eval", "caption", "--data", archive, "--split", "val", "--protocol", "coco", "--json", "--predictions", said
    )
    result = json.loads(done.out)
    assert done.code == 0 and done.out.count("\n") == 1
    assert {"task", "protocol", "n", "metrics", "ci95"} <= set(result)
    assert (result["task"], result["protocol"], result["n"]) == ("caption", "coco", 6)
    assert {"BLEU-1", "BLEU-4", "ROUGE-L", "CIDEr"} <= set(result["metrics"])
    assert result["ci95"]["CIDEr"][0] <= result["metrics"]["CIDEr"] <= result["ci95"]["CIDEr"][1]
    assert len(said.read_text().splitlines()) == 6
    words = rsvlm("eval", "caption", "--data", archive)
    assert f"{result['metrics']['CIDEr']:.3f}" in words.out and "6 pictures of own.zip (val)" in words.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--data", "gone.zip"], ["There is no gone.zip"]),
        (["--split", "test"], ["no images in the split “test”"]),
        (["--protocol", "bleurt"], ["no caption protocol “bleurt”", "coco"]),
        (["--model", "big"], ["no model called “big”"]),
        (["--predictions", "/nowhere/said.jsonl"], ["/nowhere does not exist"]),
    ],
)
def test_evaluation_refuses_in_one_line(rsvlm, archive: Path, words: list[str], told: list[str]):
    refused(rsvlm("eval", "caption", "--data", archive, *words), *told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nosuch"], ["no recipe nosuch"]),
        (["compact", "max_stps=3"], ["key max_stps is wrong", "Did you mean max_steps?"]),
        (["compact", "max_steps=3", "--data", "."], ["rsicd_train_128.zip is not a caption archive"]),
        (["compact", "max_steps=3", "teacher=mobile.npz"], ["mobile.npz is not there"]),
        ([], ["recipe", "rsvlm train --help"]),
    ],
)
def test_training_refuses_in_one_line(rsvlm, tmp_path: Path, monkeypatch, words: list[str], told: list[str]):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path))
    teacher = tmp_path / "teacher" / "mobilenet_v2_1.0_224_folded_fp16.npz"
    teacher.parent.mkdir()
    zipfile.ZipFile(teacher, "w").close()
    refused(rsvlm("train", *words), *told)


def test_training_says_where_data_is_looked_for(rsvlm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path / "none"))
    refused(rsvlm("train", "compact"), "none does not exist", "RSVLM_DATA")


def test_unknown_command(rsvlm):
    refused(rsvlm("describ"), "describ", "rsvlm --help")
