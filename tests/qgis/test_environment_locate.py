"""The backend's Python is found where the user, `make setup` or the installation put it, and nowhere else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from qgis.core import QgsSettings


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with nothing on it: `machine(path)` puts an interpreter there."""
    from rsvlm.rsvlm_plugin.environment import locate

    monkeypatch.delenv("RSVLM_PYTHON", raising=False)
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(locate, "plugin_folder", lambda: tmp_path / "plugin")

    def put(where: str) -> Path:
        path = tmp_path / where
        path.parent.mkdir(parents=True)
        path.write_text("")
        return path

    return put


def test_variable_comes_before_setting_before_setup_before_installation(machine, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import backend_python

    installed = machine("home/env/bin/python")
    assert backend_python("") == installed
    setup = machine("plugin/.venv/bin/python")
    assert backend_python("") == setup
    chosen = machine("mine/python")
    assert backend_python(str(chosen)) == chosen
    named = machine("named/python")
    monkeypatch.setenv("RSVLM_PYTHON", str(named))
    assert backend_python(str(chosen)) == named


def test_what_the_user_named_and_is_not_there_is_said_and_not_passed_over(machine, monkeypatch) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.environment.locate import backend_python

    machine("home/env/bin/python")
    with pytest.raises(RsvlmError, match=r"Backend Python.*/nowhere/python, which does not exist") as caught:
        backend_python("/nowhere/python")
    assert caught.value.code == "unavailable"
    monkeypatch.setenv("RSVLM_PYTHON", "/gone/python")
    with pytest.raises(RsvlmError, match="RSVLM_PYTHON names /gone/python"):
        backend_python("")


@pytest.mark.parametrize(("makefile", "command"), [(True, "make -C"), (False, "-m pip install")])
def test_machine_without_a_backend_is_told_the_exact_command(machine, tmp_path, makefile, command) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.environment.locate import backend_python

    if makefile:
        machine("plugin/Makefile")
    with pytest.raises(RsvlmError, match="not installed yet") as caught:
        backend_python("")
    assert command in caught.value.hint and str(tmp_path / "plugin") in caught.value.hint


def test_windows_is_told_commands_that_both_of_its_shells_run(machine, monkeypatch, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import install_command

    machine("plugin/Makefile")
    monkeypatch.setattr(sys, "platform", "win32")
    environment = tmp_path / "home" / "env"
    assert install_command().splitlines() == [
        f'py -3 -m venv "{environment}"',
        f'py -3 -m pip --python "{environment / "Scripts" / "python.exe"}" install "{tmp_path / "plugin"}"',
    ]


def test_link_to_the_environment_s_python_is_not_followed(machine, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import backend_python

    real = machine("usr/python3")
    link = tmp_path / "plugin" / ".venv" / "bin" / "python"
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    assert backend_python("") == link


def test_plugin_behind_a_link_in_the_profile_is_the_clone_itself() -> None:
    from rsvlm.rsvlm_plugin.environment import locate

    assert (locate.plugin_folder() / "metadata.txt").is_file()
    assert not locate.plugin_folder().is_symlink()


def test_nothing_of_qgis_s_libraries_reaches_the_backend(monkeypatch, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import child_environment

    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    foreign = ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "PYTHONPATH", "PYTHONHOME")
    foreign += ("LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "QT_QPA_PLATFORM")
    parent = dict.fromkeys(foreign, "/usr/lib/qgis")
    kept = child_environment({**parent, "PATH": "/usr/bin", "HTTPS_PROXY": "http://proxy:1"}, {})
    own = {"RSVLM_HOME": str(tmp_path), "PYTHONUTF8": "1"}  # what it prints is read as UTF-8, on Windows too
    assert kept == {"PATH": "/usr/bin", "HTTPS_PROXY": "http://proxy:1", **own}
    wished = child_environment({"RSVLM_MEMORY": "1", "RSVLM_MODELS": "/old"}, {"RSVLM_MODELS": "/new"})
    assert wished == {"RSVLM_MEMORY": "1", "RSVLM_MODELS": "/new", **own}


def test_only_what_the_user_set_reaches_the_backend(qgis_app) -> None:
    from rsvlm.rsvlm_plugin.settings.store import FOREVER, Settings

    QgsSettings().remove("rsvlm")
    settings = Settings()
    assert settings.variables() == {}
    settings.device = "cpu"
    settings.keep_alive_s = FOREVER
    settings.memory_bytes = 2_000_000_000
    settings.cache_bytes = 0
    settings.allowed_hosts = " https://Data.Example.org/cogs/a.tif; tiles.example.org, "
    settings.models_folder = " /srv/models "
    settings.mirror = "https://mirror.example.org/hub/"
    assert Settings().variables() == {
        "RSVLM_DEVICE": "cpu",
        "RSVLM_KEEP_ALIVE": "-1",
        "RSVLM_MEMORY": "2000000000",
        "RSVLM_CACHE": "0",
        "RSVLM_ALLOWED_HOSTS": "data.example.org,tiles.example.org",
        "RSVLM_MODELS": "/srv/models",
        "RSVLM_MIRROR": "https://mirror.example.org/hub",
    }
    QgsSettings().setValue("rsvlm/backend/memory_bytes", "much")
    assert settings.memory_bytes == 0
    QgsSettings().remove("rsvlm")


@pytest.mark.parametrize("name", ["~nobody-of-this-name/python", f"/{'x' * 300}/python"])
def test_path_that_the_system_refuses_is_said_not_to_exist(machine, name) -> None:
    """As one in a folder that is closed to the user, which the user of these tests may read all the same."""
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.environment.locate import backend_python

    with pytest.raises(RsvlmError, match="which does not exist"):
        backend_python(name)


def test_relative_home_is_one_folder_wherever_a_program_works(monkeypatch, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import child_environment, home

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RSVLM_HOME", "build/home")
    assert home() == tmp_path / "build" / "home"
    assert child_environment(os.environ, {})["RSVLM_HOME"] == str(tmp_path / "build" / "home")


def test_home_without_the_variable_is_the_backend_s_own(monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import home

    monkeypatch.delenv("RSVLM_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert home() == Path(os.path.expanduser("~/.local/share/rsvlm"))


def test_endpoint_is_read_from_the_first_line(tmp_path) -> None:
    import json

    from rsvlm.protocol import PROTOCOL, RsvlmError
    from rsvlm.rsvlm_plugin.environment.endpoint import read_endpoint

    token = tmp_path / "token"
    token.write_text("abc\n")
    line = {"host": "127.0.0.1", "port": 5, "pid": 6, "token_file": str(token), "version": "9", "protocol": PROTOCOL}
    endpoint = read_endpoint(json.dumps(line).encode())
    assert (endpoint.url("/health"), endpoint.token) == ("http://127.0.0.1:5/health", "abc")
    assert not endpoint.shared and read_endpoint(json.dumps({**line, "shared": True}).encode()).shared
    token.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RsvlmError, match="cannot be read"):
        read_endpoint(json.dumps(line).encode())
    token.unlink()
    assert read_endpoint(json.dumps({**line, "shared": True}).encode()).token == ""  # its owner has just left
    with pytest.raises(RsvlmError, match="cannot be read"):
        read_endpoint(json.dumps(line).encode())
    with pytest.raises(RsvlmError, match="did not say where"):
        read_endpoint(b"Traceback (most recent call last):")
    with pytest.raises(RsvlmError) as caught:
        read_endpoint(json.dumps({**line, "protocol": PROTOCOL + 1}).encode())
    assert caught.value.code == "version_mismatch"
