"""The parts of the mask predictor, apart from the family and from golden data."""

from __future__ import annotations

import math

import pytest
import torch
from transformers import SamMaskDecoderConfig
from transformers.models.sam.modeling_sam import SamTwoWayTransformer

from rsvlm.models.parts.class_memory import ClassMemory, MemoryBank, ReleasedMemory, placed
from rsvlm.models.parts.image_neck import ImageNeck
from rsvlm.models.parts.instance_memory import InstanceMemory
from rsvlm.models.parts.mask_decoder import ChannelNorm, MaskDecoder
from rsvlm.models.parts.outline_loss import dice_loss, pixel_loss
from rsvlm.models.parts.prompt_encoder import FourierPlaces, PromptEncoder
from rsvlm.models.parts.two_way_transformer import TwoWayTransformer


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@torch.no_grad()
def test_two_way_transformer_is_that_of_segment_anything():
    """Against the one that transformers has."""
    config = SamMaskDecoderConfig(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, mlp_dim=24)
    config.layer_norm_eps = 1e-5  # as the original has it
    theirs, ours = SamTwoWayTransformer(config).eval(), TwoWayTransformer(16, 2, 2, 24).eval()
    state = {}
    for key, tensor in theirs.state_dict().items():
        name = key.replace("layer_norm_final_attn", "norm_final_attn")
        state[name.replace("layer_norm", "norm")] = torch.randn_like(tensor) / 4
        theirs.state_dict()[key].copy_(state[name.replace("layer_norm", "norm")])
    ours.load_state_dict(state)
    tokens, image, places = torch.randn(2, 5, 16), torch.randn(2, 9, 16), torch.randn(1, 9, 16)
    shaped = [plane.transpose(1, 2).unflatten(2, (3, 3)) for plane in (image, places.expand(2, -1, -1))]
    found = ours(tokens, image, places)
    wanted = theirs(tokens[:, None], *shaped, attention_similarity=None)
    for one, other in zip(found, wanted[:2], strict=True):
        assert torch.allclose(one, other[:, 0], atol=1e-5), (one - other[:, 0]).abs().max()


def test_places_are_of_pixel_centres_x_first():
    places = FourierPlaces(4)
    places.positional_encoding_gaussian_matrix.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.5]]))
    found = places(2)[0]  # (4, 2, 2): centres lie at -0.5 and 0.5
    assert torch.allclose(found[0], torch.tensor([[-math.pi, math.pi]] * 2).sin(), atol=1e-6)  # alike in both rows
    assert torch.allclose(found[3], (0.5 * torch.tensor([[-math.pi] * 2, [math.pi] * 2])).cos(), atol=1e-6)


def test_dense_prompt_is_one_vector_everywhere():
    places, dense = (encoder := PromptEncoder(8))(3)
    assert places.shape == dense.shape == (1, 8, 3, 3)
    assert torch.equal(dense[0, :, 1, 2], encoder.no_mask_embed.weight[0])


def test_neck_brings_tokens_to_its_grid_row_by_row():
    neck = ImageNeck(2, 3, 4, grid=4).eval()
    tokens = torch.zeros(1, 64, 2)
    tokens[0, 5] = 9  # first row, right of the middle
    changed = (neck(tokens) - neck(torch.zeros(1, 64, 2))).abs().sum(dim=1)[0]
    assert changed.shape == (4, 4)
    assert changed[0, 2:].max() > 0 and changed[3].max() == 0


def test_channel_norm_is_of_each_place():
    found = ChannelNorm(6)(7 + 3 * torch.randn(2, 6, 4, 5))
    assert torch.allclose(found.mean(dim=1), torch.zeros(2, 4, 5), atol=1e-5)
    assert torch.allclose(found.var(dim=1, unbiased=False), torch.ones(2, 4, 5), atol=1e-4)


@torch.no_grad()
def test_upper_level_is_brightened_where_the_lower_mask_lies():
    decoder = MaskDecoder(16, 1, 2, 16).eval()
    places, dense = PromptEncoder(16)(4)
    features, prompts = torch.randn(2, 16, 4, 4), torch.randn(2, 16)
    lower, guess = decoder(0, features, prompts, places, dense, None)
    assert lower.shape == (2, 1, 8, 8) and guess.shape == (2, 1)
    nothing, all_of_it = (
        decoder(1, features, prompts, places, dense, torch.full((2, 1, 8, 8), s))[0] for s in (-50.0, 50.0)
    )
    assert nothing.shape == (2, 1, 16, 16)
    assert (nothing - all_of_it).abs().max() > 1e-3
    doubled = decoder(1, 2 * features, prompts, places, dense, torch.full((2, 1, 8, 8), -50.0))[0]
    assert (doubled - nothing).abs().max() > 1e-3


