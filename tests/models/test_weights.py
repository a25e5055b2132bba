"""Weights on disk: what was saved is what is loaded, and what is broken is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from tokenizers import Tokenizer

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.words import SPECIAL_TOKENS
from rsvlm.models.parts.tokenizer import train_tokenizer
from rsvlm.models.weights import load_compact, save_compact
from rsvlm.protocol import RsvlmError

SMALL = CompactConfig(
    stem=8, widths=(8, 8, 16), depths=(1, 1, 1), token_width=16, token_depth=1, heads=2, vocabulary=400,
    language_width=16, language_depth=1, language_mlp=32, embedding=8, scenes=("forest", "river"),
)  # fmt: skip


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Compact, Tokenizer]:
    torch.manual_seed(1)
    model, tokenizer = Compact(SMALL).eval(), train_tokenizer(["a river"], 400, SPECIAL_TOKENS)
    with torch.no_grad():
        model.encoder.trunk.stem[0][1].running_mean.uniform_()
    save_compact(tmp_path / "model", model, tokenizer)
    return tmp_path / "model", model, tokenizer


def test_model_comes_back_in_half_precision(saved: tuple[Path, Compact, Tokenizer]):
    folder, model, tokenizer = saved
    loaded, words = load_compact(folder)
    assert loaded.config == SMALL and not loaded.training
    assert words.to_str() == tokenizer.to_str()
    before, after = model.state_dict(), loaded.state_dict()
    assert list(before) == list(after)
    for name, tensor in before.items():
        expected = tensor.half().float() if tensor.is_floating_point() else tensor
        assert torch.equal(after[name], expected), name
    assert loaded.language.lm_head.weight is loaded.language.get_input_embeddings().weight


def test_file_holds_float16_tensors_and_no_tensor_twice(saved: tuple[Path, Compact, Tokenizer]):
    folder, model, _ = saved
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    with safe_open(folder / "model.safetensors", "np") as file:
        names = set(file.keys())
        kinds = {file.get_tensor(name).dtype for name in names}
    assert kinds == {np.dtype(np.float16), np.dtype(np.int64)}  # counters of the batch normalisation are whole numbers
    assert set(model.state_dict()) - names == {"language.lm_head.weight"}


def test_saving_again_replaces_the_files(saved: tuple[Path, Compact, Tokenizer]):
    folder, model, tokenizer = saved
    with torch.no_grad():
        model.scene_head.bias.fill_(0.5)
    save_compact(folder, model, tokenizer)
    assert (load_compact(folder)[0].scene_head.bias == 0.5).all()
    assert not list(folder.glob("*.part"))


def test_bundled_weights_are_what_the_card_says(bundled: tuple[Compact, Tokenizer]):
    card = get_card(None)
    assert card.verify()
    assert card.size_bytes == sum((card.folder / file.name).stat().st_size for file in card.source.files)
    assert bundled[0].config.vocabulary >= bundled[1].get_vocab_size() > 1000


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_missing_file_is_told(saved: tuple[Path, Compact, Tokenizer], missing: str):
    (saved[0] / missing).unlink()
    with pytest.raises(RsvlmError, match=r"of the model model (is|are) missing or broken") as caught:
        load_compact(saved[0])
    assert caught.value.code == "model_failed" and caught.value.hint == "Install it again."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b'{"stem": "wide"}'),
        ("model.safetensors", b"1" * 60),
        ("model.safetensors", b""),
        ("tokenizer.json", b"nonsense"),
        ("tokenizer.json", b"{}"),
    ],
)
def test_broken_file_is_told(saved: tuple[Path, Compact, Tokenizer], name: str, content: bytes):
    (saved[0] / name).write_bytes(content)
    with pytest.raises(RsvlmError) as caught:
        load_compact(saved[0])
    assert caught.value.code == "model_failed" and caught.value.message.endswith(".")


def test_truncated_weights_are_told(saved: tuple[Path, Compact, Tokenizer]):
    weights = saved[0] / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(RsvlmError, match="files of the model large are missing or broken") as caught:
        load_compact(saved[0], "large", "Get it again.")
    assert (caught.value.code, caught.value.hint) == ("model_failed", "Get it again.")
    assert str(saved[0]) not in caught.value.message


@pytest.mark.parametrize(
    ("old", "new"), [('"language_mlp": 32', '"language_mlp": 48'), ('"depths": [\n  1,', '"depths": [\n  2,')]
)
def test_weights_of_another_shape_are_told(saved: tuple[Path, Compact, Tokenizer], old: str, new: str):
    config = saved[0] / "config.json"
    assert old in config.read_text()
    config.write_text(config.read_text().replace(old, new))
    with pytest.raises(RsvlmError, match="weights of the model model do not fit") as caught:
        load_compact(saved[0])
    assert caught.value.code == "model_failed"


@pytest.mark.parametrize("key", ["auto_map", "trust_remote_code", "_attn_implementation_internal"])
def test_configuration_that_names_code_is_refused(saved: tuple[Path, Compact, Tokenizer], key: str):
    config = saved[0] / "config.json"
    config.write_text(config.read_text().replace("{", f'{{"{key}": true,', 1))
    with pytest.raises(RsvlmError, match=f"refused: config.json holds “{key}”") as caught:
        load_compact(saved[0])
    assert caught.value.code == "model_failed"


def test_copy_of_the_bundled_folder_works_elsewhere(tmp_path: Path, bundled: tuple[Compact, Tokenizer]):
    shutil.copytree(get_card(None).folder, tmp_path / "copy")
    assert torch.equal(load_compact(tmp_path / "copy")[0].scene_head.weight, bundled[0].scene_head.weight)
