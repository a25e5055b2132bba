"""A shapefile is several files, and yet the old one or the new one is there whole, whenever the writer is killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rsvlm.geo.vector_files import check_target, write_evidence
from rsvlm.geo.vector_reading import read_features
from rsvlm.protocol import Evidence, RsvlmError, restore_shapefiles

REPLACER = """
import os, sys, time
from pathlib import Path
from rsvlm.protocol import replace_shapefile
written, target, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
taken = 0
def held(step):
    def take(*places, **options):
        global taken
        if taken == last:
            print("held", flush=True)
            time.sleep(600)
        taken += 1
        return step(*places, **options)
    return take
os.replace, os.link, os.unlink, os.rename, os.mkdir = map(held, (os.replace, os.link, os.unlink, os.rename, os.mkdir))
replace_shapefile(written, target)
print("through", flush=True)
"""


def write(path: Path, labels: list[str]) -> None:
    cell = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 0]]]}
    write_evidence(path, [Evidence("mask", cell, label) for label in labels], "EPSG:32633", {})


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def test_killed_at_any_step_of_replacing_leaves_the_old_or_the_new_one_whole(root: Path, tmp_path: Path):
    link = tmp_path / "path" / "rsvlm"
    link.parent.mkdir()
    link.symlink_to(root)
    kinds = []
    for step in range(40):
        folder, stage = tmp_path / str(step), tmp_path / str(step) / ".rsvlm-stage"
        stage.mkdir(parents=True)
        path = folder / "out.shp"
        write(path, ["old", "older"])
        (folder / "out.qix").write_bytes(b"index of the old one")
        write(stage / "out.shp", ["new"])
        old, new = files(folder), files(stage)
        command = [sys.executable, "-c", REPLACER, str(stage / "out.shp"), str(path), str(step)]
        environment = {**os.environ, "PYTHONPATH": str(link.parent)}
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert writer.stdout is not None
        said = writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        left = files(folder)
        assert "out.shp" not in left or left in (old, new)
        assert read_features(path).fields["label"] in (["old", "older"], ["new"]) and files(folder) in (old, new)
        kinds.append("none" if "out.shp" not in left else "old" if left == old else "new")
        if said == b"through\n":
            break
    assert said == b"through\n" and kinds[0] == "old" and kinds[-1] == "new"
    assert "none" in kinds and kinds == sorted(kinds, key=["old", "none", "new"].index)


def test_what_a_kill_left_is_put_back_before_it_is_replaced_or_refused(tmp_path: Path):
    path, kept = tmp_path / "out.shp", tmp_path / ".rsvlm-previous-out.shp"
    write(path, ["old"])
    old = files(tmp_path)
    kept.mkdir()
    for file in list(tmp_path.glob("out.*")):
        file.rename(kept / file.name)
    (tmp_path / "out.dbf").write_bytes(b"of the new one")
    (tmp_path / "out.cpg").write_bytes(b"of the new one")
    check_target(path, True)
    assert files(tmp_path) == old and not kept.exists()
    write(path, ["new"])
    assert read_features(path).fields["label"] == ["new"]
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
    restore_shapefiles(tmp_path)
    assert read_features(path).fields["label"] == ["new"]


def test_shapefile_that_is_open_stays_as_it_is_with_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Windows does not remove what a program has open."""
    path = tmp_path / "out.shp"
    write(path, ["old"])
    old, unlink = files(tmp_path), Path.unlink

    def kept(self: Path, missing_ok: bool = False) -> None:
        if self == path:
            raise PermissionError(errno.EACCES, "Access is denied", str(self))
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", kept)
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(RsvlmError, match="is open, perhaps as a layer"):
        write(path, ["new"])
    assert files(tmp_path) == old and not [file for file in tmp_path.iterdir() if file.is_dir()]
