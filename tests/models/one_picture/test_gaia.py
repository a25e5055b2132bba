"""GAIA's BLIP-2: published sizes, what is trained, and the way there from BLIP-2's release."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.families.gaia.files import convert_gaia, load_gaia
from rsvlm.models.families.gaia.network import Gaia, GaiaConfig
from rsvlm.models.importing import Report
from rsvlm.models.language_files import memory_needed, own_state
from rsvlm.models.parts.queried_picture import PictureSizes

from .official_names import lavis

CLIP = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16, "patch_size": 14,
    "image_size": 224, "projection_dim": 768,
}  # fmt: skip


@pytest.mark.parametrize(
    ("clip", "learnt", "whole", "published"),
    [(None, 107_133_696, 3_744_625_024, "107M of 3.8B"), (CLIP, 103_593_984, 3_058_370_560, "104M of 3.1B")],
)
def test_real_size_has_the_published_numbers(clip: dict | None, learnt: int, whole: int, published: str):
    """BLIP-2 (arXiv 2301.12597), table 2, with OPT 2.7B."""
    with torch.device("meta"):
        model = Gaia(GaiaConfig(picture=PictureSizes(clip=clip)))
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == learnt
    assert sum(p.numel() for p in model.parameters()) == whole
    needed = memory_needed(own_state(model))
    print(f"{published}: {learnt / 1e6:.0f}M of {whole / 1e9:.2f}B, {needed / 2**30:.1f} GiB to run")
    assert needed == 5 * whole // 2 + 64 * 2**20, "half precision and a quarter more"


@pytest.fixture
def model(tokenizer: Tokenizer) -> Gaia:
    torch.manual_seed(0)
    return Gaia(GaiaConfig.tiny(tokenizer.get_vocab_size())).eval()


@pytest.fixture
def release(folder: Path, model: Gaia, tokenizer: Tokenizer) -> Path:
    """Texts as a user puts them together."""
    (folder / "opt_model").mkdir()
    (folder / "opt_model" / "config.json").write_text(json.dumps({**model.config.language, "torch_dtype": "float16"}))
    (folder / "opt_model" / "tokenizer.json").write_text(tokenizer.to_str())
    told = {key: value for key, value in asdict(model.config).items() if key != "language"}
    (folder / "config.json").write_text(json.dumps(told))
    return folder


def test_blip_2s_release_comes_in_and_answers_the_same(
    release: Path, model: Gaia, pictures: Tensor, tokenizer: Tokenizer
):
    official = {lavis(key): tensor for key, tensor in own_state(model).items()}
    assert {"query_tokens", "opt_proj.weight", "Qformer.bert.encoder.layer.0.crossattention.self.query.weight"} <= set(
        official
    )
    plain = {key.replace("opt_model.model.decoder.", "opt_model.decoder."): tensor for key, tensor in official.items()}
    assert plain.keys() != official.keys(), "as OPT's own file calls them"
    plain |= {"visual_encoder.blocks.39.norm1.weight": torch.zeros(16), "opt_model.lm_head.weight": torch.zeros(37, 24)}
    report = Report(**convert_gaia(release, plain)["report"])
    assert report.fits and report.unexpected == ["visual_encoder.blocks.39.norm1.weight".replace("v", "picture.v", 1)]
    again, words = load_gaia(release)
    batch = words.questions(["The image showcases:", "Question: how many planes Answer:"])
    said = [made.generate(made.look(pictures), batch, 8).ids.tolist() for made in (model, again)]
    assert said[0] == said[1]


def test_checkpoint_alone_lacks_tower_and_language_model(release: Path, model: Gaia):
    kept = {
        lavis(key): tensor
        for key, tensor in own_state(model).items()
        if key.startswith(("picture.qformer.", "picture.project.", "picture.ln_vision."))
    }
    report = Report(**convert_gaia(release, kept)["report"])
    assert {key.split(".")[0] + key.split(".")[1] for key in report.missing} == {
        "picturevisual_encoder",
        "language_modelmodel",
    }
    assert not report.unexpected and not report.other_shape and not (release / "model.safetensors").exists()


def test_picture_stands_before_the_first_word(model: Gaia, tokenizer: Tokenizer, release: Path):
    convert_gaia(release, own_state(model))
    words = load_gaia(release)[1]
    ids = words.questions(["The image showcases:"]).ids[0].tolist()
    assert ids[:5] == [-1] * 4 + [tokenizer.token_to_id("</s>")]
    assert tokenizer.decode(ids[5:]) == "The image showcases:"


def test_only_the_bridge_is_trained(model: Gaia):
    names = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert {name.split(".")[1] for name in names} == {"ln_vision", "qformer", "project"}
