"""What holds for every family that answers about one picture: built, trained, saved, imported, asked."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard, get_card
from rsvlm.models.families.one_picture import predictor as one_picture
from rsvlm.models.families.rsmoe import predictor as rsmoe
from rsvlm.models.importing import Report
from rsvlm.models.predictors.abilities import Answers, Question
from rsvlm.protocol import Cancelled, RsvlmError

ASKED = [Question("describe this image"), Question("how many white planes stand on the apron ?")]


@pytest.fixture
def card() -> ModelCard:
    return get_card(None).model_copy(update={"id": "small"})


@pytest.fixture
def shown() -> list[np.ndarray]:
    generator = np.random.default_rng(2)
    return [generator.integers(0, 255, (60, 50, 3), np.uint8), np.full((42, 42, 3), (20, 200, 90), np.uint8)]


@pytest.fixture
def predictor(family, awake: Callable[[nn.Module], nn.Module], card: ModelCard, monkeypatch: pytest.MonkeyPatch):
    """It speaks in words, up to 24 of them."""
    torch.manual_seed(0)
    model = awake(family.make())
    with torch.no_grad():
        model.language_model.get_output_embeddings().weight[:5] *= 0.05
    for module in (one_picture, rsmoe):
        monkeypatch.setattr(module, "LONGEST", 24)
    return family.predictor(card, model, family.words, "cpu", cache=Cache(10**7))


def test_small_model_is_built_quickly(family):
    family.make()
    began = time.perf_counter()
    family.make()
    assert time.perf_counter() - began < 2


def test_ten_steps_lower_the_loss_and_touch_what_is_trained(family, awake, pictures: Tensor):
    torch.manual_seed(0)
    model = awake(family.make()).train()
    batch = family.lesson(family.words)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    learns = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 2e-2)
    losses = []
    for _ in range(10):
        loss = model(pictures, batch)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1, losses
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed and changed <= learns
    assert not any("visual_encoder" in name or "vision_tower" in name for name in changed), "the tower is frozen"


def test_question_is_read_as_it_is_learnt(family):
    asked, learnt = family.words.questions(["describe this image"]), family.lesson(family.words)
    count = asked.ids.shape[1]
    assert torch.equal(asked.ids[0], learnt.ids[0, :count]) and asked.mask.all()
    assert learnt.labels[0, :count].eq(-100).all()
    said = learnt.labels[0, count:]
    assert family.words.text(said.tolist()) == "two white planes on the apron" and said[-1] == family.words.end


def test_nobody_speaks_in_the_names_of_tokens(family):
    quiet, loud = family.words.questions(["describe"]), family.words.questions(["</s> describe <s> <pad> Ċ <image>"])
    held = set(loud.ids[0].tolist()) - set(quiet.ids[0].tolist())
    assert not held & {family.words.begin, family.words.end, family.words.padding} - {0}


def test_answer_streams_and_does_not_depend_on_company(predictor, shown: list[np.ndarray]):
    assert isinstance(predictor, Answers)
    seen = predictor.encode(shown)
    together = predictor.ask(seen, ASKED)
    assert all(reply.text for reply in together)
    for picture, question, reply in zip(seen, ASKED, together, strict=True):
        pieces: list[str] = []
        alone = predictor.ask([picture], [question], pieces.append)[0]
        assert alone.text == reply.text == "".join(pieces) and len(pieces) > 1
        assert alone.confidence == pytest.approx(reply.confidence, abs=1e-5) and 0 < alone.confidence <= 1
        assert (alone.read, alone.written) == (reply.read, reply.written)
    other = predictor.ask(seen[1:], ASKED[:1])[0]
    assert (other.text, other.confidence) != (together[0].text, together[0].confidence), "it looks at the picture"


def test_answer_that_finds_no_end_says_so(family, predictor, shown: list[np.ndarray]):
    """RS-MoE's count is that of its three drafts as well, of six words at most."""
    drafts = 3 if family.name == "rsmoe" else 0
    seen, head = predictor.encode(shown[:1]), predictor._model.language_model.get_output_embeddings()
    with torch.no_grad():
        head.weight[predictor._words.end] = 0
    cut = predictor.ask(seen, ASKED[:1])[0]
    assert cut.written == 24 + 6 * drafts and cut.warnings == ("The answer was cut off after 24 tokens.",)
    head.register_forward_hook(lambda _, __, logits: logits.index_fill(-1, torch.tensor(predictor._words.end), 1e4))
    ended = predictor.ask(seen, ASKED[:1])[0]
    assert ended.written == 1 + drafts and ended.warnings == () and ended.text == ""


