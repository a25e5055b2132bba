"""Files are written in a folder beside their place, and have there the rights that they would have in it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from rsvlm.geo.staging import beside
from rsvlm.protocol import RsvlmError, can_write, is_open


def test_others_may_read_what_is_moved_out_of_the_folder_as_if_it_had_been_written_in_its_place(tmp_path: Path):
    umask = os.umask(0o027)
    try:
        with beside(tmp_path / "out.csv") as inside:
            assert inside.parent.parent == tmp_path and inside.parent.stat().st_mode & 0o777 == 0o750
            inside.write_text("label\n")
    finally:
        os.umask(umask)
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_folder_goes_with_what_failed_in_it(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), beside(tmp_path / "out.csv") as inside:
        inside.write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_whether_a_folder_can_be_written_is_tried(tmp_path: Path):
    """The rights that a folder shows are not what decides: of /proc they would let root write."""
    assert can_write(tmp_path) and list(tmp_path.iterdir()) == []
    assert not can_write(Path("/proc")) and not can_write(tmp_path / "nowhere")


def test_file_that_is_open_on_windows_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def refuse(part: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "Access is denied", str(part), None, str(target))

    monkeypatch.setattr("os.replace", refuse)
    for system, said in (("win32", "is open, perhaps as a layer of a QGIS project"), ("linux", "cannot be written")):
        monkeypatch.setattr("sys.platform", system)
        with pytest.raises(RsvlmError, match=said), beside(path) as inside:
            inside.write_text("new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_folder_that_is_closed_says_nothing_of_the_file_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "win32")
    path = tmp_path / "out.csv"
    path.write_text("old")
    assert not is_open(path, PermissionError(errno.EACCES, "Access is denied", str(tmp_path / "new")))
    assert not is_open(path, FileNotFoundError(errno.ENOENT, "No such file", str(path)))
    assert not is_open(tmp_path / "new.csv", PermissionError(errno.EACCES, "Access is denied", str(path)))
