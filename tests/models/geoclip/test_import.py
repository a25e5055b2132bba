"""Released layouts come in: open_clip's keys, ITRA's, a trainer's; and nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.converting import read_tensors
from rsvlm.models.families.geoclip.files import convert_geoclip, load_geoclip
from rsvlm.models.families.geoclip.keys import official_keys
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig
from rsvlm.models.families.geoclip.releases import GEORSCLIP, SKYSCRIPT, known_release
from rsvlm.models.importing import Report, Wish, import_model
from rsvlm.models.load import load_model
from rsvlm.protocol import RsvlmError

WISH = Wish("mine", "geoclip", "My CLIP", "MIT", "none")


def itra(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Towers apart, as ITRA keeps them; the temperature is of neither."""
    found = {}
    for key, tensor in state.items():
        inside = key.replace("visual.", "image_backbone.", 1) if key.startswith("visual.") else f"text_backbone.{key}"
        found["logit_scale" if key == "logit_scale" else inside] = tensor
    return found


LAYOUTS: dict[str, Callable[[dict[str, Tensor]], object]] = {
    "bare": lambda state: state,
    "itra": lambda state: {"epoch": 5, "state_dict": itra(state)},
    "itra-on-devices": lambda state: {"state_dict": {f"module.{key}": value for key, value in itra(state).items()}},
    "trainer": lambda state: {"epoch": 20, "name": "run", "state_dict": {f"module.{k}": v for k, v in state.items()}},
    "trainer-on-one-device": lambda state: {"epoch": 20, "state_dict": state, "optimizer": {"state": {}}},
}


def given(folder: Path, content: object, config: object = None, name: str = "epoch_20.pt") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(content, folder / name)
    if config:
        (folder / "config.json").write_text(json.dumps(config))
    return folder / name


@pytest.mark.parametrize("layout", LAYOUTS)
def test_released_layout_is_read(layout: str, tmp_path: Path, model: GeoClip):
    weights = given(tmp_path / "release", LAYOUTS[layout](model.state_dict()), model.config.to_open_clip())
    found = convert_geoclip(weights.parent, read_tensors(weights))
    assert found["report"] == {"missing": [], "unexpected": [], "other_shape": []}
    written = load_file(weights.parent / "model.safetensors")
    assert written.keys() == model.state_dict().keys()
    assert all(torch.equal(weight, written[key]) for key, weight in model.state_dict().items())


@pytest.mark.parametrize("layout", ["itra", "trainer"])
def test_released_layout_comes_in_and_answers_as_before(
    layout: str, tmp_path: Path, models_home: Path, model: GeoClip, pictures: list[np.ndarray]
):
    told = model.config.to_open_clip() | {"averaging": "raw", "templates": ["one {}", "two {}s"]}
    report, card = import_model(given(tmp_path / "release", LAYOUTS[layout](model.state_dict()), told), WISH)
    assert report == Report([], [], []) and card is not None
    assert card.clip and (card.clip.architecture, card.clip.quick_gelu, card.clip.averaging) == (None, True, "raw")
    assert sorted(path.name for path in card.folder.iterdir()) == ["card.toml", "config.json", "model.safetensors"]
    again, _ = load_geoclip(card)
    state = model.state_dict()
    assert all(torch.equal(weight, state[key]) for key, weight in again.state_dict().items())
    torch.testing.assert_close(again.attn_mask, model.attn_mask)
    predictor = load_model(card, "cpu")
    vectors = predictor.embed_images(predictor.encode(pictures))
    assert vectors.shape == (4, 16) and predictor.embed_texts(["a lake"]).shape == (1, 16)


