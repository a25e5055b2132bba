"""Model cards are strict data: nothing unknown in them, and weights that are those they speak of."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rsvlm.models import cards
from rsvlm.models.cards import ModelCard, get_card, load_cards
from rsvlm.models.load import load_model, pick_device
from rsvlm.models.pool import Models
from rsvlm.models.weights import load_compact
from rsvlm.protocol import STYLES, RsvlmError
from rsvlm.tasks import TASKS

TEXT = (cards.RESOURCES / "compact.toml").read_text("utf-8")


@pytest.fixture
def own_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder of cards instead of the installed one; weights beside them."""
    monkeypatch.setattr(cards, "RESOURCES", tmp_path)
    load_cards.cache_clear()
    yield tmp_path
    load_cards.cache_clear()


def test_bundled_card_says_what_is_needed_to_use_it():
    card = get_card(None)
    assert card.id == "compact" and card == get_card("default") == get_card("compact")
    assert "describe" in card.tasks and set(card.tasks) <= set(TASKS)
    assert card.installed and card.verify() and card.revision == card.sha256[:12]
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
    ("old", "new"),
    [
        ('id = "compact"', 'id = "compact"\ncolour = "red"'),
        ("[input]", "[input]\ncolour = 1"),
        ('family = "compact"', ""),
        ("pixels = 128", 'pixels = "many"'),
        ("[input]", "[input"),
    ],
)
def test_card_with_an_unknown_missing_or_wrong_key_is_refused_by_name(own_cards: Path, old: str, new: str):
    assert old in TEXT
    (own_cards / "mine.toml").write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(RsvlmError, match=r"mine\.toml cannot be read") as caught:
        load_cards()
    assert caught.value.code == "model_failed" and "\n" not in caught.value.message


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
    with pytest.raises(RsvlmError, match="missing or altered") as caught:
        load_model(card, "cpu")
    assert caught.value.code == "model_failed" and caught.value.exit_code == 3
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
