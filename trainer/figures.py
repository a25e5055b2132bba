"""All figures of the bundled model: on which data each is measured, by which command, and how data that is drawn is made.

python -m rsvlm.trainer.figures FOLDER [MODEL]      the data sets in $RSVLM_DATA or ../shared/data; FOLDER for what is made
"""

from __future__ import annotations

import json
import shlex
import subprocess  # nosec B404 # runs rsvlm itself
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rsvlm.models.cards import BUNDLED, get_card
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.measuring import spec_of
from rsvlm.trainer.records import data_folder

CHANGES = "--nuisance 0.7 --held --seed 2 --split val"
# What the commands below read beside the data sets, and the command that makes it.
HELD_SCENES, FIT_SCENES = "scenes/val.jsonl", "fit/val.jsonl"  # the latter to fit on what tells that something is there
MADE = {
    HELD_SCENES: "data scenes -o scenes --count 500 --seed 2 --pixels 128 --split val",
    FIT_SCENES: "data scenes -o fit --count 250 --seed 3 --pixels 128 --split val",
    "composites.jsonl": "data composites dubai_segmentation.zip rsicd_train_128.zip --pictures composites --count 200 "
    f"-o composites.jsonl {CHANGES}",
    "xbd.jsonl": "data convert damage change_pairs_256.zip -o xbd.jsonl",
}
REAL = (
    ("ucm_trainval_256.zip", "val"),
    ("rsicd_train_128.zip", "held"),
)  # pictures with captions that are never trained on
UCM, RSICD = (f"{archive} --split {split}" for archive, split in REAL)
DUBAI = "dubai_segmentation.zip --format masks --split held"


@dataclass(frozen=True)
class Measured:
    """told: the data, for readers. command: of `rsvlm eval`, without the model. shown: the figures that a card names."""

    told: str
    command: str
    shown: tuple[str, ...]

    @property
    def ability(self) -> str:
        """What a model's card names that can do it."""
        words = shlex.split(self.command)
        return spec_of(words[0], words[words.index("--protocol") + 1]).ability.task

    def of(self, model: str) -> str:
        return f"rsvlm eval {self.command} --model {model} --json"


CAPTION = ("CIDEr", "BLEU-4", "ROUGE-L", "scene accuracy")
ALL = (
    Measured("UCM val", f"caption --data {UCM} --protocol coco", CAPTION),
    Measured("RSICD held", f"caption --data {RSICD} --protocol coco", CAPTION),
    Measured("UCM val", f"zeroshot --data {UCM} --protocol top-k", ("top-1", "top-5")),
    Measured("RSICD held", f"zeroshot --data {RSICD} --protocol top-k", ("top-1", "top-5")),
    Measured("RSICD held", f"retrieval --data {RSICD} --protocol rs5m", ("mean recall",)),
    Measured(
        "UCM val", f"vqa --data {UCM} --format questions --protocol exact",
        ("OA", "theme", "presence", "count", "location", "other"),
    ),
    Measured(
        "Dubai, nine held", f"segment --data {DUBAI} --protocol semantic",
        ("mIoU", "building IoU", "land IoU", "road IoU", "vegetation IoU", "water IoU"),
    ),
    Measured("generated scenes", f"vqa --data {HELD_SCENES} --protocol yes-no", ("accuracy",)),
    Measured("generated scenes", f"vqa --data {HELD_SCENES} --protocol count", ("exact", "within one", "MAE")),
    Measured(
        "generated scenes", f"segment --data {HELD_SCENES} --protocol masks",
        ("class mIoU", "class cIoU", "several mIoU", "referring cIoU", "referring mIoU"),
    ),
    Measured("generated scenes", f"segment --data {HELD_SCENES} --protocol presence", ("recall of no", "recall")),
    Measured("generated scenes", f"ground --data {HELD_SCENES} --protocol boxes", ("Acc@0.5", "Precision@0.5", "mIoU")),
    Measured("generated pairs", f"change --data {HELD_SCENES} --protocol pixels", ("F1", "false alarms")),
    Measured("generated pairs", f"change --data {HELD_SCENES} --protocol yes-no", ("accuracy", "recall", "recall of no")),
    Measured("generated pairs", f"change --data {HELD_SCENES} --protocol exact", ("count", "locate", "binary")),
    Measured("composite pairs", "change --data composites.jsonl --protocol pixels", ("F1", "false alarms")),
    Measured("xBD pairs", "change --data xbd.jsonl --protocol pixels", ("F1", "precision", "recall")),
)  # fmt: skip


def measured(model: str, folder: Path, only: str = "") -> Iterator[tuple[Measured, dict[str, Any]]]:
    """Each figure that the model can give, with what `rsvlm eval` says. folder: of data that is made once and kept.

    only: a part of the commands that are run. Raises RsvlmError: unknown_model; model_failed for a command that fails.
    """
    make(folder)
    tasks = get_card(model).tasks
    for measure in ALL:
        if only in measure.command and measure.ability in tasks:
            yield measure, _run(shlex.split(measure.of(model))[1:], folder)


def make(folder: Path) -> None:
    """What is measured on beside the data sets, where it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, command in MADE.items():
        if not (folder / path).exists():
            _run([*shlex.split(command), "--json"], folder)


def _run(words: list[str], folder: Path) -> dict[str, Any]:
    """What the command prints. Data sets are those of the data folder."""
    data = data_folder().resolve()
    named = [str(data / word) if (data / word).is_file() else word for word in words]
    ended = subprocess.run(  # nosec B603 # rsvlm itself
        [str(Path(sys.executable).with_name("rsvlm")), *named], cwd=folder, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise RsvlmError("model_failed", f"“rsvlm {shlex.join(words)}” failed: {ended.stderr[-300:]}", "Run it alone.")
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def main() -> None:
    folder, model = Path(sys.argv[1]), (sys.argv[2:] or [BUNDLED])[0]
    for measure, found in measured(model, folder, *sys.argv[3:4]):
        shown = {name: found["metrics"][name] for name in measure.shown if name in found["metrics"]}
        print(json.dumps({"data": measure.told, "command": measure.of(model), "n": found["n"], **shown}), flush=True)


if __name__ == "__main__":
    main()
