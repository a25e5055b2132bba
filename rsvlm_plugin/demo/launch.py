"""Open the demo project in QGIS with the dock ready: `python3 rsvlm_plugin/demo/launch.py`.

With no screen (or with --tour) the tour clicks through a description, on a virtual screen if need be, and prints the
answer; pictures and files are left in --out. QGIS gets a profile of its own that is thrown away. Standard library only.
Exit codes: 0 done, 2 bad arguments, 3 QGIS, the plugin or the backend failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess  # nosec B404 # starts QGIS and a virtual screen, programs found on this computer
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, Optional

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """[PythonPlugins]
rsvlm=true
[qgis]
checkVersion=false
iconSize=24
[app]
askToSaveMemoryLayers=false
[core]
NewsFeed\\httpsfeedqgisorg\\disabled=true
"""


class LaunchError(Exception):
    """Why the demo could not be shown, in a sentence for the terminal."""


def main(arguments: Optional[List[str]] = None) -> int:
    """Parse the command line, run QGIS, print the answers."""
    parser = argparse.ArgumentParser(description="Open the rsvlm demo in QGIS.")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "demo", help="folder for pictures and files")
    parser.add_argument("--tour", action="store_true", help="click through the demo even where there is a screen")
    parser.add_argument("--seconds", type=int, default=300, help="time limit of the tour")
    chosen = parser.parse_args(arguments)
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) or sys.platform != "linux"
    try:
        with tempfile.TemporaryDirectory(prefix="rsvlm-profile-") as profiles:
            if has_screen and not chosen.tour:
                project = own_project(chosen.out.resolve() / "project")
                return run_qgis(Path(profiles), {**os.environ, "RSVLM_DEMO_PROJECT": str(project)}, None)
            return tour(Path(profiles), chosen.out.resolve(), chosen.seconds, has_screen)
    except LaunchError as error:
        print(f"rsvlm demo: {error}", file=sys.stderr)
        return 3


def tour(profiles: Path, out: Path, seconds: int, has_screen: bool) -> int:
    """Run the tour and print what was answered. Raises LaunchError."""
    out.mkdir(parents=True, exist_ok=True)
    told_file = out / "tour.json"
    told_file.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "RSVLM_DEMO_OUT": str(out),
        "RSVLM_DEMO_PROJECT": str(own_project(out / "project")),
        "RSVLM_HOME": str(profiles / "home"),
    }
    if has_screen:
        code = run_qgis(profiles, environment, seconds)
    else:
        with virtual_screen() as display:
            code = run_qgis(profiles, {**environment, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}, seconds)
    if not told_file.is_file():
        raise LaunchError(f"QGIS ended with code {code} before the tour was over; its messages stand above.")
    told = json.loads(told_file.read_text(encoding="utf-8"))
    for answer in told["answers"]:
        print(f"[{answer['style']}] {answer['text']}")
    for file in told["files"]:
        print(file)
    if told["failure"]:
        raise LaunchError(f"the tour stopped: {told['failure']}")
    if code != 0:
        raise LaunchError(f"the tour was complete, but QGIS ended with code {code}.")
    return 0


def own_project(folder: Path) -> Path:
    """The demo's project in a folder where it may be saved, and results lie beside it; what was saved there before stays."""
    if not folder.is_dir():
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(ROOT / "resources" / "demo", part)
        part.rename(folder)
    return folder / "demo.qgz"


def run_qgis(profiles: Path, environment: Dict[str, str], seconds: Optional[int]) -> int:
    """Run QGIS with the plugin and the tour script until it ends; its exit code. Raises LaunchError."""
    command = qgis_command(profiles, Path(__file__).with_name("tour.py"))
    process = subprocess.Popen(  # nosec B603 # the command is a list made here, no shell
        command, env=qgis_environment(environment), start_new_session=True
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise LaunchError(f"QGIS was stopped after {seconds} s.") from None
    finally:
        end(process)


def qgis_command(profiles: Path, script: Path) -> List[str]:
    """Make a profile with the plugin in the folder, and the command that runs QGIS with it and a script."""
    install_plugin(profiles / "profiles" / "demo")
    command = [qgis_program(), "--nologo", "--noversioncheck", "--profiles-path", str(profiles), "--profile", "demo"]
    return [*command, "--code", str(script)]


def qgis_program() -> str:
    """The path of QGIS. Raises LaunchError where it is not installed."""
    program = shutil.which("qgis")
    if program is None:
        raise LaunchError("QGIS is not installed. On Debian: apt-get install qgis python3-qgis qgis-providers xvfb")
    return program


def qgis_environment(environment: Dict[str, str]) -> Dict[str, str]:
    """The environment variables for QGIS: its own Python first, the backend of this clone where it has one."""
    made = {name: value for name, value in environment.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    # The Python inside QGIS takes its library from beside the first python3 on the PATH: another one breaks it.
    made["PATH"] = os.pathsep.join([str(Path(qgis_program()).parent), made.get("PATH", "")])
    python = ROOT / ".venv" / "bin" / "python"
    if python.is_file():
        made.setdefault("RSVLM_PYTHON", str(python))
    return made


def install_plugin(profile: Path) -> None:
    """Link the plugin into the profile under its own name and switch it on."""
    plugins = profile / "python" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "rsvlm").symlink_to(ROOT, target_is_directory=True)
    (profile / "QGIS").mkdir()
    (profile / "QGIS" / "QGIS3.ini").write_text(SETTINGS, encoding="utf-8")


@contextmanager
def virtual_screen() -> Iterator[str]:
    """An Xvfb on a free display number, 1400 x 900. Raises LaunchError where there is none."""
    program = shutil.which("Xvfb")
    if program is None:
        raise LaunchError("There is no screen, and Xvfb is not installed. On Debian: apt-get install xvfb")
    readable, writable = os.pipe()
    command = [program, "-displayfd", str(writable), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    process = subprocess.Popen(  # nosec B603 # the command is a list made here, no shell
        command, pass_fds=[writable], stderr=subprocess.DEVNULL, start_new_session=True
    )
    os.close(writable)
    try:
        with os.fdopen(readable) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise LaunchError("Xvfb could not be started.")
        yield f":{number}"
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that this script started, and its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
