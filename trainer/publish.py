"""From a finished run to the model that ships: weights into resources, then calibration and figures into its card.

python -m rsvlm.trainer.publish RUN      with the data sets in $RSVLM_DATA or ../shared/data
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import tomlkit

from rsvlm.models.cards import BUNDLED, RESOURCES, load_cards
from rsvlm.models.pool import Models
from rsvlm.trainer.calibration import calibration_error, fit_temperature, fit_threshold, scene_logits, softmax
from rsvlm.trainer.evaluation import evaluate_captions
from rsvlm.trainer.records import data_folder

SPLITS = (("ucm_trainval_256.zip", "val"), ("rsicd_train_128.zip", "held"))


def edit_card(changes: dict[str, object]) -> None:
    """Replace top-level entries of the bundled model's card; everything else stays as it is written."""
    path = RESOURCES / f"{BUNDLED}.toml"
    card = tomlkit.parse(path.read_text("utf-8"))
    card.update(changes)
    path.write_text(tomlkit.dumps(card), "utf-8")
    load_cards.cache_clear()


def install_weights(run: Path) -> None:
    """Copy the run's averaged model and its log beside the card, and state the new checksum."""
    folder = RESOURCES / BUNDLED
    for source in (*sorted((run / "model").iterdir()), run / "events.jsonl"):
        shutil.copy(source, folder / source.name)
    weights = (folder / "model.safetensors").read_bytes()
    edit_card({"sha256": hashlib.sha256(weights).hexdigest(), "size_bytes": len(weights)})


def calibrate(data: Path) -> dict[str, float]:
    """Fit temperature and threshold on the held pictures and write them into the card."""
    logits, truth = scene_logits(Models("cpu").get(None), [(data / name, split) for name, split in SPLITS])
    temperature = fit_temperature(logits, truth)
    probabilities = softmax(logits / temperature)
    scores, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    threshold = fit_threshold(scores, right)
    edit_card({"calibration": {"scene_temperature": temperature, "unsure_below": threshold}})
    sure = scores >= threshold
    return {
        "scene_temperature": temperature,
        "unsure_below": threshold,
        "expected_calibration_error": round(calibration_error(scores, right), 4),
        "share_sure": round(float(sure.mean()), 4),
        "accuracy_when_sure": round(float(np.mean(right[sure])), 4),
    }


def measure(data: Path) -> dict[str, object]:
    """Evaluate the bundled model, and write the figures into its card and into evaluation.json beside the weights."""
    report: dict[str, object] = {"calibration": calibrate(data)}
    figures = []
    predictor = Models("cpu").get(None)
    for name, split in SPLITS:
        result = evaluate_captions(predictor, data / name, split, "coco")
        report[f"{name} {split}"] = result
        command = f"rsvlm eval caption --data {name} --split {split} --model {BUNDLED} --protocol coco --json"
        for metric in ("CIDEr", "BLEU-4", "ROUGE-L", "scene accuracy"):
            figures.append(
                {"data": f"{name.partition('_')[0].upper()} {split}", "protocol": "coco", "metric": metric}
                | {"value": result["metrics"][metric], "n": result["n"], "command": command}
            )
    edit_card({"figures": figures})
    (RESOURCES / BUNDLED / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


if __name__ == "__main__":
    install_weights(Path(sys.argv[1]))
    print(json.dumps(measure(data_folder()), indent=1))
