"""What was trained is a model like any other: with a card, in the user's folder, under a name that took nobody else's place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rsvlm.cli.models import row
from rsvlm.models.cards import Calibration, get_card, load_cards
from rsvlm.models.pool import Models
from rsvlm.protocol import DescribeRequest, Raster, RsvlmError, Watch
from rsvlm.tasks.describe import describe
from rsvlm.trainer.cards import PRESENCE, valid
from rsvlm.trainer.finish import train_and_install
from rsvlm.trainer.recipe import Recipe

Made = Callable[..., Recipe]


def test_model_is_listed_with_figures_and_terms_and_answers(
    tuned: Made, tiny: Path, tmp_path: Path, models: Path, root: Path
):
    told, code = train_and_install(tuned(), tiny, tmp_path / "run", False, True)
    assert told is not None and told["installed"] == "small-run" and code == 0
    card, base = get_card("small-run"), get_card(None)
    assert card.folder == models / "small-run" and card.verify()
    assert row(card)["installed"] and card.tasks == base.tasks
    assert card.terms.startswith(base.terms) and "Fine-tuned from compact" in card.terms
    assert card.licence == base.licence and card.trained_on[:-1] == base.trained_on
    assert card.trained_on[-1] == "fine-tuned on tiny.zip train, 18 records"
    best = json.loads((tmp_path / "run" / "validation.json").read_text())["best"]["figures"]
    assert {figure.metric: figure.value for figure in card.figures}["CIDEr"] == round(best["CIDEr"], 4)
    asked = f"--data {tiny / 'tiny.zip'} --format archive --split val --model small-run --protocol coco --json"
    assert card.figures[0].n == 6 and card.figures[0].command == f"rsvlm eval caption {asked}"
    same = base.calibration.model_copy(update=Calibration().model_dump(include=PRESENCE))
    assert card.calibration == same, "its classes are those of the bundled model, to the bit; its words are not"
    raster = Raster(href=str(root / "resources" / "demo" / "after.tif"))
    answer = describe(DescribeRequest(raster, model="small-run"), Models("cpu"), Watch())
    assert answer.text and answer.provenance["model"] == "small-run"


def test_no_model_is_overwritten(tuned: Made, tiny: Path, tmp_path: Path, models: Path):
    short = {"max_steps": 1, "validation": None}
    names = []
    for number in (1, 2):
        told, _ = train_and_install(tuned(**short), tiny, tmp_path / f"run-{number}", False, True)
        names.append(told["installed"] if told else None)
    assert names == ["small-run", "small-run-2"]
    first = get_card("small-run").revision
    longer = {"max_steps": 3, "validation": None}
    told, _ = train_and_install(tuned(**longer), tiny, tmp_path / "run-1", True, True)
    assert told is not None and told["installed"] == "small-run"
    assert get_card("small-run").revision != first, "a run takes the place of what it installed itself"
    with pytest.raises(RsvlmError, match="a model called small-run-2 already"):
        train_and_install(tuned(**short, id="small-run-2"), tiny, tmp_path / "run-3", False, True)
    assert not (tmp_path / "run-3").exists(), "told before anything is trained"
    train_and_install(tuned(**short), tiny, tmp_path / "run-4", False, False)
    assert sorted(load_cards().keys() - {"compact"}) == ["small-run", "small-run-2"]


def test_new_model_has_a_card_too_and_its_classes_are_guesses(tuned: Made, tiny: Path, tmp_path: Path, models: Path):
    sizes = {
        "stem": 8, "widths": [8, 16, 32], "token_width": 32, "token_depth": 1, "heads": 2, "vocabulary": 400,
        "language_width": 32, "language_depth": 1, "language_mlp": 64, "embedding": 16, "anchors": 4,
    }  # fmt: skip
    stage = {"max_steps": 1, "learning_rate": 1e-3, "objectives": {"language": 1.0, "class": 1.0}}
    told = tuned(id="tiny", model={"family": "compact", "settings": sizes}, stages=[stage])
    train_and_install(told, tiny, tmp_path / "run", False, True)
    card = get_card("tiny")
    assert card.family == "compact" and list(card.scenes) == ["desert", "forest", "lake"]
    assert card.calibration.unsure_below == 1.0 and card.trained_on == ("tiny.zip train, 18 records",)
    Models("cpu").get("tiny")


@pytest.mark.parametrize(
    ("name", "expected"), [("Small run", "small-run"), ("Ünï/2", "n-2"), ("CON", "con-model"), ("...", "-model")]
)
def test_ids_are_made_of_names(name: str, expected: str):
    assert valid(name) == expected.lstrip("-")
