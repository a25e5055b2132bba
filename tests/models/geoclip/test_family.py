"""The network itself: its sizes, its activation, both orders of averaging, its words and its training."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import open_clip
import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.geoclip.files import load_geoclip
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig, class_logits
from rsvlm.models.families.geoclip.words import batch_ids, token_ids
from rsvlm.models.parts.prompt_averaging import average_prompts
from rsvlm.models.prompts import class_sentences

from .conftest import small


@pytest.mark.parametrize(
    ("architecture", "parameters"),
    [
        ("ViT-B-32", 151_277_313),  # the released files hold 605 MB, 1.71 GB and 3.94 GB of float32
        ("ViT-L-14", 427_616_513),
        ("ViT-L-14-336", 427_944_193),
        ("ViT-H-14", 986_109_441),
        ("RN50", 102_007_137),
    ],
)
def test_real_sizes_have_as_many_parameters_as_released(architecture: str, parameters: int):
    model = GeoClip.unfilled(GeoClipConfig.named(architecture, quick_gelu=False))
    assert sum(weight.numel() for weight in model.parameters()) == parameters
    assert {weight.device.type for weight in model.parameters()} == {"meta"}


def test_default_is_b32():
    assert GeoClipConfig(quick_gelu=True) == GeoClipConfig.named("ViT-B-32", quick_gelu=True)
    assert GeoClipConfig.named("ViT-H-14", quick_gelu=False).head_width == 80
    assert [GeoClipConfig.named(name, True).image_tokens for name in ("ViT-B-32", "ViT-L-14", "RN50")] == [49, 256, 49]


def test_architecture_added_to_open_clip_is_known(tmp_path: Path):
    config = GeoClipConfig.tiny()
    (tmp_path / "Test-Tiny-8.json").write_text(json.dumps(config.to_open_clip()))
    open_clip.add_model_config(tmp_path / "Test-Tiny-8.json")
    assert GeoClipConfig.named("Test-Tiny-8", quick_gelu=True) == config
    ours, theirs = GeoClip(config), open_clip.create_model("Test-Tiny-8")
    theirs.load_state_dict(ours.state_dict())
    pixels, ids = torch.randn(3, 3, 32, 32), batch_ids(["a lake", "", "x " * 99], 77)
    for mine, wanted in zip(ours.eval()(pixels, ids), theirs.eval()(pixels, ids), strict=True):
        torch.testing.assert_close(mine, wanted)


@pytest.mark.parametrize("name", ["ViT-Z-99", "hf-hub:someone/model", "../ViT-B-32", "ViT-B-16-SigLIP", ""])
def test_other_architectures_are_refused(name: str):
    with pytest.raises(ValueError, match=r"CLIP|open_clip"):
        GeoClipConfig.named(name, quick_gelu=True)


def test_tiny_model_builds_at_once_and_gives_a_vector_each():
    start = time.perf_counter()
    model = GeoClip(GeoClipConfig.tiny()).eval()
    assert time.perf_counter() - start < 2
    assert model.encode_image(torch.randn(3, 3, 32, 32)).shape == (3, 16)
    assert model.encode_text(batch_ids(["a lake", "a road"], 77)).shape == (2, 16)


def test_same_weights_give_other_features_under_the_other_activation(model: GeoClip):
    other = GeoClip(GeoClipConfig.tiny(quick_gelu=False)).eval()
    other.load_state_dict(model.state_dict())
    pixels, ids = torch.randn(4, 3, 32, 32), batch_ids(["a lake", "many houses"], 77)
    for quick, plain in (
        (model.encode_image(pixels), other.encode_image(pixels)),
        (model.encode_text(ids), other.encode_text(ids)),
    ):
        assert 1e-4 < (quick - plain).abs().max() < 1
        assert cosine_similarity(quick, plain).min() > 0.9, "near enough to go unnoticed"


def test_text_says_the_same_whatever_stands_behind_its_end(model: GeoClip):
    ids = batch_ids(["a lake"], 77)
    more = ids.clone()
    more[0, len(token_ids("a lake")) :] = 320
    torch.testing.assert_close(model.encode_text(ids), model.encode_text(more))


def test_orders_of_averaging_differ_by_the_length_of_embeddings():
    long, short = torch.tensor([4.0, 0.0]), torch.tensor([0.0, 1.0])
    embeddings = torch.stack([long, short])[None]
    torch.testing.assert_close(average_prompts(embeddings, "raw"), normalize(torch.tensor([[4.0, 1.0]])))
    torch.testing.assert_close(average_prompts(embeddings, "unit"), normalize(torch.tensor([[1.0, 1.0]])))
    alone = embeddings[:, :1]
    torch.testing.assert_close(average_prompts(alone, "raw"), average_prompts(alone, "unit"))


def test_logits_are_cosines_times_a_hundred():
    images, classes = normalize(torch.randn(3, 8), dim=-1), normalize(torch.randn(5, 8), dim=-1)
    wanted = 100 * cosine_similarity(images[:, None], classes[None], dim=-1)
    torch.testing.assert_close(class_logits(images, classes), wanted, atol=1e-4, rtol=0)


def test_class_names_of_datasets_become_words():
    assert class_sentences("Dense_Residential/Area ", ["a photo of {}.", "{}"]) == [
        "a photo of dense residential area.",
        "dense residential area",
    ]


def test_long_text_is_cut_before_its_end():
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    texts = ["a lake & two boats", "x " * 200, "", "Straße, 日本 — “naïve”"]
    assert torch.equal(batch_ids(texts, 77), tokenizer(texts))


def test_ten_steps_lower_the_loss():
    model = small().train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    torch.manual_seed(1)
    pixels, ids = torch.randn(4, 3, 32, 32), batch_ids(["a lake", "a road", "a farm", "a port"], 77)
    losses = []
    for _ in range(11):
        loss = model.loss(pixels, ids)
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[10] < 0.7 * losses[0], losses


def test_trained_model_answers_the_same_once_saved_and_loaded(add_clip: Callable[..., ModelCard]):
    model = small().train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    pixels, ids = torch.randn(4, 3, 32, 32), batch_ids(["a lake", "a road", "a farm", "a port"], 77)
    for _ in range(10):
        optimiser.zero_grad()
        model.loss(pixels, ids).backward()
        optimiser.step()
    again, _ = load_geoclip(add_clip("trained", model.eval()))
    for ours, theirs in zip(model(pixels, ids), again(pixels, ids), strict=True):
        assert torch.equal(ours, theirs)


def test_loss_is_least_for_texts_in_their_order(model: GeoClip):
    pixels, ids = torch.randn(4, 3, 32, 32), batch_ids(["a lake", "a road", "a farm", "a port"], 77)
    images, texts, scale = model(pixels, ids)
    wanted = torch.nn.functional.cross_entropy(scale * images @ texts.T, torch.arange(4))
    other = torch.nn.functional.cross_entropy(scale * texts @ images.T, torch.arange(4))
    torch.testing.assert_close(model.loss(pixels, ids), (wanted + other) / 2)
    with torch.no_grad():
        model.logit_scale.fill_(20.0)
    assert model.loss(pixels, ids).isfinite(), "the temperature has an end"