@torch.no_grad()
def test_mask_follows_its_own_prompt_alone():
    decoder = MaskDecoder(16, 2, 2, 16).eval()
    places, dense = PromptEncoder(16)(4)
    features, prompts = torch.randn(1, 16, 4, 4).expand(2, -1, -1, -1), torch.randn(2, 16)
    first = decoder(0, features, prompts, places, dense, None)[0]
    prompts[1] += 1
    second = decoder(0, features, prompts, places, dense, None)[0]
    assert torch.equal(first[0], second[0]) and not torch.allclose(first[1], second[1], atol=1e-4)


@torch.no_grad()
def test_instance_is_remembered_where_its_mask_lies():
    encoder = InstanceMemory(8, 16).eval()
    features, masks = torch.randn(1, 8, 6, 6), torch.full((1, 1, 24, 24), -20.0)
    empty = encoder(features, masks)
    masks[..., :4, :4] = 20
    changed = (encoder(features, masks) - empty).abs().sum(dim=1)[0]
    assert changed.shape == (6, 6)
    assert changed[0, 0] > 100 * changed[5, 5]


@torch.no_grad()
def test_bank_gives_each_target_its_class_and_level():
    bank = MemoryBank(classes=3, levels=2, length=8, width=4, grid=5).eval()
    found = bank(torch.tensor([2, 0, 2]), 1)
    assert found.shape == (3, 4, 5, 5)
    assert torch.allclose(found[0], found[2]) and not torch.allclose(found[0], found[1])
    assert torch.allclose(bank(torch.tensor([0]), 1)[0], found[1], atol=1e-6)
    assert not torch.allclose(bank(torch.tensor([2]), 0)[0], found[0])
    # one column of one class: `length` numbers to each of `width` ones
    column = bank.mix(bank.memory[2][1, :, :, 3, 4].T[..., None, None, None])
    assert torch.allclose(column.flatten(), found[0, :, 3, 4], atol=1e-5)


@torch.no_grad()
def test_memory_is_read_everywhere_for_every_target():
    """The release hands its attention targets in place of places; here a far corner is heard, another target is not."""
    memory = ClassMemory(classes=2, levels=1, length=8, memory_width=16, width=8, grid=4).eval()
    features, masks = torch.randn(2, 8, 4, 4), torch.randn(2, 1, 16, 16)
    before = memory(features, masks, torch.tensor([0, 1]), 0)
    features[0, :, 3, 3] += 5
    after = memory(features, masks, torch.tensor([0, 1]), 0)
    assert (before - after)[0, :, 0, 0].abs().max() > 1e-5
    assert torch.equal(before[1], after[1])


def test_released_memory_normalises_scaled_channels():
    memory = ReleasedMemory(6)
    features = torch.randn(2, 6, 3, 3)
    wanted = torch.nn.functional.layer_norm((features * 2.421).permute(0, 2, 3, 1), (6,)).permute(0, 3, 1, 2)
    assert torch.allclose(memory(features), wanted, atol=1e-6)


def test_places_tell_tokens_apart():
    found = placed(torch.zeros(2, 50, 8))
    assert torch.equal(found[0], found[1])
    assert torch.allclose(found[0, 3, :2], torch.tensor([math.sin(3), math.cos(3)]))
    assert torch.cdist(found[0], found[0]).fill_diagonal_(9).min() > 0.1


def test_losses_are_those_of_the_formulas():
    truth = torch.zeros(2, 4, 4)
    truth[0, :2] = 1  # 8 pixels
    sure = torch.where(truth > 0, 50.0, -50.0)
    assert pixel_loss(sure, truth).item() == pytest.approx(0, abs=1e-6)
    assert dice_loss(sure, truth).item() == pytest.approx(0, abs=1e-6)  # the empty mask as well
    assert pixel_loss(torch.zeros(2, 4, 4), truth).item() == pytest.approx(math.log(2))
    # half sure everywhere: (2 * 4 + 1) / (8 + 8 + 1) and 1 / (8 + 1)
    assert dice_loss(torch.zeros(2, 4, 4), truth).item() == pytest.approx(1 - (9 / 17 + 1 / 9) / 2)
    assert pixel_loss(sure[:0], truth[:0]).item() == dice_loss(sure[:0], truth[:0]).item() == 0
