"""What is run, in order, to have the backend in an environment of its own. Knows programs and arguments; starts nothing.

The backend is built from a copy of the plugin's folder, which may be read-only and must not fill with build files.
torch comes first and alone: its wheels have an index of their own, and a setup that is stopped keeps what it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import List, Optional

from ...protocol import VERSION
from ..translation import tr
from .command import Step
from .locate import plugin_folder, python_in
from .makers import PINNED_PYTHON
from .torch_build import REST_GB, TorchBuild

COPY = (
    "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2], symlinks=False, ignore=shutil.ignore_patterns("
    "'.*', '__pycache__', '*.pyc', 'build', 'dist', 'runs', 'tests', 'docs', 'benchmarks', '*.egg-info'))"
)
COMMAND = ("-m", "rsvlm.cli.main")  # of the environment's Python: `rsvlm`
# pip from 24.1 on tells its progress to programs; an older one would not know the word.
PIP = (
    "import sys, runpy, pip; new = tuple(map(int, pip.__version__.split('.')[:2])) >= (24, 1); "
    "sys.argv[1:1] = ['install', '--disable-pip-version-check', '--no-input', "
    "'--progress-bar', 'raw' if new else 'off']; runpy.run_module('pip', run_name='__main__')"
)
# pip takes a package for installed although a killed run left some of its files out; words after it are packages that
# have to be there.
WHOLE = (
    "import sys; from importlib.metadata import distributions; "
    "own = list(distributions(path=[p for p in sys.path if p.startswith(sys.prefix)])); "
    "sys.exit(any(d.files is None or not all(f.locate().exists() for f in d.files) for d in own) "
    "or not {d.metadata['Name'] for d in own}.issuperset(sys.argv[1:]))"
)


@dataclass(frozen=True)
class Plan:
    """Where the environment goes and what goes in. wheelhouse: a folder of wheels, "" = from the index."""

    folder: Path
    build: TorchBuild
    wheelhouse: str = ""

    def stamp(self) -> str:
        """The same for plans that leave the same environment behind."""
        asked = [(plugin_folder() / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
        return sha256(b"\0".join([*asked, self.build.name.encode(), VERSION.encode()])).hexdigest()[:16]


@dataclass(frozen=True)
class Maker:
    """What makes the environment. python: an interpreter, "" = uv brings its own. uv: its path, None = without it."""

    python: str
    uv: Optional[str]


def looking(maker: Maker, folder: Path) -> Step:
    """The step that fails if what an environment holds is not complete."""
    needed = [] if maker.uv else ["pip"]
    return Step(tr("Looking at what is there"), str(python_in(folder)), ["-c", WHOLE, *needed])


def making(maker: Maker, folder: Path) -> Step:
    """The step that makes an empty environment in a folder that holds nothing but its mark."""
    note = tr("Making the environment")
    if maker.uv is None:
        return Step(note, maker.python, ["-m", "venv", str(folder)])
    wanted = ["--python", maker.python or PINNED_PYTHON]
    if not maker.python:  # QGIS's own Python may lie in the way
        wanted += ["--python-preference", "only-managed"]
    return Step(note, maker.uv, ["venv", "--allow-existing", *wanted, str(folder)])


def filling(maker: Maker, plan: Plan, copy: Path) -> List[Step]:
    """The steps that install the backend into the environment. copy: a folder that does not exist yet."""
    inside = str(python_in(plan.folder))
    program, install = inside, ["-c", PIP]
    again = []
    if maker.uv is not None:
        program, install = maker.uv, ["pip", "install", "--python", inside]
        again = ["--reinstall-package", "rsvlm"]
    local = ["--no-index", "--find-links", plan.wheelhouse] if plan.wheelhouse else []
    torch = ["--index-url", plan.build.index] if plan.build.index and not plan.wheelhouse else local
    pinned = ["--constraint", str(copy / "constraints.txt")]
    steps = [Step(tr("Copying the plugin"), inside, ["-c", COPY, str(plugin_folder()), str(copy)])]
    if maker.uv is None:
        steps.append(Step(tr("Updating pip"), inside, [*install, *local, "--upgrade", "pip"]))
    steps += [
        Step(
            tr("Installing torch for {build}").format(build=plan.build.title),
            program,
            [*install, *torch, *pinned, "torch"],
            plan.build.download_gb - REST_GB,
        ),
        Step(
            tr("Installing the backend"),
            program,
            [*install, *local, *pinned, *again, f"{copy}[{plan.build.extra}]"],
            REST_GB,
        ),
        # torch does all that onnxruntime does, so that nothing hangs on it.
        Step(tr("Making the model fast on this computer"), inside, [*COMMAND, "models", "export"], optional=True),
    ]
    return steps


def trying(folder: Path) -> Step:
    """The step that shows that it works: the backend describes the bundled demo."""
    demo = plugin_folder() / "resources" / "demo" / "after.tif"
    return Step(tr("Describing the demo"), str(python_in(folder)), [*COMMAND, "describe", str(demo), "--json"])
