"""RS-GPT4V: LLaVA's sizes, its three kinds of tuning, its dialogue, and the way there from LLaVA's releases."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.cards import get_card
from rsvlm.models.families.rsgpt4v.files import LAYOUT, convert_rsgpt4v, load_rsgpt4v, save_rsgpt4v
from rsvlm.models.families.rsgpt4v.learner import PARTS, RsGpt4vLearner
from rsvlm.models.families.rsgpt4v.network import EVERY_LAYER, RsGpt4v, RsGpt4vConfig
from rsvlm.models.families.rsgpt4v.predictor import RsGpt4vPredictor
from rsvlm.models.importing import Report
from rsvlm.models.language_files import own_state
from rsvlm.models.learning import Example
from rsvlm.models.parts.adapters import WRAPPED, add_lora
from rsvlm.models.parts.language import build
from rsvlm.models.parts.lora_experts import add_experts
from rsvlm.models.parts.moe_lora import MoeLora, add_moe_lora, mixture_imbalance

from .official_names import hugging_face, llava, newer

LLAMA = {
    "model_type": "llama", "vocab_size": 40, "hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2,
    "num_attention_heads": 2, "max_position_embeddings": 64,
}  # fmt: skip


def numbers(config: RsGpt4vConfig) -> tuple[int, int]:
    """All, and those that learn."""
    with torch.device("meta"):
        model = RsGpt4v(config)
    every = list(model.parameters())
    return sum(p.numel() for p in every), sum(p.numel() for p in every if p.requires_grad)


def test_real_size_has_the_published_numbers():
    """LLaVA 1.5, 7B: a tower of 303,507,456, a connector of 20,979,712, and Vicuna; LoRA of rank 128 on every layer."""
    tower, connector, vicuna, lora = 303_507_456, 20_979_712, 6_738_415_616, 319_815_680
    whole = tower + connector + vicuna
    assert numbers(RsGpt4vConfig(tuning="full")) == (whole, whole - tower) == (7_062_902_784, 6_759_395_328)
    assert numbers(RsGpt4vConfig()) == (whole + lora, connector + lora)
    gates = 32 * 4 * (6 * 4096 + 11008)
    assert numbers(RsGpt4vConfig.mixture()) == (whole + lora + gates, connector + lora + gates)
    assert RsGpt4vConfig().picture == 576


def test_one_of_several_experts_is_one_adapter():
    """A row's expert does exactly what peft's adapter with the same numbers does, whoever works beside it."""
    torch.manual_seed(0)
    plain, stacked = build(LLAMA).eval(), build(LLAMA).eval()
    stacked.load_state_dict(plain.state_dict())
    before = stacked(torch.tensor([[5, 6, 7], [8, 9, 5]])).logits
    choice = add_experts(stacked, 3, 4, 8, ("q_proj", "down_proj"), 0.0)
    add_lora(plain, 4, 8, ("q_proj", "down_proj"), 0.0)
    layers = dict(stacked.named_modules())
    for name, layer in plain.named_modules():
        if name.endswith(("q_proj", "down_proj")):
            nn.init.normal_(layer.lora_B["default"].weight)
            nn.init.normal_(layers[name].up)
            layers[name].up.data[2] = layer.lora_B["default"].weight
            layers[name].down.data[2] = layer.lora_A["default"].weight
    ids = torch.tensor([[5, 6, 7], [8, 9, 5]])
    with torch.no_grad():
        assert torch.equal(stacked(ids).logits, before), "without a choice nobody works"
        wanted = plain(ids).logits
        with choice.of(torch.tensor([2, 1])):
            found = stacked(ids).logits
        assert torch.allclose(found[0], wanted[0], atol=1e-4) and not torch.allclose(found[1], wanted[1], atol=1e-2)
    assert choice.rows is None


def test_mixture_of_equal_experts_is_one_adapter():
    """Weights of the picked experts sum to 1."""
    torch.manual_seed(0)
    base = nn.Linear(6, 5)
    layer = MoeLora(base, 4, 2, 3, 6, 0.0)
    nn.init.normal_(layer.up)
    layer.up.data[:] = layer.up.data[:1].clone()
    layer.down.data[:] = layer.down.data[:1].clone()
    states = torch.randn(2, 7, 6)
    wanted = base(states) + 2 * states @ layer.down[0].T @ layer.up[0].T
    assert torch.allclose(layer(states), wanted, atol=1e-5)


def test_tokens_are_worked_on_by_the_experts_that_are_picked():
    torch.manual_seed(0)
    layer = MoeLora(nn.Linear(6, 5), 4, 1, 3, 3, 0.0)
    nn.init.normal_(layer.up)
    states = torch.randn(1, 9, 6)
    picked = layer.gate(states).argmax(dim=-1)[0]
    assert len(set(picked.tolist())) > 1
    before = layer(states)
    layer.up.data[picked[0]] = 0
    moved = (layer(states) - before).abs().amax(dim=-1)[0] > 1e-6
    assert torch.equal(moved, picked == picked[0])


def test_gate_changes_the_answer_and_balance_evens_it_out():
    """Without the term a gate stays as uneven as it was made; with it the layers' use evens out."""
    ids = torch.randint(5, 40, (2, 12), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, 8:] = 0
    torch.manual_seed(0)
    model = build(LLAMA).train()
    model.get_input_embeddings().weight.data.mul_(20).add_(1)  # all words lean to one side
    add_moe_lora(model, 3, 1, 4, 8, ("gate_proj", "v_proj"), 0.0)
    for layer in model.modules():
        if isinstance(layer, MoeLora):
            nn.init.normal_(layer.up)
            layer.gate.weight.data[0] += 0.05
    with torch.no_grad():
        plain = model(ids).logits
        for layer in model.modules():
            if isinstance(layer, MoeLora):
                layer.gate.weight.data = layer.gate.weight.data.roll(1, 0)
        assert not torch.allclose(model(ids).logits, plain, atol=1e-2), "other experts, other words"
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-2)
    found = []
    for _ in range(40):
        model(ids, attention_mask=mask)
        loss = mixture_imbalance(model, mask)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        found.append(loss.item())
    print(f"imbalance {found[0]:.3f} -> {found[-1]:.3f}")
    assert found[-1] < 0.5 * found[0]
    with pytest.raises(ValueError, match="no mixture has worked"):
        mixture_imbalance(model, mask)


