"""Answers and their files stay together: in a project that is moved, copied, or saved somewhere else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtWidgets import QWidget


@pytest.fixture
def saved(qgis_new_project):
    from rsvlm.rsvlm_plugin.dock.saved import SavedAnswers

    made = SavedAnswers()
    yield made
    made.dispose()


@pytest.fixture
def kept(qgis_new_project, tmp_path):
    """A record with files beside the project of this folder, which is saved."""
    from found_record import record

    from rsvlm.rsvlm_plugin.layers.found import summary
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside

    folder = tmp_path / "mine"
    folder.mkdir()
    assert QgsProject.instance().write(str(folder / "mine.qgz"))
    (folder / "ortho.zip").write_bytes(b"")
    made = record()
    made.file = write_beside(made, folder)
    made.source = {"href": f"/vsizip/{folder}/ortho.zip/ortho.tif", "bands": [1, 2, 3]}
    made.answer.evidence = summary(made)
    return made


@pytest.mark.parametrize("old_folder", ["moved", "copied"])
def test_files_beside_a_project_go_with_it(old_folder, saved, kept, tmp_path):
    from rsvlm.rsvlm_plugin.layers.found_group import add_found

    project, name = QgsProject.instance(), Path(kept.file).name
    saved.store([kept])
    assert project.write()
    project.clear()
    (shutil.move if old_folder == "moved" else shutil.copytree)(tmp_path / "mine", tmp_path / "yours")
    assert project.read(str(tmp_path / "yours" / "mine.qgz"))
    (found,) = saved.load()
    assert Path(found.file) == tmp_path / "yours" / name
    assert found.source == {"href": f"/vsizip/{tmp_path}/yours/ortho.zip/ortho.tif", "bands": [1, 2, 3]}
    assert add_found(found).source().startswith(f"{tmp_path}/yours/")


def test_a_project_saved_elsewhere_finds_the_files_where_they_are(kept, qgis_iface, tmp_path):
    from rsvlm.rsvlm_plugin.dock.answers import Answers

    project, there = QgsProject.instance(), tmp_path / "there"
    there.mkdir()
    tab_before = QWidget()
    answers = Answers(qgis_iface, None, tab_before)
    answers.keep(answers.begin("ortho"), kept)
    assert project.write(str(there / "theirs.qgz")) and not project.isDirty()
    assert project.read(str(there / "theirs.qgz"))
    assert [card.record for card in answers.cards] == [kept]
    answers.dispose()


def test_answers_with_whole_paths_are_read_as_before(saved, kept):
    from rsvlm.rsvlm_plugin.dock.saved import KEY, SCOPE

    QgsProject.instance().writeEntry(SCOPE, KEY, json.dumps([kept.to_json()]))
    assert saved.load() == [kept]
