"""From a finished run to the model that ships: weights into resources, then calibration and figures into its card.

python -m rsvlm.trainer.publish RUN FOLDER      the data sets in $RSVLM_DATA or ../shared/data; FOLDER for data that is made
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import tomlkit
import torch
from torch import nn

from rsvlm.models.cards import BUNDLED, RESOURCES, ModelCard, files_in, get_card
from rsvlm.models.families.compact.files import WITH_MASKS
from rsvlm.models.families.compact.predictor import CompactPredictor, load
from rsvlm.models.weights import load_compact, save_compact
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.calibration import (
    BATCH,
    calibration_error,
    centres,
    fit_temperature,
    fit_threshold,
    scene_logits,
    softmax,
)
from rsvlm.trainer.examples import Examples
from rsvlm.trainer.figures import FIT_SCENES, REAL, make, measured
from rsvlm.trainer.pictures import read_squares
from rsvlm.trainer.presence import fit_presence, known_pictures, names, witnesses
from rsvlm.trainer.recipe import load_recipe
from rsvlm.trainer.records import Records, data_folder

UNFAMILIAR = 0.05  # share of the held pictures of each data set that may count as unlike the training data
EMBEDDING = ("encoder", "image_head")  # what pictures are embedded by


def edit_card(changes: dict[str, object]) -> None:
    """Replace top-level entries of the bundled model's card; everything else stays as it is written."""
    path = RESOURCES / f"{BUNDLED}.toml"
    card = tomlkit.parse(path.read_text("utf-8"))
    card.update(changes)
    part = path.with_suffix(".part")
    part.write_bytes(tomlkit.dumps(card).encode())
    part.replace(path)


def install_weights(run: Path, data: Path) -> None:
    """The run's averaged model, with anchors fitted to the real places of its training, and its log beside the card.

    A run that left alone what embeds pictures keeps the anchors that are bundled.
    Raises RsvlmError (bad_request) for a model that draws no masks, and for one that has neither.
    """
    folder = RESOURCES / BUNDLED
    model, tokenizer = load_compact(run / "last")
    if model.masks is None:
        raise RsvlmError("bad_request", "The model of this run draws no masks.", "Publish a run of compact_tasks.")
    before, _ = load_compact(folder)
    real = [source for source in load_recipe(run / "recipe.yaml", []).data if source.format == "archive"]
    if real:
        predictor = CompactPredictor(get_card(BUNDLED), model, tokenizer, "cpu")
        seen = Examples.of(real, data, run, 0)
        squares = read_squares([seen.record(number)[0] for number in range(len(seen))], predictor.card.input.pixels)
        parts = [
            predictor.embed_images(predictor.encode(squares[i : i + BATCH])) for i in range(0, len(squares), BATCH)
        ]
        model.anchors.copy_(torch.from_numpy(centres(np.concatenate(parts), len(model.anchors))))
    elif all(_same(getattr(model, part), getattr(before, part)) for part in EMBEDDING):
        model.anchors.copy_(before.anchors)
    else:
        raise RsvlmError("bad_request", "This run has seen no real places.", "Publish a run whose data have archives.")
    shutil.copy(run / "events.jsonl", folder / "events.jsonl")
    save_compact(folder, model, tokenizer)
    asked = {
        name: value for name, value in WITH_MASKS.items() if name != "tasks"
    }  # what is offered hangs on its figures
    edit_card({**source_of(folder), **asked})


def _same(one: nn.Module, other: nn.Module) -> bool:
    """The same weights and statistics; not how many batches these were taken from."""
    parts = [{name: x for name, x in part.state_dict().items() if x.is_floating_point()} for part in (one, other)]
    return parts[0].keys() == parts[1].keys() and all(torch.equal(x, parts[1][name]) for name, x in parts[0].items())


def source_of(folder: Path) -> dict[str, object]:
    """What the card says of the files that lie in the bundled model's folder."""
    return {"source": {"path": BUNDLED, "files": [file.model_dump(exclude_none=True) for file in files_in(folder)]}}


def revised(calibration: dict[str, object]) -> ModelCard:
    """The bundled model's card, after these values of its calibration were replaced."""
    edit_card({"calibration": get_card(None).calibration.model_dump(mode="json") | calibration})
    return get_card(None)


def calibrate(data: Path, made: Path) -> dict[str, object]:
    """Fit temperature and threshold on the held pictures, and what tells that something is there at all on others; write them
    into the card.
    """
    make(made)
    predictor = load(get_card(None), "cpu")
    sets = [scene_logits(predictor, data / name, split) for name, split in REAL]
    logits, truth, _ = map(np.concatenate, zip(*sets, strict=True))
    temperature = fit_temperature(logits, truth)
    probabilities = softmax(logits / temperature)
    scores, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    threshold = fit_threshold(scores, right)
    familiar = round(min(float(np.quantile(familiarity, UNFAMILIAR)) for *_, familiarity in sets), 3)
    found: dict[str, object] = {"scene_temperature": temperature, "unsure_below": threshold, "familiar_from": familiar}
    found["outlined"] = names()
    predictor.card = revised(found)
    told = witnesses(predictor, known_pictures(predictor, data, Records(made / FIT_SCENES)))
    found |= fit_presence(told, names())
    revised(found)
    sure = scores >= threshold
    return {
        **{name: value for name, value in found.items() if name != "outlined"},
        "expected_calibration_error": round(calibration_error(scores, right), 4),
        "share_sure": round(float(sure.mean()), 4),
        "accuracy_when_sure": round(float(np.mean(right[sure])), 4),
    }


def measure(data: Path, made: Path) -> dict[str, object]:
    """Evaluate the bundled model, and write the figures into its card and into evaluation.json beside the weights."""
    report: dict[str, object] = {"calibration": calibrate(data, made)}
    figures = []
    for measure, found in measured(BUNDLED, made):
        report[measure.command] = found
        figures += [
            {"data": measure.told, "protocol": found["protocol"], "metric": name, "value": found["metrics"][name]}
            | {"n": found.get("counted", found["n"]), "command": measure.of(BUNDLED)}
            for name in measure.shown
            if name in found["metrics"]
        ]
    edit_card({"figures": figures})
    (RESOURCES / BUNDLED / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="Folder of a finished run: last/, recipe.yaml and events.jsonl.")
    parser.add_argument("folder", type=Path, help="For data that is made to measure on.")
    given = parser.parse_args()
    install_weights(given.run, data_folder())
    print(json.dumps(measure(data_folder(), given.folder), indent=1))
