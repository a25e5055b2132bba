"""The bundled family: its size, what depends on what, and which pictures it takes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.words import CAPTION, EOS, PAD, RET, SPECIAL_TOKENS
from rsvlm.models.parts.connector import SquareConcat
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokens import sine_positions

Bundled = tuple[Compact, Tokenizer]


def count(*parts: nn.Module) -> int:
    """Parameters, a tensor that two names share counted once."""
    return sum(len(tensor.flatten()) for tensor in {id(p): p for part in parts for p in part.parameters()}.values())


def pixels(pictures: np.ndarray) -> Tensor:
    return normalise(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255)


def test_model_keeps_to_the_sizes_that_were_promised(bundled: Bundled):
    model, _ = bundled
    assert 1e6 < count(model.encoder) <= 4e6
    assert 1e6 < count(model.language) <= 4e6
    assert count(model) <= 8.5e6
    weights = get_card(None).folder / "model.safetensors"
    assert weights.stat().st_size <= 18e6
    assert weights.stat().st_size == pytest.approx(2 * (count(model) + model.anchors.numel()), rel=0.02), (
        "two bytes a parameter and a number of an anchor"
    )


def test_special_tokens_stand_first(bundled: Bundled):
    _, tokenizer = bundled
    assert [tokenizer.token_to_id(SPECIAL_TOKENS[token]) for token in (PAD, EOS, CAPTION, RET)] == [0, 1, 2, 3]
    assert SPECIAL_TOKENS[PAD] == "<pad>" and SPECIAL_TOKENS[EOS] == "<eos>"
    assert SPECIAL_TOKENS[CAPTION] == "<caption>" and SPECIAL_TOKENS[RET] == "[RET]"


@torch.inference_mode()
def test_a_word_depends_on_earlier_words_and_not_on_later_ones(bundled: Bundled, pictures: np.ndarray):
    model, _ = bundled
    features = model.encoder(pixels(pictures[:1]))
    ids = torch.tensor([[CAPTION, 300, 301, 302, 303, 304, 305]])
    other = ids.clone()
    other[0, 4] = 999
    first, second = model.caption_logits(features, ids), model.caption_logits(features, other)
    torch.testing.assert_close(first[:, :4], second[:, :4], rtol=0, atol=1e-5)
    changed = (first[:, 4:] - second[:, 4:]).abs().amax(dim=-1)
    assert (changed > 1e-2).all(), "the word itself and all after it see the change"


@torch.inference_mode()
def test_every_word_depends_on_the_picture(bundled: Bundled, pictures: np.ndarray):
    model, _ = bundled
    ids = torch.tensor([[CAPTION, 300, 301]]).expand(2, 3)
    logits = model.caption_logits(model.encoder(pixels(pictures[:2])), ids)
    assert ((logits[0] - logits[1]).abs().amax(dim=-1) > 1e-2).all()


@torch.inference_mode()
def test_padding_at_the_end_changes_nothing_before_it(bundled: Bundled, pictures: np.ndarray):
    model, _ = bundled
    features = model.encoder(pixels(pictures[:1]))
    ids = torch.tensor([[CAPTION, 300, 301, 302]])
    padded = torch.cat([ids, torch.full((1, 9), PAD)], dim=1)
    short, long = model.caption_logits(features, ids), model.caption_logits(features, padded)
    torch.testing.assert_close(short, long[:, :4], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("height", "width"), [(128, 128), (96, 96), (128, 256), (256, 128), (160, 224), (512, 128), (512, 512)]
)
@torch.inference_mode()
def test_pictures_of_any_multiple_of_32_are_taken(bundled: Bundled, height: int, width: int):
    model, _ = bundled
    picture = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    features = model.encoder(normalise(picture))
    assert features.grid == (height // 16, width // 16)
    assert features.tokens.shape == (1, height * width // 256, model.config.token_width)
    torch.testing.assert_close(features.pooled, features.tokens.mean(dim=1))
    prefix = model.prefix(features)
    assert prefix.shape == (1, height * width // 1024, model.config.language_width)
    logits = model.caption_logits(features, torch.tensor([[CAPTION]]))
    assert logits.isfinite().all() and logits.std() > 0.1
    assert model.scene_head(features.pooled).shape == (1, len(model.config.scenes))


def test_connector_joins_squares_of_neighbours():
    height, width, channels = 4, 6, 3
    tokens = torch.arange(2 * height * width * channels).float().view(2, height * width, channels)
    part = SquareConcat(channels, 4 * channels)
    with torch.no_grad():
        part.project.weight.copy_(torch.eye(4 * channels))
        part.project.bias.zero_()
        joined = part(tokens, (height, width))
    assert joined.shape == (2, 6, 12)
    picture = tokens.view(2, height, width, channels)
    for row in range(height // 2):
        for column in range(width // 2):
            corners = [picture[:, 2 * row + down, 2 * column + right] for down in (0, 1) for right in (0, 1)]
            torch.testing.assert_close(joined[:, row * (width // 2) + column], torch.cat(corners, dim=1))


def test_positions_tell_rows_in_the_first_half_and_columns_in_the_second():
    positions = sine_positions(5, 7, 16).view(5, 7, 16)
    assert (positions[:, :, :8] == positions[:, :1, :8]).all() and (positions[:, :, 8:] == positions[:1, :, 8:]).all()
    flat = positions.flatten(0, 1)
    distance = torch.cdist(flat, flat) + torch.eye(35) * 9
    assert distance.min() > 0.1, "no two places look the same"
    assert positions.abs().max() <= 1


@torch.inference_mode()
def test_text_embeddings_do_not_depend_on_their_batch(bundled: Bundled):
    model, _ = bundled
    short = torch.tensor([[300, 301, RET]])
    batch = torch.tensor([[300, 301, RET, PAD, PAD, PAD, PAD], [310, 311, 312, 313, 314, 315, RET]])
    torch.testing.assert_close(model.embed_texts(short)[0], model.embed_texts(batch)[0], rtol=0, atol=1e-5)
    torch.testing.assert_close(model.embed_texts(batch).norm(dim=1), torch.ones(2), rtol=0, atol=1e-5)
    assert (model.embed_texts(batch)[0] - model.embed_texts(batch)[1]).norm() > 0.05


@torch.inference_mode()
def test_anchors_are_directions_and_no_two_are_the_same(bundled: Bundled):
    anchors = bundled[0].anchors
    assert anchors.shape == (bundled[0].config.anchors, bundled[0].config.embedding)
    torch.testing.assert_close(anchors.norm(dim=1), torch.ones(len(anchors)), rtol=0, atol=1e-3)
    alike = anchors @ anchors.T - 2 * torch.eye(len(anchors))
    assert alike.max() < 0.9999


@torch.inference_mode()
def test_familiarity_is_the_cosine_to_the_nearest_anchor(bundled: Bundled, pictures: np.ndarray):
    model, _ = bundled
    features = model.encoder(pixels(pictures))
    found = model.familiarity(features)
    nearest = [max(float(own @ anchor) for anchor in model.anchors) for own in model.embed_images(features)]
    assert found.tolist() == pytest.approx(nearest, abs=1e-5) and (found <= 1.001).all()


@torch.inference_mode()
def test_model_without_anchors_finds_nothing_familiar(pictures: np.ndarray):
    fresh = Compact(CompactConfig(scenes=("forest", "lake"))).eval()
    assert not fresh.anchors.any() and "anchors" in fresh.state_dict(), "they are saved with the weights"
    assert fresh.familiarity(fresh.encoder(pixels(pictures[:1]))).item() == 0
