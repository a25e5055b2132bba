"""Which figure decides between the models of a run is settled by what its records and its model can give, before it begins."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rsvlm.cli.main import main
from rsvlm.models.cards import Figure, get_card
from rsvlm.models.families.geopix.words import SEGS
from rsvlm.protocol import Record
from rsvlm.trainer.answering import Said
from rsvlm.trainer.finish import train_and_install
from rsvlm.trainer.pictures import Picture
from rsvlm.trainer.recipe import Recipe, load_recipe
from rsvlm.trainer.regions import encode
from rsvlm.trainer.samples import RIGHT, TOLD, shown
from rsvlm.trainer.train import Run

SIDE, SAYS = 32, ("two", "planes", "no")
Measured = Callable[[Figure], dict[str, Any]]
Events = Callable[[Path, str], list[dict[str, Any]]]


def record(folder: Path, number: int, task: str) -> Record:
    """The first of every four is held out."""
    path = folder / f"{number}.png"
    pixels = np.random.default_rng(number).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:16, number : number + 9] = True
    question = {"caption": "Describe the image.", "vqa": "two planes ?"}.get(task, "two")
    drawn = [{"label": "two", "bbox": [number, 0, number + 9, 16], "rle": encode(mask)}]
    says = [] if task in ("segment", "ground") else [{"role": "assistant", "content": SAYS[number % 3]}]
    messages = [{"role": "user", "content": question}, *says]
    split = "val" if number % 4 == 0 else "train"
    return Record(f"r{number}", task, split, [{"href": str(path)}], messages, [] if says else drawn)


def asked_for(folder: Path, tasks: Sequence[str], model: str, objective: str, **validation: Any) -> Recipe:
    """The shipped recipe with what the plugin puts in place of its settings, and the losses of the model."""
    path = folder / "records.jsonl"
    made = [record(folder, number, tasks[number // 4 % len(tasks)]) for number in range(16)]
    path.write_text("".join(json.dumps(one.to_json()) + "\n" for one in made))
    source = {"path": str(path), "format": "records"}
    changed = {
        "model": {"id": model}, "data": [{**source, "split": "train"}], "max_steps": 2, "id": "trained",
        "validation": {"data": [{**source, "split": "val"}], "metric": "auto", **validation},
    }  # fmt: skip
    stage = {"max_steps": 2, "train": ["all"], "objectives": {objective: 1.0}, "learning_rate": 1e-3}
    own = {"stages": [stage], "batch_size": 4, "pixels": [], "workers": 0}
    return load_recipe(Path("compact_lora"), [f"{key}={json.dumps(value)}" for key, value in (changed | own).items()])


@pytest.mark.parametrize(
    ("family", "objective", "tasks", "metric"),
    [
        ("geopix", "language", ["vqa"], "OA"),
        ("geopix", "language", ["segment"], "mIoU"),
        ("geopix", "language", ["ground"], "Acc@0.5"),
        ("geopix", "language", ["vqa", "caption"], "loss"),
        ("geoclip", "contrastive", ["caption"], "loss"),
    ],
)  # fmt: skip
def test_best_model_is_that_of_the_figure_which_can_be_measured(
    add_family, tmp_path: Path, events: Events, capsys, family: str, objective: str, tasks: list[str], metric: str
):
    add_family(family, SAYS)
    folder = tmp_path / "run"
    ended = Run(asked_for(tmp_path, tasks, family, objective), tmp_path, folder).train()
    assert ended.whole and ended.model == folder / "best"
    state = json.loads((folder / "validation.json").read_text())
    assert state["metric"] == metric and metric in state["best"]["figures"] and state["best"]["n"] == 4
    assert f"best {metric} on the records held out" in capsys.readouterr().err
    looks = events(folder, "eval")
    assert [look["step"] for look in looks] == [0, 1, 2] and {look["metric"] for look in looks} == {metric}


def test_kind_of_questions_may_be_called_as_a_loss_or_a_part_of_an_event(add_family, tmp_path: Path, events: Events):
    add_family("geopix", SAYS)
    recipe = asked_for(tmp_path, ["vqa"], "geopix", "language")
    kinds = ("language", "step", "metric", "kind", "left_out", "loss")
    rows = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()]
    lines = [json.dumps({**row, "meta": {"type": kinds[n // 4 % 6]}}) + "\n" for n, row in enumerate(rows)]
    (tmp_path / "records.jsonl").write_text("".join(lines))
    Run(recipe, tmp_path, tmp_path / "run").train()
    looks = events(tmp_path / "run", "eval")
    assert [look["step"] for look in looks] == [0, 1, 2] and {look["metric"] for look in looks} == {"OA"}
    assert looks[0].keys() >= {"language", "loss", "OA", "vqa language", "vqa step", "vqa metric", "kind"}


def test_page_of_samples_shows_what_was_drawn(add_family, tmp_path: Path):
    add_family("geopix", [*SEGS])
    Run(asked_for(tmp_path, ["segment"], "geopix", "language"), tmp_path, tmp_path / "run").train()
    page = (tmp_path / "run" / "samples.html").read_text()
    assert page.count("base64,") == page.count("Green: what is right.") == 4 and "counts" not in page


@pytest.mark.parametrize("drawn", ["masks", "boxes"])
def test_outlines_lie_on_the_pixels_that_are_shown(tmp_path: Path, drawn: str):
    """Of a picture that is shown at half its size: right is from 40 to 80 across and 20 to 60 down, told is 100 further on."""
    picture = Picture(np.full((224, 448, 3), 90, np.uint8), 448, 224)
    right, told = np.zeros((224, 448), bool), np.zeros((224, 448), bool)
    right[20:60, 40:80] = told[20:60, 140:180] = True
    masks = {"prediction": encode(told), "reference": encode(right)}
    boxes = {"prediction": [[140, 20, 180, 60]], "references": [[40, 20, 80, 60]]}
    row = {"id": "1", "phrase": "a lake", "said": "it is", **(masks if drawn == "masks" else boxes)}
    image = np.asarray(shown(Said(Record("1", "segment", "val", [], []), row), picture))
    assert image.shape == (112, 224, 3)
    for colour, left in ((RIGHT, 20), (TOLD, 70)):
        down, across = np.nonzero((image == colour).all(axis=2))
        assert (
            (down.min(), across.min()) == (10, left)
            and abs(down.max() - 30) <= 1
            and abs(across.max() - left - 20) <= 1
        )
        assert not (image[13:27, left + 3 : left + 17] != 90).any(), "outlines alone"


def test_run_ends_with_what_decided_in_words(tuned, tiny: Path, tmp_path: Path, models: Path, monkeypatch, capsys):
    path = tmp_path / "own.yaml"
    path.write_text(json.dumps(tuned(max_steps=2).model_dump(mode="json")))
    words = ["rsvlm", "train", str(path), f"output_dir={tmp_path / 'run'}", "--data", str(tiny)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit):
        main()
    steps, model, figure = capsys.readouterr().out.splitlines()
    state = json.loads((tmp_path / "run" / "validation.json").read_text())
    best, before = state["best"]["figures"]["CIDEr"], state["before"]["figures"]["CIDEr"]
    assert (steps, model) == ("2 steps", "model: small-run")
    assert figure.startswith(f"CIDEr on the records held out: {best:.3f} (")
    assert figure.endswith(f") after step 2; before training {before:.3f}")
    gone = ["data.0.path=gone.jsonl", "data.0.format=records", f"output_dir={tmp_path / 'other'}"]
    monkeypatch.setattr(sys, "argv", [*words[:3], *gone, *words[4:]])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and "begins at the folder of --data" in capsys.readouterr().err


def test_what_was_settled_stays_where_a_run_goes_on(add_family, tmp_path: Path, capsys):
    add_family("geopix", SAYS)
    recipe, folder = asked_for(tmp_path, ["vqa"], "geopix", "language"), tmp_path / "run"
    Run(recipe.model_copy(update={"max_steps": 1}), tmp_path, folder).train()
    capsys.readouterr()
    Run(recipe, tmp_path, folder, resume=True).train()
    state = json.loads((folder / "validation.json").read_text())
    assert state["metric"] == "OA" and state["latest"]["step"] == 2
    assert "records held out" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("steps", "every", "looks"), [(120, None, 30), (10, None, 3), (2, None, 1), (60000, None, 1000), (120, 50, 50)]
)
def test_run_is_looked_at_four_times_or_every_thousand_steps(tmp_path: Path, steps: int, every: int | None, looks: int):
    recipe = asked_for(tmp_path, ["caption"], "compact", "language", eval_steps=every)
    stages = (recipe.stages[0].model_copy(update={"max_steps": steps}),)
    assert recipe.model_copy(update={"stages": stages, "max_steps": None}).eval_steps == looks


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Measured:
    """measured(figure) -> what its command prints."""

    def run(figure: Figure) -> dict[str, Any]:
        monkeypatch.setattr(sys, "argv", shlex.split(figure.command))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None)
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    ("tasks", "metric", "split", "names"),
    [
        (["vqa"], "auto", "val", {"OA", "AA", "loss", "language"}),
        (["vqa", "caption"], "vqa OA", "val", {"vqa OA", "vqa AA", "caption CIDEr", "caption BLEU-1", "loss", "language"}),
        (["vqa", "caption"], "auto", "val", {"loss", "language"}),
        (["vqa"], "auto", None, {"OA", "AA", "loss", "language"}),
    ],
)  # fmt: skip
def test_card_has_every_figure_with_a_command_that_measures_it_again(
    add_family, tmp_path: Path, monkeypatch, measured: Measured, tasks, metric: str, split: str | None, names: set[str]
):
    add_family("geopix", SAYS)
    elsewhere, sets = tmp_path / "else where", tmp_path / "data sets"
    for folder in (elsewhere, sets):
        folder.mkdir()
    recipe = asked_for(sets, tasks, "geopix", "language", metric=metric)
    shutil.copy(sets / "records.jsonl", sets / "others.jsonl")  # as a file it is another one than what is trained on
    held = recipe.validation.data[0].model_copy(update={"path": "others.jsonl", "split": split, "limit": 200})
    recipe = recipe.model_copy(update={"validation": recipe.validation.model_copy(update={"data": (held,)})})
    monkeypatch.chdir(tmp_path)
    train_and_install(recipe, Path("data sets"), Path("run"), False, True)
    monkeypatch.chdir(elsewhere)
    figures = {figure.metric: figure for figure in get_card("trained").figures}
    assert names <= figures.keys()
    whole = 16 if split is None else 4
    counts = {name: whole // len(tasks) if name.split(" ")[0] in ("vqa", "caption") else whole for name in figures}
    assert {name: figure.n for name, figure in figures.items()} == counts
    best = json.loads((tmp_path / "run" / "validation.json").read_text())["best"]["figures"]
    assert best.keys() == figures.keys()
    assert all(str(sets / held.path) in figures[name].command for name in figures if figures[name].protocol != "loss")
    for name in names - {"loss", "language", "caption BLEU-1"}:
        again = measured(figures[name])
        assert again["n"] == figures[name].n and again["protocol"] == figures[name].protocol
        assert again["metrics"][name.split(" ")[-1]] == pytest.approx(figures[name].value, abs=1e-4)


def test_loss_of_a_card_is_told_again_by_the_same_training(add_family, tmp_path: Path, monkeypatch, measured: Measured):
    add_family("geoclip", SAYS)
    recipe = asked_for(tmp_path, ["caption"], "geoclip", "contrastive")
    train_and_install(recipe, tmp_path, tmp_path / "run", False, True)
    figures = {figure.metric: figure for figure in get_card("trained").figures}
    assert figures.keys() == {"loss", "contrastive"} and figures["loss"].protocol == "loss" and figures["loss"].n == 4
    monkeypatch.chdir(tmp_path)
    told = measured(figures["loss"])
    assert told["validation"]["best"]["figures"]["loss"] == pytest.approx(figures["loss"].value, abs=1e-4)


def test_answers_to_some_records_are_not_called_predictions(add_family, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("rsvlm.trainer.validation.SHOWN", 2)
    add_family("geopix", SAYS)
    Run(asked_for(tmp_path, ["vqa"], "geopix", "language", metric="loss"), tmp_path, tmp_path / "run").train()
    assert not list((tmp_path / "run").glob("predictions-*"))
    assert len((tmp_path / "run" / "samples-vqa.jsonl").read_text().splitlines()) == 2
    assert "two planes ?" in (tmp_path / "run" / "samples.html").read_text()
