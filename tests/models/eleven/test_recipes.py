"""The recipe of each of the eleven systems, on its small model: looked at, run for ten steps of each stage, kept and asked."""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from eleven_lessons import COURSES, Course, overrides_of, recipe_of, write_records
from eleven_models import Command, Dates, asked, beginning, given, same
from eleven_systems import SYSTEMS, System
from safetensors.torch import load_file
from torch import Tensor

from rsvlm.models import converting, importing
from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.families.geopix.words import SEGS
from rsvlm.models.importing import Wish, import_model
from rsvlm.models.learning import Learner
from rsvlm.models.pool import Models
from rsvlm.trainer.begin import learner_of
from rsvlm.trainer.examples import Examples
from rsvlm.trainer.losses import Losses
from rsvlm.trainer.steps import fitted
from rsvlm.trainer.train import Run

RESUMED = ("georsclip", "skyeyegpt", "geopix", "rs_moe")  # contrastive, talking, masks, two stages of other losses
HALVES = 1e-5
MASK = " ".join(SEGS)


@dataclass(frozen=True)
class Place:
    """A small model "mine" in a folder of models of its own, and where the records lie."""

    course: Course
    system: System
    card: ModelCard
    data: Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("records")
    write_records(folder)
    return folder


def imported(folder: Path, system: System, name: str) -> ModelCard:
    """A small release, in this process, since test_eleven.py tries the one of its own."""
    torch.manual_seed(0)
    path = given(folder / f"release-{name}", system, system.make())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(converting, "confine", lambda *paths: None)
        patch.setattr(importing, "_convert", converting.main)
        report, card = import_model(path, Wish(name, system.family, "Mine", "none", "none"))
    assert report.fits and card is not None
    return card


