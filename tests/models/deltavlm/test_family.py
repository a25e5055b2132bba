"""The family as its paper describes it, without golden data: sizes, the part of each module, training, masks."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from rsvlm.models.families.deltavlm.network import DeltaVlm, DeltaVlmConfig
from rsvlm.models.families.deltavlm.words import Words
from rsvlm.models.parts.change_mask_decoder import ChangeMaskDecoder, mask_loss, token_grid

Dates = tuple[Tensor, Tensor]


def parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_real_size_has_the_published_numbers():
    with torch.device("meta"):
        model = DeltaVlm(DeltaVlmConfig())
    assert parameters(model.llm_model) == 6_738_415_616 + 2 * 4096, "LLaMA 7B and one token more"
    assert parameters(model.visual_encoder) == 985_894_528
    assert parameters(model.qformer) == 185_684_736
    assert parameters(model.csrm) == 7 * 1408**2 + 3 * 1408
    assert parameters(model) == 7_927_037_184, "their sum, a norm and the projection"
    model.freeze()
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    block = 4 * 1408**2 + 8 * 1408 + 2 * 1408 * 6144 + 6144
    above = 185_684_736 + 7 * 1408**2 + 3 * 1408 + 2 * 1408 + 769 * 4096
    assert trained == 2 * block + above == 253_216_384


def test_small_model_is_built_quickly(config: DeltaVlmConfig):
    DeltaVlm(config)
    began = time.perf_counter()
    DeltaVlm(config)
    assert time.perf_counter() - began < 2


def test_difference_module_sees_what_changed_and_in_which_order(model: DeltaVlm, dates: Dates):
    with torch.no_grad():
        pair = model.look(*dates)
        memory = model.relate(pair)
        assert memory.shape == (2, 20, 16)
        assert torch.allclose(memory[1, :10], memory[1, 10:], atol=1e-6), "no change: both dates read the same"
        assert not torch.allclose(memory[0, :10], memory[0, 10:], atol=1e-2)
        turned = model.relate(model.look(dates[1], dates[0]))
        assert not torch.allclose(turned[0, :10], memory[0, 10:], atol=1e-2), "before and after are not the same thing"


def test_answer_depends_on_difference_question_and_image(model: DeltaVlm, words: Words, dates: Dates):
    with torch.no_grad():
        memory = model.relate(model.look(*dates))
        batch = words.questions(["please briefly describe", "how many new buildings"])
        seen = model.prefix(memory, batch)
        other = model.prefix(memory, words.questions(["how many new buildings", "please briefly describe"]))
        assert seen.shape == (2, 4, 24)
        assert not torch.allclose(seen, other, atol=1e-3), "the Q-Former reads the instruction"
        assert not torch.allclose(seen[0], model.prefix(memory.flip(0), batch)[0], atol=1e-3)


def test_batch_answers_as_its_rows_alone_do(model: DeltaVlm, words: Words, dates: Dates):
    memory = model.relate(model.look(*dates))
    prompts = ["please briefly describe", "how many new buildings and roads have changed?"]
    together = model.generate(memory, words.questions(prompts), 6)
    for row, prompt in enumerate(prompts):
        alone = model.generate(memory[row : row + 1], words.questions([prompt]), 6)
        length = alone.ids.shape[1]
        assert together.ids[row, :length].tolist() == alone.ids[0].tolist()
        assert together.confidence[row].item() == pytest.approx(alone.confidence[0].item(), abs=1e-6)


def test_beams_find_what_is_likelier_than_one_word_at_a_time(model: DeltaVlm, words: Words, dates: Dates):
    with torch.no_grad():
        model.llm_model.lm_head.weight.mul_(40)  # opinions, of which the first is not always the best
    memory = model.relate(model.look(*dates))
    batch = words.questions(["please briefly describe", "how many new buildings"])
    greedy, searched = (model.generate(memory, batch, 4, beams=beams) for beams in (1, 16))
    assert (searched.confidence >= greedy.confidence - 1e-5).all() and (greedy.confidence > 0).all()
    assert (searched.confidence > greedy.confidence + 1e-3).any()


@pytest.mark.parametrize("released", [False, True])
def test_ten_steps_lower_the_loss(config: DeltaVlmConfig, words: Words, dates: Dates, released: bool):
    torch.manual_seed(0)
    model = DeltaVlm(replace(config, released=released))
    with torch.no_grad():
        for weight in model.llm_model.parameters():
            weight.mul_(6 if weight.dim() == 2 else 1)  # a language model that listens to what stands before
    model.freeze()
    frozen = model.llm_model.model.layers[0].mlp.up_proj.weight.clone()
    relation = model.csrm.context3.weight.clone()
    batch = words.lessons(["please briefly describe"] * 2, ["two new buildings", "there is no difference"])
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-2)
    losses = []
    for _ in range(10):
        loss = model(*dates, batch)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1
    assert torch.equal(frozen, model.llm_model.model.layers[0].mlp.up_proj.weight)
    assert torch.equal(relation, model.csrm.context3.weight) is released, "the paper trains its difference module"


def test_only_the_answer_is_learnt(model: DeltaVlm, words: Words, dates: Dates):
    """A row's loss is that of its answer's tokens, whatever stands beside it in the batch."""
    prompts, answers = ["please briefly describe", "how many roads?"], ["two new buildings have changed", "no"]
    with torch.no_grad():
        whole = model(*dates, words.lessons(prompts, answers)).item()
        single = [
            model(
                dates[0][i : i + 1], dates[1][i : i + 1], words.lessons(prompts[i : i + 1], answers[i : i + 1])
            ).item()
            for i in range(2)
        ]
    counts = [len(words.language.encode(answer).ids) + 1 for answer in answers]
    assert whole == pytest.approx((single[0] * counts[0] + single[1] * counts[1]) / sum(counts), abs=1e-5)


def test_mask_follows_the_difference(config: DeltaVlmConfig, dates: Dates):
    torch.manual_seed(0)
    model = DeltaVlm(replace(config, mask_hidden=64)).eval()
    with torch.no_grad():
        mask = model.change_mask(model.look(*dates), 40)
        turned = model.change_mask(model.look(dates[0] * 0, dates[1] * 0), 40)
    assert mask.shape == (2, 1, 40, 40) and 0 <= mask.min() <= mask.max() <= 1
    assert not torch.allclose(mask[0], turned[0], atol=1e-4)
    assert torch.allclose(mask[1], turned[1], atol=1e-5), "no change looks alike, whatever the picture"
    with pytest.raises(ValueError, match="no decoder of masks"):
        DeltaVlm(config).change_mask(model.look(*dates))


def test_mask_learns_where_change_is():
    torch.manual_seed(0)
    decoder = ChangeMaskDecoder(64, pixels=32, stages=2)
    features = torch.randn(1, 6, 8, 8)
    truth = torch.zeros(1, 1, 32, 32)
    truth[..., :16] = 1
    features[..., :4] += 3
    optimiser = torch.optim.AdamW(decoder.parameters(), 3e-3)
    losses = []
    for _ in range(10):
        loss = mask_loss(decoder(features), truth)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_filters_are_compared_within_each_channel():
    """AnyUp's first layer does not care in which order channels come, nor how many there are; the release's does."""
    torch.manual_seed(0)
    features = torch.randn(1, 6, 5, 5)
    decoder, released = ChangeMaskDecoder(64, stages=1), ChangeMaskDecoder(64, stages=1, released=True)
    with torch.no_grad():
        found = decoder.lfu(features)
        assert torch.allclose(found, decoder.lfu(features.flip(1)), atol=1e-6)
        assert torch.allclose(found, decoder.lfu(torch.cat([features, features], dim=1)), atol=1e-6)
        assert torch.allclose(found.sum(dim=1), torch.ones(1, 5, 5), atol=1e-5)
        assert not torch.allclose(released.lfu(features), released.lfu(features.flip(1)), atol=1e-4)


def test_class_token_is_no_place():
    tokens = torch.arange(10.0).view(1, 10, 1)
    assert token_grid(tokens)[0, 0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert token_grid(tokens[:, 1:])[0, 0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    with pytest.raises(ValueError, match="11 tokens are no square grid"):
        token_grid(torch.zeros(1, 11, 1))


def test_pixel_of_change_counts_twice():
    found = torch.tensor([[[[0.2, 0.2], [0.2, 0.2]]]])
    truth = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
    changed, same = -torch.log(torch.tensor(0.2)), -torch.log(torch.tensor(0.8))
    assert mask_loss(found, truth).item() == pytest.approx(((2 * changed + 3 * same) / 4).item(), abs=1e-6)
