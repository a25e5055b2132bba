"""What the family promises apart from recorded runs: its sizes, its targets, its memory, and that it learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from rsvlm.models.families.geopix.files import load_geopix, save_geopix
from rsvlm.models.families.geopix.network import GeoPix, GeoPixConfig, Looked, Targets
from rsvlm.models.families.geopix.saying import said
from rsvlm.models.families.geopix.words import END, IGNORED, SEGS, Words, put
from rsvlm.models.parts.class_memory import ClassMemory
from rsvlm.protocol import RsvlmError

SEG = "".join(f" {token}" for token in SEGS)
QUESTIONS = [put("Can you segment the lake and the road ?", "segment"), put("Can you segment the lake ?", "segment")]
ANSWERS = [f"Sure, it is{SEG} and{SEG} .", f"Sure, it is{SEG} ."]


def asked(model: GeoPix, pictures: Tensor) -> tuple[Looked, Targets]:
    """Three targets, two of the first picture, with prompts at random."""
    torch.manual_seed(2)
    return model.look(pictures), Targets(torch.tensor([0, 0, 1]), torch.randn(3, 2, model.config.width))


def truth() -> Tensor:
    """(3, 20, 24): the left half, the upper half, a square."""
    masks = torch.zeros(3, 20, 24)
    masks[0, :, :12], masks[1, :10], masks[2, 5:15, 5:15] = 1, 1, 1
    return masks


def test_real_sizes_are_the_published_ones():
    with torch.device("meta"):
        whole, released = GeoPix(GeoPixConfig()), GeoPix(GeoPixConfig(released=True))
    assert isinstance(whole.memory, ClassMemory)
    assert sum(kept.numel() for kept in whole.memory.bank.memory) == 75 * 2 * 64 * 64 * 32 * 32 == 629_145_600
    assert sum(parameter.numel() for parameter in released.memory.parameters()) == 3 * 256
    shared = [sum(p.numel() for name, p in m.named_parameters() if "memory" not in name) for m in (whole, released)]
    assert shared[0] == shared[1] == 7_100_669_833
    # Vicuna 7B with 64 more words, CLIP ViT-L/14 at 448 pixels without its text side, two linear layers
    assert sum(parameter.numel() for parameter in whole.llava.parameters()) == 7_063_885_824
    assert whole.picture_tokens == 1024


def test_picture_words_and_masks_have_the_shapes_that_are_said(model: GeoPix, words: Words, pictures: Tensor):
    looked, targets = asked(model, pictures)
    assert looked.tokens.shape == (2, 16, 32)
    assert [depth.shape for depth in looked.depths] == [(2, 16, 32)] * 2
    masks = model.masks(looked, targets)
    assert masks.logits.shape == (3, 16, 16)
    assert masks.quality.shape == (3, 2)
    assert masks.on(50, 70).shape == (3, 50, 70)
    probabilities = masks.on(50, 70).sigmoid()
    assert probabilities.min() >= 0 and probabilities.max() <= 1


def test_answer_is_the_same_alone_and_beside_others(model: GeoPix, words: Words, pictures: Tensor):
    """Prompts of different lengths: padding may change nothing."""
    batch = words.questions(QUESTIONS)
    together, states = model.generate(model.look(pictures), batch, 5)
    for row, question in enumerate(QUESTIONS):
        looked = model.look(pictures[row : row + 1])
        alone, own = model.generate(looked, words.questions([question]), 5)
        assert torch.equal(alone[0], together[row, : alone.shape[1]])
        assert torch.allclose(own[0], states[row, : own.shape[1]], atol=1e-5)


def test_states_of_an_answer_are_those_of_reading_it_whole(model: GeoPix, words: Words, pictures: Tensor):
    batch, looked = words.questions(QUESTIONS), model.look(pictures)
    ids, states = model.generate(looked, batch, 5)
    embeddings = torch.cat([model.embed(batch.ids, looked), model.llava.get_input_embeddings()(ids[:, :-1])], dim=1)
    mask = torch.cat([batch.mask, batch.mask.new_ones(2, ids.shape[1] - 1)], dim=1)
    assert torch.allclose(model.think(embeddings, mask)[:, -ids.shape[1] :], states, atol=1e-5)


def test_every_six_tokens_in_a_row_are_one_target(model: GeoPix):
    segs = list(model.config.segs)
    ids = torch.tensor([[5, *segs, *segs, 6], [*segs[:5], 7, *segs, 7, segs[0]]])
    states = torch.randn(2, ids.shape[1], 32)
    targets = model.targets(ids, states)
    assert targets.owners.tolist() == [0, 0, 1]
    levels = model.text_hidden_fcs(states[1, 6:12]).view(2, 3, -1)
    assert torch.allclose(targets.prompts[2], torch.einsum("lsc,s->lc", levels, model.multiseg_scalar), atol=1e-6)
    assert model.targets(ids[:, :3], states[:, :3]).prompts.shape == (0, 2, 32)


def test_picture_without_targets_has_no_masks(model: GeoPix, pictures: Tensor):
    looked = model.look(pictures)
    none = model.targets(torch.tensor([[5, 6]] * 2), torch.randn(2, 2, 32))
    assert model.masks(looked, none).logits.shape == (0, 16, 16)


def test_masks_of_one_target_do_not_depend_on_the_others(model: GeoPix, pictures: Tensor):
    looked, targets = asked(model, pictures)
    class_ids = torch.tensor([0, 1, 2])
    together = model.masks(looked, targets, class_ids).logits
    last = Targets(targets.owners[2:], targets.prompts[2:])
    assert torch.allclose(model.masks(looked, last, class_ids[2:]).logits, together[2:], atol=1e-5)


def test_upper_level_sees_the_lower_levels_mask(model: GeoPix, pictures: Tensor):
    """The lower level's prompt alone is changed, its own mask does not count: the sum changes all the same."""
    looked, targets = asked(model, pictures)
    with torch.no_grad():
        model.multiscale_scalar[0] = 0
        first = model.masks(looked, targets).logits
        other = targets.prompts.clone()
        other[:, 0] += 1
        assert (model.masks(looked, Targets(targets.owners, other)).logits - first).abs().max() > 1e-4


