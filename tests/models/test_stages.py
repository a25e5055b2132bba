"""Folders that are filled out of sight: what a killed program left goes when the next one begins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rsvlm.models.stages import new_stage


def test_stages_of_dead_processes_are_removed_and_no_others(tmp_path: Path):
    mine = new_stage(tmp_path, "import")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = mine.with_name(mine.name.replace(f"-{mine.name.split('-')[2]}-", f"-{dead.pid}-"))
    left.mkdir()
    (left / "weights.bin").write_bytes(b"1")
    foreign = tmp_path / f".import-elsewhere-{dead.pid}-1"  # of another machine that shares the folder
    foreign.mkdir()
    assert new_stage(tmp_path, "making").is_dir() and left.is_dir()
    assert new_stage(tmp_path, "import").is_dir()
    assert not left.exists() and mine.is_dir() and foreign.is_dir()
