"""MModalCC's network: its size, what depends on what, how it searches a sentence, and that it learns."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rsvlm.models.families.mmodalcc.network import MModalCC, MModalCCConfig, caption_loss, with_black_maps
from rsvlm.models.parts.beam_search import beam_search
from rsvlm.models.parts.memory_attention import MemoryAttention
from rsvlm.models.parts.sinusoid import sinusoid

Make = Callable[..., MModalCC]
START, END = 13, 14


def count(part: nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())


def test_real_size_is_that_of_resnet_101_and_of_the_paper():
    with torch.device("meta"):
        model, released = MModalCC(MModalCCConfig(500)), MModalCC(MModalCCConfig(500, released=True))
    resnet_101, classifier, layer4 = 44_549_160, 2_049_000, 14_964_736
    assert count(model.rgb_trunk) == count(model.semantic_trunk) == resnet_101 - classifier - layer4
    width, memory = 512, 1024
    attention, norm = 4 * (memory * memory + memory), 2 * memory
    gates = 2 * (2 * memory * memory + memory) + memory * memory + memory
    mlp = 8 * memory * memory + 5 * memory
    decoder = 2 * attention + gates + mlp + 3 * norm + 500 * memory + 500 * memory + 500
    assert count(released.decoder) == decoder and count(model.decoder) == decoder + attention
    step = 4 * (width * width + width) + 8 * width * width + 5 * width + 4 * width
    assert [count(layer) for layer in released.encoder.layers] == [step, step]
    assert [count(layer) for layer in model.encoder.layers] == [2 * step, 2 * step]


@torch.inference_mode()
def test_shapes_and_what_the_sentence_depends_on(make: Make, pixels: Tensor):
    model = make()
    rgb, semantic = model.encode(pixels)
    assert rgb.shape == semantic.shape == (3, 9, 32)
    ids = torch.tensor([[START, 1, 2, 3]]).expand(3, 4)
    logits = model.caption_logits(pixels, ids)
    assert logits.shape == (3, 4, 15)
    for picture in range(4):
        other = pixels.clone()
        other[:, picture] = 1 - other[:, picture]
        changed = (model.caption_logits(other, ids) - logits).abs().amax(dim=-1)
        assert (changed > 1e-4).all(), f"picture {picture} is not seen"
    later = ids.clone()
    later[:, 2] = 7
    changed = (model.caption_logits(pixels, later) - logits).abs().amax(dim=-1)
    assert (changed[:, :2] == 0).all() and (changed[:, 2:] > 1e-4).all()


@torch.inference_mode()
def test_a_pair_does_not_depend_on_the_others_of_its_batch(make: Make, pixels: Tensor):
    model = make()
    together, alone = model.encode(pixels), [model.encode(pixels[index : index + 1]) for index in range(3)]
    for modality in range(2):
        torch.testing.assert_close(together[modality], torch.cat([one[modality] for one in alone]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("released", [False, True])
@torch.inference_mode()
def test_layers_are_stacked_unless_released(make: Make, pixels: Tensor, released: bool):
    model = make(released)
    features = model.features(pixels)
    second = model.encoder.relate(features)[1].rgb_before
    for parameter in model.encoder.layers[0].parameters():
        parameter.mul_(1.5)
    changed = (model.encoder.relate(features)[1].rgb_before - second).abs().max()
    assert (changed == 0) if released else (changed > 1e-3)


@torch.inference_mode()
def test_each_question_has_its_own_weights_unless_released(make: Make):
    model, released = make(), make(released=True)
    assert len(model.encoder.layers[0].steps) == len(model.decoder.layers[0].questions) == 2
    assert len(released.encoder.layers[0].steps) == len(released.decoder.layers[0].questions) == 1
    assert (len(model.encoder.fusions), len(released.encoder.fusions)) == (2, 1)
    assert not {key for key in released.state_dict() if "position" in key or "embedding_1D" in key}


@torch.inference_mode()
def test_released_pixels_are_only_divided_and_others_normalised(make: Make, pixels: Tensor):
    model, released = make(), make(released=True)
    released.rgb_trunk, released.semantic_trunk = model.rgb_trunk, model.semantic_trunk
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    found = released.features((pixels - mean) / deviation)
    for one, other in zip(model.features(pixels), found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)


@torch.inference_mode()
def test_places_are_columns_first_then_rows(make: Make):
    model = make()
    flat = model.encoder._tokens(torch.zeros(1, 16, 3, 3))[0].view(3, 3, 16)
    assert (flat[:, :, :8] == flat[:1, :, :8]).all() and (flat[:, :, 8:] == flat[:, :1, 8:]).all()
    assert (flat[0, 0] != flat[1, 1]).all()


@torch.inference_mode()
def test_attention_is_torchs_and_its_past_may_come_in_parts():
    torch.manual_seed(1)
    ours, theirs = MemoryAttention(16, 4, 0.0).eval(), nn.MultiheadAttention(16, 4, batch_first=True).eval()
    theirs.load_state_dict(ours.state_dict())
    tokens, memory = torch.rand(2, 5, 16), torch.rand(2, 7, 16)
    torch.testing.assert_close(ours(tokens, ours.read(memory)), theirs(tokens, memory, memory)[0], rtol=0, atol=1e-6)
    whole = ours(tokens, ours.read(tokens), causal=True)
    mask = torch.ones(5, 5).triu(1).bool()
    torch.testing.assert_close(whole, theirs(tokens, tokens, tokens, attn_mask=mask)[0], rtol=0, atol=1e-6)
    past = ours.read(tokens[:, :3]).followed_by(ours.read(tokens[:, 3:]))
    torch.testing.assert_close(ours(tokens[:, 4:], past), whole[:, 4:], rtol=0, atol=1e-6)


@torch.inference_mode()
def test_word_by_word_with_a_past_equals_all_at_once(make: Make, pixels: Tensor):
    model = make()
    memories = model.decoder.read(*model.encode(pixels))
    ids = torch.tensor([[START, 1, 2, 3, 9]]).expand(3, 5)
    whole, past, parts = model.decoder(ids, memories)[0], None, []
    for place in range(5):
        logits, past = model.decoder(ids[:, place : place + 1], memories, past)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=0, atol=1e-5)


def test_places_of_words_are_sines_and_cosines():
    table = sinusoid(4, 6)
    assert table.shape == (4, 6)
    for place in range(4):
        for pair in range(3):
            angle = place / 10_000 ** (2 * pair / 6)
            assert table[place, 2 * pair].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[place, 2 * pair + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


# Of each last word, the probability of each next one, in a language of: 0 pad, 1 start, 2 end, 3 a, 4 b.
LANGUAGE = (
    torch.tensor(
        [
            [0.2, 0.2, 0.2, 0.2, 0.2],
            [0.0, 0.0, 0.0, 0.6, 0.4],
            [0.2, 0.2, 0.2, 0.2, 0.2],
            [0.0, 0.0, 0.3, 0.4, 0.3],
            [0.0, 0.0, 0.9, 0.1, 0.0],
        ]
    )
    .clamp(min=1e-6)
    .log()
)


def spoken(words: Tensor, origins: Tensor) -> Tensor:
    return LANGUAGE[words]


def test_beam_finds_the_likelier_sentence_that_greed_misses():
    greedy, beam = beam_search(spoken, 1, 2, 1, 4), beam_search(spoken, 1, 2, 3, 12)
    assert greedy.ids == (1, 3, 3, 3) and greedy.ended == 0, "no end came within four words"
    assert greedy.score == pytest.approx(math.log(0.6 * 0.4 * 0.4), abs=1e-4)
    assert beam.ids == (1, 4, 2) and beam.score == pytest.approx(math.log(0.4 * 0.9), abs=1e-4)
    assert beam.ended == 2, "the beam of the one left says a, a, a ... as greed does"


def test_search_stops_when_asked():
    asked = iter([False, False, True])
    found = beam_search(spoken, 1, 2, 1, 40, lambda: next(asked))
    assert found.ids == (1, 3, 3, 3) and found.ended == 0


@torch.inference_mode()
def test_search_of_one_beam_takes_the_best_word_each_time(make: Make, pixels: Tensor):
    model = make(seed=4)
    rgb, semantic = model.encode(pixels[:1])
    found = model.search(rgb, semantic, START, END, beams=1)
    ids, memories, score = [START], model.decoder.read(rgb, semantic), 0.0
    while ids[-1] != END and len(ids) < model.config.longest:
        chances = model.decoder(torch.tensor([ids]), memories)[0][0, -1].log_softmax(dim=-1)
        ids.append(int(chances.argmax()))
        score += float(chances.max())
    assert list(found.ids) == ids and found.score == pytest.approx(score, abs=1e-4)
    wide = model.search(rgb, semantic, START, END, beams=5)
    assert wide.ended == 0 or wide.ids[-1] == END


def test_loss_counts_the_words_up_to_the_end_and_nothing_after_it():
    torch.manual_seed(0)
    captions = torch.tensor([[13, 1, 2, 14, 0, 0], [13, 5, 14, 0, 0, 0]])
    lengths, logits = torch.tensor([4, 3]), torch.randn(2, 6, 15)
    chances = logits.log_softmax(dim=-1)
    wanted = -(chances[0, 0, 1] + chances[0, 1, 2] + chances[0, 2, 14] + chances[1, 0, 5] + chances[1, 1, 14]) / 5
    torch.testing.assert_close(caption_loss(logits, captions, lengths), wanted)
    assert caption_loss(logits, captions, torch.tensor([4, 2])) != wanted


@pytest.mark.parametrize("released", [False, True])
def test_ten_steps_lower_the_loss_and_move_every_weight(make: Make, pixels: Tensor, released: bool):
    model = make(released).train()
    captions = torch.tensor([[13, 1, 2, 6, 14, 0], [13, 4, 5, 14, 0, 0], [13, 10, 11, 14, 0, 0]])
    lengths = torch.tensor([5, 4, 4])
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    torch.manual_seed(0)
    for _ in range(10):
        loss = caption_loss(model.caption_logits(pixels, captions), captions, lengths)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0], losses
    asleep = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert asleep == [], "every weight takes part"


@pytest.mark.parametrize(
    ("device", "dtype", "bar"),
    [("cpu", torch.bfloat16, 0.05), ("cuda", torch.float32, 5e-3), ("cuda", torch.bfloat16, 0.05)],
)
@torch.inference_mode()
def test_other_devices_and_numbers_agree(make: Make, pixels: Tensor, device: str, dtype: torch.dtype, bar: float):
    """bar: of logits, whose deviation is about 0.6."""
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    ids = torch.tensor([[START, 1, 2, 3]]).expand(3, 4)
    wanted, model = make().caption_logits(pixels, ids), make().to(device, dtype)
    found = model.caption_logits(pixels.to(device, dtype), ids.to(device)).float().cpu()
    difference = (found - wanted).abs().max().item()
    print(f"{device} {dtype}: {difference:.2e} of a deviation of {wanted.std():.2f}")
    assert difference < bar
    sentence = model.search(*model.encode(pixels[:1].to(device, dtype)), START, END, beams=3)
    assert sentence.ids[0] == START and math.isfinite(sentence.score)


def test_maps_that_are_not_there_are_black(pixels: Tensor):
    found = with_black_maps(pixels[:, :2])
    assert torch.equal(found[:, :2], pixels[:, :2]) and found.shape == pixels.shape and not found[:, 2:].any()


def test_tiny_model_builds_within_two_seconds(make: Make):
    begin = time.perf_counter()
    make()
    assert time.perf_counter() - begin < 2
