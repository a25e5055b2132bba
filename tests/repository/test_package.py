"""The zip that `make package` builds is what QGIS, plugins.qgis.org and the backend's installation need."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Set

import pytest


@pytest.fixture(scope="module")
def package(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("package", root / "make" / "package.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def packed(package: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not any(map(shutil.which, package.LRELEASE)):
        pytest.skip("Qt's lrelease is not installed, so no zip can be built here")
    target = tmp_path_factory.mktemp("dist") / "rsvlm.zip"
    package.build(target)
    return target


@pytest.fixture(scope="module")
def names(packed: Path) -> Set[str]:
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        return set(archive.namelist())


def test_zip_has_one_folder_called_rsvlm_and_is_small_enough(packed: Path, names: Set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"rsvlm"}
    assert packed.stat().st_size <= 25_000_000


def test_zip_holds_plugin_backend_trainer_and_weights(names: Set[str]) -> None:
    needed = {
        "__init__.py", "metadata.txt", "LICENSE", "README.md", "pyproject.toml", "constraints.txt", "protocol/__init__.py",
        "rsvlm_plugin/plugin.py", "resources/icons/rsvlm.svg", "i18n/rsvlm_de.qm",
        "geo/scene.py", "tasks/describe.py", "backend/supervisor.py", "cli/main.py", "models/families/compact/network.py",
        "trainer/__init__.py", "resources/models/compact.toml",
    }  # fmt: skip
    assert needed - {name[len("rsvlm/") :] for name in names} == set()
    assert any(name.startswith("rsvlm/resources/models/compact/") and name.endswith(".safetensors") for name in names)


def test_zip_leaves_out_what_a_user_does_not_need(names: Set[str]) -> None:
    unwanted = (
        "tests/",
        "docs/",
        "benchmarks/",
        "make/",
        "Makefile",
        ".ci/",
        ".git",
        ".venv",
        "build/",
        "dist/",
        "runs/",
    )
    assert [name for name in names if name[len("rsvlm/") :].startswith(unwanted)] == []
    assert [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".so", ".dll", ".exe"))] == []
    assert [name for name in names if ".." in name or "\\" in name or "/." in name] == []


def test_backend_installs_from_the_zip_with_its_weights(packed: Path, tmp_path: Path) -> None:
    """A wheel built from the unpacked plugin holds all that runs, and its data."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path / "wheel"),
    ]
    subprocess.run([*command, str(tmp_path / "rsvlm")], check=True, capture_output=True)
    (wheel,) = (tmp_path / "wheel").glob("rsvlm-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = set(archive.namelist())
    for needed in ("protocol/record.py", "cli/main.py", "backend/supervisor.py", "resources/models/compact.toml"):
        assert f"rsvlm/{needed}" in files
    assert any(name.startswith("rsvlm/resources/models/compact/") and name.endswith(".safetensors") for name in files)
    assert any(name.startswith("rsvlm/trainer/recipes/") and name.endswith(".yaml") for name in files)
    assert not any(name.startswith(("rsvlm/tests", "rsvlm/rsvlm_plugin")) for name in files)
