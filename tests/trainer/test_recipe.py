"""A recipe is strict, and what is wrong in it is named together with what may have been meant."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.recipe import Recipe, load_recipe

COMPACT = Path("compact")


def refused(path: Path, *overrides: str) -> RsvlmError:
    with pytest.raises(RsvlmError) as caught:
        load_recipe(path, list(overrides))
    assert caught.value.exit_code == 2 and "\n" not in caught.value.message + caught.value.hint
    return caught.value


def test_shipped_recipe_is_found_by_its_name_and_by_its_path(root: Path):
    recipe = load_recipe(COMPACT, [])
    assert recipe == load_recipe(root / "trainer" / "recipes" / "compact.yaml", [])
    assert recipe.name == "compact" and recipe.data[0].split == "fit", "held pictures are not trained on"
    assert {source.split for source in recipe.data} <= {"fit", "train"}


def test_overrides_are_typed_and_reach_inner_settings():
    recipe = load_recipe(
        COMPACT,
        [
            "max_steps=5",
            "weight_decay=2e-4",
            "stages.0.objectives.class=0.25",
            "data.1.repeat=2",
            "pixels=[{start: 0, pixels: 64}]",
        ],
    )
    assert recipe.max_steps == 5 and recipe.weight_decay == 2e-4
    assert recipe.stages[0].objectives["class"] == 0.25 and recipe.stages[0].objectives["language"] == 1.0
    assert recipe.data[1].repeat == 2.0 and recipe.data[0].repeat == 1.0
    assert [(side.start, side.pixels) for side in recipe.pixels] == [(0.0, 64)]


def test_recipe_survives_being_written_into_its_run(tmp_path: Path):
    recipe = load_recipe(COMPACT, ["max_steps=7"])
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False))
    assert load_recipe(path, []) == recipe


@pytest.mark.parametrize(
    ("override", "key", "meant"),
    [
        ("max_stps=5", "max_stps", "max_steps"),
        ("stages.0.learnin_rate=1", "stages.0.learnin_rate", "learning_rate"),
        ("stages.0.adapters={rnk: 4, targets: [q]}", "stages.0.adapters.rnk", "rank"),
        ("data.0.repeats=2", "data.0.repeats", "repeat"),
    ],
)
def test_unknown_key_is_named_with_the_nearest_right_one(override: str, key: str, meant: str):
    error = refused(COMPACT, override)
    assert f"key {key} is wrong" in error.message and error.hint == f"Did you mean {meant}?"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("save_total_limit=0", "key save_total_limit is wrong"),
        ("max_steps=many", "key max_steps is wrong"),
        ("data=[]", "key data is wrong"),
        ("stages.0.objectives={}", "key stages.0.objectives is wrong"),
        ("max_steps", "is no key=value"),
        ("max_steps=[", "The value of max_steps is no YAML"),
        ("name.more=1", "no place for name.more"),
        ("data.9.repeat=2", "no place for data.9.repeat"),
        ("data.first=2", "no place for data.first"),
        ("model={id: compact, family: compact}", "key model is wrong"),
        ("nothing.at.all=2", "no place for nothing.at.all"),
    ],
)
def test_wrong_value_is_told_in_words(override: str, words: str):
    assert words in refused(COMPACT, override).message


def test_one_checkpoint_of_an_older_recipe_is_two():
    assert load_recipe(COMPACT, ["save_total_limit=1"]).save_total_limit == 2
    assert load_recipe(COMPACT, ["save_total_limit=3"]).save_total_limit == 3


def test_sides_of_pictures_are_in_order_and_hold_from_the_first_step_on():
    recipe = load_recipe(COMPACT, ["pixels=[{start: 0.6, pixels: 128}, {start: 0, pixels: 96}]"])
    assert [(side.start, side.pixels) for side in recipe.pixels] == [(0.0, 96), (0.6, 128)]
    told = refused(COMPACT, "pixels=[{start: 0.5, pixels: 128}]").message
    assert "key pixels is wrong" in told and "{start: 0, pixels: 96}" in told


def test_word_without_a_value_is_told_with_a_key_that_there_is():
    hint = refused(COMPACT, "max_steps").hint
    assert load_recipe(COMPACT, [hint.removeprefix("Write for example ").rstrip(".")]).max_steps == 100


def test_second_stage_of_skyeyegpt_goes_on_from_what_the_first_one_leaves():
    first, second = load_recipe(Path("skyeyegpt"), []), load_recipe(Path("skyeyegpt_chat"), [])
    assert first.id == second.model.id != first.model.id


def test_looks_are_the_same_where_a_run_is_cut_short():
    planned = load_recipe(COMPACT, ["validation={data: [{path: a.jsonl}]}"])
    assert planned.eval_steps == 425
    assert load_recipe(COMPACT, ["validation={data: [{path: a.jsonl}]}", "max_steps=10"]).eval_steps == 425


def test_missing_key_is_named(tmp_path: Path):
    settings = load_recipe(COMPACT, []).model_dump(mode="json")
    del settings["batch_size"]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(settings))
    assert "key batch_size is wrong: field required" in refused(path).message


@pytest.mark.parametrize("text", ["", "just words", "a: [", "- 1", "\x00"])
def test_file_without_settings_is_told(tmp_path: Path, text: str):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert "mine.yaml" in refused(path).message


def test_missing_file_is_not_mistaken_for_a_shipped_recipe(tmp_path: Path):
    assert refused(tmp_path / "compact.yaml").code == "not_found"
    assert refused(Path("nosuch")).message == "There is no recipe nosuch."
    (tmp_path / "folder").mkdir()
    assert refused(tmp_path / "folder").code == "not_found"


def test_recipe_cannot_be_changed_after_reading():
    with pytest.raises(ValueError, match="frozen"):
        load_recipe(COMPACT, []).max_steps = 3  # type: ignore[misc]
    assert set(Recipe.model_fields) == set(load_recipe(COMPACT, []).model_dump())


@pytest.mark.parametrize("change", ["rank", "alpha", "dropout", "targets", "within"])
def test_later_stage_with_other_adapters_is_refused(change: str):
    """A stage finds those of an earlier one, and would train these."""
    adapters = {"rank": 4, "alpha": 8, "dropout": 0.0, "targets": ["q_proj"], "within": []}
    other = {"rank": 8, "alpha": 9, "dropout": 0.1, "targets": ["v_proj"], "within": ["language"]}[change]
    stage = {"max_steps": 1, "objectives": {"language": 1.0}, "learning_rate": 1.0}
    stages = [{**stage, "adapters": adapters}, stage, {**stage, "adapters": {**adapters, change: other}}]
    told = refused(COMPACT, f"stages={yaml.safe_dump(stages, default_flow_style=True)}").message
    assert "key stages is wrong" in told and "stage 3 has other adapters than stage 1" in told
    stages[2]["adapters"] = adapters
    assert (
        load_recipe(COMPACT, [f"stages={yaml.safe_dump(stages, default_flow_style=True)}"]).stages[1].adapters is None
    )
