"""Models on disk: saved and loaded again, and brought in as they are released, with what is missing told."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.families.skyeye.files import convert_skyeye, load_skyeye, load_trained, save_skyeye, save_trained
from rsvlm.models.families.skyeye.keys import official
from rsvlm.models.families.skyeye.network import SkyEye, SkyEyeConfig
from rsvlm.models.families.skyeye.words import Words
from rsvlm.models.importing import Report
from rsvlm.protocol import RsvlmError

Q_PROJ = "llama_model.base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


def answer(model: SkyEye, words: Words, pictures: Tensor) -> list[list[int]]:
    batch = words.questions(["[caption] Briefly describe this image.", "[refer] the plane"])
    return model.generate(model.look(pictures), batch, 6).ids.tolist()


def kept(model: SkyEye) -> dict[str, Tensor]:
    """What a release holds, under its keys."""
    return {
        key: tensor for key, tensor in official(model.state_dict()).items() if "llama_proj" in key or ".lora_" in key
    }


def parts(model: SkyEye) -> dict[str, Tensor]:
    """What the tower and the language model hold, as they are read from folders of these names."""
    plain = {key: tensor for key, tensor in official(model.state_dict()).items() if ".lora_" not in key}
    return {
        key.replace("base_model.model.", ""): tensor
        for key, tensor in plain.items()
        if key.startswith(("visual_encoder.", "llama_model."))
    }


@pytest.fixture
def released(tmp_path: Path, config: SkyEyeConfig, tokenizer: Tokenizer) -> Path:
    """Texts as a user puts them together."""
    folder = tmp_path / "released"
    (folder / "llama_model").mkdir(parents=True)
    (folder / "llama_model" / "config.json").write_text(json.dumps({**config.language, "torch_dtype": "float16"}))
    (folder / "llama_model" / "tokenizer.json").write_text(tokenizer.to_str())
    sizes = {key: value for key, value in asdict(config).items() if key != "language"}
    (folder / "config.json").write_text(json.dumps({**sizes, "released": True}))
    return folder


def test_saved_model_answers_the_same(tmp_path: Path, model: SkyEye, words: Words, pictures: Tensor):
    save_skyeye(tmp_path / "kept", model, words)
    again, read = load_skyeye(tmp_path / "kept")
    assert answer(again, read, pictures) == answer(model, words, pictures)
    assert again.config == model.config and not again.training
    state = again.state_dict()
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.state_dict().items())
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "config.json", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip


def test_trained_part_alone_restores_the_model(tmp_path: Path, model: SkyEye, words: Words, pictures: Tensor):
    """The file has the release's keys and nothing else; put into a model with other adapters it answers the same."""
    save_trained(tmp_path / "adapter.safetensors", model)
    found = load_file(tmp_path / "adapter.safetensors")
    assert set(found) == set(kept(model)) and Q_PROJ in found and "llama_proj.bias" in found
    wanted = answer(model, words, pictures)
    for name, parameter in model.named_parameters():
        if ".lora_" in name or name.startswith("llama_proj."):
            torch.nn.init.normal_(parameter)
    assert answer(model, words, pictures) != wanted
    assert Report(**load_trained(model, found)).fits
    assert answer(model, words, pictures) == wanted


def test_trained_part_that_does_not_fit_changes_nothing(model: SkyEye):
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    found = kept(model)
    del found["llama_proj.bias"]
    found |= {Q_PROJ: torch.zeros(8, 24), "stray": torch.zeros(1)}
    report = Report(**load_trained(model, found))
    assert report.missing == ["llama_proj.bias"] and report.unexpected == ["stray"]
    ours = "llama_model.model.layers.0.self_attn.q_proj.lora_A.default.weight"
    assert report.other_shape == [{"key": ours, "found": [8, 24], "expected": [4, 24]}]
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())


