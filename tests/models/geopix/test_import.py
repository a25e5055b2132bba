"""The released folder comes in: all parts under their official keys, what is missing told, and its memory left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.converting import read_tensors
from rsvlm.models.families.geopix.classes import GEOPIX_INSTRUCT
from rsvlm.models.families.geopix.files import load_geopix, save_geopix
from rsvlm.models.families.geopix.keys import official_keys
from rsvlm.models.families.geopix.network import GeoPix, GeoPixConfig, Targets
from rsvlm.models.families.geopix.words import Words, put
from rsvlm.models.importing import Report, Wish, import_model
from rsvlm.models.releases import files_of_release
from rsvlm.protocol import RsvlmError

WISH = Wish("mine", "geopix", "My GeoPix", "MIT", "none")
BEGINNINGS = {
    "llava.lm_head.": "vlm/language_model.lm_head.",
    "llava.model.language_model.": "vlm/language_model.model.",
    "llava.model.vision_tower.": "vlm/vision_tower.vision_model.",
    "llava.model.multi_modal_projector.": "vlm/multi_modal_projector.",
    "necks.0.": "image_neck_rough.pth/",
    "necks.1.": "image_neck_detail.pth/",
    "text_hidden_fcs.": "text_hidden_fcs.pth/",
    "mask_decoder.hypernetwork.": "seg/mask_decoder.output_hypernetworks_mlps.0.",
    "mask_decoder.": "seg/mask_decoder.",
    "prompt_encoder.": "pec/prompt_encoder.",
    "memory.bank.mix.": "clm/memory_fuser.model.",
    "memory.bank.": "clm/learnable_memory.",
    "memory.encoder.": "clm/memory_encoder.",
    "memory.attention.": "clm/memory_attention.layers.0.",
    "memory.norm.": "clm/memory_attention.norm.",
}


def released_key(ours: str) -> str:
    mine = next(name for name in BEGINNINGS if ours.startswith(name))
    return BEGINNINGS[mine] + ours.removeprefix(mine)


def release(folder: Path, model: GeoPix, tokenizer: Tokenizer) -> None:
    """Write a whole model, with the memory that has no effect in the release, as that lays it out."""
    parts: dict[str, dict[str, Tensor]] = {}
    state = model.state_dict()
    for name in ("multiseg_scalar", "multiscale_scalar"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        torch.save([torch.nn.Parameter(number.clone()) for number in state.pop(name)], folder / f"{name}.pth")
    for key, tensor in state.items():
        place, _, rest = released_key(key).partition("/")
        parts.setdefault(place, {})[rest] = tensor.clone()
    # never read: masks of parts, prompts of other kinds, tables of sines, buffers of older programs
    parts["seg"] |= {
        f"mask_decoder.output_hypernetworks_mlps.{place}.layers.0.weight": torch.zeros(32, 32) for place in (1, 2, 3)
    }
    parts["pec"] |= {"prompt_encoder.not_a_point_embed.weight": torch.zeros(1, 32)}
    parts["clm"] |= {"memory_attention.layers.0.self_attn_pos.pe": torch.zeros(1, 50, 32)}
    parts["vlm"] |= {"language_model.model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(8)}
    for place, tensors in parts.items():
        if place.endswith(".pth"):
            torch.save(tensors, folder / place)
            continue
        (folder / place).mkdir()
        names = sorted(tensors)
        for shard, part in enumerate((names[::2], names[1::2])):
            save_file(
                {name: tensors[name] for name in part}, folder / place / f"model-0000{shard + 1}-of-00002.safetensors"
            )
    llava = model.config.llava
    for name in ("vision", "text"):
        (folder / "vlm" / name).mkdir()
        content = {**llava[f"{name}_config"], "torch_dtype": "float32", "architectures": ["Nobody"]}
        (folder / "vlm" / name / "config.json").write_text(json.dumps(content))
    (folder / "vlm" / "config.json").write_text(
        json.dumps({"model_type": "llava", "image_token_index": llava["image_token_index"], "vision_feature_layer": -2})
    )
    (folder / "config.json").write_text(json.dumps({"model_type": "GeoPix", "seg_token_num": 3}))
    for place in ("seg", "clm"):
        (folder / place / "config.json").write_text(json.dumps({"model_type": "mask_predictor"}))
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RSVLM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def given(tmp_path: Path, model: GeoPix, tokenizer: Tokenizer) -> Path:
    release(tmp_path / "release", model, tokenizer)
    return tmp_path / "release"


def imported(given: Path) -> tuple[Report, ModelCard]:
    report, card = import_model(given, WISH)
    assert card is not None, report
    return report, card


def test_released_folder_comes_in_without_its_memory(given: Path, models: Path, model: GeoPix, pictures: Tensor):
    report, card = imported(given)
    assert report == Report([], [], [])
    assert sorted(path.name for path in card.folder.rglob("*")) == [
        "card.toml", "config.json", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip
    assert get_card("mine").verify()
    assert "segment" in card.tasks and card.prompt_template == put("{question}")
    mine, words = load_geopix(card.folder)
    assert mine.config == replace(model.config, released=True, llava=mine.config.llava, class_names=GEOPIX_INSTRUCT)
    assert not any("bank" in key for key in load_file(card.folder / "model.safetensors"))
    torch.manual_seed(3)
    with torch.no_grad():
        looked, before = mine.look(pictures), model.look(pictures)
        assert torch.equal(looked.tokens, before.tokens) and torch.equal(looked.depths[1], before.depths[1])
        batch = words.questions([put("Can you segment the lake ?", "segment")] * 2)
        assert torch.equal(mine.generate(looked, batch, 4)[0], model.generate(before, batch, 4)[0])
        # what is left of the memory: scaled channels, normalised
        features = torch.randn(1, 32, 4, 4)
        scaled = features.permute(0, 2, 3, 1) * (1 + model.memory.attention.scale)
        assert torch.allclose(mine.memory(features), model.memory.norm(scaled).permute(0, 3, 1, 2), atol=1e-6)
        targets = Targets(torch.tensor([0, 1]), torch.randn(2, 2, 32))
        first = mine.mask_decoder(0, mine.memory(mine.necks[0](looked.depths[0])), targets.prompts[:, 0],
                                  *mine.prompt_encoder(4), None)[0]  # fmt: skip
        upper = mine.mask_decoder(1, mine.memory(mine.necks[1](looked.depths[1])), targets.prompts[:, 1],
                                  *mine.prompt_encoder(4), first)[0]  # fmt: skip
        grown = torch.nn.functional.interpolate(first, (16, 16), mode="bilinear")
        both = model.multiscale_scalar[0] * grown + model.multiscale_scalar[1] * upper
        assert torch.allclose(mine.masks(looked, targets).logits, both[:, 0], atol=1e-5)


def test_released_tensors_fill_a_model_with_memory_too(given: Path, model: GeoPix, pictures: Tensor):
    """To train the memory further from the release: what it holds there is where its training begins."""
    found: dict[str, Tensor] = {}
    for place, files in files_of_release(given, "geopix").items():
        for file in files:
            found |= {f"{place}/{key}": tensor for key, tensor in read_tensors(file, numbered=True).items()}
    again = GeoPix(model.config).eval()
    again.load_state_dict(official_keys(found, released=False))
    with torch.no_grad():
        targets = Targets(torch.tensor([0, 1]), torch.randn(2, 2, 32))
        masks = [one.masks(one.look(pictures), targets, torch.tensor([0, 1])).logits for one in (model, again)]
    assert torch.equal(masks[0], masks[1])


def test_necks_keep_to_the_depths_that_the_release_gives_them(given: Path, models: Path, model: GeoPix):
    """The one called rough serves the lower level, which sees the deeper state."""
    _, card = imported(given)
    mine, _ = load_geopix(card.folder)
    rough = torch.load(given / "image_neck_rough.pth", weights_only=True)
    assert torch.equal(mine.necks[0].conv1[0].weight, rough["conv1.0.weight"])
    assert not torch.equal(mine.necks[1].conv1[0].weight, rough["conv1.0.weight"])


def test_what_does_not_fit_is_told_by_key(given: Path, models: Path):
    for file in sorted((given / "seg").glob("*.safetensors")):
        tensors = load_file(file)
        if "mask_decoder.iou_token.weight" in tensors:
            tensors["mask_decoder.iou_token.weight"] = torch.zeros(1, 16)
            tensors["mask_decoder.nobody.weight"] = torch.zeros(1)
        tensors.pop("mask_decoder.level_embed.weight", None)
        save_file(tensors, file)
    (given / "text_hidden_fcs.pth").unlink()
    report, card = import_model(given, WISH)
    assert card is None
    assert report.missing == [
        "text_hidden_fcs.0.weight", "text_hidden_fcs.0.bias", "text_hidden_fcs.2.weight", "text_hidden_fcs.2.bias",
        "mask_decoder.level_embed.weight",
    ]  # fmt: skip
    assert report.unexpected == ["mask_decoder.nobody.weight"]
    assert report.other_shape == [{"key": "mask_decoder.iou_token.weight", "found": [1, 16], "expected": [1, 32]}]
    assert list(models.iterdir()) == []


@pytest.mark.parametrize(
    ("numbers", "missing", "unexpected"),
    [
        (
            [torch.ones(()), torch.ones(2)],
            ["multiscale_scalar"],
            ["multiscale_scalar.pth/0", "multiscale_scalar.pth/1"],
        ),
        ([], ["multiscale_scalar"], []),
        ([torch.ones(())] * 3, [], []),
    ],
)
def test_lists_of_other_numbers_are_told(
    given: Path, models: Path, numbers: list[Tensor], missing: list[str], unexpected: list[str]
):
    torch.save(numbers, given / "multiscale_scalar.pth")
    report, card = import_model(given, WISH)
    assert card is None and (report.missing, report.unexpected) == (missing, unexpected)
    other = [{"key": "multiscale_scalar", "found": [3], "expected": [2]}]
    assert report.other_shape == (other if len(numbers) == 3 else [])


def test_tensors_without_their_axes_are_told(given: Path, models: Path):
    for file in sorted((given / "seg").glob("*.safetensors")):
        tensors = load_file(file)
        for key in tensors:
            if key.endswith("transformer.0.layers.0.mlp.lin1.weight"):
                tensors[key] = torch.zeros(3)
        save_file(tensors, file)
    report, card = import_model(given, WISH)
    assert card is None and "mask_decoder.transformer.0.layers.0.mlp.lin1.weight" in [
        row["key"] for row in report.other_shape
    ]


def test_release_without_the_folder_of_its_memory_lacks_two_tensors_and_a_norm(given: Path, models: Path):
    for file in (given / "clm").iterdir():
        file.unlink()
    report, card = import_model(given, WISH)
    assert card is None
    assert report.missing == ["memory.scale", "memory.norm.weight", "memory.norm.bias"]


def test_release_without_words_is_told(given: Path, models: Path):
    (given / "tokenizer.json").unlink()
    with pytest.raises(RsvlmError, match="words of the model are missing"):
        import_model(given, WISH)


def test_release_that_names_code_is_refused(given: Path, models: Path):
    path = given / "vlm" / "text" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"auto_map": {"AutoModel": "mine.Model"}}))
    with pytest.raises(RsvlmError, match="auto_map"):
        import_model(given, WISH)


@pytest.mark.own_process
def test_pickle_that_acts_is_not_read(given: Path, models: Path):
    class Act:
        def __reduce__(self) -> tuple[object, ...]:
            return (print, ("acted",))

    torch.save([Act()], given / "multiseg_scalar.pth")
    with pytest.raises(RsvlmError, match=r"multiseg_scalar\.pth holds program code"):
        import_model(given, WISH)


def test_model_of_ours_comes_in_with_its_memory(
    tmp_path: Path, models: Path, config: GeoPixConfig, words: Words, pictures: Tensor
):
    torch.manual_seed(0)
    model = GeoPix(config).eval()
    save_geopix(tmp_path / "trained", model, words)
    report, card = import_model(tmp_path / "trained", WISH)
    assert card is not None and report.fits
    mine, _ = load_geopix(card.folder)
    with torch.no_grad():
        targets = Targets(torch.tensor([0, 1]), torch.randn(2, 2, 32))
        found = [one.masks(one.look(pictures), targets, torch.tensor([0, 1])).logits for one in (model, mine)]
    assert torch.equal(found[0], found[1])
