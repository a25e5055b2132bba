"""Model cards are strict data: nothing unknown in them, and weights that are those they speak of."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rsvlm.models import cards
from rsvlm.models.cards import ModelCard, card_problems, get_card, load_cards, valid_id
from rsvlm.models.folders import models_folder
from rsvlm.models.load import load_model, pick_device
from rsvlm.models.pool import Models
from rsvlm.models.weights import load_compact
from rsvlm.protocol import STYLES, RsvlmError
from rsvlm.tasks import TASKS

TEXT = (cards.RESOURCES / "compact.toml").read_text("utf-8")


@pytest.fixture
def own_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of cards instead of the installed one; weights beside them."""
    monkeypatch.setattr(cards, "RESOURCES", tmp_path)
    return tmp_path


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """added("mine", replacements...) writes the card of a model that the user added, and returns its path."""
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))

    def add(folder: str, *replacements: tuple[str, str]) -> Path:
        text = TEXT.replace('path = "compact"\n', "").replace('id = "compact"', f'id = "{folder}"')
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = tmp_path / "models" / folder / "card.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return add


def test_bundled_card_says_what_is_needed_to_use_it():
    card = get_card(None)
    assert card.id == "compact" and card == get_card("default") == get_card("compact")
    assert "describe" in card.tasks and set(card.tasks) <= {*TASKS, "change_ask", "change_masks"}
    assert card.installed and card.verify() and card.revision == card.source.files[0].sha256[:12]
    assert [file.name for file in card.source.files] == ["model.safetensors", "config.json", "tokenizer.json"]
    assert not card.source.downloadable and not card.source.accept_licence
    low, high = card.input.gsd_range_m
    assert 0 < low < high < 100 and card.input.pixels % 32 == 0
    assert 0 < card.calibration.unsure_below < 1 and card.calibration.scene_temperature > 0
    assert 0 < card.calibration.familiar_from < 1
    assert len(STYLES) == 3 and card.licence and card.terms and card.trained_on


def test_every_scene_of_the_model_has_a_phrase():
    card = get_card(None)
    scenes = load_compact(card.folder)[0].config.scenes
    assert len(scenes) > 30 and set(scenes) <= set(card.scenes)
    for phrase in card.scenes.values():
        assert phrase and phrase == phrase.strip() and not phrase.endswith(".") and phrase[0].islower()


def test_unknown_model_lists_those_that_there_are():
    with pytest.raises(RsvlmError, match="no model called “gpt”") as caught:
        get_card("gpt")
    assert caught.value.code == "unknown_model" and caught.value.exit_code == 2
    assert "compact" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('id = "compact"', 'id = "compact"\ncolour = "red"', "look at “colour”"),
        ('id = "compact"', 'id = "../compact"', "look at “id”"),
        ("[input]", "[input]\ncolour = 1", "look at “input.colour”"),
        ('family = "compact"', "", "look at “family”"),
        ("pixels = 128", 'pixels = "many"', "look at “input.pixels”"),
        ('name = "config.json"', 'name = "../config.json"', "look at “source.files.1.name”"),
        ('name = "config.json"', 'name = "/etc/config.json"', "look at “source.files.1.name”"),
        ('name = "config.json"', 'name = "model.bin"', "look at “source.files.1.name”"),
        ('name = "config.json"', 'name = "modeling.py"', "look at “source.files.1.name”"),
        ('name = "config.json"', 'name = "tokenizer.json"', "look at “source”"),
        ('name = "model.safetensors"', 'name = "model.json"', "look at “source”"),
        ('path = "compact"', 'repository = "a/b"', "look at “source”"),
        ('path = "compact"', 'repository = "a/b"\nrevision = "main"', "look at “source.revision”"),
        ('path = "compact"', f'path = "compact"\nrepository = "a/b"\nrevision = "{"0" * 40}"', "look at “source”"),
        ('name = "config.json"', 'url = "http://example.org/c"\nname = "config.json"', "look at “source.files.1.url”"),
        ("[input]", "[input", "cannot be read"),
    ],
)
def test_card_with_a_wrong_place_is_refused_by_name(own_cards: Path, old: str, new: str, place: str):
    assert old in TEXT
    (own_cards / "mine.toml").write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(RsvlmError, match=r"mine\.toml cannot be read") as caught:
        load_cards()
    assert caught.value.code == "model_failed" and place in caught.value.message and "\n" not in caught.value.message


def test_card_in_another_encoding_is_refused_by_name(own_cards: Path):
    (own_cards / "mine.toml").write_bytes(b'id = "caf\xe9"')
    with pytest.raises(RsvlmError, match=r"mine\.toml cannot be read"):
        load_cards()


def test_altered_weights_are_refused(own_cards: Path):
    shutil.copytree(get_card_folder(), own_cards / "compact")
    (own_cards / "compact.toml").write_text(TEXT, "utf-8")
    card = load_cards()["compact"]
    assert card.verify()
    weights = own_cards / "compact" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert card.installed and not card.verify()
    assert card.altered() == ("model.safetensors",)
    with pytest.raises(RsvlmError, match="weights of compact are missing or altered") as caught:
        load_model(card, "cpu")
    assert caught.value.code == "model_failed" and caught.value.exit_code == 3
    assert caught.value.hint == "Install rsvlm again."
    weights.unlink()
    assert not card.installed and not card.verify()
    with pytest.raises(RsvlmError, match="missing or altered"):
        Models("cpu").get("compact")


def get_card_folder() -> Path:
    return Path(cards.__file__).resolve().parents[1] / "resources" / "models" / "compact"


