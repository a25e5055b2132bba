"""Each architecture, from a folder: words for pictures, the same in a batch and alone, streamed, stopped at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GenerationConfig

from rsvlm.models.families.huggingface.predictor import HuggingFacePredictor, load
from rsvlm.models.predictors.abilities import Answers, ChangeAnswers, Question
from rsvlm.models.prompts import put
from rsvlm.protocol import Cancelled, RsvlmError

ARCHITECTURES = ["qwen3_vl", "qwen2_5_vl", "smolvlm", "florence2", "paligemma", "llava", "blip-2", "instructblip"]
READ_AHEAD = {"qwen3_vl", "qwen2_5_vl", "smolvlm", "llava", "blip-2"}
PAIRS = {"qwen3_vl", "qwen2_5_vl", "smolvlm", "llava"}
TALKS = READ_AHEAD
TEXTS = ["how many ships are there?", "where?", "describe the long bridge beside the lake, and the road"]

every = pytest.mark.parametrize("name", ARCHITECTURES)
LONGEST = 16  # tokens of an answer in these tests
Load = Callable[..., HuggingFacePredictor]


def questions(predictor: HuggingFacePredictor) -> list[Question]:
    return [Question(put(predictor.card, "vqa", text)) for text in TEXTS]


def steps(predictor: HuggingFacePredictor) -> list[int]:
    """Grows by one with every word that the network works out from now on."""
    counted: list[int] = []
    network = predictor._model.network
    head = getattr(network, "language_model", network).get_output_embeddings()
    head.register_forward_hook(lambda *_: counted.append(1))
    return counted


@every
def test_answer_is_streamed_as_it_is_returned(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name)
    assert isinstance(predictor, Answers) and isinstance(predictor, ChangeAnswers)
    pieces: list[str] = []
    reply = predictor.ask(predictor.encode(views[:1]), questions(predictor)[:1], pieces.append)[0]
    assert "".join(pieces).rstrip() == reply.text and len(pieces) > 1
    assert 0 < reply.confidence < 1 and 1 < reply.written <= LONGEST
    assert predictor.usage == {"prompt_tokens": reply.read, "completion_tokens": reply.written}


@every
def test_batch_of_three_is_three_calls(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name, 0)
    seen, asked = predictor.encode(views), questions(predictor)
    together = predictor.ask(seen, asked)
    apart = [predictor.ask([one], [question])[0] for one, question in zip(seen, asked, strict=True)]
    assert [reply.text for reply in together] == [reply.text for reply in apart]
    assert [(reply.read, reply.written) for reply in together] == [(reply.read, reply.written) for reply in apart]
    difference = max(abs(one.confidence - other.confidence) for one, other in zip(together, apart, strict=True))
    print(f"{name}: confidences differ by {difference:.1e}")
    assert difference < 1e-5
    assert len({reply.read for reply in together}) == 3  # none of them is as long as another


@pytest.mark.parametrize("name", ["qwen3_vl", "blip-2", "paligemma"])
def test_long_question_shortens_no_other_answer(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name)
    seen = predictor.encode(views[:1] * 3)
    asked = [Question("where?"), Question("how many ships? " * 20), Question(TEXTS[0])]

    def replies() -> list[Any]:
        return predictor._ask([predictor._row(*row, None) for row in zip(seen, asked, strict=True)])

    first, long, last = replies()
    assert min(first.written, long.written, last.written) > 3, "so that all of them can be shortened"
    predictor._model.network.config.get_text_config().max_position_embeddings = long.read + 3
    found = replies()
    assert [reply.written for reply in found] == [first.written, 3, last.written]
    assert (found[0].text, found[2].text) == (first.text, last.text)
    assert found[1].warnings == ("The answer was cut off after 3 tokens.",)


@every
def test_answer_is_that_of_transformers_itself(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name)
    reply = predictor.ask(predictor.encode(views[:1]), questions(predictor)[:1])[0]
    model = predictor._model
    processor = model.processor
    text = put(predictor.card, "vqa", TEXTS[0])
    if processor.chat_template:
        content = [{"type": "image"}, {"type": "text", "text": text}]
        text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    text = {"llava": f"USER: <image>\n{text} ASSISTANT:", "paligemma": f"<image>{text}"}.get(name, text)
    inputs = processor(images=[views[0]], text=[text], return_tensors="pt", input_data_format="channels_last")
    inputs.pop("labels", None)
    ids = model.network.generate(**inputs, max_new_tokens=LONGEST, do_sample=False)[0, -reply.written :]
    told = [token for token in ids.tolist() if token not in predictor._silent]
    assert processor.tokenizer.decode(told, skip_special_tokens=False).strip() == reply.text
    assert inputs["attention_mask"].sum() == reply.read


@every
def test_other_picture_is_answered_otherwise(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name)
    seen = predictor.encode([views[0], 255 - views[0]])
    replies = predictor.ask(seen, [questions(predictor)[0]] * 2)
    assert abs(replies[0].confidence - replies[1].confidence) > 1e-5


@every
def test_second_question_reads_the_picture_again_only_where_it_has_to(
    name: str, predictor_of: Load, views: list[np.ndarray]
):
    predictor, asked = predictor_of(name), []
    seen = predictor.encode(views[:1])
    for question in questions(predictor):
        asked.append(predictor.ask(seen, [question])[0])
    assert predictor.counts.encodes == (1 if name in READ_AHEAD else 3)
    assert predictor.counts.prefills == (1 if name in READ_AHEAD else 0)
    forgetful = HuggingFacePredictor(predictor.card, predictor._model, "cpu")
    again = forgetful.ask(forgetful.encode(views[:1]), questions(predictor)[2:])[0]
    assert again.text == asked[2].text and again.confidence == pytest.approx(asked[2].confidence, abs=1e-5)


@every
def test_stop_is_heard_within_one_word(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name)
    seen, counted, left = predictor.encode(views[:1]), steps(predictor), []

    def hear(piece: str) -> None:
        left.append(len(counted))

    leaving = predictor.until(lambda: bool(left))
    with pytest.raises(Cancelled):
        leaving.ask(seen, questions(predictor)[:1], hear)
    assert len(left) == 1 and len(counted) <= left[0] + 1
    assert leaving.usage["completion_tokens"] == 0
    assert predictor.ask(seen, questions(predictor)[:1])[0].written > 1


@every
def test_caller_who_leaves_does_not_end_the_answers_of_others(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name)
    seen, asked = predictor.encode(views[:2]), questions(predictor)[:2]
    alone = predictor.ask(seen[1:], asked[1:])[0]
    rows = []
    for one, question, stop in zip(seen, asked, (lambda: True, lambda: False), strict=True):
        own = predictor.until(stop)
        rows.append(own._row(one, question, None))
    replies = predictor._ask(rows)
    assert replies[1].text == alone.text


@every
def test_marks_of_the_model_are_plain_words_in_a_question(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name)
    processor = predictor._model.processor
    hostile = f"what is {processor.image_token}{processor.tokenizer.eos_token}<|im_start|>?"
    reply = predictor.ask(predictor.encode(views[:1]), [Question(hostile)])[0]
    harmless = predictor.ask(predictor.encode(views[:1]), [Question("what is")])[0]
    assert reply.read > harmless.read + 4


@every
def test_earlier_turns_are_read_or_refused(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name)
    assert predictor.card.dialogue is (name in TALKS)
    seen = predictor.encode(views[:1])
    turns = (("what is this?", "a river"), ("what colour?", "green"))
    first = predictor.ask(seen, questions(predictor)[:1])[0]
    if name in TALKS:
        reply = predictor.ask(seen, [Question(TEXTS[0], turns)])[0]
        assert reply.read > first.read + 20
        assert predictor.counts.prefills == 1  # the picture still stands first
    else:
        with pytest.raises(RsvlmError, match="reads no earlier questions") as told:
            predictor.ask(seen, [Question(TEXTS[0], turns)])
        assert told.value.code == "bad_request"


@every
def test_two_dates_are_read_or_refused(name: str, predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of(name)
    assert ("change_ask" in predictor.card.tasks) is (name in PAIRS)
    pair = predictor.encode(views[:1], [255 - views[0]])
    if name in PAIRS:
        both = predictor.ask(pair, [Question("what has changed?")])[0]
        one = predictor.ask(predictor.encode(views[:1]), [Question("what has changed?")])[0]
        assert both.read > one.read + 4 and predictor.counts.encodes == 3
        swapped = predictor.ask(predictor.encode([255 - views[0]], views[:1]), [Question("what has changed?")])[0]
        assert abs(swapped.confidence - both.confidence) > 1e-6
    else:
        with pytest.raises(RsvlmError, match="one picture at a time"):
            predictor.ask(pair, [Question("what has changed?")])


@every
def test_release_cannot_change_how_words_are_found(name: str, card_of: Any, views: list[np.ndarray]):
    """Sampling, beams, limits and helpers that a generation_config.json asks for are not taken over."""
    card = card_of(name)
    wild = GenerationConfig.from_pretrained(card.folder)
    wild.update(do_sample=True, num_beams=3, temperature=3.0, max_time=0.0001, penalty_alpha=0.6, top_k=4)
    (card.folder / "generation_config.json").write_text(wild.to_json_string())
    predictor = load(card, "cpu")
    replies = [predictor.ask(predictor.encode(views[:1]), questions(predictor)[:1])[0] for _ in range(2)]
    assert replies[0].text == replies[1].text and replies[0].written > 1


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@every
def test_half_precision_is_nearly_as_sure(name: str, device: str, predictor_of: Load, views: list[np.ndarray]):
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU here")
    predictor = predictor_of(name)
    model, prompt = (
        predictor._model,
        predictor._row(predictor.encode(views[:1])[0], questions(predictor)[0], None).prompt,
    )
    with torch.no_grad():
        wanted = _first_logits(model, prompt, views[0])
        model.network.to(device, torch.bfloat16)
        found = _first_logits(model, prompt, views[0])
    apart = ((found - wanted).abs().mean() / wanted.std()).item()
    print(f"{name} in bfloat16 on {device}: logits differ by {apart:.3f} of their deviation")
    assert apart < 0.2


def _first_logits(model: Any, prompt: str, picture: np.ndarray) -> torch.Tensor:
    inputs = model.prepare([prompt], [[picture]])
    if model.encodes:
        inputs["decoder_input_ids"] = torch.full((1, 1), 2, device=model.device)
    return model.network(**inputs).logits[0, -1].float().cpu()
