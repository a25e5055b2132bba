"""The image tower and the Q-Former, apart from any family and from golden data."""

from __future__ import annotations

import pytest
import torch

from rsvlm.models.parts.eva_vit import EvaVit, fit_positions
from rsvlm.models.parts.qformer import QFormer, our_key


def tiny_qformer(instructed: bool = True) -> QFormer:
    torch.manual_seed(0)
    return QFormer(24, 4, 16, 3, 2, 32, 50, 12, instructed).eval()


def parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_sizes_are_the_published_ones():
    with torch.device("meta"):
        tower, forty, qformer, blind = EvaVit(), EvaVit(depth=40), QFormer(1408), QFormer(1408, instructed=False)
    assert round(parameters(forty) / 1e6) == 1011, "EVA (arXiv 2211.07636), table 3"
    assert parameters(tower) == 985_894_528
    assert parameters(qformer) == 185_684_736
    assert parameters(blind) == 105_162_240
    assert tower.blocks[0].mlp.fc1.out_features == 6144 and tower.pos_embed.shape == (1, 257, 1408)


def test_tower_gives_a_token_for_each_patch_and_one_for_all_of_them():
    torch.manual_seed(0)
    tower = EvaVit(16, 2, 2, pixels=56).eval()
    pixels = torch.randn(2, 3, 56, 56)
    with torch.no_grad():
        tokens = tower(pixels)
        other = tower(pixels.flip(0))
    assert tokens.shape == (2, 17, 16)
    assert torch.allclose(tokens.flip(0), other, atol=1e-6), "pictures of a batch do not see each other"


def test_tower_without_blocks_sees_each_patch_alone():
    torch.manual_seed(0)
    tower = EvaVit(16, 0, 2, pixels=56).eval()
    pixels = torch.randn(1, 3, 56, 56)
    altered = pixels.clone()
    altered[:, :, 14:28, 28:42] += 1  # the patch in row 1, column 2
    with torch.no_grad():
        difference = (tower(pixels) - tower(altered)).abs().amax(dim=-1)[0]
    assert difference.nonzero().flatten().tolist() == [1 + 4 * 1 + 2]


def test_positions_are_drawn_out_to_another_size():
    rows = torch.arange(4.0)[:, None].expand(4, 4).reshape(1, 16, 1)
    positions = torch.cat([torch.full((1, 1, 1), 9.0), rows], dim=1)
    assert fit_positions(positions, 17) is positions
    drawn = fit_positions(positions, 65)
    assert drawn.shape == (1, 65, 1) and drawn[0, 0, 0] == 9
    grid = drawn[0, 1:, 0].view(8, 8)
    assert torch.allclose(grid, grid[:, :1].expand(8, 8), atol=1e-5), "a row stays a row"
    assert (grid[1:, 0] > grid[:-1, 0]).all()


def test_padding_of_an_instruction_changes_nothing():
    model = tiny_qformer()
    image, ids = torch.randn(2, 7, 24), torch.randint(1, 50, (2, 5))
    padded = torch.cat([ids, torch.full((2, 3), 7)], dim=1)
    mask = torch.tensor([[1] * 5 + [0] * 3] * 2)
    with torch.no_grad():
        assert torch.allclose(model(image, ids), model(image, padded, mask), atol=1e-6)
        assert not torch.allclose(model(image, ids), model(image, padded), atol=1e-3), "words are read"


def test_answer_depends_on_image_and_instruction():
    model = tiny_qformer()
    image, ids = torch.randn(1, 7, 24), torch.randint(1, 50, (1, 5))
    with torch.no_grad():
        seen = model(image, ids)
        assert seen.shape == (1, 4, 16) and model.states(image, ids).shape == (1, 9, 16)
        assert not torch.allclose(seen, model(image + 1, ids), atol=1e-3)
        assert not torch.allclose(seen, model(image, ids + 1 - 50 * (ids == 49)), atol=1e-3)
        assert torch.allclose(seen, model(image.flip(1), ids), atol=1e-6), "image tokens carry their places themselves"


def test_qformer_of_queries_alone_reads_no_words():
    model = tiny_qformer(instructed=False)
    image = torch.randn(2, 7, 24)
    with torch.no_grad():
        assert model(image).shape == (2, 4, 16)
    with pytest.raises(ValueError, match="reads no instruction"):
        model(image, torch.ones(2, 3, dtype=torch.long))
    assert not [key for key in model.state_dict() if "words" in key]


def test_released_keys_become_ours():
    ours = set(tiny_qformer().state_dict())
    assert our_key("embeddings.LayerNorm.bias") in ours
    for key, wanted in (
        ("attention.self.query.weight", "attention.query.weight"),
        ("attention.output.dense.bias", "attention.out.bias"),
        ("attention.output.LayerNorm.bias", "attention.norm.bias"),
        ("crossattention.self.key.weight", "cross.key.weight"),
        ("crossattention.output.LayerNorm.weight", "cross.norm.weight"),
        ("intermediate.dense.weight", "for_words.up.weight"),
        ("output_query.dense.weight", "for_queries.down.weight"),
        ("output.LayerNorm.weight", "for_words.norm.weight"),
    ):
        assert our_key(f"encoder.layer.0.{key}") == f"layers.0.{wanted}"
        assert f"layers.0.{wanted}" in ours
