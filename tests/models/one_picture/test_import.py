"""Releases as they lie on disk, in files of several kinds, are brought in by `rsvlm models import` and answer as before."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.cli.main import run
from rsvlm.models.cards import get_card
from rsvlm.models.families.one_picture import predictor as one_picture
from rsvlm.models.families.rsgpt4v.network import RsGpt4vConfig
from rsvlm.models.families.rsgpt4v.release import llava_config
from rsvlm.models.families.rsmoe import predictor as rsmoe
from rsvlm.models.importing import Report, Wish, import_model
from rsvlm.models.language_files import own_state
from rsvlm.models.load import load_model
from rsvlm.models.parts.adapters import WRAPPED, plain_key
from rsvlm.models.predictors.abilities import Question
from rsvlm.protocol import RsvlmError

from .official_names import hugging_face, lavis, llava

LETTERS = {"model_type": "llava_llama", "mm_vision_tower": "openai/clip-vit-large-patch14-336", "mm_hidden_size": 16}
TRAINED = ("picture.ln_vision.", "picture.qformer.", "picture.project.", "router.", "silence")
State = dict[str, Tensor]


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder; what is imported comes into a folder of models of this test's own, and answers in 24 words."""
    for module in (one_picture, rsmoe):
        monkeypatch.setattr(module, "LONGEST", 24)
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    (tmp_path / "release").mkdir()
    return tmp_path / "release"