@torch.no_grad()
def test_class_changes_masks_and_the_released_memory_has_none(config: GeoPixConfig, pictures: Tensor):
    torch.manual_seed(0)
    model, released = GeoPix(config).eval(), GeoPix(replace(config, released=True)).eval()
    looked, targets = asked(model, pictures)
    by_class = [model.masks(looked, targets, torch.full((3,), place)).logits for place in range(3)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        apart = (by_class[one] - by_class[other]).abs().amax(dim=(1, 2))
        print(f"class {one} or {other}: masks differ by {apart.min():.1e}")
        assert apart.min() > 1e-4
    assert torch.equal(model.masks(looked, targets).logits, by_class[2])  # a class that is not told is the last one
    looked, targets = asked(released, pictures)
    assert torch.equal(
        released.masks(looked, targets, torch.full((3,), 0)).logits,
        released.masks(looked, targets, torch.full((3,), 1)).logits,
    )
    assert not any("bank" in name for name in released.state_dict())


@torch.no_grad()
def test_what_the_memory_holds_of_a_class_changes_its_masks_alone(model: GeoPix, pictures: Tensor):
    looked, targets = asked(model, pictures)
    before = [model.masks(looked, targets, torch.full((3,), place)).logits for place in range(2)]
    assert isinstance(model.memory, ClassMemory)
    model.memory.bank.memory[1] += torch.randn_like(model.memory.bank.memory[1])
    after = [model.masks(looked, targets, torch.full((3,), place)).logits for place in range(2)]
    assert torch.equal(before[0], after[0])
    assert (before[1] - after[1]).abs().amax(dim=(1, 2)).min() > 1e-4


@torch.no_grad()
def test_first_mask_changes_what_the_memory_reads(model: GeoPix):
    features, class_ids = torch.randn(1, 32, 4, 4), torch.zeros(1, dtype=torch.long)
    assert isinstance(model.memory, ClassMemory)
    empty, full = (model.memory(features, torch.full((1, 1, 16, 16), side), class_ids, 0) for side in (-9.0, 9.0))
    assert (empty - full).abs().max() > 1e-3


def test_memory_can_be_trained_alone(config: GeoPixConfig, pictures: Tensor):
    """Only the bank learns: the masks of the class that was shown come nearer to the truth, no other class is touched."""
    torch.manual_seed(0)
    model = GeoPix(config).eval().requires_grad_(False)
    assert isinstance(model.memory, ClassMemory)
    bank = model.memory.bank.memory.requires_grad_(True)
    before = [kept.detach().clone() for kept in bank]
    looked, targets = asked(model, pictures)
    optimiser = torch.optim.AdamW(bank, 0.1)
    for place, others in ((0, (1, 2)), (1, (0, 2))):  # the second class: the first one stays as it has learnt
        losses, left = [], [bank[other].detach().clone() for other in others]
        for _ in range(10):
            optimiser.zero_grad()
            outlines = model.masks(looked, targets, torch.full((3,), place)).on(20, 24)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(outlines, truth())
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        print(f"memory of class {place} alone: {losses[0]:.4f} -> {losses[-1]:.4f}")
        assert losses[-1] < losses[0]
        assert bank[place].grad is not None and bank[place].grad.abs().amax(dim=(1, 2, 3, 4)).min() > 0  # both levels
        assert all(torch.equal(bank[other], kept) for other, kept in zip(others, left, strict=True))
    assert not torch.equal(bank[0], before[0]) and torch.equal(bank[2], before[2])
    assert torch.equal(model.state_dict()["memory.bank.memory"], torch.stack(list(bank)))


@pytest.mark.parametrize("released", [False, True])
def test_ten_steps_lower_the_loss(config: GeoPixConfig, words: Words, pictures: Tensor, released: bool):
    torch.manual_seed(0)
    model = GeoPix(replace(config, released=released)).train()
    batch = words.lessons(QUESTIONS, ANSWERS)
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3)
    totals = []
    for _ in range(10):
        optimiser.zero_grad()
        losses = model(pictures, batch, truth(), torch.tensor([0, 1, 0]))
        assert losses.total.item() == pytest.approx(
            losses.words.item() + 2 * losses.pixels.item() + 0.5 * losses.dice.item(), rel=1e-5
        )
        losses.total.backward()
        optimiser.step()
        totals.append(losses.total.item())
    print(f"released {released}: {totals[0]:.3f} -> {totals[-1]:.3f}")
    assert totals[-1] < 0.8 * totals[0]
    still = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    # no target is of the last class; the tower beyond the depth that is looked at, and the guess of the masks' quality
    known = (
        "memory.bank.memory.2",
        "llava.model.vision_tower.encoder.layers.10.",
        "llava.model.vision_tower.post_layernorm.",
    )
    assert {name for name in still if not name.startswith((*known, "mask_decoder.iou_prediction_head."))} == set()