def test_keys_that_do_not_fit_are_told_and_nothing_comes_in(tmp_path: Path, models_home: Path, model: GeoClip):
    state = {f"module.{key}": tensor for key, tensor in model.state_dict().items()}
    del state["module.visual.proj"]
    state["module.ln_final.weight"] = torch.zeros(3)
    state["module.text_head.bias"] = torch.zeros(3)
    report, card = import_model(given(tmp_path / "release", state, model.config.to_open_clip()), WISH)
    assert card is None and not (models_home / "mine").exists()
    assert report.missing == ["visual.proj"] and report.unexpected == ["text_head.bias"]
    assert report.other_shape == [{"key": "ln_final.weight", "found": [3], "expected": [16]}]


def test_weights_that_do_not_tell_their_activation_are_not_guessed(tmp_path: Path, models_home: Path, model: GeoClip):
    with pytest.raises(RsvlmError, match="activation") as caught:
        import_model(given(tmp_path / "release", model.state_dict()), WISH)
    assert "quick_gelu" in caught.value.hint and not (models_home / "mine").exists()


def test_file_of_a_known_release_needs_nothing_beside_it(tmp_path: Path, models_home: Path, model: GeoClip):
    report, card = import_model(given(tmp_path / "release", model.state_dict(), name="RS5M_ViT-B-32_RET-2.pt"), WISH)
    assert card is None, "the weights are of a small model"
    wanted = GeoClip.unfilled(GeoClipConfig.named("ViT-B-32", True)).state_dict()
    assert {entry["key"]: tuple(entry["expected"]) for entry in report.other_shape}.items() <= {
        key: tuple(tensor.shape) for key, tensor in wanted.items()
    }.items()
    assert {"key": "visual.class_embedding", "found": [32], "expected": [768]} in report.other_shape


@pytest.mark.parametrize(
    ("file", "architecture", "quick_gelu", "averaging", "templates"),
    [
        ("ckpt/RS5M_ViT-B-32.pt", "ViT-B-32", True, "raw", GEORSCLIP),
        ("ckpt/RS5M_ViT-L-14.pt", "ViT-L-14", True, "raw", GEORSCLIP),
        ("ckpt/RS5M_ViT-L-14-336.pt", "ViT-L-14-336", True, "raw", GEORSCLIP),
        ("ckpt/RS5M_ViT-H-14.pt", "ViT-H-14", False, "raw", GEORSCLIP),
        ("SkyCLIP_ViT_L14_top30pct/epoch_20.pt", "ViT-L-14", True, "unit", SKYSCRIPT),
        ("SkyCLIP_ViT_B32_top50pct/epoch_20.pt", "ViT-B-32", False, "unit", SKYSCRIPT),
        ("CLIP_ViT_L14_LAION_RS/epoch_20.pt", "ViT-L-14", True, "unit", SKYSCRIPT),
        ("x/RemoteCLIP-ViT-L-14.pt", "ViT-L-14", True, "unit", None),
    ],
)
def test_releases_are_known_by_name(
    file: str, architecture: str, quick_gelu: bool, averaging: str, templates: tuple[str, ...] | None
):
    found = known_release(Path("/data") / file)
    assert found and (found.architecture, found.quick_gelu, found.averaging) == (architecture, quick_gelu, averaging)
    assert templates in (None, found.templates) and all(text.count("{}") == 1 for text in found.templates)


def test_sentences_of_georsclip_are_those_of_the_release(golden_dir: Path):
    meta = json.loads((golden_dir / "georsclip" / "case_a" / "meta.json").read_text())
    assert list(GEORSCLIP) == meta["templates"] and known_release(Path("epoch_20.pt")) is None


def test_open_clips_own_layout_comes_in(tmp_path: Path, models_home: Path, model: GeoClip):
    folder = tmp_path / "release"
    folder.mkdir()
    save_file(
        {key: tensor.half() for key, tensor in model.state_dict().items()}, folder / "open_clip_model.safetensors"
    )
    own = {"model_cfg": model.config.to_open_clip(), "preprocess_cfg": {"mean": [0, 0, 0]}}
    (folder / "open_clip_config.json").write_text(json.dumps(own))
    _, card = import_model(folder, WISH)
    assert card and card.clip and card.clip.templates == SKYSCRIPT and card.input.pixels == 32
    assert load_file(card.folder / "model.safetensors")["visual.proj"].dtype == torch.float16, "as it came"
    assert load_geoclip(card)[0].visual.proj.dtype == torch.float32


