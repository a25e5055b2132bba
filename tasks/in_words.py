"""One question about one view of a place, answered in words; what the answer points at comes as boxes or outlines on the map."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from rsvlm.geo.scene import Scene
from rsvlm.library.citing import citations
from rsvlm.models.boxes import CONVENTIONS, Reading, read
from rsvlm.models.cards import ModelCard
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Answers, Question, Reply, Turn
from rsvlm.models.predictors.words import sentence
from rsvlm.models.prompts import put
from rsvlm.protocol import Answer, Raster, Watch
from rsvlm.tasks.knowledge import Known
from rsvlm.tasks.looking import gaps, seen
from rsvlm.tasks.outlines import boxed, outlined
from rsvlm.tasks.plan import one_view
from rsvlm.tasks.provenance import provenance

SURE = 0.5  # mean probability of a word under which an answer is called a guess
UNCITED = "Numbers in the answer stand for its outlines; passages of the library that it may rest on are not cited."


@dataclass(frozen=True)
class Put:
    """How a question is put: see prompts.py for kinds. earlier: turns before it. known: what may be cited, if anything."""

    kind: str
    text: str = ""
    earlier: tuple[Turn, ...] = ()
    known: Known | None = None


def in_words(task: str, card: ModelCard, raster: Raster, wanted: Put, models: Models, watch: Watch) -> Answer:
    """One view of all of the extent, one question, one answer; words are streamed up to the first box. Raises as `ask`."""
    started = time.perf_counter()
    with Scene.open(raster) as scene, models.using(card.id, watch.cancelled) as found:
        predictor = cast(Answers, found)
        plan = one_view(scene, card)
        tile = seen(scene, plan, watch)[0]
        opened = time.perf_counter()
        watch.progress(0, 1, "Asking")
        prompt = put(card, wanted.kind, wanted.text)
        earlier = wanted.earlier if card.dialogue else ()
        telling = Telling(watch.text, card)
        reply = predictor.ask(predictor.encode([tile.picture]), [Question(prompt, earlier)], telling.more)[0]
        given = wanted.known
        outlines = reply.masks is not None and len(reply.masks) > 0  # numbered in the reply, as citations are
        cites = citations(reply.text, len(given.passages)) if given and not outlines else None
        if cites:
            reply = replace(reply, text=cites.text)
        reading = read_boxes(reply, card, tile.picture.shape[1], tile.picture.shape[0])
        evidence = boxed(reading.boxes, tile.view, reply.confidence)
        if reply.masks is not None:
            for number, mask in enumerate(reply.masks):
                quality = None if reply.quality is None else float(reply.quality[number])
                evidence += outlined(mask, tile.view, f"[{number + 1}]", quality)
        text = reading.text
        if given and cites:
            text, evidence = given.joined(cites, text, evidence, scene.crs)
        for item in evidence:
            watch.evidence(item)
        answer = Answer(
            text=telling.end(sentence(text)),
            evidence=evidence,
            provenance=provenance(task, predictor, raster, scene, plan.gsd_m) | {"prompt": prompt},
            warnings=[*plan.warnings, *gaps(scene, plan, [tile]), *reading.warnings, *doubts(reply)],
            confidence=round(reply.confidence, 3),
            usage=predictor.usage,
        )
        if given:
            answer.warnings += [*given.warnings, *(cites.warnings if cites else [UNCITED])]
            answer.provenance["knowledge"] = given.told()
        if wanted.earlier and not card.dialogue:
            answer.warnings.append(
                f"The model {card.id} takes each question by itself; earlier ones were not read to it."
            )
    watch.progress(1, 1, "Answered")
    answer.timings = timings(started, opened)
    return answer


def timings(started: float, read: float) -> dict[str, float]:
    """Seconds by stage, for a task that ends now."""
    done = time.perf_counter()
    return {"read": round(read - started, 4), "model": round(done - read, 4), "total": round(done - started, 4)}


def read_boxes(reply: Reply, card: ModelCard, width: int, height: int) -> Reading:
    """The reply's text with its boxes taken out, where the card says how the model writes them."""
    if card.boxes is None:
        return Reading(reply.text, (), ())
    return read(reply.text, card.boxes, width, height)


def doubts(reply: Reply) -> list[str]:
    """Sentences on why the words should not be relied on."""
    if not reply.text.strip():
        return [*reply.warnings, "The model gave no answer."]
    if reply.confidence < SURE:
        return [*reply.warnings, "The model is not sure of its words; take them as a guess."]
    return list(reply.warnings)


class Telling:
    """Words on their way to the listener: held back from where a box may begin, because nobody reads numbers of boxes."""

    def __init__(self, listener: Callable[[str], None], card: ModelCard) -> None:
        self._listener, self._told, self._held = listener, "", False
        self._opens = CONVENTIONS[card.boxes].opens if card.boxes else ""

    def more(self, delta: str) -> None:
        places = [delta.find(character) for character in self._opens if character in delta]
        if not self._held:
            self._say(delta[: min(places, default=len(delta))])
        self._held = self._held or bool(places)

    def end(self, text: str) -> str:
        """The whole text, of which the rest is told now, if what was told is its beginning."""
        begun = self._told.rstrip()
        if text.startswith(begun):
            self._told = begun if len(text) == len(begun) else self._told
            self._say(text[len(self._told) :])
        return text

    def _say(self, piece: str) -> None:
        if piece:
            self._told += piece
            self._listener(piece)
