"""Models on disk: saved and loaded again, and brought in as they are released, with what is missing told."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.cli.model_store import unfit
from rsvlm.models.cards import get_card
from rsvlm.models.families.deltavlm.files import convert_deltavlm, load_deltavlm, save_deltavlm
from rsvlm.models.families.deltavlm.network import DeltaVlm, DeltaVlmConfig
from rsvlm.models.families.deltavlm.predictor import load
from rsvlm.models.families.deltavlm.words import Words
from rsvlm.models.importing import Report, Wish, import_model
from rsvlm.models.parts.qformer import RENAMED
from rsvlm.models.predictors.abilities import Question
from rsvlm.protocol import RsvlmError

Dates = tuple[Tensor, Tensor]
WISH = Wish("delta", "deltavlm", "DeltaVLM", "other", "Get Vicuna under its own terms.")

TRAINED = ("visual_encoder.blocks.1.", "visual_encoder.blocks.2.")  # the last two of the tower


def answer(model: DeltaVlm, words: Words, dates: Dates) -> list[list[int]]:
    batch = words.questions(["q please briefly describe", "q how many new buildings?"])
    return model.generate(model.relate(model.look(*dates)), batch, 6, repetition_penalty=1.5).ids.tolist()


def theirs(key: str) -> str:
    """The released name of a key of ours."""
    if key == "qformer.query_tokens":
        return "query_tokens"
    if key.startswith("csrm."):
        return key.removeprefix("csrm.")
    if not key.startswith("qformer."):
        return key
    key = key.replace("cross.out.", "cross.output.dense.").replace("cross.norm.", "cross.output.LayerNorm.")
    for part in ("query", "key", "value"):
        key = key.replace(f"cross.{part}.", f"cross.self.{part}.").replace(
            f"attention.{part}.", f"attention.self.{part}."
        )
    for official, ours in RENAMED:
        if ours not in ("cross.", "attention.", "norm.") and not ours.startswith("cross"):
            key = key.replace(ours, official)
    if key in ("qformer.norm.weight", "qformer.norm.bias"):
        key = key.replace("norm.", "embeddings.LayerNorm.")
    return key.replace("qformer.", "Qformer.bert.").replace("cross.", "crossattention.")


@pytest.fixture
def released(tmp_path: Path, model: DeltaVlm, config: DeltaVlmConfig, language: Tokenizer, vocabulary: Path) -> Path:
    """A folder as a user puts it together: the checkpoint, the tower's file, the language model's folder, BERT's words."""
    folder = tmp_path / "released"
    for name in ("visual_encoder", "llm_model", "query_tokenizer"):
        (folder / name).mkdir(parents=True)
    state = {theirs(key): tensor for key, tensor in model.state_dict().items()}
    tower = {key.removeprefix("visual_encoder."): t for key, t in state.items() if key.startswith("visual_encoder.")}
    spoken = {key.removeprefix("llm_model."): t for key, t in state.items() if key.startswith("llm_model.")}
    kept = {key: tensor for key, tensor in state.items() if not key.startswith(("visual_encoder.", "llm_model."))}
    kept |= {key: tensor for key, tensor in state.items() if key.startswith(TRAINED)}
    kept |= {"temp": torch.zeros([]), "vision_proj.weight": torch.zeros(4, 16)}
    kept |= {"Qformer.bert.embeddings.position_ids": torch.arange(24)[None]}
    kept |= {"llm_model.model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(6)}
    torch.save({"model": kept, "epoch": 3, "optimizer": {"state": {}}}, folder / "checkpoint_best.pth")
    changed = {key: tensor + 1 if key.startswith("blocks.2") else tensor for key, tensor in tower.items()}
    torch.save(changed, folder / "visual_encoder" / "eva_vit_g.pth")
    for key in ("model.embed_tokens.weight", "lm_head.weight"):
        spoken[key] = spoken[key][:-1].contiguous()  # without the token for padding, which the release adds
    save_file(spoken, folder / "llm_model" / "model.safetensors")
    told = {**config.language, "vocab_size": config.language["vocab_size"] - 1, "architectures": ["LlamaForCausalLM"]}
    (folder / "llm_model" / "config.json").write_text(json.dumps(told))
    (folder / "llm_model" / "tokenizer.json").write_text(language.to_str())
    shutil.copy(vocabulary, folder / "query_tokenizer" / "vocab.txt")
    sizes = {key: value for key, value in asdict(config).items() if key != "language"}
    (folder / "config.json").write_text(json.dumps(sizes))
    return folder


def test_saved_model_answers_the_same(tmp_path: Path, model: DeltaVlm, words: Words, dates: Dates):
    save_deltavlm(tmp_path / "kept", model, words)
    again, read = load_deltavlm(tmp_path / "kept")
    assert answer(again, read, dates) == answer(model, words, dates)
    assert again.config == model.config and not again.training
    state = again.state_dict()
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.state_dict().items())
    assert not list((tmp_path / "kept").glob("*.part"))


def test_released_layout_comes_in_and_answers(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: DeltaVlm, words: Words, dates: Dates
):
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    report, card = import_model(released, WISH)
    assert report.fits and not report.unexpected, report
    assert card == get_card("delta") and card.verify() and card.tasks == ("change", "change_ask")
    assert sorted(path.relative_to(card.folder).as_posix() for path in card.folder.rglob("*") if path.is_file()) == [
        "card.toml", "config.json", "model.safetensors", "query_tokenizer/tokenizer.json", "tokenizer.json",
    ]  # fmt: skip
    again, read = load_deltavlm(card.folder)
    state = again.state_dict()
    for key, tensor in model.state_dict().items():
        rows = slice(-1) if key.endswith(("embed_tokens.weight", "lm_head.weight")) else slice(None)
        assert torch.equal(tensor[rows], state[key][rows]), f"{key}: what was trained wins over the tower's own file"
    assert read.padding == words.padding
    assert answer(again, read, dates) == answer(model, words, dates)
    asked = load(card, "cpu")
    picture = np.zeros((42, 42, 3), np.uint8)
    assert asked.ask(asked.encode([picture], [picture + 200]), [Question("Please describe.")])[0].written > 0


