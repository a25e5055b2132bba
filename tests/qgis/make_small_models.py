"""Small models with random weights, on disk as a user's are: run by the backend's Python with a folder.

"geopix" outlines something for every phrase, "boxes" says two boxes, "absent" finds nothing. In the folder ".sam2" lies
one that is imported by calling it "sam2": it takes all that it sees for what a point means.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
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
    with tempfile.TemporaryDirectory() as release:
        sam2(Path(release))
        importing = importlib.import_module("rsvlm.models.importing")
        importing.import_model(Path(release), importing.Wish("sam2", "huggingface", "Small SAM 2", "none", "none"))
    (folder / "sam2").rename(folder / ".sam2")


def sam2(folder: Path) -> None:
    tiny = load("tiny", ROOT / "tests" / "models" / "huggingface" / "tiny.py")
    tiny.torch.manual_seed(0)
    tiny.sam2(folder)
    network = tiny.tf.Sam2Model.from_pretrained(folder)
    decoder = network.mask_decoder
    with tiny.torch.no_grad():
        decoder.upscale_conv2.bias.fill_(9)  # positive at all places, whatever is seen
        for mlp in decoder.output_hypernetworks_mlps:
            mlp.proj_out.weight.zero_()
            mlp.proj_out.bias.fill_(1)
    network.save_pretrained(folder)


main(Path(sys.argv[1]))
