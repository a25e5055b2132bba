"""What a killed QGIS left half written beside the user's files does not stay there for ever."""

from __future__ import annotations

import os
import time

from found_record import record

HOUR = 3600


def test_the_next_writing_removes_what_was_left_a_day_ago_and_nothing_else(qgis_app, tmp_path):
    from rsvlm.rsvlm_plugin.layers.export import save
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside

    made = record()
    writers = (lambda: write_beside(made, tmp_path), lambda: save(made, str(tmp_path / "saved.fgb")))
    stay = {".rsvlm-writing-now", ".rsvlm-theirs", ".hidden"}
    for name in stay:
        (tmp_path / name).mkdir()
    for write in writers:
        left = tmp_path / ".rsvlm-writing-before"
        left.mkdir()
        (left / "found.gpkg").write_bytes(b"half")
        for path in tmp_path.glob(".*"):
            hours = 2 if path.name == ".rsvlm-writing-now" else 25
            os.utime(path, (time.time() - hours * HOUR,) * 2)
        write()
        assert {path.name for path in tmp_path.glob(".*")} == stay
    assert {path.suffix for path in tmp_path.iterdir() if path.is_file()} == {".gpkg", ".fgb"}


def test_a_writer_that_ends_while_another_begins_is_in_nobodys_way(qgis_app, tmp_path, monkeypatch):
    from rsvlm.rsvlm_plugin.layers import staging

    gone = tmp_path / ".rsvlm-writing-gone"
    monkeypatch.setattr(type(tmp_path), "glob", lambda folder, pattern: iter([gone]))
    with staging.staging(tmp_path) as beside:
        assert beside.is_dir()


def test_files_are_written_with_the_rights_of_the_folder_they_come_to(qgis_app, tmp_path):
    from rsvlm.rsvlm_plugin.layers.staging import staging

    umask = os.umask(0o027)
    try:
        with staging(tmp_path) as beside:
            assert beside.stat().st_mode & 0o777 == 0o750
    finally:
        os.umask(umask)
    assert list(tmp_path.iterdir()) == []
