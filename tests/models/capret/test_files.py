"""Models on disk: saved and loaded again, and brought in as FROMAGe releases them, with what is missing told."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, pre_tokenizers
from torch import Tensor

from rsvlm.models.families.capret.files import (
    convert_capret,
    load_capret,
    load_trained,
    save_capret,
    save_trained,
    words_of,
)
from rsvlm.models.families.capret.keys import official
from rsvlm.models.families.capret.network import CapRet, CapRetConfig, trained
from rsvlm.models.families.capret.words import RET, Words
from rsvlm.models.importing import Report
from rsvlm.protocol import RsvlmError

OPT: dict[str, Any] = {
    "model_type": "opt", "hidden_size": 24, "word_embed_proj_dim": 16, "ffn_dim": 32, "num_hidden_layers": 2,
    "num_attention_heads": 2, "max_position_embeddings": 64, "dropout": 0.0, "pad_token_id": 1, "bos_token_id": 2,
    "eos_token_id": 2,
}  # fmt: skip


def answer(model: CapRet, words: Words, pictures: Tensor) -> list[list[int]]:
    batch = words.questions(["describe", "what is here ?"])
    return model.generate(model.look(pictures[:2]), batch, 6).ids.tolist()


def kept(model: CapRet) -> dict[str, Tensor]:
    """What a release holds, under its keys."""
    return official({key: tensor for key, tensor in model.state_dict().items() if trained(key)})


def parts(model: CapRet, rows: int) -> dict[str, Tensor]:
    """What CLIP and the language model hold, as they are read from folders of these names; without the added words."""
    state = {key: tensor for key, tensor in model.state_dict().items() if not trained(key)}
    state = {key.replace("visual_model.", "visual_model.vision_model.", 1): tensor for key, tensor in state.items()}
    tables = {
        key: tensor[:rows] for key, tensor in state.items() if key.endswith(("embed_tokens.weight", "lm_head.weight"))
    }
    clip = {
        "visual_model.text_model.final_layer_norm.bias": torch.zeros(2),
        "visual_model.logit_scale": torch.zeros([]),
    }
    return state | tables | clip


@pytest.fixture
def bytes_tokenizer(tmp_path: Path) -> Path:
    """vocab.json and merges.txt, as OPT has them."""
    folder = tmp_path / "words"
    folder.mkdir()
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *letters, "Ġa", "th", "the"]
    (folder / "vocab.json").write_text(json.dumps({piece: place for place, piece in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\nĠ a\nt h\nth e\n")
    return folder


@pytest.fixture
def released(tmp_path: Path, bytes_tokenizer: Path, config: CapRetConfig) -> tuple[Path, CapRet]:
    """Texts as a user puts them together for FROMAGe's release on OPT, and the model that it should become."""
    folder = tmp_path / "released"
    shutil.copytree(bytes_tokenizer, folder / "lm")
    vocabulary = len(json.loads((folder / "lm" / "vocab.json").read_text()))
    (folder / "lm" / "config.json").write_text(json.dumps(OPT | {"vocab_size": vocabulary, "torch_dtype": "float16"}))
    (folder / "visual_model").mkdir()
    clip = {"model_type": "clip", "text_config": {"hidden_size": 8}, "vision_config": config.vision}
    (folder / "visual_model" / "config.json").write_text(json.dumps(clip))
    torch.manual_seed(0)
    names = {"begin": "</s>", "padding": "<pad>", "prefix": 2, "released": True, "retrieval": vocabulary + 1}
    model = CapRet(replace(config, language=OPT | {"vocab_size": vocabulary + 2}, **names)).eval()
    return folder, model


def test_saved_model_answers_the_same(tmp_path: Path, model: CapRet, words: Words, pictures: Tensor):
    wanted = answer(model, words, pictures)
    save_capret(tmp_path / "kept", model, words)
    again, read = load_capret(tmp_path / "kept")
    assert answer(again, read, pictures) == wanted
    assert again.config == model.config and not again.training
    state = again.state_dict()
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.state_dict().items())
    captions = words.captions(["boats at the port"])
    texts = again.embed_texts(read.captions(["boats at the port"]))
    assert torch.allclose(texts, model.embed_texts(captions), atol=1e-6)


def test_trained_part_alone_restores_the_model(tmp_path: Path, model: CapRet, words: Words, pictures: Tensor):
    """The file has the release's keys and nothing else; put into a model with other layers it answers the same."""
    save_trained(tmp_path / "adapter.safetensors", model)
    found = load_file(tmp_path / "adapter.safetensors")
    assert set(found) == set(kept(model)) and found["ret_input_embeddings.weight"].shape == (1, 24)
    wanted, looked = answer(model, words, pictures), model.embed_images(model.look(pictures))
    for name, parameter in model.named_parameters():
        if trained(name):
            torch.nn.init.normal_(parameter)
    assert not torch.allclose(model.embed_images(model.look(pictures)), looked)
    assert Report(**load_trained(model, {f"module.{key}": tensor for key, tensor in found.items()})).fits
    assert answer(model, words, pictures) == wanted
    assert torch.allclose(model.embed_images(model.look(pictures)), looked, atol=1e-6)