@pytest.mark.parametrize(
    "config",
    [
        {"architecture": "ViT-B-16-SigLIP", "quick_gelu": False},
        {"architecture": "hf-hub:someone/model", "quick_gelu": False},
        {"architecture": "ViT-B-32"},
        {"architecture": "ViT-B-32", "quick_gelu": "yes"},
        {"architecture": "ViT-B-32", "quick_gelu": True, "averaging": "median"},
        {"architecture": "ViT-B-32", "quick_gelu": True, "templates": ["no place for the class"]},
        {"embed_dim": 16, "vision_cfg": {"timm_model_name": "resnet50"}, "text_cfg": {"hf_model_name": "bert"}},
        {"hidden_size": 16},
    ],
)
def test_other_configurations_are_refused(config: object, tmp_path: Path, model: GeoClip):
    weights = given(tmp_path / "release", model.state_dict(), config)
    with pytest.raises(RsvlmError) as caught:
        convert_geoclip(weights.parent, read_tensors(weights))
    assert caught.value.code == "model_failed" and caught.value.hint
    assert sorted(path.name for path in weights.parent.iterdir()) == ["config.json", "epoch_20.pt"]


@pytest.mark.parametrize("kept", [torch.float32, torch.float16])
def test_weights_of_smaller_pictures_come_in_for_larger_ones(
    kept: torch.dtype, tmp_path: Path, models_home: Path, model: GeoClip
):
    """Patches of 8 pixels: 4 x 4 of them become 6 x 6, by bicubic weights, and the token of the whole stays."""
    larger = replace(model.config, pixels=48)
    state = {key: tensor.to(kept) for key, tensor in model.state_dict().items()}
    report, card = import_model(given(tmp_path / "release", {"state_dict": state}, larger.to_open_clip()), WISH)
    assert report == Report([], [], []) and card is not None and card.input.pixels == 48
    again, _ = load_geoclip(card)
    learnt = state["visual.positional_embedding"].float()
    patches = torch.nn.functional.interpolate(
        learnt[1:].view(1, 4, 4, -1).permute(0, 3, 1, 2), (6, 6), mode="bicubic", antialias=True
    )
    wanted = torch.cat([learnt[:1], patches.permute(0, 2, 3, 1).view(36, -1)]).to(kept).float()
    torch.testing.assert_close(again.visual.positional_embedding.data, wanted)
    theirs = open_clip.CLIP(**larger.to_open_clip())
    own = {key: tensor.float() for key, tensor in state.items()}
    open_clip.model.resize_pos_embed(own, theirs)
    theirs.load_state_dict(own)
    pixels = torch.randn(2, 3, 48, 48)
    torch.testing.assert_close(
        again.encode_image(pixels),
        theirs.eval().encode_image(pixels),
        atol=1e-4 if kept.itemsize == 4 else 1e-2,
        rtol=0,
    )


def test_two_models_in_one_file_are_refused(model: GeoClip):
    state = model.state_dict()
    with pytest.raises(RsvlmError, match="more than one set"):
        official_keys(state | {f"module.{key}": tensor for key, tensor in state.items()})


def test_card_names_an_architecture(tmp_path: Path, add_clip: Callable[..., ModelCard], model: GeoClip):
    (tmp_path / "Test-Card-8.json").write_text(json.dumps(model.config.to_open_clip()))
    open_clip.add_model_config(tmp_path / "Test-Card-8.json")
    card = add_clip("named", model, architecture="Test-Card-8")
    assert get_card("named") == card and [file.name for file in card.source.files] == ["model.safetensors"]
    assert load_geoclip(card)[0].config == model.config
    other = add_clip("other", model, architecture="Test-Card-8", quick_gelu=False)
    assert not load_geoclip(other)[0].config.quick_gelu, "the card decides"