def test_class_token_and_last_layer_are_not_seen(tokenizer: Tokenizer, pictures: Tensor):
    torch.manual_seed(0)
    model = RsGpt4v(RsGpt4vConfig.tiny(tokenizer.get_vocab_size())).eval()
    with torch.no_grad():
        states = model.vision_tower(pictures, output_hidden_states=True).hidden_states
        assert torch.equal(model.look(pictures), model.multi_modal_projector(states[-2][:, 1:]))
        assert model.look(pictures).shape == (2, 9, 24)


def test_dialogue_is_read_as_it_is_learnt(tokenizer: Tokenizer):
    config = RsGpt4vConfig.tiny(tokenizer.get_vocab_size())
    words = LAYOUT.words(config, tokenizer)
    turns = [("is it an airport ?", "yes"), ("describe the planes", "two white planes")]
    lesson = words.lessons([turns])
    learnt = [token for token in lesson.labels[0].tolist() if token != -100]
    assert tokenizer.decode(learnt, skip_special_tokens=False) == "yes </s> two white planes </s>"
    assert (lesson.ids == -1).sum() == 9, "the picture stands in the first turn alone"
    asked = words.questions([turns[1][0]], [turns[:1]])
    assert torch.equal(asked.ids[0], lesson.ids[0, : asked.ids.shape[1]])


