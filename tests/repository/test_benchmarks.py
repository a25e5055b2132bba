"""Benchmarks on data that do not ship: without it they are skipped, so that `make bench` goes on."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest


@pytest.mark.parametrize(("folder", "why"), [("none", "RSVLM_DATA"), ("", "rasters/a.tif is not in")])
def test_what_lacks_its_data_is_skipped(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: str,
    why: str,
) -> None:
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path / folder))
    data_with = import_module("measuring.data_sets").data_with
    with pytest.raises(SystemExit) as ended:
        data_with("rasters/a.tif")
    assert ended.value.code == 0
    said = capsys.readouterr().err
    assert said.startswith("Skipped, as ") and why in said and said.count("\n") == 1


def test_data_that_is_there_is_taken(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    monkeypatch.setenv("RSVLM_DATA", str(tmp_path))
    (tmp_path / "a.zip").touch()
    assert import_module("measuring.data_sets").data_with("a.zip") == tmp_path
