"""Any image-text model of transformers at work: pictures and questions in, words and what they point at out.

A SAM in the folder `masks` of such a model outlines every box that it writes.
Knows pixels and strings; nothing of rasters, maps or files. Every call of the network goes through the engine; methods
may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from rsvlm.models.boxes import read
from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.huggingface.files import architecture_of, load_huggingface
from rsvlm.models.families.huggingface.masks import MaskPredictor
from rsvlm.models.families.huggingface.network import Ahead, HuggingFace, Spoken
from rsvlm.models.families.huggingface.sam import MASKS, NETWORKS, Sam, load_sam
from rsvlm.models.families.huggingface.verbatim import Verbatim
from rsvlm.models.families.huggingface.words import florence_task, in_thousandths, put, silent
from rsvlm.models.language_files import kept_in
from rsvlm.models.predictors.abilities import Prompt, Question, Reply
from rsvlm.models.predictors.encode_once import EncodesOnce, Key
from rsvlm.models.predictors.words import Listeners, Stop
from rsvlm.protocol import RsvlmError

LONGEST = 512  # tokens of an answer
OUTLINES = ("polygons", "description_with_polygons", "description_with_bboxes_or_polygons")  # of Florence's tasks


@dataclass(frozen=True, eq=False)
class Seen:
    """Pictures to ask about, (H, W, 3) uint8: one, or two dates. key: tells their pixels.

    The network looks at them with the first question; what it keeps for the next one, it keeps by the key.
    """

    key: Key
    pictures: tuple[np.ndarray, ...]


@dataclass
class Counts:
    """Pictures that the network looked at, and rows whose pictures the decoder read before any question."""

    encodes: int = 0
    prefills: int = 0


@dataclass(frozen=True, eq=False)
class _Row:
    seen: Seen
    question: Question
    prompt: str
    words: Verbatim


class HuggingFacePredictor(EncodesOnce):
    """As for EncodesOnce. counts: of the network's work. head: outlines the boxes that the model writes."""

    def __init__(
        self,
        card: ModelCard,
        model: HuggingFace,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
        head: Sam | None = None,
    ) -> None:
        super().__init__(card, device, engine, cache, model.network, *([head.network] if head else []))
        self._model, self._head, self._silent = model, head, silent(model.processor)
        self._tokenizer = model.processor.tokenizer.backend_tokenizer
        self.counts = Counts()

    def encode(self, pictures: Sequence[np.ndarray], after: Sequence[np.ndarray] | None = None) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size; the model's own processor prepares them. after: a second date of each."""
        rows = [(one,) for one in pictures] if after is None else list(zip(pictures, after, strict=True))
        return [Seen(self._key(row), row) for row in rows]

    def ask(
        self, seen: Sequence[Seen], questions: Sequence[Question], on_text: Callable[[str], None] | None = None
    ) -> list[Reply]:
        """An answer to one question for each of `seen`. on_text streams the words of the only one.

        Raises RsvlmError: bad_request for earlier turns or a second date where the model reads none, too_large.
        """
        rows = [self._row(one, question, on_text) for one, question in zip(seen, questions, strict=True)]
        return self._answered(rows, self._ask)

    def _row(self, seen: Seen, question: Question, on_text: Callable[[str], None] | None) -> _Row:
        model = self._model
        prompt = put(model.processor, model.architecture, question.text, question.earlier, len(seen.pictures))
        return _Row(seen, question, prompt, Verbatim(self._tokenizer, on_text, self._stop, model.ends, self._silent))

    @torch.inference_mode()
    def _ask(self, rows: Sequence[_Row]) -> list[Reply | RsvlmError]:
        """A reply for each row, or why it has none: what one caller asks too much does not harm the others."""
        for row in rows:
            row.words.begin()
        prompts, pictures = [row.prompt for row in rows], [row.seen.pictures for row in rows]
        if self._model.reads_ahead:
            pairs = zip(prompts, pictures, strict=True)
            inputs = [self._model.prepare([prompt], [shown]) for prompt, shown in pairs]
        else:
            inputs = [self._model.prepare(prompts, pictures)]
        room = self._model.room(inputs)
        if len(rows) > 1 and min(room) < LONGEST:  # answers that have to be short shorten no others
            asked = list(zip(rows, room, strict=True))
            roomy = [row for row, left in asked if left >= LONGEST]
            rest = iter(self._ask(roomy) if roomy else [])
            return [next(rest) if left >= LONGEST else self._ask([row])[0] for row, left in asked]
        if min(room) < 1:
            return [_too_large(left) for left in room]
        replies = self._answer(rows, inputs, min(LONGEST, *room))
        return [self._outlined(row.seen, reply) for row, reply in zip(rows, replies, strict=True)]

    def _answer(self, rows: Sequence[_Row], inputs: Sequence[dict[str, Tensor]], most: int) -> list[Reply]:
        words = [row.words for row in rows]
        streamer, stop = Listeners(words, self._model.padding), Stop(words)
        if self._model.reads_ahead:
            spoken = self._model.speak_on(inputs, self._ahead(rows, inputs), most, streamer, stop)
        else:
            spoken = self._model.speak(inputs[0], most, streamer, stop)
            self.counts.encodes += sum(len(row.seen.pictures) for row in rows)
        replies = [self._reply(row, spoken, index) for index, row in enumerate(rows)]
        if self._model.architecture == "qwen2_5_vl":
            sizes = [self._model.shown(own) for own in inputs]
            replies = [
                replace(reply, text=in_thousandths(reply.text, *size))
                for reply, size in zip(replies, sizes, strict=True)
            ]
        return replies

    def _ahead(self, rows: Sequence[_Row], inputs: Sequence[dict[str, Tensor]]) -> list[Ahead]:
        """What the decoder makes of each row up to the end of its pictures: kept, or read now, rows alike together."""
        ids = [row["input_ids"][0].tolist() for row in inputs]
        keys = [
            ("ahead", *row.seen.key, *own[: self._model.picture_end(own)]) for row, own in zip(rows, ids, strict=True)
        ]
        kept = {key: self._cache.get(key) for key in keys}
        alike: dict[tuple[object, ...], list[int]] = {}
        for index, key in enumerate(keys):
            if kept[key] is None and key not in keys[:index]:
                shapes = tuple(
                    sorted((name, tensor.shape) for name, tensor in inputs[index].items() if "pixel" in name)
                )
                alike.setdefault((*ids[index][: self._model.picture_end(ids[index])], shapes), []).append(index)
        for group in alike.values():
            for index, ahead in zip(group, self._model.read([inputs[index] for index in group]), strict=True):
                kept[keys[index]] = ahead
                self._cache.put(keys[index], ahead, ahead.nbytes)
                self.counts.encodes += len(rows[index].seen.pictures)
                self.counts.prefills += 1
        return [kept[key] for key in keys]

    def _reply(self, row: _Row, spoken: Spoken, index: int) -> Reply:
        ids = spoken.ids[index].tolist()
        written = next((place + 1 for place, token in enumerate(ids) if token in self._model.ends), len(ids))
        confidence = spoken.chances[index, :written].mean().exp().item()
        cut = ids[written - 1] not in self._model.ends
        warnings = (f"The answer was cut off after {written} tokens.",) if cut else ()
        masks = self._drawn(row) if self._model.architecture == "florence2" else None
        return Reply(row.words.text, confidence, spoken.read[index], written, masks, warnings=warnings)

    def _drawn(self, row: _Row) -> np.ndarray | None:
        """What Florence has drawn, as its own processor reads it; None for its other tasks."""
        processor = self._model.processor
        task, _ = florence_task(processor, row.question.text)
        if task is None or processor.tasks_answer_post_processing_type[task] not in OUTLINES:
            return None
        height, width = row.seen.pictures[0].shape[:2]
        found = processor.post_process_generation(text=row.words.text, task=task, image_size=(width, height))[task]
        return drawn(found["polygons"], height, width)

    def _outlined(self, seen: Seen, reply: Reply) -> Reply:
        """With a mask for each box, where there is who draws it and none is drawn yet."""
        if self._head is None or self.card.boxes is None or reply.masks is not None:
            return reply
        picture = seen.pictures[-1]
        height, width = picture.shape[:2]
        boxes = [box.upright() for box in read(reply.text, self.card.boxes, width, height).boxes]
        if not boxes:
            return reply
        key = ("looked", *seen.key)
        looked = self._cache.get(key)
        if looked is None:
            looked = self._head.look(picture)
            self._cache.put(key, looked, looked.nbytes)
        logits, quality = self._head.outline(looked, [Prompt((box.x0, box.y0, box.x1, box.y1)) for box in boxes])
        return replace(reply, masks=logits.sigmoid().cpu().numpy(), quality=quality.cpu().numpy())


