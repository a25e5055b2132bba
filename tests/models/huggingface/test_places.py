"""Boxes and masks: as each architecture writes them, and as SAM draws them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit
import torch
import transformers as tf
from safetensors.torch import save_file

from rsvlm.models.boxes import Box, read, write
from rsvlm.models.cache import Cache
from rsvlm.models.cards import CARD, ModelCard, files_in, get_card
from rsvlm.models.families.huggingface.learner import _kind, learn
from rsvlm.models.families.huggingface.masks import MaskPredictor
from rsvlm.models.families.huggingface.predictor import HuggingFacePredictor, drawn, load
from rsvlm.models.families.huggingface.sam import Sam, load_sam
from rsvlm.models.families.huggingface.words import card_fields, in_thousandths, plain, put
from rsvlm.models.predictors.abilities import Prompt, Question, Refines
from rsvlm.models.prompts import put as put_by_card
from rsvlm.protocol import Cancelled, RsvlmError

LONGEST = 16  # tokens of an answer in these tests
BOX, POINT = Prompt(box=(10, 5, 60, 40)), Prompt(points=((30, 20),), inside=(True,))
PROMPTS = [
    BOX, POINT, Prompt(box=(40, 30, 89, 69)), Prompt(points=((30, 20), (5, 60)), inside=(True, False)),
    Prompt((10, 5, 60, 40), ((30, 20),), (True,)),
]  # fmt: skip
both = pytest.mark.parametrize("name", ["sam", "sam2"])
Load = Callable[..., Any]


def says_only(folder: Path, *kept: str) -> None:
    """From now on the model in this folder says these tokens alone, each once."""
    tokenizer = tf.AutoTokenizer.from_pretrained(folder)
    ids = set(tokenizer.convert_tokens_to_ids(list(kept)))
    told = json.loads((folder / "generation_config.json").read_text())
    told |= {"suppress_tokens": [number for number in range(len(tokenizer)) if number not in ids]}
    told |= {"no_repeat_ngram_size": 1, "forced_eos_token_id": None}
    (folder / "generation_config.json").write_text(json.dumps(told))


def test_florence_draws_what_is_referred_to(card_of: Any, views: list[np.ndarray]):
    card = card_of("florence2")
    says_only(card.folder, *(f"<loc_{number}>" for number in range(100, 900, 5)))
    predictor = load(card, "cpu")
    assert "segment" in card.tasks and card.boxes == "florence"
    asked = [Question(put_by_card(card, "segment", "the long bridge"))] * 2
    for view, reply in zip(views, predictor.ask(predictor.encode(views[:2]), asked), strict=False):
        numbers = [int(part.split(">")[0]) for part in reply.text.split("<loc_")[1:]]
        assert len(numbers) == LONGEST and reply.warnings == (f"The answer was cut off after {LONGEST} tokens.",)
        height, width = view.shape[:2]
        points = [(number + 0.5) / 1000 * (height if place % 2 else width) for place, number in enumerate(numbers)]
        assert reply.masks is not None and reply.masks.shape == (1, height, width)
        np.testing.assert_array_equal(reply.masks, drawn([[points]], height, width))
        assert 0 < reply.masks.mean() < 1


def test_florence_finds_boxes_and_draws_none(card_of: Any, views: list[np.ndarray]):
    card = card_of("florence2")
    says_only(card.folder, *(f"<loc_{number}>" for number in range(100, 900, 5)))
    predictor = load(card, "cpu")
    question = Question(put_by_card(card, "grounding", "a ship"))
    reply = predictor.ask(predictor.encode(views[:1]), [question])[0]
    assert reply.masks is None and len(read(reply.text, card.boxes, 90, 70).boxes) == LONGEST // 4
    assert put(predictor._model.processor, "florence2", question.text, (), 1) == "<CAPTION_TO_PHRASE_GROUNDING>a ship"


def test_florence_task_without_words_is_told_so(predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of("florence2")
    seen = predictor.encode(views[:1])
    assert predictor.ask(seen, [Question("<OD>")])[0].written
    assert predictor.ask(seen, [Question("where is <OD>?")])[0].written  # a word like others
    with pytest.raises(RsvlmError, match="<OD> takes no words") as told:
        predictor.ask(seen, [Question("<OD> ships")])
    assert told.value.code == "bad_request"


def test_polygons_are_filled_and_lines_are_none():
    masks = drawn([[[1, 1, 6, 1, 6, 4, 1, 4]], [[0, 0, 3, 3]], []], 8, 10)
    assert masks.dtype == np.float32 and masks.sum(axis=(1, 2)).tolist() == [24, 0, 0]
    assert masks[0, 1:5, 1:7].all()


def test_paligemma_writes_places(card_of: Any, views: list[np.ndarray]):
    card = card_of("paligemma")
    says_only(card.folder, *(f"<loc{number:04}>" for number in range(0, 1024, 3)))
    predictor = load(card, "cpu")
    pieces: list[str] = []
    question = Question(put_by_card(card, "grounding", "ship"))
    assert question.text == "detect ship"
    reply = predictor.ask(predictor.encode(views[:1]), [question], pieces.append)[0]
    assert "".join(pieces) == reply.text and reply.text.count("<loc") == LONGEST
    assert len(read(reply.text, card.boxes, 90, 70).boxes) == LONGEST // 4


def test_qwen_2_5_counts_pixels_and_its_card_thousandths(predictor_of: Load, views: list[np.ndarray]):
    predictor = predictor_of("qwen2_5_vl")
    inputs = predictor._model.prepare(["<|image_pad|>"], [[views[0]]])
    size = predictor._model.shown(inputs)
    assert size == (96, 64)  # of a picture of 90 x 70, in steps of 16
    text = in_thousandths('[{"bbox_2d": [24, 16, 96.0, 64], "label": "ship 7"}, {"bbox_2d":[0,0,48,32]}]', *size)
    assert text == '[{"bbox_2d": [250, 250, 1000, 1000], "label": "ship 7"}, {"bbox_2d":[0, 0, 500, 500]}]'
    found = read(text, predictor.card.boxes, 90, 70).boxes
    assert found == (Box(22.5, 17.5, 90, 70, label="ship 7"), Box(0, 0, 45, 35))


def test_marks_of_places_stay_in_questions(predictor_of: Load):
    processor = predictor_of("florence2")._model.processor
    box = write(Box(10, 10, 50, 50), "florence", 100, 100)
    assert plain(processor, f"<image>what is {box}?</s>") == f"< image>what is {box}?< /s>"


@pytest.fixture
def masks(card_of: Any) -> Callable[[str], MaskPredictor]:
    return lambda name: load(card_of(name), "cpu", cache=Cache(10**7))


@both
def test_every_prompt_has_a_mask_on_the_pictures_pixels(name: str, masks: Any, views: list[np.ndarray]):
    predictor = masks(name)
    assert isinstance(predictor, MaskPredictor) and isinstance(predictor, Refines)
    seen = predictor.encode(views[:2])
    found = predictor.masks(seen, [PROMPTS, PROMPTS[:1]])
    assert [outlines.masks.shape for outlines in found] == [(5, 70, 90), (1, 64, 64)]
    for outlines in found:
        assert outlines.masks.dtype == np.float32 and 0 <= outlines.masks.min() < outlines.masks.max() <= 1
        assert outlines.quality.shape == (len(outlines.masks),)
    apart = [predictor.masks(seen[:1], [[prompt]])[0] for prompt in PROMPTS]
    difference = max(np.abs(one.masks[0] - mask).max() for one, mask in zip(apart, found[0].masks, strict=True))
    print(f"{name}: masks alone and in company differ by {difference:.1e}")
    assert difference < 1e-5
    assert len({mask.tobytes() for mask in found[0].masks}) == 5  # each says something else


@both
def test_picture_is_seen_once_for_many_boxes(name: str, masks: Any, views: list[np.ndarray]):
    predictor = masks(name)
    for _ in range(3):
        predictor.masks(predictor.encode([views[0].copy()]), [PROMPTS[:2]])
    assert (predictor.counts.encodes, predictor.counts.prompts) == (1, 6)
    assert predictor.size_bytes > 10_000 and predictor.usage == {"prompt_tokens": 0, "completion_tokens": 0}


@both
def test_prompt_of_nothing_is_refused_and_who_leaves_gets_none(name: str, masks: Any, views: list[np.ndarray]):
    predictor = masks(name)
    seen = predictor.encode(views[:1])
    for prompt in (Prompt(), Prompt(points=((3, 3),), inside=(False,)), Prompt(points=((3, 3),), inside=())):
        with pytest.raises(RsvlmError, match="outline is not said"):
            predictor.masks(seen, [[prompt]])
    with pytest.raises(Cancelled):
        predictor.until(lambda: True).masks(seen, [[BOX]])


@pytest.mark.parametrize(("size", "bar"), [((40, 64), 1e-4), ((70, 90), 0.05)])
def test_sam_is_that_of_transformers_itself(size: tuple[int, int], bar: float, releases: dict[str, Path]):
    """Of the same pixels the same masks; a picture that is made smaller differs by the rounding to whole colours."""
    network = tf.SamModel.from_pretrained(releases["sam"])
    processor = tf.SamProcessor(tf.SamImageProcessorPil.from_pretrained(releases["sam"]))
    noise = np.random.default_rng(1).integers(0, 255, (*size, 3)).astype(np.uint8)
    inputs = processor(noise, input_boxes=[[[4.0, 6.0, 30.0, 25.0]]], return_tensors="pt")
    sizes = inputs.pop("original_sizes"), inputs.pop("reshaped_input_sizes")
    with torch.no_grad():
        output = network(**inputs, multimask_output=False)
    wanted = processor.post_process_masks(output.pred_masks, *sizes, binarize=False)[0][0, 0]
    model = load_sam(releases["sam"])
    found, quality = model.outline(model.look(noise), [Prompt(box=(4, 6, 30, 25))])
    apart = ((found[0] - wanted).abs().max() / wanted.std()).item()
    print(f"SAM at {size}: logits differ by {apart:.1e} of their deviation")
    assert apart < bar and quality[0].item() == pytest.approx(output.iou_scores.item(), abs=bar)


def test_sam_2_counts_in_stretched_pixels(releases: dict[str, Path]):
    """A picture whose columns are doubled has the same masks, for boxes and points twice as far right."""
    model = load_sam(releases["sam2"])
    rows = np.random.default_rng(1).integers(0, 255, (128, 1, 3)).astype(np.uint8)
    picture = np.repeat(rows, 128, axis=1)  # as many pixels as the network sees, and nothing to lose by stretching
    wide = model.look(np.repeat(picture, 2, axis=1))
    prompts = [Prompt(box=(16, 32, 96, 80)), Prompt(points=((50, 60),), inside=(True,))]
    moved = [Prompt(box=(32, 32, 192, 80)), Prompt(points=((100, 60),), inside=(True,))]
    wanted, _ = model.outline(model.look(picture), prompts)

    def apart(asked: list[Prompt]) -> list[float]:
        found, _ = model.outline(wide, asked)
        narrow = found.view(2, 128, 128, 2).mean(dim=3)
        return ((narrow - wanted).abs().amax(dim=(1, 2)) / wanted.std(dim=(1, 2))).tolist()

    print(
        f"SAM 2: logits differ by {max(apart(moved)):.1e} of their deviation, by {min(apart(prompts)):.1e} if not moved"
    )
    assert max(apart(moved)) < 0.05 < min(apart(prompts))


def test_single_point_takes_the_best_of_three(releases: dict[str, Path], views: list[np.ndarray]):
    model = load_sam(releases["sam2"])
    looked = model.look(views[1])
    _, quality = model.outline(looked, [POINT])
    with torch.no_grad():
        output = model.network(image_embeddings=list(looked.maps), **model._asked(looked, [POINT]))
    assert output.iou_scores.shape == (1, 1, 3)
    assert quality[0].item() == pytest.approx(output.iou_scores.max().item(), abs=1e-6)


def test_sam_2_of_films_is_read_for_pictures(releases: dict[str, Path], tmp_path: Path):
    """As facebook/sam2.1 is released: its configuration names the model for films, whose memory is left out."""
    folder = tmp_path / "films"
    shutil.copytree(releases["sam2"], folder)
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "sam2_video"}
    (folder / "config.json").write_text(json.dumps(config))
    picture = np.random.default_rng(1).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    one, other = (model.outline(model.look(picture), [BOX])[0] for model in map(load_sam, (folder, releases["sam2"])))
    assert isinstance(load_sam(folder), Sam) and torch.equal(one, other)


@pytest.mark.parametrize("name", ["paligemma", "florence2"])
def test_sam_beside_a_model_outlines_its_boxes(name: str, card_of: Any, releases: dict[str, Path], views: Any):
    card = with_masks(card_of(name), releases["sam2"])
    assert "segment" in card.tasks
    loc = "<loc{:04}>" if name == "paligemma" else "<loc_{}>"
    says_only(card.folder, *(loc.format(number) for number in range(100, 900, 5)))
    predictor = load(card, "cpu")
    bare = HuggingFacePredictor(card, predictor._model, "cpu")
    assert predictor.size_bytes > bare.size_bytes
    question = Question(put_by_card(card, "grounding", "ship"))
    reply = predictor.ask(predictor.encode(views[:1]), [question])[0]
    boxes = read(reply.text, card.boxes, 90, 70).boxes
    alone = load_sam(releases["sam2"])
    prompts = [Prompt((box.x0, box.y0, box.x1, box.y1)) for box in boxes]
    logits, quality = alone.outline(alone.look(views[0]), prompts)
    np.testing.assert_allclose(reply.masks, logits.sigmoid(), atol=1e-6)
    np.testing.assert_allclose(reply.quality, quality, atol=1e-6)
    assert len(boxes) == LONGEST // 4
    assert bare.ask(bare.encode(views[:1]), [question])[0].masks is None


def test_sam_stays_beside_a_model_that_has_learnt(
    card_of: Any, releases: dict[str, Path], views: list[np.ndarray], tmp_path: Path
):
    card = with_masks(card_of("paligemma"), releases["sam2"])
    learn(card).save(tmp_path / "learnt")
    shutil.rmtree(card.folder)
    (tmp_path / "learnt").rename(card.folder)
    head = load(card, "cpu")._head
    found, wanted = (sam.outline(sam.look(views[0]), [BOX])[0] for sam in (head, load_sam(releases["sam2"])))
    assert torch.equal(found, wanted)


def test_precision_is_that_of_the_model_and_not_of_the_sam_beside_it(tmp_path: Path):
    (tmp_path / "masks").mkdir()
    save_file({"weight": torch.zeros(2, dtype=torch.bfloat16)}, tmp_path / "model.safetensors")
    save_file({"weight": torch.zeros(9)}, tmp_path / "masks" / "model.safetensors")
    assert _kind(tmp_path) == torch.bfloat16


def test_code_in_the_masks_folder_is_refused(card_of: Any, releases: dict[str, Path]):
    card = with_masks(card_of("paligemma"), releases["sam2"])
    config = json.loads((card.folder / "masks/config.json").read_text()) | {"auto_map": {"AutoModel": "evil.Model"}}
    (card.folder / "masks/config.json").write_text(json.dumps(config))
    with pytest.raises(RsvlmError, match="auto_map"):
        load(card, "cpu")


def with_masks(card: ModelCard, masks: Path) -> ModelCard:
    """The card of the same model with a SAM beside it."""
    folder = card.folder
    shutil.copytree(masks, folder / "masks")
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.name != CARD]
    files = files_in(folder, tuple(name for name in names if (folder / name).is_file()))
    source = {"files": [file.model_dump(exclude_none=True) for file in files]}
    content = card.model_dump(mode="json", exclude_defaults=True) | card_fields(card.id, 32, outlines=True)
    (folder / CARD).write_text(tomlkit.dumps(content | {"source": source}))
    return get_card(card.id)


@pytest.mark.parametrize("name", ["blip-2", "florence2"])
def test_question_that_leaves_no_room_is_refused_and_harms_no_other(
    name: str, predictor_of: Load, views: list[np.ndarray]
):
    predictor = predictor_of(name)
    seen, asked = predictor.encode(views[:2]), [Question("how many ships? " * 300), Question("where?")]
    with pytest.raises(RsvlmError, match="tokens longer than what the model can read") as told:
        predictor.ask(seen[:1], asked[:1])
    assert told.value.code == "too_large"
    alone = predictor.ask(seen[1:], asked[1:])[0]
    rows = [predictor._row(one, question, None) for one, question in zip(seen, asked, strict=True)]
    refused, answered = predictor._ask(rows)
    assert refused.message == told.value.message and answered.text == alone.text


def test_template_without_a_place_for_the_picture_is_told(card_of: Any, views: list[np.ndarray]):
    card = card_of("smolvlm")
    (card.folder / "chat_template.jinja").write_text("{{ messages[0]['content'][-1]['text'] }}")
    predictor = load(card, "cpu")
    with pytest.raises(RsvlmError, match="chat template of this model is broken"):
        predictor.ask(predictor.encode(views[:1]), [Question("where?")])
