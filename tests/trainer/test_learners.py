"""Models of transformers learn by their recipes; examples are put in the words of a model's card."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tomlkit
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers.modeling_layers import GradientCheckpointingLayer

from rsvlm.models.boxes import CONVENTIONS, read
from rsvlm.models.cards import ModelCard, files_in, get_card
from rsvlm.models.families.huggingface import predictor
from rsvlm.models.families.huggingface.learner import learn
from rsvlm.models.families.huggingface.words import card_fields
from rsvlm.models.learning import Example, Learner, Lesson
from rsvlm.models.predictors.abilities import Question
from rsvlm.models.prompts import put
from rsvlm.models.wording import boxed, worded
from rsvlm.protocol import RsvlmError
from rsvlm.protocol.record import TASKS
from rsvlm.trainer import formats
from rsvlm.trainer.dry_run import dry_run
from rsvlm.trainer.examples import Examples
from rsvlm.trainer.losses import Losses
from rsvlm.trainer.parts import to_training
from rsvlm.trainer.recipe import Recipe, load_recipe
from rsvlm.trainer.train import Run

RECIPES = {
    "qwen2_5_vl": "qwen2_5_vl", "smolvlm": "smolvlm", "paligemma": "paligemma", "florence2": "florence2", "llava": "llava",
    "qwen3_vl": "rs_rag", "blip-2": "llava",
}  # fmt: skip
TEXTS = ("two ships on the water", "a long bridge", "dense houses beside a road", "a lake near the airport")


def tiny() -> ModuleType:
    """The builders of tests/models/huggingface."""
    path = Path(__file__).parents[1] / "models" / "huggingface" / "tiny.py"
    spec = importlib.util.spec_from_file_location("tiny_of_learners", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures of two sizes, each with a question and its answer."""
    folder, generator, lines = tmp_path_factory.mktemp("data"), np.random.default_rng(2), []
    for number in range(6):
        pixels = generator.integers(0, 255, (40 + 24 * (number % 2), 64, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        messages = [
            {"role": "user", "content": "what is shown?"},
            {"role": "assistant", "content": TEXTS[number % 4]},
        ]
        images = [{"href": str(folder / f"{number}.png")}]
        row = {"id": str(number), "task": "vqa", "split": "train", "images": images, "messages": messages}
        lines.append(json.dumps(row))
    (folder / "records.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module", params=RECIPES)
def card(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelCard]:
    """Of a small model called "mine"."""
    name, home = request.param, tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    (home / "mine").mkdir()
    tiny().BUILDERS[name](home / "mine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RSVLM_MODELS", str(home))
        patch.setattr(predictor, "LONGEST", 8)
        add_card(home / "mine", name)
        yield get_card("mine")


def add_card(folder: Path, architecture: str) -> None:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    files = [file.model_dump(exclude_none=True) for file in files_in(folder, tuple(names))]
    content = {
        "id": folder.name, "family": "huggingface", "title": architecture, "licence": "none", "terms": "none",
        "memory_bytes": 1, "trained_on": ["nothing"], **card_fields(architecture, 32), "source": {"files": files},
    }  # fmt: skip
    (folder / "card.toml").write_text(tomlkit.dumps(content))


def recipe_of(name: str, **changes: Any) -> Recipe:
    overrides = {
        "model.id": "mine", "data": [{"format": "records", "path": "records.jsonl"}], "batch_size": 2, "max_steps": 10,
        "save_steps": 5, "workers": 0, "stages.0.learning_rate": 3e-3,
        "stages.0.warmup_steps": 0, **changes,
    }  # fmt: skip
    return load_recipe(Path(name), [f"{key}={json.dumps(value)}" for key, value in overrides.items()])


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def loss_of(learner: Learner, lesson: Lesson) -> float:
    learner.network.eval()
    with torch.no_grad():
        return learner.losses(lesson, ("language",))["language"].item()


def test_recipe_trains_what_it_says_and_what_it_leaves_answers(card: ModelCard, data: Path, tmp_path: Path):
    name = RECIPES[card.title]
    recipe = recipe_of(name)
    assert dry_run(recipe, data)["steps"] == 10
    run = Run(recipe, data, tmp_path / "run")
    lesson = run.learner.batch([run.examples.at(place) for place in range(2)])
    losses = [loss_of(run.learner, lesson)]
    model = run.train().model
    losses.append(loss_of(run.learner, lesson))
    assert losses[1] < losses[0]

    begun, now = weights(card.folder), weights(model)
    assert begun.keys() == now.keys(), "adapters are joined with the weights"
    changed = {key for key in now if not torch.equal(now[key], begun[key])}
    told = recipe.stages[0]
    if told.adapters:
        own = {key for key in changed if key.rpartition(".weight")[0].endswith(told.adapters.targets)}
        assert own and not any("visual" in key or "vision" in key for key in own), "within the language model alone"
        assert changed == own or told.train
    if told.train != ("all",):
        assert not any("vision_tower" in key or "visual.blocks" in key or "vision_model" in key for key in changed)
    assert changed

    kept = card.folder.parent / "again"
    shutil.copytree(model, kept)
    try:
        add_card(kept, card.title)
        replies = []
        for one in (card, get_card("again")):
            speaker = predictor.load(one, "cpu")
            pictures = speaker.encode([np.full((64, 64, 3), 90, np.uint8)])
            replies.append(speaker.ask(pictures, [Question(put(one, "vqa", "what is shown?"))])[0].text)
    finally:
        shutil.rmtree(kept)
    print(f"{card.title}: loss {losses[0]:.3f} -> {losses[1]:.3f}; {replies[0]!r} -> {replies[1]!r}")
    assert replies[0] != replies[1]


def test_halves_of_a_batch_join_to_the_whole_and_sizes_are_looked_at_once(card: ModelCard, data: Path):
    learner = learn(card)
    examples = Examples.of(recipe_of("llava").data, data, data, 0)
    seen = [examples.at(place) for place in range(5)]
    whole, halves = learner.batch(seen), [learner.batch(seen[:3]), learner.batch(seen[3:])]
    with torch.no_grad():
        expected = learner.losses(whole, ("language",))["language"].item()
        joined = sum(
            half.counts["language"] * learner.losses(half, ("language",))["language"].item() for half in halves
        )
    assert whole.counts["language"] == sum(half.counts["language"] for half in halves)
    assert joined / whole.counts["language"] == pytest.approx(expected, abs=1e-5)

    counted = []
    for example in seen:
        counted.append(learner.tokens(example))
        ids, labels = (learner.batch([example]).inputs[name].shape[1] for name in ("input_ids", "labels"))
        assert counted[-1] == pytest.approx(max(ids, labels), abs=2)
    read = []
    learner._read = lambda *args, **options: read.append(args)  # type: ignore[method-assign]
    assert [learner.tokens(example) for example in seen] == counted and read == []


def test_answer_alone_is_learnt(card: ModelCard, data: Path):
    learner = learn(card)
    example = Examples.of(recipe_of("llava").data, data, data, 0).at(0)
    labels = learner.batch([example]).inputs["labels"][0]
    told = learner._tokenizer.decode(labels[labels >= 0], skip_special_tokens=False)
    assert told.replace(learner._tokenizer.eos_token, "").strip() == example.turns[-1][1]
    assert learner._tokenizer.eos_token in told


PICTURE = np.zeros((100, 200, 3), np.uint8)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_boxes_are_told_as_they_are_read(convention: str):
    boxes = np.array([[20.0, 10.0, 100.0, 50.0], [100.0, 0.0, 200.0, 100.0]])
    example = Example("e", "ground", (PICTURE,), phrases=("a lake", "a road"), boxes=boxes)
    found = read(boxed(example, convention), convention, 200, 100).boxes
    np.testing.assert_allclose([[box.x0, box.y0, box.x1, box.y1] for box in found], boxes, atol=1)


def test_example_is_asked_as_its_card_asks():
    prompts = {"vqa": "[vqa] Answer: {text}", "refer": "[refer] where is {text}?", "caption": "[caption] Describe it."}
    mine = get_card(None).model_copy(update={"prompts": prompts, "boxes": "percent"})
    example = Example("e", "vqa", (PICTURE,), (("a", "b"), ("how many?", "two")), ("two",))
    assert worded(example, mine).turns == (("a", "b"), ("[vqa] Answer: how many?", "two"))
    told = Example("e", "caption", (PICTURE,), (("Describe the image.", "a lake"),), ("a lake",))
    assert worded(told, mine).turns == (("[caption] Describe it.", "a lake"),)
    asked = Example("e", "ground", (PICTURE,), (("where is the lake?", "{<1><2><3><4>}"),), ("{<1><2><3><4>}",))
    assert worded(asked, mine).turns[0][0] == "[refer] where is the lake?"
    other = replace(asked, turns=(("point at all lakes", "{<1><2><3><4>}"),))
    assert worded(other, mine).turns[0][0] == "[refer] point at all lakes", (
        "no phrase, so it is not put into the sentence"
    )
    found = Example("e", "ground", (PICTURE,), phrases=("lake",), boxes=np.array([[20.0, 10.0, 100.0, 50.0]]))
    assert worded(found, mine).turns == (("[refer] where is lake?", "{<10><10><50><50>}"),)
    with pytest.raises(RsvlmError, match="no answer that the model"):
        worded(found, mine.model_copy(update={"boxes": None}))


SHIPPED = sorted(path.stem for path in (Path(__file__).parents[2] / "trainer" / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_recipe_reads_formats_that_there_are_and_is_told_in_the_docs(name: str, root: Path):
    recipe = load_recipe(Path(name), [])
    for source in (*recipe.data, *(recipe.validation.data if recipe.validation else ())):
        assert formats.find(source.format) and set(source.tasks) <= set(TASKS)
    trained = []
    for stage in recipe.stages:
        adapters = [f"LoRA {stage.adapters.rank}"] if stage.adapters else []
        trained.append(", ".join([*stage.train, *adapters]))
    rates = "; ".join(dict.fromkeys(f"{stage.learning_rate:g}" for stage in recipe.stages))
    steps = " + ".join(f"{stage.max_steps:,}" for stage in recipe.stages)
    weighed = (sorted(f"{loss} {weight:g}" for loss, weight in stage.objectives.items()) for stage in recipe.stages)
    losses = "; ".join(dict.fromkeys(map(", ".join, weighed)))
    row = f"| `{name}` | {'; '.join(trained)} | {losses} | {rates} | {recipe.batch_size} | {steps} |"
    assert row in (root / "docs" / "training.md").read_text()


def count(calls: Counter[torch.nn.Module], layer: torch.nn.Module, given: object) -> None:
    calls[layer] += 1


def test_kept_activations_that_are_computed_again_give_the_same_gradients(card: ModelCard, data: Path, tmp_path: Path):
    """gradient_checkpointing: true. Layers that are trained run twice in a step, and the run that asks for it has them do so."""
    found = []
    for again in (False, True):
        run = Run(
            recipe_of(RECIPES[card.title], gradient_checkpointing=again, max_steps=1), data, tmp_path / str(again)
        )
        torch.manual_seed(1)
        run.parts.set_up(run.recipe.stages[0])
        losses = Losses(run.learner, ["language"])
        if again:
            losses.activation_checkpointing_enable()
        to_training(run.learner.network)
        layers = [
            layer
            for layer in run.learner.network.modules()
            if isinstance(layer, GradientCheckpointingLayer)
            and any(weight.requires_grad for weight in layer.parameters())
        ]
        assert layers
        calls: Counter[torch.nn.Module] = Counter()
        for layer in layers:
            inside = next(part for part in layer.modules() if not list(part.children()) and list(part.parameters()))
            inside.register_forward_pre_hook(partial(count, calls))
        torch.manual_seed(2)
        loss = losses(run.learner.batch([run.examples.at(place) for place in range(2)]))["language"]
        loss.backward()
        assert len(calls) == len(layers) and set(calls.values()) == {1 + again}
        named = run.learner.network.named_parameters()
        found.append(
            {"loss": loss.detach(), **{name: weight.grad for name, weight in named if weight.grad is not None}}
        )
        run.learner.network.zero_grad()
        for layer in layers:
            layer.gradient_checkpointing = False
        calls.clear()
        run.train()
        assert set(calls.values()) == {1 + again}, "the recipe's word reaches the network"
    assert found[0].keys() == found[1].keys() and len(found[0]) > 1
    for name, gradient in found[0].items():
        torch.testing.assert_close(found[1][name], gradient, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("card", ["smolvlm", "paligemma"], indirect=True)
def test_model_is_saved_as_exactly_as_it_was_released(card: ModelCard, data: Path, tmp_path: Path):
    """In half the bytes, where that was all; tied weights stay one."""
    folder = card.folder.parent / "half"
    shutil.copytree(card.folder, folder, ignore=shutil.ignore_patterns("card.toml"))
    try:
        state = {name: tensor.to(torch.bfloat16) for name, tensor in weights(folder).items()}
        save_file(state, folder / "model.safetensors", {"format": "pt"})
        add_card(folder, card.title)
        learner = learn(get_card("half"))
        with torch.no_grad():
            for weight in learner.network.parameters():
                weight.mul_(1 + 2**-12)  # less than bfloat16 tells apart
        learner.save(tmp_path / "saved")
        assert next(learner.network.parameters()).dtype == torch.float32
        with torch.no_grad():
            for weight in learner.network.parameters():
                weight.mul_(2)
        learner.save(tmp_path / "learnt")
    finally:
        shutil.rmtree(folder)
    saved = weights(tmp_path / "saved")
    assert saved.keys() == state.keys()
    for name, tensor in state.items():
        assert saved[name].dtype == torch.bfloat16 and torch.equal(saved[name], tensor), name
    learnt = weights(tmp_path / "learnt")
    assert all(torch.equal(learnt[name], 2 * tensor) for name, tensor in state.items()), "what is learnt is saved"
