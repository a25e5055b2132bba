"""rsvlm:finetune asks `rsvlm train` for the right run, tells how far it is, stops it gently and says what came out."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

STAND_IN = Path(__file__).with_name("command_stand_in.py")


@pytest.fixture
def algorithm(qgis_app, qgis_processing):
    """The algorithm as the registry has it."""
    from qgis.core import QgsApplication

    from rsvlm.rsvlm_plugin.processing.provider import RsvlmProvider

    registry = QgsApplication.processingRegistry()
    provider = RsvlmProvider()
    registry.addProvider(provider)
    yield registry.algorithmById("rsvlm:finetune")
    registry.removeProvider(provider)


@pytest.fixture
def stand_in(tmp_path, monkeypatch) -> Callable[[str], Callable[[], Dict[str, Any]]]:
    """stand_in("train") -> a call for what the last command was asked: "words" and "cuda"."""

    def begin(how: str = "train") -> Callable[[], Dict[str, Any]]:
        monkeypatch.setenv("RSVLM_PYTHON", str(STAND_IN))
        monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
        monkeypatch.setenv("RSVLM_STAND_IN", how)
        return lambda: json.loads((tmp_path / "words.jsonl").read_text().splitlines()[-1])

    return begin


@pytest.fixture
def records(tmp_path) -> Callable[..., str]:
    """records(name, (split, task), ...) writes a file with a record of each."""

    def write(name: str, *kinds) -> str:
        from rsvlm.protocol import Record

        made = [
            Record(f"r{n}", task, split, [{"href": "a.png"}], [{"role": "assistant", "content": "a"}])
            for n, (split, task) in enumerate(kinds)
        ]
        path = tmp_path / name
        path.write_text("".join(json.dumps(record.to_json()) + "\n" for record in made))
        return str(path)

    return write


class Heard:
    """What an algorithm told of itself."""

    def __init__(self) -> None:
        from qgis.core import QgsProcessingFeedback

        class Feedback(QgsProcessingFeedback):
            def setProgressText(self, text: str) -> None:  # noqa: N802 (QGIS's name)
                texts.append(text)

        self.texts = texts = []
        self.feedback = Feedback()
        self.progress: List[float] = []
        self.feedback.progressChanged.connect(self.progress.append)

    @property
    def log(self) -> str:
        return "\n".join([self.feedback.textLog(), *self.texts])


def run(heard: Heard, **parameters):
    import processing
    from qgis.core import QgsProcessingContext, QgsProject

    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return processing.run("rsvlm:finetune", parameters, context=context, feedback=heard.feedback)


def refusal(**parameters) -> str:
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as caught:
        run(Heard(), **parameters)
    return str(caught.value)


def settings(words: List[str]) -> Dict[str, Any]:
    return {key: json.loads(value) for key, _, value in (word.partition("=") for word in words if "=" in word)}


def test_run_is_told_step_by_step_and_ends_with_the_model_and_its_figure(algorithm, stand_in, tmp_path) -> None:
    from rsvlm.rsvlm_plugin.settings.model_store import shared_store

    asked, heard, changed = stand_in(), Heard(), []
    shared_store().changed.connect(lambda: changed.append(True))
    results = run(heard, STEPS=20, OUTPUT=str(tmp_path / "run"))
    assert asked()["words"][:2] == ["train", "compact_lora"] and asked()["words"][-1] == "--json"
    assert settings(asked()["words"]) == {"output_dir": str(tmp_path / "run"), "max_steps": 20, "logging_steps": 1}
    assert heard.progress == sorted(heard.progress) and 100 in heard.progress and len(set(heard.progress)) > 5
    assert "Step 10 of 20, loss: language 0.100, about 0.1 min left" in heard.log
    assert "Held-out records after step 20: CIDEr 1.250, loss 0.500" in heard.log
    assert "The best model so far: CIDEr 1.250" in heard.log and "a warning of some package" in heard.log
    assert "The model mine is among your models." in heard.log
    assert results["OUTPUT_MODEL"] == "mine" and results["OUTPUT_STEPS"] == 20
    assert (results["OUTPUT_METRIC"], results["OUTPUT_VALUE"]) == ("CIDEr", 1.25)
    assert results["OUTPUT_PAGE"] == str(tmp_path / "run" / "samples.html")
    assert changed == [True]


def test_records_replace_the_data_and_held_out_ones_decide(algorithm, stand_in, records, tmp_path) -> None:
    asked = stand_in()
    one = records("one.jsonl", ("train", "caption"), ("val", "caption"), ("test", "caption"))
    two = records("two.jsonl", ("train", "caption"))
    run(
        Heard(), DATASET=[one, two], MODEL="mine", NAME="my-model", STEPS=10, DEVICE="cpu", OUTPUT=str(tmp_path / "run")
    )
    told = settings(asked()["words"])
    assert [(source["path"], source["split"]) for source in told["data"]] == [(one, "train"), (two, "train")]
    held = {"path": one, "format": "records", "split": "val", "limit": 200}
    assert told["validation"] == {"data": [held], "metric": "auto"}, "the run knows its model and its steps"
    assert told["model"] == {"id": "mine"} and told["id"] == "my-model"
    assert asked()["cuda"] == ""


def test_paths_are_from_where_the_user_is(algorithm, stand_in, records, tmp_path, monkeypatch) -> None:
    """As qgis_process is given them; the backend works in a folder of its own."""
    asked = stand_in()
    records("some.jsonl", ("train", "caption"))
    (tmp_path / "own.yaml").write_text("name: own\n")
    monkeypatch.chdir(tmp_path)
    results = run(Heard(), DATASET=["some.jsonl"], RECIPE_FILE="own.yaml", OUTPUT="run")
    words = asked()["words"]
    assert words[1] == str(tmp_path / "own.yaml") and results["OUTPUT_PAGE"] == str(tmp_path / "run" / "samples.html")
    assert settings(words)["data"][0]["path"] == str(tmp_path / "some.jsonl")
    assert settings(words)["output_dir"] == results["OUTPUT"] == str(tmp_path / "run")


def test_without_records_held_out_nothing_is_validated(algorithm, stand_in, records, tmp_path) -> None:
    asked = stand_in()
    run(Heard(), DATASET=[records("some.jsonl", ("train", "caption"))], OUTPUT=str(tmp_path / "run"))
    assert settings(asked()["words"])["validation"] is None


def test_cancel_lets_the_step_end_and_tells_how_to_go_on(algorithm, stand_in, tmp_path) -> None:
    asked, heard = stand_in(), Heard()
    threading.Timer(0.6, heard.feedback.cancel).start()
    results = run(heard, OUTPUT=str(tmp_path / "run"))
    steps = results["OUTPUT_STEPS"]
    assert 0 < steps < 20 and results["OUTPUT_MODEL"] == ""
    assert f"Stopped after step {steps}. What was learnt is kept in {tmp_path / 'run'}" in heard.log
    run(Heard(), RESUME=True, MODEL="other", STEPS=30, OUTPUT=str(tmp_path / "run"))
    words = asked()["words"]
    assert words[1] == str(tmp_path / "run" / "recipe.yaml") and "--resume" in words
    assert set(settings(words)) == {"output_dir", "max_steps", "logging_steps"}


@pytest.mark.parametrize("how", ["killed", "killed without a checkpoint"])
def test_training_that_is_ended_by_force_tells_what_is_there(algorithm, stand_in, tmp_path, how) -> None:
    stand_in(how)
    heard, folder = Heard(), tmp_path / "run"
    heard.feedback.progressChanged.connect(lambda percent: heard.feedback.cancel() if percent >= 40 else None)
    results = run(heard, OUTPUT=str(folder))
    steps = results["OUTPUT_STEPS"]
    assert 8 <= steps < 20 and results["OUTPUT_MODEL"] == ""
    assert f"The training was ended by force after step {steps}." in heard.log
    kept = f"{folder} holds stage-1/checkpoint-4, best. Switch on “Go on with the run in the folder” to go on"
    assert (kept in heard.log) == (how == "killed") != ("There is nothing to keep." in heard.log)


def test_going_on_that_is_stopped_at_once_leaves_what_was_there(algorithm, stand_in, tmp_path) -> None:
    stand_in("left")
    whole = tmp_path / "run" / "stage-1" / "checkpoint-60" / "whole"
    whole.parent.mkdir(parents=True)
    whole.touch()
    (tmp_path / "run" / "recipe.yaml").write_text("name: stand-in\n")
    heard = Heard()
    threading.Timer(0.6, heard.feedback.cancel).start()
    run(heard, RESUME=True, OUTPUT=str(tmp_path / "run"))
    assert f"Stopped before another step. {tmp_path / 'run'} holds stage-1/checkpoint-60" in heard.log
    assert "nothing to keep" not in heard.log


def test_what_goes_wrong_is_a_sentence_and_a_way_out(algorithm, stand_in, records, tmp_path, monkeypatch) -> None:
    folder = str(tmp_path / "run")
    stand_in("refuse")
    assert "There is no model x. Import it first." in refusal(OUTPUT=folder)
    stand_in("crash")
    said = refusal(OUTPUT=folder)
    assert "ended before it was done. Its last words were: free(): invalid pointer" in said
    assert f"There is no run in {folder}." in refusal(RESUME=True, OUTPUT=folder)
    only = records("test.jsonl", ("test", "caption"))
    assert "no record of the split “train” in test.jsonl" in refusal(DATASET=[only], OUTPUT=folder)
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{}\n")
    assert f"{broken} is no file of records." in refusal(DATASET=[str(broken)], OUTPUT=folder)
    monkeypatch.setenv("RSVLM_PYTHON", "/nowhere/python")
    assert "RSVLM_PYTHON names /nowhere/python" in refusal(OUTPUT=folder)


@pytest.mark.parametrize(("task", "metric"), [("caption", "CIDEr"), ("vqa", "OA")])
def test_real_run_of_two_steps_leaves_a_model_with_its_figures(algorithm, tmp_path, monkeypatch, task, metric) -> None:
    """What is learnt tells what decides: captions by CIDEr, questions by their overall accuracy."""
    from PIL import Image

    from rsvlm.protocol import Record

    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RSVLM_MODELS", raising=False)
    made = []
    for number in range(8):
        Image.new("RGB", (64, 64), (30 * number, 90, 40)).save(tmp_path / f"{number}.png")
        said = [{"role": "user", "content": "?"}, {"role": "assistant", "content": f"a field of number {number}"}]
        made.append(Record(f"r{number}", task, "val" if number > 5 else "train", [{"href": f"{number}.png"}], said))
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(record.to_json()) + "\n" for record in made))
    heard = Heard()
    results = run(heard, DATASET=[str(path)], STEPS=2, NAME="two-steps", DEVICE="cpu", OUTPUT=str(tmp_path / "run"))
    assert results["OUTPUT_MODEL"] == "two-steps" and results["OUTPUT_STEPS"] == 2, heard.log
    assert results["OUTPUT_METRIC"] == metric and results["OUTPUT_VALUE"] >= 0
    assert (
        f"best {metric} on the records held out" in heard.log
        and f"Held-out records after step 2: {metric} " in heard.log
    )
    assert heard.progress[-1] == 100 and "Step 2 of 2" in heard.log
    card = (tmp_path / "home" / "models" / "two-steps" / "card.toml").read_text()
    assert f'metric = "{metric}"' in card and "records.jsonl train, 6 records" in card


@pytest.mark.parametrize("name", ["finetune", "buildcaptiondataset"])
def test_help_says_something_about_every_parameter(algorithm, name) -> None:
    from qgis.core import QgsApplication

    found = QgsApplication.processingRegistry().algorithmById(f"rsvlm:{name}")
    paragraphs = found.shortHelpString().split("\n\n")
    for parameter in found.parameterDefinitions():
        assert parameter.help(), parameter.name()
        told = [text for text in paragraphs if text.startswith(f"{parameter.description()}: ")]
        assert len(told) == 1, parameter.name()
    assert found.helpUrl().startswith("https://") and "records" in found.tags() and not found.icon().isNull()


def test_help_names_the_switch_as_the_window_does(algorithm) -> None:
    switch = algorithm.parameterDefinition("RESUME").description()
    assert f"with “{switch}” switched on" in algorithm.intro()


def test_algorithm_keeps_its_name_and_parameters_forever(algorithm) -> None:
    assert algorithm.id() == "rsvlm:finetune"
    names = [parameter.name() for parameter in algorithm.parameterDefinitions()]
    assert names == ["RECIPE", "RECIPE_FILE", "DATASET", "MODEL", "STEPS", "NAME", "DEVICE", "RESUME", "OUTPUT"]
    outputs = ["OUTPUT", "OUTPUT_MODEL", "OUTPUT_METRIC", "OUTPUT_VALUE", "OUTPUT_STEPS", "OUTPUT_PAGE"]
    assert [output.name() for output in algorithm.outputDefinitions()] == outputs
    assert "compact_lora" in algorithm.parameterDefinition("RECIPE").options()
