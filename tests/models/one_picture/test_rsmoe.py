"""RS-MoE as its paper describes it: a router that writes and weighs, experts that draft, two stages of training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.cards import get_card
from rsvlm.models.families.rsmoe.files import LAYOUT, load_start
from rsvlm.models.families.rsmoe.network import RsMoe, RsMoeConfig
from rsvlm.models.families.rsmoe.words import EXPERTS, INSTRUCTIONS, Lessons, Words
from rsvlm.models.importing import Report
from rsvlm.models.parts.expert_balance import imbalance
from rsvlm.models.parts.instruction_router import Routed
from rsvlm.models.parts.lora_experts import ExpertLinear
from rsvlm.models.predictors.abilities import Question

from .official_names import lavis

QUESTIONS = ["describe this image", "is it an airport ?"]
PARTS = [("an airport", "two white planes", "planes on the apron"), ("an apron", "no plane", "beside the runway")]


@pytest.fixture
def words(moe) -> Words:
    return moe.words


@pytest.fixture
def model(moe, awake: Callable[[nn.Module], nn.Module]) -> RsMoe:
    torch.manual_seed(0)
    return awake(moe.make())


@pytest.fixture
def lessons(words: Words) -> Lessons:
    return words.learn_parts(QUESTIONS, ["two white planes stand on the apron", "no"], PARTS)


def train(model: RsMoe, pictures: Tensor, lesson, steps: int, rate: float = 1e-2) -> list[float]:
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], rate, weight_decay=0.0)
    losses = []
    for _ in range(steps):
        loss = model(pictures, lesson)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    return losses


def answer(model: RsMoe, words: Words, tokens: Tensor, gates: Tensor) -> list[list[int]]:
    return model.generate(tokens, gates, words.merge(QUESTIONS, PARTS), 12).ids.tolist()


def test_real_size_is_that_of_its_parts():
    """LLaMA 3.2 1B has 1,235,814,400 numbers; EVA's tower and the Q-Former are BLIP-2's."""
    with torch.device("meta"):
        model = RsMoe(RsMoeConfig())
    count = {name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()}
    adapters = 16 * 3 * 4 * 16 * (2048 + 8192)  # layers, projections, adapters, rank, both sides
    assert count["language_model"] == 1_235_814_400 + adapters
    assert sum(p.numel() for p in model.picture.visual_encoder.parameters()) == 985_894_528
    assert sum(p.numel() for p in model.picture.qformer.parameters()) == 105_162_240
    assert sum(p.numel() for p in model.parameters()) == 2_365_174_144
    model.freeze(2)
    learnt = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert learnt == adapters + count["router"] + 2048 == 36_725_248


def test_instructions_are_written_from_picture_and_question(model: RsMoe, words: Words, pictures: Tensor):
    with torch.no_grad():
        tokens = model.look(pictures)
        first, other = (model.route(tokens, words.asked([text, text])) for text in QUESTIONS)
    assert first.instructions.shape == (2, 3, 2, 24) and first.gates.shape == (2, 3)
    assert torch.allclose(first.gates.sum(dim=1), torch.ones(2))
    written = first.instructions
    for left, right in ((written[0], written[1]), (written, other.instructions), (written[:, 0], written[:, 1])):
        assert (left - right).abs().max() > 1e-3, "by picture, by question and by expert"
    assert (first.gates - other.gates).abs().max() > 1e-4


def test_padding_of_a_question_routes_the_same(model: RsMoe, words: Words, pictures: Tensor):
    with torch.no_grad():
        tokens = model.look(pictures)
        together = model.route(tokens, words.asked(["describe", QUESTIONS[1]]))
        alone = model.route(tokens[:1], words.asked(["describe"]))
    assert torch.allclose(together.gates[0], alone.gates[0], atol=1e-6)
    assert torch.allclose(together.instructions[0], alone.instructions[0], atol=1e-5)


def test_experts_read_what_the_router_wrote(model: RsMoe, words: Words, pictures: Tensor):
    """The drafts change with the instruction, and each with its own expert alone."""
    tokens = model.look(pictures)
    routed = model.route(tokens, words.asked(QUESTIONS))
    parts = words.parts(QUESTIONS)
    drafts = model.draft(tokens, routed, parts)
    assert drafts.ids.shape[0] == 6 and drafts.ids.shape[1] <= model.config.draft
    other = model.draft(tokens, Routed(5 * routed.instructions.flip(1), routed.gates), parts)
    assert other.ids.tolist() != drafts.ids.tolist()
    for layer in model.language_model.modules():
        if isinstance(layer, ExpertLinear):
            layer.up.data[2].mul_(-5)
    changed = model.draft(tokens, routed, parts)
    same = (changed.confidence - drafts.confidence).abs() < 1e-6
    assert same.tolist() == [True, False, True] * 2, "the object expert is the second of three rows"


def test_each_expert_is_asked_for_its_part(words: Words, tokenizer: Tokenizer):
    parts = words.parts(["how many planes"])
    assert list(INSTRUCTIONS) == list(EXPERTS) and len(parts.ids) == 3
    assert (parts.ids == -1).sum(dim=1).tolist() == [4 + 2] * 3, "the picture, and what the router writes"
    texts = [tokenizer.decode([token for token in row if token > 4]) for row in parts.ids.tolist()]
    assert all(text.endswith("how many planes Answer:") for text in texts)


def test_gate_decides_which_draft_is_heard(model: RsMoe, words: Words, pictures: Tensor):
    """Other gates give another answer; a draft whose gate is 0 may say what it likes."""
    tokens = model.look(pictures)
    gates = {name: torch.eye(3)[place].expand(2, 3) for place, name in enumerate(EXPERTS)}
    answers = {name: answer(model, words, tokens, gate) for name, gate in gates.items()}
    assert answers["theme"] != answers["object"] != answers["relation"] != answers["theme"]
    even = answer(model, words, tokens, torch.full((2, 3), 1 / 3))
    assert even not in answers.values()

    def heard(parts: list[tuple[str, str, str]], gate: Tensor) -> Tensor:
        merge = words.merge(QUESTIONS, parts)
        return model._heard(merge, tokens, gate)[merge.words.mask.bool()]

    lies = [(theme, " ".join(["runway"] * len(thing.split())), lie) for theme, thing, lie in PARTS]
    with torch.no_grad():
        assert torch.equal(heard(PARTS, gates["theme"]), heard(lies, gates["theme"]))
        assert not torch.equal(heard(PARTS, gates["object"]), heard(lies, gates["object"]))
        whole = model.language.embed(words.merge(QUESTIONS, PARTS).words.ids, tokens)
        assert torch.allclose(
            heard(PARTS, torch.full((2, 3), 1 / 3)), whole[words.merge(QUESTIONS, PARTS).words.mask.bool()]
        )


def test_answer_follows_the_routers_own_gate(model: RsMoe, words: Words, pictures: Tensor):
    tokens = model.look(pictures)
    before = model.route(tokens, words.asked(QUESTIONS)).gates
    first = answer(model, words, tokens, before)
    model.router.gate.data.mul_(-40)
    after = model.route(tokens, words.asked(QUESTIONS)).gates
    assert (before - after).abs().max() > 0.1 and answer(model, words, tokens, after) != first


def test_second_stage_learns_the_gate_from_the_answer(model: RsMoe, lessons: Lessons, pictures: Tensor):
    model.freeze(2)
    losses = model.losses(pictures, lessons)
    losses.answer.backward()
    assert model.router.gate.grad.abs().max() > 0 and model.silence.grad.abs().max() > 0
    model.zero_grad()
    model.losses(pictures, lessons).drafts.backward()
    assert model.router.slots.grad.abs().max() > 0 and model.router.write.weight.grad.abs().max() > 0
    assert model.router.gate.grad is None, "drafts are not weighed while they are learnt"


def test_two_stages_lower_their_losses(moe, words: Words, lessons: Lessons, pictures: Tensor):
    """The first moves one adapter alone, the second begins with all experts equal to it, and moves nothing of the Q-Former."""
    torch.manual_seed(0)
    model: RsMoe = moe.make().train()
    layer = next(part for part in model.language_model.modules() if isinstance(part, ExpertLinear))
    experts = layer.down[1:].clone(), layer.up[1:].clone()
    model.freeze(1)
    first = train(model, pictures, moe.lesson(words), 10)
    assert first[-1] < first[0] - 0.1
    assert torch.equal(layer.down[1:], experts[0]) and torch.equal(layer.up[1:], experts[1]) and layer.up[0].any()
    model.start_experts()
    assert all(torch.equal(layer.up[0], layer.up[number]) for number in (1, 2, 3))
    model.freeze(2)
    seen = {key: tensor.clone() for key, tensor in model.picture.state_dict().items()}
    router = {key: tensor.clone() for key, tensor in model.router.state_dict().items()}
    second = train(model, pictures, lessons, 10)
    assert second[-1] < second[0] - 0.1
    assert all(torch.equal(tensor, seen[key]) for key, tensor in model.picture.state_dict().items())
    assert not torch.equal(layer.up[1], layer.up[2]), "experts grow apart"
    assert all(not torch.equal(tensor, router[key]) for key, tensor in model.router.state_dict().items())


def test_balance_term_evens_out_the_experts(moe, lessons: Lessons, pictures: Tensor):
    found = {}
    for weight in (0.0, 3.0):
        torch.manual_seed(0)
        model = RsMoe(replace(moe.config, balance=weight)).train()
        with torch.no_grad():
            leaning = torch.randn(16) / 4
            model.router.gate[0] = 3 * leaning
            model.router.slots.add_(3 * leaning)  # all lean to the first
        model.freeze(2)
        before = model.losses(pictures, lessons).balance.item()
        train(model, pictures, lessons, 15)
        found[weight] = before, model.losses(pictures, lessons).balance.item()
    print({weight: f"{before:.3f} -> {after:.3f}" for weight, (before, after) in found.items()})
    (start, without), (same, balanced) = found[0.0], found[3.0]
    assert start == same > 0.3
    assert balanced < 0.5 * start and balanced < 0.7 * without


def test_imbalance_of_known_shares():
    even, one = torch.full((4, 3), 1 / 3), torch.eye(3)[:1].expand(4, 3)
    assert imbalance(even, even).item() == pytest.approx(0, abs=1e-6) and imbalance(one, one).item() == 2
    turns = torch.eye(3)
    assert imbalance(turns, turns).item() == pytest.approx(0, abs=1e-6), "each its own is even use"
    mask = torch.tensor([1, 0, 0])
    assert imbalance(turns, turns, mask).item() == 2, "padding is not counted"


def test_predictor_tells_drafts_and_gates(moe, model: RsMoe):
    predictor = moe.predictor(get_card(None), model, moe.words, "cpu")
    seen = predictor.encode([np.full((42, 42, 3), 90, np.uint8)])
    reply = predictor.ask(seen, [Question(QUESTIONS[0])])[0]
    assert [name for name, _ in reply.drafts] == list(EXPERTS) and all(text for _, text in reply.drafts)
    assert sum(reply.gates) == pytest.approx(1, abs=1e-5)
    merged = moe.words.merge(QUESTIONS[:1], [tuple(text for _, text in reply.drafts)])
    spoken = model.generate(seen[0].looked, torch.tensor([reply.gates]), merged, 256)
    assert moe.words.text(spoken.ids[0].tolist()) == reply.text
    assert reply.read == int(merged.words.mask.sum() + moe.words.parts(QUESTIONS[:1]).mask.sum())


def test_released_block_stands_before_the_language_model(tokenizer: Tokenizer, pictures: Tensor):
    torch.manual_seed(0)
    config = RsMoeConfig.tiny(tokenizer.get_vocab_size(), released=True)
    model, words = RsMoe(config).eval(), LAYOUT.words(config, tokenizer)
    batch = words.questions(["describe"])
    with torch.no_grad():
        found = model._embed(batch.ids, model.look(pictures[:1]))
        room = batch.ids[0] == -1
        assert torch.equal(found[0, room], model.look(pictures[:1])[0])
        assert torch.equal(found[0, ~room], model.text_moe(model.language.embed(batch.ids))[0, ~room])
    assert model.text_moe.moe_model.experts[0].linear1.weight.requires_grad
    losses = train(model, pictures, words.lessons([[("describe", "two planes")], [("is it ?", "no")]]), 10)
    assert losses[-1] < losses[0] - 0.1


def test_what_blip_2_sees_is_a_start(model: RsMoe, pictures: Tensor):
    """Under the keys of its release; what does not fit changes nothing."""
    torch.manual_seed(9)
    other = RsMoe(model.config).eval()
    plain = {f"visual_encoder.{key}": tensor for key, tensor in other.picture.visual_encoder.state_dict().items()}
    plain |= {f"ln_vision.{key}": tensor for key, tensor in other.picture.ln_vision.state_dict().items()}
    plain |= {lavis(f"picture.qformer.{key}"): tensor for key, tensor in other.picture.qformer.state_dict().items()}
    assert "Qformer.bert.encoder.layer.0.crossattention.self.query.weight" in plain
    lacking = {key: tensor for key, tensor in plain.items() if key != "query_tokens"}
    before = model.look(pictures)
    assert Report(**load_start(model, lacking)).missing == ["picture.qformer.query_tokens"]
    assert torch.equal(model.look(pictures), before)
    assert Report(**load_start(model, plain | {"llm_proj.weight": torch.zeros(1)})) == Report([], [], [])
    model.picture.project = other.picture.project
    assert torch.equal(model.look(pictures), other.look(pictures))