def test_unknown_family_is_refused(own_cards: Path):
    (own_cards / "mine.toml").write_text(TEXT.replace('family = "compact"', 'family = "huge"'), "utf-8")
    with pytest.raises(RsvlmError, match="family “huge”") as caught:
        load_model(load_cards()["compact"])
    assert caught.value.code == "unknown_model"


def test_added_card_is_found_at_once_and_gone_at_once(added: Callable[..., Path]):
    assert list(load_cards()) == ["compact"] and card_problems() == ()
    path = added("mine", ('title = "compact (bundled)"', 'title = "Mine"'))
    assert list(load_cards()) == ["compact", "mine"] and get_card("mine").title == "Mine"
    path.write_text(path.read_text("utf-8").replace('"Mine"', '"Still mine"'), "utf-8")
    assert get_card("mine").title == "Still mine"
    path.unlink()
    assert list(load_cards()) == ["compact"]


def test_files_of_an_added_model_lie_beside_its_card(added: Callable[..., Path]):
    folder = added("mine").parent
    card = get_card("mine")
    assert card.folder == folder and not card.installed and not card.verify()
    shutil.copytree(get_card(None).folder, folder, dirs_exist_ok=True)
    assert card.installed and card.verify() and load_model(card, "cpu").card is card
    (folder / "tokenizer.json").write_text("{}")
    assert card.installed and card.altered() == ("tokenizer.json",)
    with pytest.raises(RsvlmError, match="weights of mine are missing or altered") as caught:
        load_model(card, "cpu")
    assert caught.value.hint == "Run “rsvlm models remove mine” and import it again."


def test_added_model_without_scenes_or_calibration_is_cautious(added: Callable[..., Path]):
    path = added("mine")
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("[calibration]")], "utf-8")
    card = get_card("mine")
    assert card.scenes == {} and card.groups == {} and card.figures == ()
    assert card.calibration.scene_temperature == 1 and card.calibration.unsure_below == 1, "every class is a guess"


@pytest.mark.parametrize(
    ("folder", "replacements", "told"),
    [
        ("mine", [("[input]", "[input")], "The model card mine/card.toml cannot be read"),
        ("mine", [('id = "mine"', 'id = "other"')], "mine/card.toml is of “other”, unlike its folder"),
        ("mine", [("[source]", '[source]\npath = "compact"')], "mine/card.toml says that its files ship with rsvlm"),
        ("compact", [], "compact/card.toml takes the name of a model that ships with rsvlm"),
    ],
)
def test_broken_card_of_the_user_is_told_and_stops_no_other(
    added: Callable[..., Path], folder, replacements, told: str
):
    added(folder, *replacements)
    added("sound")
    assert set(load_cards()) == {"compact", "sound"}
    assert load_cards()["compact"].source.path == "compact"
    (problem,) = card_problems()
    assert told in problem and problem.endswith("Mend it, or remove its folder.") and "\n" not in problem


def test_card_in_a_hidden_folder_is_no_model(added: Callable[..., Path]):
    path = added("mine")
    path.parent.rename(path.parent.with_name(".mine"))
    assert list(load_cards()) == ["compact"] and card_problems() == ()


def test_model_of_the_hub_knows_where_it_will_lie_and_its_revision(added: Callable[..., Path], tmp_path: Path):
    added("mine", ("[source]", f'[source]\nrepository = "someone/mine"\nrevision = "{"ab" * 20}"'))
    card = get_card("mine")
    assert card.source.downloadable and card.revision == "ab" * 6
    assert card.folder == tmp_path / "models" / "mine" and card.mend == "Run “rsvlm models download mine”."


def test_revision_is_that_of_the_weights_and_not_of_a_sam_beside_them():
    card = get_card(None)
    sam = cards.File(name="masks/model.safetensors", sha256="1" * 64, size_bytes=1)
    beside = card.model_copy(update={"source": card.source.model_copy(update={"files": (sam, *card.source.files)})})
    assert beside.revision == card.revision != "1" * 12


def test_models_lie_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    monkeypatch.delenv("RSVLM_MODELS", raising=False)
    assert models_folder() == tmp_path / "models"
    monkeypatch.setenv("RSVLM_MODELS", "~/models")
    assert models_folder() == Path.home() / "models"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RSVLM_MODELS", "here")
    assert models_folder() == tmp_path / "here"


@pytest.mark.parametrize("name", ["compact", "geo-clip.b32", "a", "x1_y2", "console", "defaults"])
def test_name_of_a_model_is_a_name_of_a_folder_on_every_system(name: str):
    assert valid_id(name)


@pytest.mark.parametrize(
    "name", ["", "A", "a b", "../a", "a/b", ".a", "a.", "a..b", "con", "nul.x", "com1", "default", "a\n", "é", "a" * 65]
)
def test_name_that_is_no_folder_on_some_system_is_none_of_a_model(name: str):
    assert not valid_id(name)


def test_card_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        get_card(None).id = "other"  # type: ignore[misc]
    assert isinstance(get_card(None), ModelCard)


def test_devices_that_are_not_there_are_refused_in_words():
    assert pick_device("cpu") == "cpu" and pick_device("auto") in ("cpu", "cuda")
    with pytest.raises(RsvlmError, match="no device “tpu”") as caught:
        pick_device("tpu")
    assert caught.value.code == "bad_request" and "cuda" in caught.value.hint
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(RsvlmError, match="No CUDA device") as caught:
            pick_device("cuda")
        assert caught.value.code == "unavailable"


def test_model_is_loaded_once():
    models = Models("cpu")
    assert models.get(None) is models.get("compact") is models.get("default")
    assert models.device == "cpu"


def test_cards_are_read_without_torch(root: Path):
    script = (
        "import sys; from rsvlm.models.cards import get_card; import rsvlm.tasks.preview, rsvlm.models.pool;"
        "print(get_card(None).id, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["compact", "False"]
