"""Small models with random weights, on disk as a user's are: run by the backend's Python with a folder.

"geopix" outlines something for every phrase, "boxes" says two boxes, "absent" finds nothing.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def load(name: str, path: Path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main(folder: Path) -> None:
    os.environ["RSVLM_MODELS"] = str(folder)
    load("conftest", ROOT / "tests" / "conftest.py")  # names this checkout rsvlm
    small = load("small_models", ROOT / "tests" / "small_models.py")
    card = small.add_family(folder, "geopix", ["it", "is", *small.SEGS])
    others = {
        "absent": ["There", "is", "none."],
        "boxes": ["Two:", "{<0><0><50><25>}", "{<10><75><20><100>}"],
    }
    for name, words in others.items():
        small.geopix(folder / name, words, seed=0)
        small.add_card(folder / name, {**card.model_dump(exclude={"id", "source"}), "title": f"Small {name}"})


main(Path(sys.argv[1]))
