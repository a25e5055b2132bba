"""torchvision beside any torch: in every process that runs networks, without slowing down those that do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NAMED = (
    "import sys, importlib.util as u; top = sys.argv[1]\n"
    "s = u.spec_from_file_location('rsvlm', top + '/__init__.py', submodule_search_locations=[top])\n"
    "p = sys.modules['rsvlm'] = u.module_from_spec(s); s.loader.exec_module(p)\n"
)


def told(root: Path, program: str) -> str:
    """What a new process prints; it has nothing to complain of."""
    done = subprocess.run(
        [sys.executable, "-c", NAMED + program, str(root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("rsvlm.models.families.compact.network", "from transformers import CLIPModel, AutoImageProcessor"),
        ("rsvlm.cli.main", "import timm, open_clip"),
    ],
)
def test_what_takes_torchvision_along_is_imported(root: Path, first: str, then: str):
    found = told(root, f"import {first}\n{then}\nfrom torchvision.transforms import v2\nprint(v2.CenterCrop(2).size)")
    assert found == "(2, 2)"


def test_pictures_are_resized_by_it(root: Path):
    program = (
        "import rsvlm.models, torch\nfrom torchvision.transforms import v2\n"
        "x = torch.arange(16.).view(1, 4, 4)\nprint(v2.functional.resize(x, [2, 2], antialias=False).flatten().tolist())"
    )
    assert told(root, program) == "[2.5, 4.5, 10.5, 12.5]"


def test_nothing_is_imported_ahead_of_its_need(root: Path):
    assert told(root, "import rsvlm.models\nprint({'torch', 'torchvision'} & set(sys.modules))") == "set()"
