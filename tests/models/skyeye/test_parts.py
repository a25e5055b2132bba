"""Language models of several architectures behind one wrapper, connectors, and adapters."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from rsvlm.models.parts.adapters import add_lora, injected_key, is_adapter, plain_key
from rsvlm.models.parts.connector import FourTokenConcat, LinearPrefix, MlpConnector
from rsvlm.models.parts.language import IGNORED, IMAGE, Language, build, next_word_loss, padded

SIZES = {"vocab_size": 50, "hidden_size": 24, "num_attention_heads": 2, "num_hidden_layers": 2}
SIZES |= {"max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
LLAMA = {"model_type": "llama", "intermediate_size": 32}
KINDS: dict[str, dict[str, Any]] = {
    "llama": LLAMA,
    "qwen3": {"model_type": "qwen3", "intermediate_size": 32, "head_dim": 12, "num_key_value_heads": 2},
    "opt": {"model_type": "opt", "ffn_dim": 32, "word_embed_proj_dim": 16, "dropout": 0.0},
    "gemma2": {"model_type": "gemma2", "intermediate_size": 32, "head_dim": 12, "num_key_value_heads": 2},
}


@pytest.fixture(params=KINDS)
def language(request: pytest.FixtureRequest) -> Language:
    torch.manual_seed(0)
    return Language(build(SIZES | KINDS[request.param]).eval())


@pytest.fixture
def llama() -> Language:
    torch.manual_seed(0)
    return Language(build(SIZES | LLAMA).eval())


def test_cached_words_are_those_of_the_whole_sequence(language: Language):
    """What is said with the cache of keys and values is what reading everything again would say."""
    ids, mask = padded([[5, 6, 7, 8, 9], [11, 12]], 0, left=True)
    with torch.no_grad():
        embeddings = language.embed(ids)
        spoken = language.generate(embeddings, mask, 6, (), 0)
        whole = torch.cat([embeddings, language.embed(spoken.ids)], dim=1)
        mask = torch.cat([mask, torch.ones_like(spoken.ids)], dim=1)
        logits, states = language.read(whole, mask)
    assert torch.equal(logits[:, 4:-1].argmax(dim=-1), spoken.ids)
    chances = logits[:, 4:-1].softmax(dim=-1).amax(dim=-1)
    said = spoken.ids != 0
    for row in range(2):
        assert spoken.confidence[row].item() == pytest.approx(
            chances[row][said[row]].log().mean().exp().item(), abs=1e-4
        )
    if getattr(language.model.config, "final_logit_softcapping", None) is None:
        assert torch.allclose(language.model.get_output_embeddings()(states), logits, atol=1e-5)


def test_padding_on_the_left_changes_nothing(language: Language):
    ids, mask = padded([[11, 12, 13], [5, 6, 7, 8, 9]], 0, left=True)
    with torch.no_grad():
        beside = language.logits(language.embed(ids), mask)[0, 2:]
        alone = language.logits(language.embed(torch.tensor([[11, 12, 13]])))[0]
    assert torch.allclose(beside, alone, atol=1e-5)


def test_words_are_told_as_they_come(llama: Language):
    ids, mask = padded([[5, 6], [7, 8]], 0, left=True)
    heard: list[list[int]] = []
    spoken = llama.generate(llama.embed(ids), mask, 5, (), 0, on_token=heard.append)
    assert torch.tensor(heard).T.tolist() == spoken.ids.tolist()
    told: list[list[int]] = []
    beams = llama.generate(llama.embed(ids), mask, 5, (), 0, on_token=told.append, beams=3)
    assert torch.tensor(told).T.tolist() == beams.ids.tolist()
    assert ((beams.confidence > 0) & (beams.confidence < 1)).all()


def test_row_that_nobody_wants_ends_alone(llama: Language):
    ids, mask = padded([[5, 6], [7, 8]], 0, left=True)
    spoken = llama.generate(llama.embed(ids), mask, 5, (), 0)
    halted = llama.generate(llama.embed(ids), mask, 5, (), 0, stop=lambda row: row == 0)
    assert halted.ids[1].tolist() == spoken.ids[1].tolist()
    assert halted.ids[0].tolist() == [spoken.ids[0, 0].item(), 0, 0, 0, 0]
    both = llama.generate(llama.embed(ids), mask, 5, (), 0, beams=2, stop=lambda row: True)
    assert both.ids.shape[1] == 1


def test_any_of_several_ids_ends_a_row(llama: Language):
    ids, mask = padded([[5, 6]], 0)
    spoken = llama.generate(llama.embed(ids), mask, 5, (), 0).ids[0].tolist()
    assert llama.generate(llama.embed(ids), mask, 5, [49, spoken[2]], 0).ids[0].tolist() == spoken[:3]


def test_what_was_said_is_said_less(llama: Language):
    ids, mask = padded([[5, 6]], 0)
    plain = llama.generate(llama.embed(ids), mask, 20, (), 0).ids[0].tolist()
    varied = llama.generate(llama.embed(ids), mask, 20, (), 0, repetition_penalty=5.0).ids[0].tolist()
    assert len(set(varied)) > len(set(plain))
    told = llama.generate(llama.embed(ids), mask, 1, (), 0, repetition_penalty=50.0, first=plain[0])
    assert told.ids[0, 0].item() != plain[0], "an id that counts as said before all others"


def test_pictures_stand_where_they_have_room(llama: Language):
    ids = torch.tensor([[5, IMAGE, IMAGE, 6], [IMAGE, IMAGE, 7, 8]])
    pictures = torch.randn(2, 2, 24)
    embedded = llama.embed(ids, pictures)
    assert torch.equal(embedded[0, 1:3], pictures[0]) and torch.equal(embedded[1, :2], pictures[1])
    assert torch.equal(embedded[1, 2], llama.embed(torch.tensor([[7]]))[0, 0])
    with pytest.raises(ValueError, match="room for 4 tokens"):
        llama.embed(ids, pictures[:1])


def test_loss_is_of_the_next_word():
    logits = torch.zeros(1, 3, 5)
    logits[0, 0, 4] = 3.0
    labels = torch.tensor([[2, 4, IGNORED]])
    expected = math.log(4 + math.e**3) - 3
    assert next_word_loss(logits, labels).item() == pytest.approx(expected, abs=1e-5)


def test_connectors_make_tokens_of_the_language_model():
    tokens = torch.randn(2, 8, 6)
    assert FourTokenConcat(6, 10)(tokens).shape == (2, 2, 10)
    assert MlpConnector(6, 10)(tokens).shape == (2, 8, 10)
    prefix = LinearPrefix(6, 10, 3)
    made = prefix(tokens[:, 0])
    assert made.shape == (2, 3, 10)
    expected = tokens[:, 0] @ prefix.weight[10:20].T + prefix.bias[10:20]
    assert torch.allclose(made[:, 1], expected, atol=1e-6)
    joined = FourTokenConcat(6, 10)
    changed = tokens.clone()
    changed[:, 5] += 1
    same = (joined(tokens) - joined(changed)).abs().amax(dim=(0, 2))
    assert same[0] == 0 and same[1] > 0, "tokens 4 to 7 make the second one"


def test_adapters_add_their_product_and_freeze_the_rest(llama: Language):
    torch.manual_seed(0)
    layer = llama.model.model.layers[0].self_attn.q_proj
    states = torch.randn(1, 3, 24)
    plain = layer(states)
    add_lora(llama.model, 4, 16, ("q_proj", "v_proj"), 0.0)
    adapted = llama.model.model.layers[0].self_attn.q_proj
    assert torch.equal(adapted(states), plain), "they begin as nothing"
    nn.init.normal_(adapted.lora_B["default"].weight)
    down, up = adapted.lora_A["default"].weight, adapted.lora_B["default"].weight
    assert torch.allclose(adapted(states), plain + 4 * states @ down.T @ up.T, atol=1e-4), "16 / 4 times B A x"
    learnt = [name for name, parameter in llama.model.named_parameters() if parameter.requires_grad]
    assert len(learnt) == 2 * 2 * 2 and all(map(is_adapter, learnt))


@pytest.mark.parametrize(
    ("released", "ours"),
    [
        ("base_model.model.model.layers.3.self_attn.v_proj.lora_B.weight", "v_proj.lora_B.default.weight"),
        ("base_model.model.model.layers.3.self_attn.v_proj.weight", "v_proj.base_layer.weight"),
        ("base_model.model.model.layers.3.self_attn.k_proj.weight", "k_proj.weight"),
    ],
)
def test_names_of_adapters_go_both_ways(released: str, ours: str):
    own = injected_key(released, ("q_proj", "v_proj"))
    assert own == f"model.layers.3.self_attn.{ours}"
    assert f"base_model.model.{plain_key(own)}" == released