def test_trained_part_that_does_not_fit_changes_nothing(model: CapRet):
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    found = kept(model)
    del found["model.visual_fc.bias"]
    found |= {"model.text_hidden_fcs.0.0.weight": torch.zeros(9, 24), "stray": torch.zeros(1)}
    report = Report(**load_trained(model, found))
    assert report.missing == ["visual_fc.bias"] and report.unexpected == ["stray"]
    assert report.other_shape == [{"key": "text_fc.weight", "found": [9, 24], "expected": [8, 24]}]
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())


def test_released_layout_comes_in_and_answers(released: tuple[Path, CapRet], pictures: Tensor):
    """On OPT, whose head is its table of words, with FROMAGe's two added words, and as many tokens of a picture as it has."""
    folder, model = released
    vocabulary = model.config.retrieval - 1
    state = parts(model, vocabulary)
    found = convert_capret(folder, state | kept(model))
    assert Report(**found["report"]) == Report([], [], [])
    again, read = load_capret(folder)
    assert again.config.released and again.config.prefix == 2 and read.retrieval == model.config.retrieval
    assert again.config.begin == "</s>" and again.config.padding == "<pad>"
    model.lm.get_input_embeddings().weight.data[vocabulary:] = again.lm.get_input_embeddings().weight[vocabulary:]
    own = model.state_dict()
    assert all(torch.equal(tensor, own[key]) for key, tensor in again.state_dict().items())
    assert again.lm.lm_head.weight is again.lm.get_input_embeddings().weight
    assert answer(again, read, pictures) == answer(model, read, pictures)
    texts = read.captions(["the a", "a"])
    assert torch.allclose(again.embed_texts(texts), model.embed_texts(texts), atol=1e-6)
    assert found["card"]["input"]["pixels"] == 28 and found["files"] == [
        "model.safetensors",
        "config.json",
        "tokenizer.json",
    ]


def test_checkpoint_in_training_gives_its_row_of_the_table(released: tuple[Path, CapRet]):
    """There the whole table of words lies under three keys, behind what runs on several devices put before them."""
    folder, model = released
    model.retrieval_token.write(model.lm)
    state = {key: tensor for key, tensor in model.state_dict().items() if not key.startswith("retrieval_token.")}
    table = model.lm.get_input_embeddings().weight.detach()
    named = {key.replace("text_fc.", "text_hidden_fcs.0.0."): tensor for key, tensor in state.items()}
    named = {f"module.model.{key}": tensor for key, tensor in named.items()} | {
        "module.model.input_embeddings.weight": table
    }
    report = Report(**convert_capret(folder, named)["report"])
    assert report == Report([], [], [])
    assert torch.equal(load_file(folder / "model.safetensors")["retrieval_token.row"], table[model.config.retrieval])


def test_checkpoint_alone_lacks_what_the_release_leaves_out(released: tuple[Path, CapRet]):
    folder, model = released
    report = Report(**convert_capret(folder, kept(model))["report"])
    assert not report.fits and report.other_shape == [] and report.unexpected == []
    assert {key.split(".")[0] for key in report.missing} == {"visual_model", "lm"}
    assert not (folder / "model.safetensors").exists()


def test_missing_words_are_told(tmp_path: Path):
    (tmp_path / "lm").mkdir()
    with pytest.raises(RsvlmError, match="words of the language model are missing") as caught:
        convert_capret(tmp_path, {})
    assert caught.value.code == "bad_request" and "a folder lm beside" in caught.value.hint


def test_broken_files_are_told(tmp_path: Path, model: CapRet, words: Words, tokenizer: Tokenizer):
    folder = tmp_path / "kept"
    save_capret(folder, model, words)
    for name, content in (("tokenizer.json", "{}"), ("config.json", '{"pixel": 3}'), ("model.safetensors", "x")):
        shutil.copy(folder / name, tmp_path / "saved")
        (folder / name).write_text(content)
        with pytest.raises(RsvlmError, match="of the model kept") as caught:
            load_capret(folder)
        assert caught.value.code == "model_failed" and caught.value.hint
        shutil.copy(tmp_path / "saved", folder / name)
    (folder / "config.json").write_text(json.dumps({**asdict(model.config), "embedding": 9}))
    with pytest.raises(RsvlmError, match="do not fit its configuration"):
        load_capret(folder)
    (folder / "config.json").write_text(json.dumps({**asdict(model.config), "begin": "[BOS]"}))
    with pytest.raises(RsvlmError, match="missing or broken"):
        load_capret(folder)
    with pytest.raises(ValueError, match=r"no \[BOS\]"):
        words_of(replace(model.config, begin="[BOS]"), tokenizer)
    assert RET in tokenizer.get_vocab()
