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


@pytest.fixture
def plugin(qgis_new_project, qgis_iface, monkeypatch):
    """The plugin as it is started: without a dock."""
    from rsvlm.rsvlm_plugin.plugin import RsvlmPlugin

    monkeypatch.setattr(qgis_iface, "removeCustomActionForLayerType", lambda _action: False, raising=False)
    made = RsvlmPlugin(qgis_iface)
    made.initGui()
    yield made
    made.unload()


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


def test_without_a_dock_a_project_saved_elsewhere_finds_the_files_too(plugin, saved, kept, tmp_path):
    from rsvlm.rsvlm_plugin.dock.saved import KEY, SCOPE

    project = QgsProject.instance()
    saved.store([kept])
    assert project.write() and project.read(project.fileName())
    for folder in ("there", "there/deeper"):
        (tmp_path / folder).mkdir()
        assert project.write(str(tmp_path / folder / "theirs.qgz")) and not project.isDirty()
    assert project.read(project.fileName())
    assert plugin.dock is None and saved.load() == [kept]
    (stored,) = json.loads(project.readEntry(SCOPE, KEY, "")[0])
    assert stored["file"] == f"../../mine/{Path(kept.file).name}"


def test_answers_of_another_version_are_left_as_they_are_by_a_save(plugin, saved, tmp_path):
    from rsvlm.rsvlm_plugin.dock.saved import KEY, SCOPE

    project = QgsProject.instance()
    for text in ('{"file": 1}', '[{"file": 1}]', "[1]", "not JSON"):
        project.writeEntry(SCOPE, KEY, text)
        assert project.write(str(tmp_path / "mine.qgz"))
        assert project.readEntry(SCOPE, KEY, "")[0] == text


def test_answers_with_whole_paths_are_read_as_before(saved, kept):
    from rsvlm.rsvlm_plugin.dock.saved import KEY, SCOPE

    QgsProject.instance().writeEntry(SCOPE, KEY, json.dumps([kept.to_json()]))
    assert saved.load() == [kept]
