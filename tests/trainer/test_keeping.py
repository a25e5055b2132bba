"""A folder is replaced as a whole, and killed at any moment there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsvlm.protocol import moving
from rsvlm.trainer import keeping
from rsvlm.trainer.keeping import put, put_back, put_copy


def made(folder: Path, word: str) -> Path:
    folder.mkdir()
    (folder / "word").write_text(word)
    return folder


def test_folder_that_was_taken_away_is_there_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Killed after the old one was moved away and before the new one was moved in."""
    target = made(tmp_path / "best", "old")
    rename = Path.rename

    def killed(self: Path, to: Path) -> Path:
        if self.name == "best.part":
            raise KeyboardInterrupt
        return rename(self, to)

    monkeypatch.setattr(keeping.Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        put_copy(made(tmp_path / "last", "new"), target)
    monkeypatch.undo()
    assert not target.exists()
    put_back(target)
    assert (target / "word").read_text() == "old"
    put_back(target)
    put_copy(tmp_path / "last", target)
    assert (target / "word").read_text() == "new" and not list(tmp_path.glob(".removed-*"))


def test_new_folder_takes_the_place_of_the_old_one(tmp_path: Path):
    target = made(tmp_path / "best", "old")
    put(made(tmp_path / "part", "new"), target)
    assert (target / "word").read_text() == "new" and [path.name for path in tmp_path.iterdir()] == ["best"]


def test_folder_that_a_virus_scanner_holds_for_a_moment_gets_its_place_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rename, tries = Path.rename, []

    def held(self: Path, to: Path) -> Path:
        tries.append(self.name)
        if len(tries) in (1, 3):
            raise PermissionError("Access is denied")
        return rename(self, to)

    target, part = made(tmp_path / "best", "old"), made(tmp_path / "part", "new")
    monkeypatch.setattr(Path, "rename", held)
    monkeypatch.setattr("sys.platform", "win32")
    put(part, target)
    assert tries == ["best", "best", "part", "part"]
    assert (target / "word").read_text() == "new" and [path.name for path in tmp_path.iterdir()] == ["best"]
    tries.clear()
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(PermissionError):
        put(made(tmp_path / "part", "newer"), target)
    assert tries == ["best"], "elsewhere nobody lets go of it by waiting"


def test_folder_that_stays_held_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def held(self: Path, to: Path) -> Path:
        raise PermissionError("Access is denied")

    part = made(tmp_path / "part", "new")
    monkeypatch.setattr(Path, "rename", held)
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr(moving, "PATIENCE_S", 0.1)
    with pytest.raises(PermissionError):
        put(part, tmp_path / "best")
    assert (part / "word").read_text() == "new"
