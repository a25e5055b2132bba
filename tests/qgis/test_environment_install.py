"""The installation runs the right programs in the right order, says which one failed, and can be stopped."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


def test_offline_installation_asks_no_index(monkeypatch, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.install import install_steps

    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    steps = install_steps("/usr/bin/python3.12", tmp_path / "copy", "/media/wheels", with_cuda=False)
    assert (steps[0].program, list(steps[0].arguments)) == (
        "/usr/bin/python3.12",
        ["-m", "venv", str(tmp_path / "env")],
    )
    pip = list(steps[2].arguments)
    assert steps[2].program == str(tmp_path / "env" / "bin" / "python")
    assert pip[pip.index("--no-index") : pip.index("--no-index") + 3] == ["--no-index", "--find-links", "/media/wheels"]
    assert pip[-1] == f"{tmp_path / 'copy'}[cpu]"
    assert not any(word.startswith("http") for word in pip)


def test_graphics_card_gets_the_cuda_build_and_others_the_small_one(tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.install import CPU_TORCH, install_steps

    with_card = list(install_steps("python3", tmp_path, "", with_cuda=True)[2].arguments)
    without = list(install_steps("python3", tmp_path, "", with_cuda=False)[2].arguments)
    assert with_card[-1].endswith("[gpu]") and CPU_TORCH not in with_card
    assert without[-1].endswith("[cpu]") and CPU_TORCH in without


@pytest.mark.parametrize(
    ("said", "suits"),
    [("python 3.9", False), ("python 3.10", True), ("python 3.13\n", True), ("python 2.7", False), ("", False)],
)
def test_only_a_new_enough_python_is_taken(said, suits) -> None:
    from rsvlm.rsvlm_plugin.environment import install

    assert install.suits(said) is suits


def test_copy_leaves_environments_builds_and_tests_behind(tmp_path, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.command import Commands, Step
    from rsvlm.rsvlm_plugin.environment.install import COPY

    source = tmp_path / "plugin"
    for name in (".venv/bin/python", ".git/config", "build/x", "tests/t.py", "geo/scene.py", "pyproject.toml"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    done: list = []
    run = Commands([Step("copy", "/usr/bin/python3", ["-c", COPY, str(source), str(tmp_path / "copy")])], str(tmp_path))
    run.succeeded.connect(done.append)
    run.start()
    wait(lambda: done)
    copied = sorted(str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*.*"))
    assert copied == ["geo/scene.py", "pyproject.toml"]


def test_failing_step_is_named_with_its_last_words_and_later_ones_do_not_run(tmp_path, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.command import Commands, Step

    fails = Step("second", "/usr/bin/python3", ["-c", "import sys; print('one'); sys.exit('disk full')"])
    steps = [Step("first", "/usr/bin/python3", ["-c", ""]), fails, Step("third", "/bin/touch", [str(tmp_path / "x")])]
    notes: list = []
    failures: list = []
    run = Commands(steps, str(tmp_path))
    run.started.connect(lambda number, note: notes.append((number, note)))
    run.failed.connect(lambda step, said: failures.append((step.note, said)))
    run.start()
    wait(lambda: failures)
    assert notes == [(0, "first"), (1, "second")]
    note, said = failures[0]
    assert note == "second" and sorted(said.splitlines()) == ["disk full", "one"]
    assert not (tmp_path / "x").exists()


def test_program_that_is_not_there_is_a_failed_step(tmp_path, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.command import Commands, Step

    failures: list = []
    run = Commands([Step("look", str(tmp_path / "nothing"), [])], str(tmp_path))
    run.failed.connect(lambda step, said: failures.append(said))
    run.start()
    wait(lambda: failures)
    assert failures[0]


def test_cancel_ends_the_running_program(tmp_path, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.command import Commands, Step

    script = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    said: list = []
    run = Commands([Step("wait", "/usr/bin/python3", ["-c", script])], str(tmp_path))
    run.line.connect(said.append)
    run.start()
    wait(lambda: said)
    run.cancel()
    wait(lambda: not Path(f"/proc/{said[0]}").exists())


def test_installation_without_any_python_says_what_to_install(monkeypatch, tmp_path, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.install import Installation

    monkeypatch.setenv("PATH", str(tmp_path))
    outcomes: list = []
    installation = Installation("")
    installation.finished.connect(outcomes.append)
    installation.start()
    wait(lambda: outcomes)
    assert outcomes[0].message.startswith("No Python 3.10 or newer")
    assert not installation.is_running


def test_installation_from_an_empty_wheel_folder_stops_at_pip_and_leaves_no_copy(monkeypatch, tmp_path, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.install import Installation

    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    (tmp_path / "wheels").mkdir()
    outcomes: list = []
    notes: list = []
    installation = Installation(str(tmp_path / "wheels"))
    installation.progress.connect(lambda done, total, note: notes.append((done, total)))
    installation.finished.connect(outcomes.append)
    installation.start()
    wait(lambda: outcomes, 240)  # five seconds on an idle machine: venv unpacks pip
    assert notes == [(0, 4), (1, 4), (2, 4)]
    assert "Installing the backend" in outcomes[0].message
    assert "setuptools" in outcomes[0].hint
    assert (tmp_path / "home" / "env" / "bin" / "python").exists()
    assert list(tmp_path.glob("rsvlm-install-*")) == []


def test_qgis_s_own_executable_is_never_a_candidate() -> None:
    from rsvlm.rsvlm_plugin.environment.install import candidates

    found = candidates()
    assert found and all(Path(path).is_file() for path in found)
    assert sys.executable not in found
