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
    assert recipe.name == "compact" and recipe.sources[0].split == "fit", "held pictures are not trained on"
    assert {source.split for source in recipe.sources} <= {"fit", "train"}


def test_overrides_are_typed_and_reach_inner_settings():
    recipe = load_recipe(
        COMPACT,
        [
            "steps=5",
            "learning_rate=2e-4",
            "objectives.scene=0.25",
            "sources.1.repeat=2",
            "pixels=[{start: 0, pixels: 64}]",
        ],
    )
    assert recipe.steps == 5 and recipe.learning_rate == 2e-4
    assert recipe.objectives.scene == 0.25 and recipe.objectives.caption == 1.0
    assert recipe.sources[1].repeat == 2.0 and recipe.sources[0].repeat == 1.0
    assert [(stage.start, stage.pixels) for stage in recipe.pixels] == [(0.0, 64)]


def test_recipe_survives_being_written_into_its_run(tmp_path: Path):
    recipe = load_recipe(COMPACT, ["steps=7"])
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe.model_dump(), sort_keys=False))
    assert load_recipe(path, []) == recipe


@pytest.mark.parametrize(
    ("override", "key", "meant"),
    [
        ("stps=5", "stps", "steps"),
        ("learnin_rate=1", "learnin_rate", "learning_rate"),
        ("objectives.contrastiv=1", "objectives.contrastiv", "contrastive"),
        ("sources.0.repeats=2", "sources.0.repeats", "repeat"),
    ],
)
def test_unknown_key_is_named_with_the_nearest_right_one(override: str, key: str, meant: str):
    error = refused(COMPACT, override)
    assert f"key {key} is wrong" in error.message and error.hint == f"Did you mean {meant}?"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("steps=many", "key steps is wrong"),
        ("sources=[]", "key sources is wrong"),
        ("objectives={caption: 1}", "key objectives.scene is wrong"),
        ("steps", "is no key=value"),
        ("steps=[", "The value of steps is no YAML"),
        ("steps.more=1", "no place for steps.more"),
        ("sources.9.repeat=2", "no place for sources.9.repeat"),
        ("sources.first=2", "no place for sources.first"),
        ("nothing.at.all=2", "no place for nothing.at.all"),
    ],
)
def test_wrong_value_is_told_in_words(override: str, words: str):
    assert words in refused(COMPACT, override).message


def test_missing_key_is_named(tmp_path: Path):
    settings = load_recipe(COMPACT, []).model_dump()
    del settings["batch"]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(settings))
    assert "key batch is wrong: field required" in refused(path).message


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
        load_recipe(COMPACT, []).steps = 3  # type: ignore[misc]
    assert set(Recipe.model_fields) == set(load_recipe(COMPACT, []).model_dump())