@pytest.fixture(scope="module", params=COURSES)
def place(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    course, folder = COURSES[request.param], tmp_path_factory.mktemp("small")
    system = SYSTEMS[course.system]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RSVLM_MODELS", str(folder / "models"))
        imported(folder, system, "mine")
        yield Place(course, system, get_card("mine"), data)


def weights(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "model.safetensors")


def loss_of(learner: Learner, lesson: Any, weighed: Mapping[str, float]) -> float:
    learner.network.eval()
    with torch.no_grad():
        found = Losses(learner, weighed)(lesson)
    return sum(weighed[name] * found[name].item() for name in weighed if lesson.counts.get(name))


def test_recipe_trains_what_it_says_and_what_it_leaves_answers(
    place: Place, tmp_path: Path, dates: Dates, command: Command
):
    """By the command of the user: a dry run, ten real steps of each stage, and the model that is installed is asked."""
    recipe = recipe_of(place.course)
    words = ["train", place.course.recipe, *overrides_of(place.course), f"output_dir={tmp_path / 'run'}"]
    words += ["--data", str(place.data), "--json"]
    code, printed = command(*words, "--dry-run")
    looked = json.loads(printed)
    assert code == 0 and looked["steps"] == 10 * len(recipe.stages) and looked["memory_bytes"] > 0
    assert all(example["tokens"] > 0 for example in looked["examples"])
    assert not (tmp_path / "run").exists()

    code, printed = command(*words)
    ended = json.loads(printed)
    assert code == 0 and ended["whole"] and ended["steps"] == 10 * len(recipe.stages)
    seen = [Examples.of(recipe.data, place.data, tmp_path, recipe.seed).at(number) for number in range(4)]
    losses = []
    for name in ("mine", ended["installed"]):
        learner = learner_of(
            recipe.model.model_copy(update={"id": name}), Examples.of([], place.data, tmp_path, 0), tmp_path
        )
        losses.append(loss_of(learner, learner.batch(seen), recipe.stages[-1].objectives))
    assert losses[1] < losses[0]

    begun, now = weights(place.card.folder), weights(Path(ended["model"]))
    assert begun.keys() == now.keys()
    changed = {name for name in now if not torch.equal(now[name], begun[name].to(now[name].dtype))}
    patterns = {prefix: f"{prefix}*" for prefix in place.course.trains}
    strange = {name for name in changed if not any(fnmatch.fnmatchcase(name, any_of) for any_of in patterns.values())}
    assert strange == set(), "what is frozen stays as it is, to the bit"
    for prefix, pattern in patterns.items():
        assert fnmatch.filter(changed, pattern), f"{prefix} is trained"
    for path in place.card.folder.glob("config.json"):
        assert json.loads(path.read_text()) == json.loads((Path(ended["model"]) / path.name).read_text())

    first, second = (asked(place.system, name, Models("cpu"), dates, None) for name in ("mine", ended["installed"]))
    assert not same(second, first)
    print(f"{beginning(first)} -> {beginning(second)}")


def test_halves_of_a_batch_join_to_the_whole(place: Place):
    """By their counts; but contrastive losses and the balance of experts, which are of all that is seen together."""
    recipe = recipe_of(place.course)
    learner = learner_of(recipe.model, Examples.of([], place.data, place.data, 0), place.data)
    examples = Examples.of(recipe.data, place.data, place.data, 0)
    seen = [examples.at(number) for number in range(6)]
    wanted = {name: 1.0 for stage in recipe.stages for name in stage.objectives}
    whole, halves = learner.batch(seen), [learner.batch(seen[:4]), learner.batch(seen[4:])]
    learner.network.eval()
    with torch.no_grad():
        expected = learner.losses(whole, wanted)
        parts = [(half.counts, learner.losses(half, wanted)) for half in halves]
    assert set(wanted) <= expected.keys()
    for name in wanted:
        assert whole.counts[name] == sum(counts.get(name, 0) for counts, _ in parts) > 0
        if name not in ("contrastive", "balance"):
            joined = sum(counts[name] * losses[name].item() for counts, losses in parts if counts.get(name))
            assert joined / whole.counts[name] == pytest.approx(expected[name].item(), abs=HALVES), name


@pytest.mark.parametrize("place", ("rs_capret", "rs_moe", "skyeyegpt", "deltavlm", "rs_gpt4v_lora"), indirect=True)
def test_text_that_is_too_long_is_not_cut_unseen(place: Place):
    recipe = recipe_of(place.course)
    learner = learner_of(recipe.model, Examples.of([], place.data, place.data, 0), place.data)
    short = Examples.of(recipe.data, place.data, place.data, 0).at(1)
    question, answer = short.turns[-1]
    long = " ".join([answer] * (1 + learner.longest // len(answer.split())))
    assert fitted(replace(short, turns=((question, long),), answers=(long,)), learner) is None
    found = fitted(replace(short, turns=((question, long),), answers=(long, answer)), learner)
    assert found is not None and found.turns == ((question, answer),)


@pytest.mark.parametrize("place", ("geopix",), indirect=True)
def test_masks_are_asked_for_behind_the_phrases_that_they_are_of(place: Place):
    recipe = recipe_of(place.course)
    learner = learner_of(recipe.model, Examples.of([], place.data, place.data, 0), place.data)
    two = Examples.of(recipe.data, place.data, place.data, 0)
    seen = next(example for example in map(two.at, range(8)) if example.masks is not None and len(example.masks) == 2)
    for phrases, expected in (
        (("Sure,", "IS"), f"Sure, {MASK} it is {MASK} you"),
        (("road", "lake"), f"Sure, it is you {MASK} {MASK}"),
    ):
        example = replace(seen, phrases=phrases, turns=(("you ?", "Sure, it is you"),), answers=("Sure, it is you",))
        lesson: Any = learner.batch([example])
        labels = lesson.words.labels[0]
        said = learner._words.tokenizer.decode(labels[labels >= 0].tolist(), skip_special_tokens=False)  # type: ignore
        assert said.split() == [*expected.split(), "</s>"] and lesson.counts["masks"] == 2


@pytest.mark.parametrize("place", RESUMED, indirect=True)
def test_run_that_was_stopped_goes_on_to_the_same_weights(place: Place, tmp_path: Path):
    straight = Run(recipe_of(place.course), place.data, tmp_path / "straight").train()
    last = len(recipe_of(place.course).stages)
    shutil.copytree(tmp_path / "straight", tmp_path / "again", ignore=shutil.ignore_patterns("checkpoint-10", "last"))
    for number in range(1, last):  # stages before the last had ended
        name = f"stage-{number}/checkpoint-10"
        shutil.copytree(tmp_path / "straight" / name, tmp_path / "again" / name)
    again = Run(recipe_of(place.course), place.data, tmp_path / "again", resume=True).train()
    assert again.steps == straight.steps and again.whole
    left, right = weights(straight.model), weights(again.model)
    assert left.keys() == right.keys() and all(torch.equal(right[name], tensor) for name, tensor in left.items())
    logged = [json.loads(line) for line in (tmp_path / "again" / "events.jsonl").read_text().splitlines()]
    steps = [event["step"] for event in logged if event["event"] == "step"]
    assert steps == [*range(1, straight.steps + 1), *range(straight.steps - 4, straight.steps + 1)]


TWO = """
import sys
from pathlib import Path

import rsvlm.models
from accelerate import PartialState
from rsvlm.trainer.recipe import load_recipe
from rsvlm.trainer.train import Run

for name in sys.argv[2:]:
    Run(load_recipe(Path(f"{name}.yaml"), []), Path(sys.argv[1]), Path(f"two/{name}")).train()
PartialState().wait_for_everyone()  # one that is left alone at the end may abort
PartialState().destroy_process_group()
"""


SHARED_OUT = {  # as accelerate launch says it with trainer/launch/fsdp2.yaml
    "ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2", "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
}  # fmt: skip


@pytest.mark.parametrize(
    ("names", "launch"),
    [(("rs_capret", "georsclip", "skyeyegpt"), {}), (("georsclip", "skyeyegpt", "rs_moe"), SHARED_OUT)],
    ids=["whole", "shared out"],
)
def test_two_processes_learn_what_one_does(
    names: tuple[str, ...], launch: dict[str, str], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Same batch, shared by two processes (gloo): the same losses within 1e-5, of partners among all pictures as well; also
    where each has only its share of the weights, over stages that put adapters in or begin anew.
    """
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    changes: dict[str, Any] = {"max_steps": 3, "gradient_accumulation_steps": 1, "bf16": False, "batch_size": 8}
    plain: dict[
        str, dict[str, Any]
    ] = {  # adapters have dropout, which each process draws for itself; balance is of a part
        "skyeyegpt": {"stages.0.train": ["connector"]},
        "rs_moe": {"stages.0.train": ["experts"], "stages.1.objectives": {"drafts": 1.0, "answer": 1.0}},
    }
    for name in names:
        course = COURSES[name]
        imported(tmp_path, SYSTEMS[course.system], name.replace("_", "-"))
        own = {"model.id": name.replace("_", "-"), **plain.get(name, {})}
        told = recipe_of(course, **changes, **own)
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(told.model_dump(mode="json")))
        Run(told, data, tmp_path / "one" / name).train()
    (tmp_path / "run.py").write_text(TWO)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--rdzv-backend=c10d"]
    command += ["--rdzv-endpoint=localhost:0", "run.py", str(data), *names]
    environment = {**os.environ, **launch, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    for name in names:
        one, two = (losses(tmp_path / count / name) for count in ("one", "two"))
        assert len(one) == len(two) == 3 * len(recipe_of(COURSES[name]).stages)
        for left, right in zip(one, two, strict=True):
            assert right == pytest.approx(left, abs=1e-5), name


def losses(run: Path) -> list[dict[str, float]]:
    """Of each step."""
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    wanted = ("language", "retrieval", "contrastive", "masks", "drafts", "answer")
    return [{name: line[name] for name in wanted if name in line} for line in lines if line["event"] == "step"]