def test_answers_without_masks_are_learnt_as_well(model: GeoPix, words: Words, pictures: Tensor):
    losses = model(pictures, words.lessons(QUESTIONS, ["No .", "Sure, it is the lake ."]), torch.zeros(0, 20, 24))
    assert losses.pixels.item() == losses.dice.item() == 0
    assert losses.total.item() == pytest.approx(losses.words.item())


def test_another_number_of_masks_is_refused(model: GeoPix, words: Words, pictures: Tensor):
    with pytest.raises(ValueError, match="2 masks for 3 targets in the answers"):
        model(pictures, words.lessons(QUESTIONS, ANSWERS), truth()[:2])


def test_only_answers_are_learnt(words: Words):
    batch = words.lessons(QUESTIONS, ANSWERS)
    for row, answer in enumerate(ANSWERS):
        learnt = batch.labels[row][batch.labels[row] != IGNORED].tolist()
        assert learnt[-1] == words.tokenizer.token_to_id(END)
        assert learnt[:-1] == words.tokenizer.encode(answer).ids
    assert (batch.ids == words.image).sum(dim=1).tolist() == [16, 16]


def test_targets_are_numbered_in_what_was_said(words: Words):
    ids = words.lessons(QUESTIONS, ANSWERS).labels[0]
    text, parts = said(words.tokenizer, ids[ids != IGNORED].tolist())
    assert text == "Sure, it is [1] and [2]." and parts == ["Sure, it is", " and", "."]


@pytest.mark.parametrize("released", [False, True])
def test_saved_model_answers_the_same(
    config: GeoPixConfig, words: Words, pictures: Tensor, tmp_path: Path, released: bool
):
    torch.manual_seed(0)
    model = GeoPix(replace(config, released=released)).eval()
    save_geopix(tmp_path / "mine", model, words)
    again, read = load_geopix(tmp_path / "mine")
    assert again.config == model.config
    with torch.no_grad():
        said = [
            one.generate(one.look(pictures), spoken.questions(QUESTIONS), 5)
            for one, spoken in ((model, words), (again, read))
        ]
        assert torch.equal(said[0][0], said[1][0]) and torch.equal(said[0][1], said[1][1])
        assert torch.equal(model.masks(*asked(model, pictures)).logits, again.masks(*asked(again, pictures)).logits)


def test_broken_model_is_told(model: GeoPix, words: Words, tmp_path: Path):
    save_geopix(tmp_path / "mine", model, words)
    (tmp_path / "mine" / "tokenizer.json").write_text("{}")
    with pytest.raises(RsvlmError, match="files of the model mine are missing or broken"):
        load_geopix(tmp_path / "mine")
    save_geopix(tmp_path / "mine", model, words)
    text = (tmp_path / "mine" / "config.json").read_text()
    (tmp_path / "mine" / "config.json").write_text(text.replace('"width": 32', '"width": 64'))
    with pytest.raises(RsvlmError, match="weights of the model mine do not fit"):
        load_geopix(tmp_path / "mine")
    (tmp_path / "mine" / "config.json").write_text(text.replace('"width"', '"breadth"'))
    with pytest.raises(RsvlmError, match="not one of the family geopix"):
        load_geopix(tmp_path / "mine")
