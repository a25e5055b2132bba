"""The setup really makes an environment: with a toy backend from a toy wheelhouse, by real pip, venv and uv."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

NOTES = ["Making the environment", "Copying the plugin", "Updating pip", "Installing torch for processor (CPU)"]
NOTES += ["Installing the backend", "Making the model fast on this computer", "Describing the demo"]
STORE = "C:\\Users\\ann\\AppData\\Local\\Microsoft"
MAIN = """
import json, os, sys
import torch
print(json.dumps({"text": "A toy harbour.", "proxy": os.environ.get("HTTPS_PROXY", "")}))
"""
BUILDER = """
import os, subprocess, sys, time, zipfile
def build_wheel(folder, settings=None, metadata=None):
    if os.environ.get("TOY_WAIT"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
        with open(os.environ["TOY_WAIT"], "w") as told:
            told.write(f"{os.getpid()} {child.pid}")
        time.sleep(120)
    name = "rsvlm-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for file in ("__init__.py", "cli/__init__.py", "cli/main.py"):
            wheel.write(file, "rsvlm/" + file)
        about = "Metadata-Version: 2.1\\nName: rsvlm\\nVersion: 1.0\\nRequires-Dist: torch\\n"
        wheel.writestr("rsvlm-1.0.dist-info/METADATA", about)
        wheel.writestr("rsvlm-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("rsvlm-1.0.dist-info/RECORD", "rsvlm/cli/main.py,,\\n")
    return name
"""


def write_wheel(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    information = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", "")
        wheel.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", f"{name}/__init__.py,,\n")


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Path:
    """A folder with `plugin`, a backend of a few lines that builds itself, and `wheels`, a torch without content."""
    root = tmp_path_factory.mktemp("toy")
    for name, text in {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "builder"\nbackend-path = ["."]\n'
        '[project]\nname = "rsvlm"\nversion = "1.0"\ndependencies = ["torch"]\n',
        "builder.py": BUILDER,
        "constraints.txt": "torch==1.0\n",
        "__init__.py": "",
        "cli/__init__.py": "",
        "cli/main.py": MAIN,
        "resources/demo/after.tif": "",
    }.items():
        (root / "plugin" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "plugin" / name).write_text(text)
    write_wheel(root / "wheels", "torch")
    return root


@pytest.fixture
def machine(toy, monkeypatch, tmp_path):
    """A machine with the toy plugin, a Python and no uv; its rsvlm folder is empty, its settings are new."""
    from qgis.core import QgsSettings

    from rsvlm.rsvlm_plugin.environment import install, recipe

    QgsSettings().remove("rsvlm")
    monkeypatch.setattr(recipe, "plugin_folder", lambda: toy / "plugin")
    monkeypatch.setattr(install, "find_uv", lambda: None)
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    yield tmp_path
    QgsSettings().remove("rsvlm")


class Run:
    """An Installation and everything that it says."""

    def __init__(self, plan) -> None:
        from rsvlm.rsvlm_plugin.environment.install import Installation

        self.lines, self.steps, self.sentences, self.errors = [], [], [], []
        self.installation = Installation(plan)
        self.installation.line.connect(self.lines.append)
        self.installation.progress.connect(lambda *step: self.steps.append(step))
        self.installation.succeeded.connect(self.sentences.append)
        self.installation.failed.connect(self.errors.append)
        self.installation.start()

    @property
    def over(self) -> bool:
        return bool(self.sentences or self.errors)

    @property
    def notes(self) -> list:
        return [line[2:] for line in self.lines if line.startswith("— ")]


def plan_for(folder: Path, wheels: Path):
    from rsvlm.rsvlm_plugin.environment.recipe import Plan
    from rsvlm.rsvlm_plugin.environment.torch_build import choose

    return Plan(folder, choose("cpu", None, "linux"), str(wheels))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> list:
    """The environment of the first test that made one, for others to copy: a venv takes seconds."""
    return []


@pytest.fixture
def ready(machine, toy, made, wait) -> Path:
    """RSVLM_HOME/env as a complete setup leaves it."""
    folder = machine / "home" / "env"
    if not made:
        run = Run(plan_for(folder, toy / "wheels"))
        wait(lambda: run.over, 240)
        assert run.sentences == ["A toy harbour."], run.lines
        made.append(toy / "made")
        shutil.copytree(folder, made[0], symlinks=True)
    else:
        shutil.copytree(made[0], folder, symlinks=True)
    return folder


def test_setup_without_a_network_ends_with_what_the_backend_said(machine, toy, made, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import BEGUN, MARK

    folder = machine / "chosen" / "env"
    plan = plan_for(folder, toy / "wheels")
    run = Run(plan)
    assert (folder / MARK).read_text() == BEGUN
    wait(lambda: run.over, 240)  # five seconds on an idle machine: venv unpacks pip
    assert run.sentences == ["A toy harbour."], run.lines
    assert [note for note in run.notes if note in NOTES] == NOTES
    assert [done for done, _total, _note in run.steps] == sorted(done for done, _total, _note in run.steps)
    assert not any("http" in line for line in run.lines)
    assert (folder / MARK).read_text() == plan.stamp()
    assert [path.name for path in folder.parent.iterdir()] == ["env"]
    shutil.copytree(folder, toy / "made", symlinks=True)
    made.append(toy / "made")


def test_complete_environment_is_only_tried(ready, toy, wait) -> None:
    run = Run(plan_for(ready, toy / "wheels"))
    wait(lambda: run.over, 60)
    assert (run.sentences, run.notes) == (["A toy harbour."], ["Describing the demo"])


def test_environment_with_a_lost_file_is_made_anew(ready, toy, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import BEGUN, MARK

    next(ready.glob("lib/python*/site-packages/torch/__init__.py")).unlink()
    (ready / MARK).write_text(BEGUN)
    run = Run(plan_for(ready, toy / "wheels"))
    wait(lambda: run.over, 240)
    assert run.sentences == ["A toy harbour."], run.lines
    assert "Making the environment" in run.notes
    wait(lambda: [path.name for path in ready.parent.iterdir()] == ["env"])


def test_stopping_ends_the_children_of_pip_and_the_next_run_goes_on(ready, toy, wait, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import BEGUN, MARK, read_mark

    (ready / MARK).write_text(BEGUN)
    told = ready.parent / "told"
    monkeypatch.setenv("TOY_WAIT", str(told))
    run = Run(plan_for(ready, toy / "wheels"))
    wait(lambda: told.exists() and len(told.read_text().split()) == 2, 120)
    run.installation.cancel()
    wait(lambda: run.over)
    assert run.errors[0].code == "cancelled"
    wait(lambda: not any(Path(f"/proc/{pid}").exists() for pid in told.read_text().split()))
    assert not list(ready.parent.glob("env-setup-*"))
    monkeypatch.delenv("TOY_WAIT")
    assert read_mark(ready) == BEGUN
    again = Run(plan_for(ready, toy / "wheels"))
    wait(lambda: again.over, 240)
    assert again.sentences == ["A toy harbour."]
    assert "Making the environment" not in again.notes


def test_missing_wheel_is_told_with_the_step_and_what_to_do(ready, toy, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.locate import BEGUN, MARK

    (ready / MARK).write_text(BEGUN)
    shutil.rmtree(next(ready.glob("lib/python*/site-packages/torch")))
    shutil.rmtree(next(ready.glob("lib/python*/site-packages/torch-1.0.dist-info")))
    (ready.parent / "empty").mkdir()
    run = Run(plan_for(ready, ready.parent / "empty"))
    wait(lambda: run.over, 120)
    assert run.errors[0].message == "The setup stopped at “Installing torch for processor (CPU)”."
    assert "fill the folder with wheels for just these, as the README says" in run.errors[0].hint, run.lines
    assert run.lines == list(run.installation.log)
    assert not run.installation.is_running


def test_setup_with_uv_leaves_the_same_environment(machine, toy, wait, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment import install, makers

    uv = makers.find_uv()
    if uv is None:
        pytest.skip("uv is not installed")
    monkeypatch.setattr(install, "find_uv", lambda: uv)
    monkeypatch.setenv("UV_NO_CACHE", "1")
    run = Run(plan_for(machine / "home" / "env", toy / "wheels"))
    wait(lambda: run.over, 120)
    assert run.sentences == ["A toy harbour."], run.lines
    assert [note for note in run.notes if note in NOTES] == [note for note in NOTES if note != "Updating pip"]


def test_half_made_environment_is_no_backend(ready, monkeypatch) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.environment import locate

    monkeypatch.setattr(locate, "plugin_folder", lambda: ready.parent / "plugin")
    monkeypatch.delenv("RSVLM_PYTHON", raising=False)
    assert locate.backend_python("") == ready / "bin" / "python"
    (ready / locate.MARK).write_text(locate.BEGUN)
    with pytest.raises(RsvlmError, match="not installed yet"):
        locate.backend_python("")


def test_folder_with_something_else_is_left_alone(machine, toy, wait) -> None:
    theirs = machine / "photos"
    theirs.mkdir()
    (theirs / "cat.jpg").write_text("meow")
    run = Run(plan_for(theirs, toy / "wheels"))
    assert run.errors[0].message == f"The folder {theirs} holds something else."
    assert [path.name for path in theirs.iterdir()] == ["cat.jpg"]


def test_full_disk_is_told_before_anything_is_done(machine, toy, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment import torch_build

    monkeypatch.setitem(torch_build.WEIGHTS, "cpu", (0.4, 1e9))
    run = Run(plan_for(machine / "home" / "env", toy / "wheels"))
    assert re.match("The setup needs 1,?000,?000,?000 GB in ", run.errors[0].message)
    assert not (machine / "home" / "env").exists()


def test_machine_without_python_and_uv_is_told_what_to_install(machine, toy, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment import install

    monkeypatch.setattr(install, "candidates", lambda: [])
    run = Run(plan_for(machine / "home" / "env", toy / "wheels"))
    assert run.errors[0].message.startswith("No Python 3.10 or newer")
    assert "Install uv" in run.errors[0].hint


def test_only_what_an_earlier_setup_left_beside_the_environment_is_removed(machine, toy, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment import install
    from rsvlm.rsvlm_plugin.environment.locate import MARK

    monkeypatch.setattr(install, "candidates", lambda: [])
    names = ("env-setup-notes", "env-setup-1a2b3c4d", "env-old-1a2b3c4d")
    notes, *left = (machine / "home" / name for name in names)
    for folder in (notes, *left):
        folder.mkdir(parents=True)
        (folder / "file").write_text("words")
    for folder in left:
        (folder / MARK).write_text("")
    Run(plan_for(machine / "home" / "env", toy / "wheels"))
    assert sorted(path.name for path in (machine / "home").iterdir()) == ["env", "env-setup-notes"]
    assert (notes / "file").read_text() == "words"


def test_closed_folder_is_told(machine, toy) -> None:
    (machine / "file").write_text("")
    run = Run(plan_for(machine / "file" / "env", toy / "wheels"))
    assert "cannot be written to" in run.errors[0].message


def test_uv_brings_its_own_python_where_there_is_none(tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.recipe import Maker, making

    step = making(Maker("", "/opt/uv"), tmp_path)
    assert (step.program, step.arguments[0], step.arguments[-1]) == ("/opt/uv", "venv", str(tmp_path))
    assert step.arguments[2:6] == ["--python", "3.11", "--python-preference", "only-managed"]


def test_torch_comes_from_the_index_of_its_build_and_the_rest_does_not(machine, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.recipe import Maker, Plan, filling
    from rsvlm.rsvlm_plugin.environment.torch_build import choose

    card = "NVIDIA RTX A2000, 581.12, 8.6\n"
    for maker in (Maker("python3", None), Maker("python3", "/opt/uv")):
        plan = Plan(tmp_path / "env", choose("auto", card, "win32"))
        *_before, torch, backend, export = filling(maker, plan, tmp_path / "copy")
        assert "https://download.pytorch.org/whl/cu130" in torch.arguments and torch.arguments[-1] == "torch"
        assert not any(word.startswith("http") for word in backend.arguments)
        assert backend.arguments[-1] == f"{tmp_path / 'copy'}[gpu]", "onnxruntime's build goes with torch's"
        assert export.optional and export.arguments[-2:] == ["models", "export"] and not backend.optional
        assert str(tmp_path / "copy" / "constraints.txt") in torch.arguments


@pytest.mark.parametrize(
    ("wish", "said", "platform", "name"),
    [
        ("auto", None, "linux", "cpu"),
        ("auto", "", "win32", "cpu"),
        ("auto", "NVIDIA H200, 580.65.06, 9.0", "linux", "cu130"),
        ("auto", "NVIDIA H200, 570.10, 9.0", "linux", "cu126"),
        ("auto", "NVIDIA H200, 520.61, 9.0", "linux", "cpu"),
        ("auto", "Tesla V100-SXM2-16GB, 580.65.06, 7.0", "linux", "cu126"),
        ("auto", "NVIDIA GeForce RTX 5090, 572.16, 12.0", "win32", "cpu"),
        ("auto", "NVIDIA GeForce RTX 5090, 581.29, 12.0", "win32", "cu130"),
        ("auto", "NVIDIA GeForce GTX 1060, 528.33, 6.1", "win32", "cu126"),
        ("auto", "NVIDIA GeForce GT 710, 470.1, 3.5\nNVIDIA L4, 580.1, 8.9", "linux", "cu130"),
        ("cpu", "NVIDIA H200, 580.65.06, 9.0", "linux", "cpu"),
        ("cuda", None, "linux", "cu130"),
        ("auto", None, "darwin", "cpu"),
        ("auto", 'Field "compute_cap" is not a valid field to query.', "linux", "cpu"),
    ],
)
def test_build_of_torch_suits_card_and_driver(wish, said, platform, name) -> None:
    from rsvlm.rsvlm_plugin.environment.torch_build import choose

    build = choose(wish, said, platform)
    assert build.name == name and build.reason
    assert build.index == ("" if platform == "darwin" else f"https://download.pytorch.org/whl/{name}")


def test_mac_is_promised_the_processor_that_it_uses() -> None:
    from rsvlm.rsvlm_plugin.environment.torch_build import choose

    build = choose("auto", None, "darwin")
    assert (build.title, build.reason) == ("processor (CPU)", "On a Mac, models run on the processor.")


def test_old_driver_is_named_as_the_reason_for_the_processor() -> None:
    from rsvlm.rsvlm_plugin.environment.torch_build import choose

    assert "NVIDIA H200 needs a newer driver than 520.61" in choose("auto", "NVIDIA H200, 520.61, 9.0", "linux").reason


def test_progress_of_pip_and_uv_is_a_fraction_of_what_is_to_come() -> None:
    from rsvlm.rsvlm_plugin.environment.downloads import Downloads

    pip = Downloads(400.0)
    seen = []
    for line in (
        "Collecting torch",
        "Progress 0 of 200",
        "Progress 100 of 200",
        "Progress 200 of 200",
        "Progress 50 of 300",
    ):
        assert pip.feed(line) is not line.startswith("Progress")
        seen.append(pip.fraction)
    assert seen == [0, 0, 0.25, 0.5, 0.625]
    uv = Downloads(400.0)
    for line in ("Downloading torch (3.0MiB)", "Downloading numpy (1024.0KiB)", " Downloaded torch"):
        assert uv.feed(line)
    assert uv.fraction == 0.75


@pytest.mark.parametrize(
    ("said", "advised"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ProxyError('Unable to connect to proxy', 407 Proxy Authentication Required)", "Options ▸ Network"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "SSL_CERT_FILE"),
        ("NewConnectionError: Failed to establish a new connection: [Errno -2] Name or service not known", "network"),
        ("ERROR: No matching distribution found for torch==2.13.0", "install Python 3.11, or fill the folder"),
        ("something new", "Copy the log"),
    ],
)
def test_failure_is_told_with_the_next_step(said, advised) -> None:
    from rsvlm.rsvlm_plugin.environment.advice import advice

    assert advised in advice(said)


@pytest.fixture
def proxied(qgis_app):
    """QGIS's network options name a proxy with a password."""
    from qgis.core import QgsNetworkAccessManager, QgsSettings

    values = {"proxyEnabled": True, "proxyType": "HttpProxy", "proxyHost": "proxy.example", "proxyPort": "3128",
              "proxyUser": "ann", "proxyPassword": "p@ss word", "noProxyUrls": ["http://intranet.local/maps"]}  # fmt: skip
    for name, value in values.items():
        QgsSettings().setValue(f"proxy/{name}", value)
    QgsNetworkAccessManager.instance().setupDefaultProxyAndCache()
    yield
    QgsSettings().remove("proxy")
    QgsNetworkAccessManager.instance().setupDefaultProxyAndCache()


def test_proxy_of_qgis_reaches_the_programs_and_its_password_no_command_line_or_log(proxied, ready, toy, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.command import Commands, Step
    from rsvlm.rsvlm_plugin.environment.proxy import proxy_environment

    said = proxy_environment()
    assert said["HTTPS_PROXY"] == said["http_proxy"] == "http://ann:p%40ss%20word@proxy.example:3128"
    assert said["NO_PROXY"] == "localhost,127.0.0.1,::1,intranet.local"
    lines, outputs = [], []
    show = "import os, sys; print(os.environ['HTTPS_PROXY'], sys.argv)"
    run = Commands([Step("show", "/usr/bin/python3", ["-c", show])], "/", extra=said)
    run.line.connect(lines.append)
    run.succeeded.connect(outputs.append)
    run.start()
    wait(lambda: outputs)
    assert outputs[0].decode().startswith("http://ann:p%40ss%20word@proxy.example:3128 ['-c']")
    assert lines == ["http://…@proxy.example:3128 ['-c']"]


def test_without_a_proxy_in_qgis_the_environment_s_own_is_kept(qgis_app) -> None:
    from rsvlm.rsvlm_plugin.environment.proxy import proxy_environment

    assert proxy_environment() == {}


def test_nothing_of_qgis_s_environment_leaks_into_the_programs(wait, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment.command import Commands, Step

    for name in ("PYTHONPATH", "PYTHONHOME", "GDAL_DATA", "PROJ_LIB", "LD_LIBRARY_PATH", "QT_PLUGIN_PATH"):
        monkeypatch.setenv(name, "/qgis")
    lines, ended = [], []
    run = Commands([Step("show", "/usr/bin/env", [])], "/")
    run.line.connect(lines.append)
    run.succeeded.connect(ended.append)
    run.start()
    wait(lambda: ended)
    assert lines and not [line for line in lines if line.partition("=")[2] == "/qgis"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("python 3.9 x86_64 /usr/bin/python3", None),
        ("python 3.10 x86_64 /usr/bin/python3\n", ("3.10", "/usr/bin/python3")),
        ("python 3.13 AMD64 C:\\Program Files\\Py\\python.exe\r\n", ("3.13", "C:\\Program Files\\Py\\python.exe")),
        (f"python 3.12 AMD64 {STORE}\\WindowsApps\\PythonSoftwareFoundation.Python.3.12_qbz5\\python.exe\r\n", None),
        ("", None),
    ],
)
def test_only_a_new_enough_python_is_taken(said, found) -> None:
    from rsvlm.rsvlm_plugin.environment.makers import suiting

    assert suiting(said) == found


def test_python_of_an_intel_mac_is_passed_over_on_a_mac_alone(monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment.makers import none_suits, suiting

    translated, native = "python 3.12 x86_64 /opt/both/python3\n", "python 3.11 arm64 /opt/homebrew/bin/python3\n"
    assert suiting(translated) == ("3.12", "/opt/both/python3")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert (suiting(translated), suiting(native)) == (None, ("3.11", "/opt/homebrew/bin/python3"))
    error = none_suits("python 3.9 arm64 /usr/bin/python3\n" + translated)
    assert "runs as one for Intel processors" in error.message and "arm64 build of Python" in error.hint
    assert none_suits("python 3.9 arm64 /usr/bin/python3\n").message.startswith("No Python 3.10 or newer")


def test_intel_mac_is_told_before_anything_is_done_that_it_will_not_do(machine, toy, monkeypatch) -> None:
    monkeypatch.setattr(platform, "version", lambda: "Darwin Kernel Version 22.6.0: root:xnu-8796/RELEASE_X86_64")
    monkeypatch.setattr(sys, "platform", "darwin")
    run = Run(plan_for(machine / "home" / "env", toy / "wheels"))
    assert "does not run on a Mac with an Intel processor" in run.errors[0].message
    assert not (machine / "home").exists()


def test_mac_that_has_only_a_translated_python_is_told_what_to_install(machine, toy, wait, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment import install

    translated = put(machine / "python3")
    Path(translated).write_text("#!/bin/sh\necho python 3.12 x86_64 /opt/both/python3\n")
    monkeypatch.setattr(install, "candidates", lambda: [translated])
    monkeypatch.setattr(platform, "version", lambda: "Darwin Kernel Version 22.6.0: root:xnu-8796/RELEASE_ARM64_T8103")
    monkeypatch.setattr(sys, "platform", "darwin")
    run = Run(plan_for(machine / "home" / "env", toy / "wheels"))
    wait(lambda: run.over)
    assert "runs as one for Intel processors" in run.errors[0].message, run.lines


def test_translated_qgis_on_apple_silicon_is_no_intel_mac(monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment.makers import check_machine

    monkeypatch.setattr(platform, "version", lambda: "Darwin Kernel Version 22.6.0: root:xnu-8796/RELEASE_ARM64_T8103")
    monkeypatch.setattr(sys, "platform", "darwin")
    check_machine()


def put(path: Path) -> str:
    """A program that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def moved_qgis(tmp_path):
    """QGIS says that it lives in a folder of its own, as it does on Windows and macOS."""
    from qgis.core import QgsApplication

    before = QgsApplication.prefixPath()
    QgsApplication.setPrefixPath(str(tmp_path / "QGIS" / "apps" / "qgis"))
    yield
    QgsApplication.setPrefixPath(before)


@pytest.fixture
def windows(moved_qgis, monkeypatch, tmp_path) -> Path:
    """A folder in the place of Windows's drive; `OSGEO4W_ROOT` and the program's folders are below it."""
    for name in ("LOCALAPPDATA", "PROGRAMFILES", "OSGEO4W_ROOT"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "platform", "win32")
    return tmp_path


def test_every_python_of_the_search_path_is_tried(monkeypatch, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.makers import candidates

    old, new = put(tmp_path / "old" / "python3"), put(tmp_path / "new" / "python3")
    best = put(tmp_path / "new" / "python3.11")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "old"), "", "here", str(tmp_path / "new"), "/nowhere"]))
    assert candidates()[:3] == [best, old, new]


def test_pythons_of_windows_are_found_where_its_installers_put_them(windows) -> None:
    from rsvlm.rsvlm_plugin.environment.makers import candidates

    local = windows / "LOCALAPPDATA"
    own = [put(local / "Programs" / "Python" / name / "python.exe") for name in ("Python311", "Python310")]
    everyone = put(windows / "PROGRAMFILES" / "Python314" / "python.exe")
    manager = put(local / "Python" / "bin" / "python.exe")
    launcher = put(local / "Programs" / "Python" / "Launcher" / "py.exe")
    found = [path for path in candidates() if path.startswith(str(windows))]
    assert found == [*own, everyone, manager, launcher]


def test_no_python_of_qgis_on_windows_is_a_candidate(windows, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.environment.makers import candidates

    inside = ("QGIS/bin", "QGIS/apps/Python312", "OSGEO4W_ROOT/bin", "base/Scripts")
    monkeypatch.setattr(sys, "base_prefix", str(windows / "base"))
    for folder in (*inside, "theirs"):
        put(windows / folder / "python.exe")
    monkeypatch.setenv("PATH", os.pathsep.join(str(windows / folder) for folder in (*inside, "theirs")))
    assert candidates() == [str(windows / "theirs" / "python.exe")]


def test_python_that_opens_a_dialog_of_macos_is_never_run(moved_qgis, monkeypatch, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.makers import candidates

    theirs = put(tmp_path / "python3")
    monkeypatch.setenv("PATH", f"/usr/bin:{tmp_path}")
    assert {"/usr/bin/python3", theirs} <= set(candidates())
    monkeypatch.setattr(sys, "platform", "darwin")
    assert theirs in candidates() and "/usr/bin/python3" not in candidates()


def test_uv_is_found_where_a_desktop_does_not_look(monkeypatch, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.environment.makers import find_uv

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    uv = tmp_path / ".local" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text("")
    uv.chmod(0o755)
    assert find_uv() == str(uv)


def test_qgis_s_own_executable_is_never_a_candidate() -> None:
    from rsvlm.rsvlm_plugin.environment.makers import candidates

    found = candidates()
    assert found and all(Path(path).is_file() for path in found)
    assert sys.executable not in found


def test_copy_leaves_environments_builds_and_tests_behind(tmp_path, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.command import Commands, Step
    from rsvlm.rsvlm_plugin.environment.recipe import COPY

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


def test_line_that_comes_in_pieces_is_one_line(wait) -> None:
    from rsvlm.rsvlm_plugin.environment.command import Commands, Step

    script = "import time; print('one ', end='', flush=True); time.sleep(0.3); print('line'); print('no end', end='')"
    lines, ended = [], []
    run = Commands([Step("say", "/usr/bin/python3", ["-c", script])], "/")
    run.line.connect(lines.append)
    run.succeeded.connect(ended.append)
    run.start()
    wait(lambda: ended)
    assert lines == ["one line", "no end"]