def test_released_layout_comes_in_and_answers(
    released: Path, model: SkyEye, tokenizer: Tokenizer, config: SkyEyeConfig, pictures: Tensor
):
    """The norm behind the tower, which MiniGPT-v2 never loads, is as it was made; computed tensors are left out."""
    torch.nn.init.ones_(model.ln_vision.weight)
    torch.nn.init.zeros_(model.ln_vision.bias)
    computed = {"llama_model.model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(6)}
    more = {"visual_encoder.blocks.39.norm1.weight": torch.zeros(16)}
    found = convert_skyeye(released, parts(model) | kept(model) | computed | more)
    report = Report(**found["report"])
    assert report.fits and report.unexpected == list(more), "the block of the tower's file that BLIP-2 drops"
    again, read = load_skyeye(released)
    state = again.state_dict()
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.state_dict().items())
    assert again.config.released and read.released
    model.config = replace(config, released=True)
    same = Words(tokenizer, config.picture, config.answer, released=True)
    assert answer(again, read, pictures) == answer(model, same, pictures)
    assert found["card"]["tasks"] == ["describe", "ask", "ground"] and "0 to 100" in found["card"]["box_convention"]


def test_language_models_head_behind_a_wrapper_is_found(released: Path, model: SkyEye):
    state = official(model.state_dict())
    wrapped = {key.replace(".lm_head.", ".lm_head.0."): tensor for key, tensor in state.items()}
    assert wrapped.keys() != state.keys()
    assert Report(**convert_skyeye(released, wrapped)["report"]) == Report([], [], [])


def test_checkpoint_alone_lacks_what_the_release_leaves_out(released: Path, model: SkyEye):
    report = Report(**convert_skyeye(released, kept(model))["report"])
    assert not report.fits and report.other_shape == [] and report.unexpected == []
    assert {key.split(".")[0] for key in report.missing} == {"visual_encoder", "llama_model"}
    assert "llama_model.model.layers.0.self_attn.q_proj.base_layer.weight" in report.missing
    assert not [key for key in report.missing if ".lora_" in key]
    assert not (released / "model.safetensors").exists()


def test_tower_of_another_picture_size_is_drawn_out(released: Path, model: SkyEye):
    state = parts(model) | kept(model) | {"visual_encoder.pos_embed": torch.zeros(1, 1 + 4, 16)}
    assert Report(**convert_skyeye(released, state)["report"]).fits
    assert load_file(released / "model.safetensors")["visual_encoder.pos_embed"].shape == (1, 17, 16)


def test_missing_words_are_told(released: Path):
    (released / "llama_model" / "tokenizer.json").unlink()
    with pytest.raises(RsvlmError, match="words of the language model are missing") as caught:
        convert_skyeye(released, {})
    assert caught.value.code == "bad_request" and "a folder llama_model beside" in caught.value.hint


def test_broken_files_are_told(tmp_path: Path, model: SkyEye, words: Words):
    folder = tmp_path / "kept"
    save_skyeye(folder, model, words)
    for name, content in (("tokenizer.json", "{}"), ("config.json", '{"pixel": 3}'), ("model.safetensors", "x")):
        shutil.copy(folder / name, tmp_path / "saved")
        (folder / name).write_text(content)
        with pytest.raises(RsvlmError, match="of the model kept") as caught:
            load_skyeye(folder)
        assert caught.value.code == "model_failed" and caught.value.hint
        shutil.copy(tmp_path / "saved", folder / name)
    state = load_file(folder / "model.safetensors")
    save_file({key: tensor for key, tensor in state.items() if key != "ln_vision.bias"}, folder / "model.safetensors")
    with pytest.raises(RsvlmError, match="do not fit its configuration"):
        load_skyeye(folder)
    language = {**model.config.language, "auto_map": {"AutoModel": "evil.py"}}
    (folder / "config.json").write_text(json.dumps({**asdict(model.config), "language": language}))
    with pytest.raises(RsvlmError, match="holds “auto_map”"):
        load_skyeye(folder)


def test_half_precision_stays_near(tmp_path: Path, model: SkyEye, words: Words, pictures: Tensor):
    """bfloat16 keeps 8 bits: embeddings of unit size within a few hundredths."""
    save_skyeye(tmp_path / "kept", model, words)
    half, _ = load_skyeye(tmp_path / "kept", dtype=torch.bfloat16)
    with torch.no_grad():
        exact, near = model.look(pictures), half.look(pictures.bfloat16())
    difference = (near.float() - exact).abs().max().item()
    print(f"bfloat16: {difference:.1e} of {exact.abs().max().item():.2f}")
    assert near.dtype == torch.bfloat16 and difference < 0.05
