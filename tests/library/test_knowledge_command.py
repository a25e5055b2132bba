"""`rsvlm knowledge` as a program: what it prints, and with which exit code it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rsvlm.cli.main import run


def called(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["rsvlm", "knowledge", *map(str, words)])
    code = run()
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_documents_are_added_and_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    rows = [
        {"title": "Quay", "text": "Ships are loaded.", "source": "port.org", "lon": 9, "lat": 50},
        {"title": "Farm", "text": "Wheat grows.", "lon": 10, "lat": 50},
    ]
    documents, library = tmp_path / "d.jsonl", tmp_path / "l.gpkg"
    documents.write_text("\n".join(map(json.dumps, rows)))
    assert called(capsys, monkeypatch, "add", library, documents) == (0, "Documents added to l.gpkg: 2.\n", "")
    code, out, _ = called(capsys, monkeypatch, "add", library, documents, "--json")
    assert (code, json.loads(out)) == (0, {"added": 0, "present": 2, "model": "compact"})
    search = ("search", library, "--at", 9, 50, "--within", 1000)
    code, out, _ = called(capsys, monkeypatch, *search, "ships")
    assert (code, out) == (0, "[1] Quay (port.org, 0.0 km away) Ships are loaded.\n")
    code, out, _ = called(capsys, monkeypatch, *search, "--json")
    (found,) = json.loads(out)["passages"]
    assert (found["title"], found["geometry"]["coordinates"], found["ranks"]) == ("Quay", [9, 50], {"place": 1})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("search", "none.gpkg", "x"), "There is no library none.gpkg."),
        (("add", "l.gpkg", "none.txt"), "There is no file none.txt."),
        (("add", "l.gpkg", "a.pdf"), "a.pdf is no file of documents."),
        (("search", "l.gpkg", "x", "--at", "5", "95"), "The place in --at cannot be read."),
        (("search", "l.gpkg", "x", "--extent", "0", "0", "1", "1"), "it is a part of --image"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    words: tuple[str, ...],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    code, out, err = called(capsys, monkeypatch, *words)
    assert (code, out) == (2, "") and told in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
