"""What lies in a folder is looked through before transformers reads it, read without the hub, and has to be whole."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.huggingface.files import load_huggingface, offline
from rsvlm.models.families.huggingface.predictor import load
from rsvlm.models.predictors.abilities import Question
from rsvlm.protocol import RsvlmError

EVERY = [
    "qwen3_vl",
    "qwen2_5_vl",
    "smolvlm",
    "florence2",
    "paligemma",
    "llava",
    "blip-2",
    "instructblip",
    "sam",
    "sam2",
]
every = pytest.mark.parametrize("name", EVERY)
CODE = {"AutoModel": "evil.Model", "AutoConfig": "evil.Config", "AutoProcessor": "evil.Processor"}
CARD_OF = Callable[[str], ModelCard]


def change(path: Path, **more: Any) -> None:
    path.write_text(json.dumps((json.loads(path.read_text()) if path.is_file() else {}) | more))


@every
@pytest.mark.parametrize("file", ["config.json", "preprocessor_config.json", "processor_config.json"])
def test_configuration_that_names_code_is_refused(name: str, file: str, card_of: CARD_OF):
    card = card_of(name)
    change(card.folder / file, auto_map=CODE)
    ran = card.folder / "ran"
    (card.folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')")
    with pytest.raises(RsvlmError, match="auto_map") as told:
        load(card, "cpu")
    assert told.value.code == "model_failed" and file in told.value.message and not ran.exists()


@every
def test_code_beside_the_weights_is_not_run(name: str, card_of: CARD_OF, views: list[np.ndarray]):
    card = card_of(name)
    ran = card.folder / "ran"
    (card.folder / "custom_generate").mkdir()
    for place in ("custom_generate/generate.py", "modeling.py", "processing.py", "__init__.py"):
        (card.folder / place).write_text(f"open({str(ran)!r}, 'w')\ndef generate(model, **k): raise SystemExit")
    load(card, "cpu").encode(views[:1])
    assert not ran.exists()


@every
def test_unknown_architecture_is_refused(name: str, card_of: CARD_OF):
    card = card_of(name)
    change(card.folder / "config.json", model_type="evil_vl")
    with pytest.raises(RsvlmError, match="does not know its architecture “evil_vl”"):
        load(card, "cpu")


def test_model_without_eyes_is_refused_in_words(card_of: CARD_OF):
    card = card_of("llava")
    change(card.folder / "config.json", model_type="llama")
    with pytest.raises(RsvlmError, match="does not answer about images: it is a “llama”"):
        load(card, "cpu")


@every
def test_nothing_is_asked_of_the_hub(name: str, card_of: CARD_OF, monkeypatch: pytest.MonkeyPatch):
    card = card_of(name)
    change(card.folder / "config.json", _name_or_path="someone/else")

    def refuse(*_: object) -> None:
        pytest.fail("something was asked of the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load(card, "cpu")


def test_hub_is_out_of_reach_only_meanwhile(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    before = constants.HF_HUB_OFFLINE
    with offline():
        import os

        assert constants.HF_HUB_OFFLINE and os.environ["HF_HUB_OFFLINE"] == "1"
    assert constants.HF_HUB_OFFLINE is before and "HF_HUB_OFFLINE" not in os.environ


@every
def test_weights_that_are_missing_are_told(name: str, card_of: CARD_OF):
    card = card_of(name)
    weights = load_file(card.folder / "model.safetensors")
    lost = next(key for key in sorted(weights) if "vis" in key)
    weights.pop(lost)
    save_file(weights, card.folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(RsvlmError, match="lacks 1 of its weights") as told:
        load(card, "cpu")
    assert lost.rsplit(".", 2)[-2] in told.value.message


def test_pickles_are_not_read(card_of: CARD_OF):
    card = card_of("llava")
    torch.save(load_file(card.folder / "model.safetensors"), card.folder / "pytorch_model.bin")
    (card.folder / "model.safetensors").unlink()
    with pytest.raises(RsvlmError, match="no weights as safetensors"):
        load(card, "cpu")


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "preprocessor_config.json"])
def test_broken_file_is_told_in_words(file: str, card_of: CARD_OF):
    card = card_of("blip-2")
    (card.folder / file).write_bytes(b"{broken")
    with pytest.raises(RsvlmError) as told:
        load(card, "cpu")
    assert told.value.code == "model_failed" and "blip-2" in told.value.message and "Error" not in told.value.message


def test_processor_may_not_name_a_model_to_load(card_of: CARD_OF, views: list[np.ndarray]):
    """transformers' own processors would load an “audio tokenizer” of any class from anywhere."""
    card = card_of("qwen3_vl")
    change(
        card.folder / "processor_config.json",
        audio_tokenizer={"audio_tokenizer_class": "LlamaForCausalLM", "audio_tokenizer_name_or_path": "/nowhere"},
    )
    model = load(card, "cpu")
    assert not hasattr(model._model.processor, "audio_tokenizer")


def test_chat_template_cannot_reach_python(card_of: CARD_OF, views: list[np.ndarray]):
    card = card_of("smolvlm")
    (card.folder / "chat_template.jinja").write_text("{{ ''.__class__.__mro__[1].__subclasses__() }}<image>")
    predictor = load(card, "cpu")
    with pytest.raises(RsvlmError, match="chat template") as told:
        predictor.ask(predictor.encode(views[:1]), [Question("how many?")])
    assert told.value.code == "model_failed"


def test_weights_in_several_files_are_one_model(card_of: CARD_OF, views: list[np.ndarray], tmp_path: Path):
    card = card_of("llava")
    whole = load_huggingface(card.folder)
    parts = tmp_path / "parts"
    shutil.copytree(card.folder, parts)
    (parts / "model.safetensors").unlink()
    whole.network.save_pretrained(parts, max_shard_size="20KB")
    assert len(list(parts.glob("model-*.safetensors"))) > 1
    again = load_huggingface(parts)
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, again.network.state_dict()[name]), name