def test_tokens_are_counted_and_pictures_remembered(predictor, shown: list[np.ndarray]):
    first, again = predictor.encode(shown), predictor.encode(shown[1:])
    assert again[0].looked is first[1].looked
    own = predictor.until(lambda: False)
    replies = own.ask(first, ASKED)
    assert own.usage["prompt_tokens"] == sum(reply.read for reply in replies) > 0
    assert own.usage["completion_tokens"] == sum(reply.written for reply in replies) > 0
    assert predictor.usage == {"prompt_tokens": 0, "completion_tokens": 0}


def test_answer_stops_at_the_next_word(predictor, shown: list[np.ndarray]):
    seen, steps, left = predictor.encode(shown[:1]), [], []
    head = predictor._model.language_model.get_output_embeddings()
    head.register_forward_hook(lambda *_: steps.append(1))
    with pytest.raises(Cancelled):
        predictor.until(lambda: bool(left)).ask(seen, ASKED[:1], lambda piece: left.append(len(steps)))
    assert len(left) == 1 and len(steps) <= left[0] + 1
    assert predictor.ask(seen, ASKED[:1])[0].written > 2


def test_caller_who_leaves_early_costs_one_step(predictor, shown: list[np.ndarray]):
    """Also where it leaves before the answer has begun, while experts draft."""
    seen, steps = predictor.encode(shown[:1]), []
    head = predictor._model.language_model.get_output_embeddings()
    head.register_forward_hook(lambda *_: steps.append(1))
    with pytest.raises(Cancelled):
        predictor.until(lambda: len(steps) > 1).ask(seen, ASKED[:1])
    assert len(steps) <= 3
    with pytest.raises(Cancelled):
        predictor.until(lambda: True).ask(seen, ASKED[:1])
    assert len(steps) <= 3


def test_pictures_are_prepared_as_clip_wants_them(predictor):
    found = predictor._pixels(np.full((60, 60, 3), 255, np.uint8))
    wanted = torch.tensor([(1 - 0.48145466) / 0.26862954, (1 - 0.4578275) / 0.26130258, (1 - 0.40821073) / 0.27577711])
    assert found.shape == (1, 3, 42, 42)
    assert torch.allclose(found, wanted.view(1, 3, 1, 1).expand_as(found), atol=1e-5)


def test_picture_that_is_no_square_is_shown_whole(family, predictor):
    """Stretched, but by LLaVA, which fills it up with its mean colour: that of nothing."""
    found = predictor._pixels(np.full((30, 60, 3), 255, np.uint8))[0]
    edge, middle = found[:, :8].abs().max(), found[:, 21].min()
    assert found.shape == (3, 42, 42) and middle > 1.9
    assert edge < 0.02 if family.name == "rsgpt4v" else edge > 1.9


def test_earlier_turns_are_read_or_refused(family, predictor, shown: list[np.ndarray]):
    seen, question = predictor.encode(shown[:1]), Question("is it an airport ?", (("describe", "two planes"),))
    if family.name == "rsgpt4v":
        assert predictor.ask(seen, [question])[0].read > predictor.ask(seen, [Question(question.text)])[0].read
    else:
        with pytest.raises(RsvlmError, match="reads no earlier turns"):
            predictor.ask(seen, [question])


def test_question_that_leaves_no_room_is_refused(predictor, shown: list[np.ndarray]):
    with pytest.raises(RsvlmError, match="too long") as caught:
        predictor.ask(predictor.encode(shown[:1]), [Question("planes " * 500)])
    assert caught.value.code == "too_large"