def put(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


def shards(folder: Path, state: State, safe: bool = False) -> list[str]:
    """In three files with an index, as transformers saves what is large."""
    folder.mkdir(exist_ok=True)
    stem, end = ("model", "safetensors") if safe else ("pytorch_model", "bin")
    names = [f"{stem}-{number:05}-of-00003.{end}" for number in (1, 2, 3)]
    spread = {key: names[place % 3] for place, key in enumerate(sorted(state))}
    for name in names:
        part = {key: tensor.contiguous() for key, tensor in state.items() if spread[key] == name}
        save_file(part, folder / name, {"format": "pt"}) if safe else torch.save(part, folder / name)
    put(folder / f"{stem}.{end}.index.json", {"metadata": {"total_size": 1}, "weight_map": spread})
    return names


def beginning(state: State, *starts: str) -> State:
    """The tensors under these names, by the rest of their names."""
    return {
        key.removeprefix(start): tensor for key, tensor in state.items() for start in starts if key.startswith(start)
    }


def clips_words(folder: Path, config: RsGpt4vConfig, tower: State) -> None:
    """CLIP as OpenAI releases it: the side of words is there as well."""
    put(folder / "config.json", {"model_type": "clip", "projection_dim": 8, "vision_config": config.vision})
    whole = {f"vision_model.{key}": tensor for key, tensor in tower.items()}
    torch.save(whole | {"logit_scale": torch.ones([]), "text_model.x": torch.ones(2)}, folder / "pytorch_model.bin")


def answers(folder_of: str | nn.Module, family: Any, shown: list[np.ndarray]) -> list[str]:
    """Of an imported model by its card, or of the network that the release was made from."""
    if isinstance(folder_of, str):
        model: Any = load_model(get_card(folder_of), "cpu")
    else:
        model = family.predictor(get_card(None), folder_of, family.words, "cpu")
    replies = model.ask(model.encode(shown), [Question("describe this image"), Question("how many planes ?")])
    return [f"{reply.text} {reply.confidence:.4f}" for reply in replies]


@pytest.fixture
def shown() -> list[np.ndarray]:
    generator = np.random.default_rng(2)
    return [generator.integers(0, 255, (60, 50, 3), np.uint8), np.full((42, 42, 3), (20, 200, 90), np.uint8)]


Model = tuple[Any, nn.Module]


@pytest.fixture
def made(family: Any, awake: Callable[[nn.Module], nn.Module]) -> Model:
    """The small model of a family, whose parts all say something."""
    torch.manual_seed(0)
    return family, awake(family.make())


def only(*kinds: str) -> Any:
    return pytest.mark.parametrize("family", kinds, indirect=True)


@only("full")
def test_llavas_folder_of_shards_comes_in_and_answers_the_same(
    made: Model, release: Path, tokenizer: Tokenizer, shown: list[np.ndarray],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    """With the projection once more in a file of its own, and a trainer's pickle, which nobody reads."""
    family, model = made
    state = own_state(model)
    shards(release, {llava(key): tensor for key, tensor in state.items()})
    torch.save({"model.mm_projector.0.weight": torch.zeros(1)}, release / "mm_projector.bin")
    (release / "training_args.bin").write_bytes(b"no tensors")
    put(
        release / "config.json",
        family.config.language | {"mm_vision_select_layer": -2, "torch_dtype": "float16"} | LETTERS,
    )
    clips_words(release / "vision_tower", family.config, beginning(state, "vision_tower."))
    (release / "tokenizer.json").write_text(tokenizer.to_str())
    told = ["rsvlm", "models", "import", "--family", "rsgpt4v", str(release), "--id", "mine", "--json"]
    monkeypatch.setattr(sys, "argv", told)
    assert run() == 0
    assert json.loads(capsys.readouterr().out)["report"] == {"missing": [], "unexpected": [], "other_shape": []}
    card = get_card("mine")
    assert card.verify() and {file.name for file in card.source.files} == {
        "config.json", "model.safetensors", "tokenizer.json",
    }  # fmt: skip
    assert answers("mine", family, shown) == answers(model, family, shown)


@only("full")
def test_shards_of_transformers_come_in_by_their_own_configuration(
    made: Model, release: Path, tokenizer: Tokenizer, shown: list[np.ndarray]
):
    family, model = made
    shards(release, {hugging_face(key): tensor for key, tensor in own_state(model).items()}, safe=True)
    described = {"text_config": family.config.language | {"_name_or_path": "x"}, "vision_config": family.config.vision}
    put(release / "config.json", {"model_type": "llava", "vision_feature_layer": -2, **described})
    (release / "tokenizer.json").write_text(tokenizer.to_str())
    report, card = import_model(release, Wish("mine", "rsgpt4v", "Mine", "MIT", ""))
    assert report == Report([], [], []) and card is not None
    assert answers("mine", family, shown) == answers(model, family, shown)


@pytest.mark.parametrize("kind", ["bin", "safetensors"])
@only("lora")
def test_adapter_and_projection_in_two_files_come_in_over_their_base(
    made: Model, kind: str, release: Path, tokenizer: Tokenizer, shown: list[np.ndarray]
):
    """As LLaVA's training with LoRA leaves them; rank and layers are those of adapter_config.json."""
    family, model = made
    state = own_state(model)
    adapter = {
        WRAPPED + plain_key(key).removeprefix("language_model."): tensor
        for key, tensor in state.items()
        if ".lora_" in key
    }
    if kind == "bin":
        torch.save(adapter, release / "adapter_model.bin")
    else:
        save_file({key: tensor.contiguous() for key, tensor in adapter.items()}, release / "adapter_model.safetensors")
    projection = {WRAPPED + llava(key): tensor for key, tensor in state.items() if key.startswith("multi_modal")}
    torch.save(projection, release / "non_lora_trainables.bin")
    put(release / "config.json", LETTERS)
    told = {"peft_type": "LORA", "auto_mapping": None, "r": 4, "lora_alpha": 8, "lora_dropout": 0.0}
    put(release / "adapter_config.json", told | {"target_modules": [*reversed(family.config.targets)]})
    base = {
        plain_key(key): tensor for key, tensor in beginning(state, "language_model.").items() if ".lora_" not in key
    }
    shards(release / "language_model", base)
    put(release / "language_model" / "config.json", family.config.language)
    (release / "language_model" / "tokenizer.json").write_text(tokenizer.to_str())
    clips_words(release / "vision_tower", family.config, beginning(state, "vision_tower."))
    report, card = import_model(release, Wish("mine", "rsgpt4v", "Mine", "MIT", ""))
    assert report == Report([], [], []) and card is not None
    assert answers("mine", family, shown) == answers(model, family, shown)
    put(release / "adapter_config.json", told | {"use_dora": True})
    with pytest.raises(RsvlmError, match=r"its adapter_config\.json says use_dora") as caught:
        import_model(release, Wish("other", "rsgpt4v", "Other", "MIT", ""))
    assert caught.value.code == "model_failed" and "Merge the adapter" in str(caught.value.hint)


@only("gaia", "gaia-clip")
def test_blip_2s_checkpoint_comes_in_with_its_parts(
    made: Model, release: Path, tokenizer: Tokenizer, shown: list[np.ndarray]
):
    family, model = made
    checkpoint = blip_2(family, own_state(model), release, tokenizer)
    report, card = import_model(checkpoint, Wish("mine", "gaia", "Mine", "MIT", ""))
    assert report == Report([], [], []) and card is not None and card.prompts["caption"] == "The image showcases:"
    assert answers("mine", family, shown) == answers(model, family, shown)


@only("rsmoe")
def test_what_rs_moe_learns_comes_in_with_its_parts(
    made: Model, release: Path, tokenizer: Tokenizer, shown: list[np.ndarray]
):
    """Q-Former, projection, router and adapters in one file, beside the tower and LLaMA as they are released."""
    family, model = made
    checkpoint = experts(family, own_state(model), release, tokenizer)
    report, card = import_model(checkpoint, Wish("mine", "rsmoe", "Mine", "MIT", ""))
    assert report == Report([], [], []) and card is not None
    assert answers("mine", family, shown) == answers(model, family, shown)


def blip_2(family: Any, state: State, release: Path, tokenizer: Tokenizer) -> Path:
    """blip2_pretrained_opt2.7b.pth, eva_vit_g.pth and OPT's shards; OPT's own file has names that are shorter."""
    torch.save({"model": {lavis(key): state[key] for key in state if key.startswith(TRAINED)}}, release / "blip2.pth")
    (release / "visual_encoder").mkdir()
    torch.save(beginning(state, "picture.visual_encoder."), release / "visual_encoder" / "eva_vit_g.pth")
    shards(release / "opt_model", beginning(state, "language_model.model."))
    return described(family, release, "opt_model", tokenizer, release / "blip2.pth")


def experts(family: Any, state: State, release: Path, tokenizer: Tokenizer) -> Path:
    learnt = {key: tensor for key, tensor in state.items() if key.startswith(TRAINED) or key.endswith((".up", ".down"))}
    torch.save({"model": {lavis(key, "llm"): tensor for key, tensor in learnt.items()}}, release / "stage_2.pth")
    (release / "visual_encoder").mkdir()
    torch.save(beginning(state, "picture.visual_encoder."), release / "visual_encoder" / "eva_vit_g.pth")
    spoken = beginning({key: tensor for key, tensor in state.items() if key not in learnt}, "language_model.")
    shards(release / "language_model", {plain_key(key): tensor for key, tensor in spoken.items()}, safe=True)
    return described(family, release, "language_model", tokenizer, release / "stage_2.pth")


def described(family: Any, release: Path, language: str, tokenizer: Tokenizer, checkpoint: Path) -> Path:
    put(release / "config.json", {key: value for key, value in asdict(family.config).items() if key != "language"})
    put(release / language / "config.json", family.config.language | {"torch_dtype": "float16"})
    (release / language / "tokenizer.json").write_text(tokenizer.to_str())
    return checkpoint


@only("gaia", "rsmoe")
def test_what_does_not_fit_is_told_by_key_and_nothing_comes_in(made: Model, release: Path, tokenizer: Tokenizer):
    family, model = made
    state = own_state(model)
    state.pop("picture.ln_vision.bias")
    state |= {"picture.project.weight": torch.zeros(5, 7), "picture.qformer.query_tokens": torch.zeros(1, 4, 16)}
    state["picture.visual_encoder.stray"] = torch.zeros(1)
    checkpoint = (blip_2 if family.name == "gaia" else experts)(family, state, release, tokenizer)
    report, card = import_model(checkpoint, Wish("mine", family.name, "Mine", "MIT", ""))
    assert card is None and not (release.parent / "models" / "mine").exists()
    assert report.missing == ["picture.ln_vision.bias"] and report.unexpected == ["picture.visual_encoder.stray"]
    assert report.other_shape == [{"key": "picture.project.weight", "found": [5, 7], "expected": [24, 16]}]


@only("full")
def test_shards_that_do_not_fit_are_told_by_key(made: Model, release: Path, tokenizer: Tokenizer):
    family, model = made
    state = {llava(key): tensor for key, tensor in own_state(model).items()}
    state.pop("model.mm_projector.2.bias")
    state |= {"model.norm.weight": torch.zeros(3), "model.image_newline": torch.zeros(24)}
    shards(release, state)
    put(release / "config.json", asdict(family.config))
    (release / "tokenizer.json").write_text(tokenizer.to_str())
    report, card = import_model(release, Wish("mine", "rsgpt4v", "Mine", "MIT", ""))
    assert card is None and report.missing == ["multi_modal_projector.linear_2.bias"]
    assert report.unexpected == ["model.image_newline"]
    assert report.other_shape == [{"key": "language_model.model.norm.weight", "found": [3], "expected": [24]}]


@pytest.mark.parametrize(
    ("spread", "told"),
    [
        ({"a": "pytorch_model-00009-of-00009.bin"}, "holds no pytorch_model-00009-of-00009.bin, which"),
        ({"a": "../../secret.bin"}, "holds no ../../secret.bin, which"),
        ([], "names no files of weights"),
    ],
)
def test_index_that_names_no_file_there_is_told(spread: object, told: str, release: Path):
    put(release / "pytorch_model.bin.index.json", {"weight_map": spread})
    (release.parent.parent / "secret.bin").write_bytes(b"x")
    with pytest.raises(RsvlmError, match=told) as caught:
        import_model(release, Wish("mine", "rsgpt4v", "Mine", "MIT", ""))
    assert caught.value.code == "bad_request" and caught.value.hint
    assert not list((release.parent / "models").glob("*"))


def test_released_sizes_are_read_from_what_llava_says(release: Path):
    """The usual sizes where nothing is said; a configuration of another kind is told."""
    usual = RsGpt4vConfig()
    assert llava_config(release, adapted=True) == usual
    put(release / "config.json", LETTERS | {"hidden_size": 5120, "num_hidden_layers": 40, "rope_scaling": None})
    large = llava_config(release, adapted=False)
    assert large == replace(
        usual, tuning="full", language=usual.language | {"hidden_size": 5120, "num_hidden_layers": 40}
    )
    put(release / "adapter_config.json", {"r": 64, "lora_alpha": 16, "target_modules": "all-linear"})
    with pytest.raises(RsvlmError, match="not LLaVA’s"):
        llava_config(release, adapted=True)