def drawn(things: Sequence[Sequence[Sequence[float]]], height: int, width: int) -> np.ndarray:
    """(things, H, W) float32, 0 or 1. things: polygons of each, as x, y, x, y ... in pixels; fewer than 3 points are none."""
    masks = np.zeros((len(things), height, width), np.float32)
    for mask, polygons in zip(masks, things, strict=True):
        canvas = Image.new("1", (width, height))
        for polygon in polygons:
            if len(polygon) >= 6:
                ImageDraw.Draw(canvas).polygon(list(polygon), fill=1)
        mask[:] = np.asarray(canvas)
    return masks


def load(
    card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None
) -> HuggingFacePredictor | MaskPredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    if architecture_of(card.folder, card.id, card.mend) in NETWORKS:
        return MaskPredictor(card, load_sam(card.folder, card.id, card.mend), device, engine, cache)
    dtype = kept_in(card.size_bytes)
    model = load_huggingface(card.folder, card.id, card.mend, dtype)
    beside = card.folder / MASKS
    head = load_sam(beside, card.id, card.mend) if (beside / "config.json").is_file() else None
    return HuggingFacePredictor(card, model, device, engine, cache, head)


def _too_large(left: int) -> RsvlmError:
    return RsvlmError(
        "too_large",
        f"Picture and question are {1 - left:,} tokens longer than what the model can read before an answer.",
        "Ask in fewer words.",
    )