def test_picture_is_learnt_in_the_square_in_which_it_is_asked_about(tokenizer: Tokenizer):
    config = RsGpt4vConfig.tiny(tokenizer.get_vocab_size())
    model, words = RsGpt4v(config), LAYOUT.words(config, tokenizer)
    card = get_card(None).model_copy(update={"prompts": {}})
    picture = np.random.default_rng(2).integers(0, 255, (20, 60, 3), np.uint8)
    example = Example("e", "vqa", (picture,), (("is it an airport ?", "no"),), ("no",))
    lesson = RsGpt4vLearner(card, model, words, save_rsgpt4v, PARTS).batch([example])
    assert torch.equal(lesson.pixels[0], RsGpt4vPredictor(card, model, words, "cpu")._pixels(picture))
    assert lesson.pixels[0][:, :, [0, -1]].abs().max() < 0.02, "above and below it is CLIP's mean colour"
    assert lesson.counts == {"language": 2}


@pytest.fixture
def release(folder: Path, tokenizer: Tokenizer) -> Callable[[RsGpt4vConfig], Path]:
    def put(config: RsGpt4vConfig) -> Path:
        (folder / "language_model").mkdir()
        (folder / "language_model" / "config.json").write_text(json.dumps(config.language))
        (folder / "language_model" / "tokenizer.json").write_text(tokenizer.to_str())
        (folder / "config.json").write_text(json.dumps(asdict(config)))
        return folder

    return put


@pytest.mark.parametrize("name", [llava, hugging_face, newer])
@pytest.mark.parametrize("tuning", ["full", "moe_lora"])
def test_llavas_release_comes_in(
    release: Callable[..., Path], tokenizer: Tokenizer, name: Callable[[str], str], tuning: str, pictures: Tensor
):
    """A mixture that a release has nothing of is told as missing; the rest is found behind it."""
    torch.manual_seed(0)
    config = RsGpt4vConfig.tiny(tokenizer.get_vocab_size(), "full")
    model = RsGpt4v(config).eval()
    folder = release(replace(config, tuning=tuning))
    state = {name(key): tensor for key, tensor in own_state(model).items()}
    report = Report(
        **convert_rsgpt4v(folder, state | {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(6)})["report"]
    )
    assert not report.unexpected and not report.other_shape
    if tuning == "moe_lora":
        assert {key.rsplit(".", 1)[1] for key in report.missing} == {"down", "up", "weight"}
        assert all(key.endswith((".down", ".up", ".gate.weight")) for key in report.missing)
        return
    assert report.fits
    again, words = load_rsgpt4v(folder)
    batch = words.questions(["describe", "is it an airport ?"])
    said = [made.generate(made.look(pictures), batch, 8).ids.tolist() for made in (model, again)]
    assert said[0] == said[1]


def test_adapter_and_connector_of_llavas_training_come_in(
    release: Callable[..., Path], tokenizer: Tokenizer, awake: Callable[[nn.Module], nn.Module], pictures: Tensor
):
    """An adapter as peft writes it, the connector beside it, and the parts that it was trained on in their folders."""
    torch.manual_seed(0)
    config = RsGpt4vConfig.tiny(tokenizer.get_vocab_size(), "lora")
    model = awake(RsGpt4v(config))
    state: dict[str, Tensor] = {}
    for key, tensor in own_state(model).items():
        if ".lora_" in key:
            state[WRAPPED + key.removeprefix("language_model.").replace(".default.", ".")] = tensor
        elif key.startswith("multi_modal"):
            state[WRAPPED + llava(key)] = tensor
        else:
            state[hugging_face(key).replace(".base_layer.", ".")] = tensor
    assert (
        f"{WRAPPED}model.layers.0.self_attn.q_proj.lora_A.weight" in state
        and f"{WRAPPED}model.mm_projector.0.bias" in state
    )
    folder = release(config)
    (folder / "config.json").unlink()  # sizes of the usual model: nothing fits, but keys are found
    report = Report(**convert_rsgpt4v(folder, dict(state))["report"])
    assert not report.unexpected and report.other_shape
    (folder / "config.json").write_text(json.dumps(asdict(config)))
    assert Report(**convert_rsgpt4v(folder, dict(state))["report"]) == Report([], [], [])
    again, words = load_rsgpt4v(folder)
    batch = words.questions(["describe", "is it an airport ?"])
    said = [made.generate(made.look(pictures), batch, 8).ids.tolist() for made in (model, again)]
    assert said[0] == said[1] and again.config.targets == EVERY_LAYER