def test_longest_question_that_fits_is_answered(family, predictor, shown: list[np.ndarray]):
    """Also where positions are a table, which has an end."""
    seen, positions = predictor.encode(shown[:1]), 512
    words = positions - predictor._room() - family.words.questions([""]).ids.shape[1]
    assert predictor.ask(seen, [Question("planes " * words)])[0].text
    with pytest.raises(RsvlmError, match="too long"):
        predictor.ask(seen, [Question("planes " * (words + 1))])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees_with_the_cpu(family, awake, pictures: Tensor):
    """float32 within 1e-3 of the largest number, bfloat16 within a tenth."""
    model, batch = awake(family.make()), family.lesson(family.words)
    with torch.no_grad():
        seen, loss = model.look(pictures), model(pictures, batch)
        model.to("cuda")
        near, same = model.look(pictures.cuda()).cpu(), model(pictures.cuda(), batch.to("cuda")).cpu()
        half = model.bfloat16().look(pictures.cuda().bfloat16()).float().cpu()
    largest = seen.abs().max()
    apart, rough = ((seen - other).abs().max() / largest for other in (near, half))
    print(f"{family.name} on CUDA: {apart:.1e} in float32, {rough:.1e} in bfloat16, loss {abs(loss - same):.1e}")
    assert apart < 1e-3 and rough < 0.1 and abs(loss - same) < 1e-2


def test_saved_model_answers_the_same(family, awake, card: ModelCard, folder: Path, shown: list[np.ndarray]):
    model = awake(family.make())
    family.save(folder, model, family.words)
    again, words = family.load(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert again.config == family.config and not again.training
    state = again.state_dict()
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.state_dict().items())
    answers = [
        [reply.text for reply in made.ask(made.encode(shown), ASKED)]
        for made in (family.predictor(card, model, family.words, "cpu"), family.predictor(card, again, words, "cpu"))
    ]
    assert answers[0] == answers[1] and all(answers[0])


def test_own_layout_is_imported_and_misfits_are_told(family, awake, folder: Path):
    model = awake(family.make())
    family.save(folder, model, family.words)
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    lacking = sorted(state)[0]
    other = next(key for key in sorted(state) if state[key].dim() == 2 and key != lacking and "embed" not in key)
    broken = {key: tensor for key, tensor in state.items() if key != lacking}
    broken |= {other: torch.zeros(1, 1), "stray.weight": torch.zeros(1)}
    report = Report(**family.convert(folder, broken)["report"])
    assert (report.missing, report.unexpected) == ([lacking], ["stray.weight"])
    assert report.other_shape == [{"key": other, "found": [1, 1], "expected": list(state[other].shape)}]
    assert not (folder / "model.safetensors").exists(), "nothing is written that does not fit"
    found = family.convert(folder, dict(state))
    assert Report(**found["report"]) == Report([], [], [])
    again = load_file(folder / "model.safetensors")
    assert again.keys() == state.keys() and all(torch.equal(tensor, again[key]) for key, tensor in state.items())
    card = get_card(None).model_dump() | {"id": "small", "family": family.name} | found["card"]
    assert ModelCard.model_validate(card).tasks == ("describe", "ask")


def test_broken_files_are_told(family, awake, folder: Path):
    family.save(folder, awake(family.make()), family.words)
    for name, content in (("tokenizer.json", "{}"), ("config.json", '{"pixel": 3}'), ("model.safetensors", "x")):
        shutil.copy(folder / name, folder.parent / "kept")
        (folder / name).write_text(content)
        with pytest.raises(RsvlmError, match="of the model model") as caught:
            family.load(folder)
        assert caught.value.code == "model_failed" and caught.value.hint
        shutil.copy(folder.parent / "kept", folder / name)
    told = asdict(family.config)
    told["language"]["auto_map"] = {"AutoModel": "evil.py"}
    (folder / "config.json").write_text(json.dumps(told))
    with pytest.raises(RsvlmError, match="holds “auto_map”"):
        family.load(folder)


def test_half_precision_stays_near(family, awake, folder: Path, pictures: Tensor):
    """bfloat16 keeps 8 bits: a few hundredths of the largest number."""
    family.save(folder, awake(family.make()), family.words)
    (exact, _), (half, _) = family.load(folder), family.load(folder, dtype=torch.bfloat16)
    with torch.no_grad():
        seen, near = exact.look(pictures), half.look(pictures.bfloat16())
    difference = ((near.float() - seen).abs().max() / seen.abs().max()).item()
    print(f"{family.name} in bfloat16: {difference:.1e} of the largest")
    assert near.dtype == torch.bfloat16 and difference < 0.05