def test_half_precision_stays_near(tmp_path: Path, model: DeltaVlm, words: Words, dates: Dates):
    """bfloat16 keeps 8 bits: embeddings of unit size within a few hundredths."""
    save_deltavlm(tmp_path / "kept", model, words)
    half, read = load_deltavlm(tmp_path / "kept", dtype=torch.bfloat16)
    batch = read.questions(["q please briefly describe", "q how many new buildings?"])
    with torch.no_grad():
        exact = model.prefix(model.relate(model.look(*dates)), batch)
        near = half.prefix(half.relate(half.look(*(date.bfloat16() for date in dates))), batch)
    difference = (near.float() - exact).abs().max().item()
    print(f"bfloat16: {difference:.1e} of {exact.abs().max().item():.2f}")
    assert near.dtype == torch.bfloat16 and difference < 0.05
    assert half.generate(half.relate(half.look(*(date.bfloat16() for date in dates))), batch, 3).ids.shape == (2, 3)


def read_parts(folder: Path) -> dict[str, Tensor]:
    """The checkpoint alone, without its parts."""
    return torch.load(folder / "checkpoint_best.pth", weights_only=True)["model"]


def test_checkpoint_alone_lacks_what_the_release_leaves_out(released: Path, config: DeltaVlmConfig):
    report = Report(**convert_deltavlm(released, read_parts(released))["report"])
    assert not report.fits and report.other_shape == []
    assert {key.split(".")[0] for key in report.missing} == {"visual_encoder", "llm_model"}
    assert "visual_encoder.blocks.0.attn.q_bias" in report.missing
    assert "llm_model.model.layers.1.mlp.up_proj.weight" in report.missing
    assert not [key for key in report.missing if key.startswith(("visual_encoder.blocks.1", "visual_encoder.blocks.2"))]
    assert not (released / "model.safetensors").exists()
    told = unfit(report, "deltavlm")
    assert re.search(r"Missing are 17 of visual_encoder and 21 of llm_model: the checkpoint holds a part", told.message)
    assert told.hint == "Put what it was trained on into a folder visual_encoder and a folder llm_model beside it."
    fits_otherwise = Report(missing=["csrm.context1.weight"], unexpected=[], other_shape=[])
    assert "config.json" in unfit(fits_otherwise, "deltavlm").hint


def test_keys_that_do_not_fit_are_told(released: Path, model: DeltaVlm):
    state = {theirs(key): tensor for key, tensor in model.state_dict().items()}
    del state["Qformer.bert.encoder.layer.1.attention.self.key.bias"]
    state |= {"context1.weight": torch.zeros(3, 3), "stray": torch.zeros(1)}
    report = Report(**convert_deltavlm(released, state)["report"])
    assert report.missing == ["qformer.layers.1.attention.key.bias"] and report.unexpected == ["stray"]
    assert report.other_shape == [{"key": "csrm.context1.weight", "found": [3, 3], "expected": [16, 16]}]


def test_tower_of_another_picture_size_is_drawn_out(released: Path, model: DeltaVlm):
    state = {theirs(key): tensor for key, tensor in model.state_dict().items()}
    state["visual_encoder.pos_embed"] = torch.zeros(1, 1 + 16, 16)
    report = Report(**convert_deltavlm(released, state)["report"])
    assert report.fits
    assert load_file(released / "model.safetensors")["visual_encoder.pos_embed"].shape == (1, 10, 16)


@pytest.mark.parametrize(
    ("gone", "sentence"),
    [
        ("query_tokenizer/vocab.txt", r"words of the Q-Former.*vocab\.txt.*tokenizer\.json.*query_tokenizer"),
        ("llm_model/tokenizer.json", r"words of the language model.*tokenizer\.json or tokenizer\.model.*llm_model"),
    ],
)
def test_missing_words_are_told(released: Path, gone: str, sentence: str):
    (released / gone).unlink()
    with pytest.raises(RsvlmError) as caught:
        convert_deltavlm(released, {})
    assert caught.value.code == "bad_request"
    assert re.search(sentence, f"{caught.value.message} {caught.value.hint}")


def test_broken_files_are_told(tmp_path: Path, model: DeltaVlm, words: Words):
    folder = tmp_path / "kept"
    save_deltavlm(folder, model, words)
    for name, content in (("tokenizer.json", "{}"), ("config.json", '{"pixel": 3}'), ("model.safetensors", "x")):
        saved = (folder / name).read_bytes()
        (folder / name).write_text(content)
        with pytest.raises(RsvlmError, match="of the model kept") as caught:
            load_deltavlm(folder)
        assert caught.value.code == "model_failed" and caught.value.hint
        (folder / name).write_bytes(saved)
    (folder / "config.json").write_text(json.dumps({**asdict(model.config), "queries": 5}))
    with pytest.raises(RsvlmError, match="do not fit its configuration"):
        load_deltavlm(folder)
    language = {**model.config.language, "auto_map": {"AutoModel": "evil.py"}}
    (folder / "config.json").write_text(json.dumps({**asdict(model.config), "language": language}))
    with pytest.raises(RsvlmError, match="holds “auto_map”"):
        load_deltavlm(folder)
