"""Words of the family skyeye: how questions are put, and how they and their answers become ids.

SkyEyeGPT (arXiv 2401.09712, section 3.2) asks as MiniGPT-v2 (arXiv 2310.09478, section 3.2) does: a picture, a tag that
names the task, and an instruction, within the marks of LLaMA's chat. Knows text only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.parts.language import IGNORED, IMAGE, padded

PICTURE = "<ImageHere>"
BEGIN, END, UNKNOWN = "<s>", "</s>", "<unk>"
TEMPLATES = {
    "caption": "Briefly describe this image.",
    "vqa": "Based on the image, respond to this question with a short answer: {}",
    "refer": "give me the location of {}",
    "identify": "what is this {}",
    "grounding": "{}",
    "detection": "{}",
}  # of each tag; what is asked for stands at {}
_RESERVED = re.compile("|".join(map(re.escape, (PICTURE, BEGIN, END, UNKNOWN, "[INST]", "[/INST]"))))

Turn = tuple[str, str]  # a question and its answer


def put(question: str, task: str | None = None) -> str:
    """The question as the model was taught to read it, under the tag of its task; without a task as it is.

    Marks of the chat within it are taken out. Raises ValueError for a task that has no tag.
    """
    asked = _RESERVED.sub("", question).strip()
    if task is None:
        return asked
    if task not in TEMPLATES:
        raise ValueError(f"there is no task {task}, only {', '.join(TEMPLATES)}")
    return f"[{task}] {TEMPLATES[task].format(asked)}".strip()


@dataclass(frozen=True)
class Batch:
    """Words as the model takes them, one row for each picture.

    ids: (batch, length), IMAGE where a token of the picture stands; mask, labels: (batch, length), -100 where nothing is
    learnt. begin, end, padding: ids of those tokens.
    """

    ids: Tensor
    mask: Tensor
    labels: Tensor
    begin: int
    end: int
    padding: int

    def to(self, device: str | torch.device) -> Batch:
        ids, mask, labels = (tensor.to(device) for tensor in (self.ids, self.mask, self.labels))
        return replace(self, ids=ids, mask=mask, labels=labels)


class Words:
    """tokenizer: of the language model. picture: tokens of one picture. The rest as in the configuration."""

    def __init__(
        self, tokenizer: Tokenizer, picture: int, answer: int = 1024, ending: str = END, released: bool = False
    ) -> None:
        """Raises ValueError where a token is missing."""
        self.tokenizer, self.picture, self.answer = tokenizer, picture, answer
        self.ending, self.released = ending, released
        self.begin, self.end, self.padding = (self._id(token) for token in (BEGIN, END, UNKNOWN))

    def questions(self, prompts: Sequence[str], earlier: Sequence[Sequence[Turn]] = ()) -> Batch:
        """To be answered: padded on the left. earlier: turns before each prompt, the first of which has the picture."""
        turns = earlier or [()] * len(prompts)
        rows = [self._conversation([*before, (prompt, None)])[0] for before, prompt in zip(turns, prompts, strict=True)]
        if self.released:
            rows = [[self.begin, *row] for row in rows]
        ids, mask = padded(rows, self.padding, left=True)
        return Batch(ids, mask, torch.full_like(ids, IGNORED), self.begin, self.end, self.padding)

    def lessons(self, conversations: Sequence[Sequence[Turn]]) -> Batch:
        """To learn from: every answer in a conversation about a picture is learnt. Padded on the right."""
        rows = [self._conversation(turns) for turns in conversations]
        ids, mask = padded([row for row, _ in rows], self.padding)
        labels, _ = padded([learnt for _, learnt in rows], IGNORED)
        return Batch(ids, mask, labels, self.begin, self.end, self.padding)

    def text(self, ids: Sequence[int]) -> str:
        """What the language model said."""
        return self.tokenizer.decode(
            [token for token in ids if token != self.padding], skip_special_tokens=True
        ).strip()

    def _conversation(self, turns: Sequence[tuple[str, str | None]]) -> tuple[list[int], list[int]]:
        """ids and labels; without an answer the last turn is left open."""
        ids, labels = [self.begin], [IGNORED]
        for number, (question, answer) in enumerate(turns):
            asked = f"<Img>{PICTURE}</Img> {question}" if number == 0 else question
            asked = f"[INST] {asked}{'  ' if self.released and answer is not None else ' '}[/INST]"
            read = self._segments(asked)
            said = [] if answer is None else self._ids(answer + self.ending)[: self.answer]
            ids += read + said
            labels += [IGNORED] * len(read) + [IGNORED if token == self.padding else token for token in said]
        return ids, labels

    def _segments(self, text: str) -> list[int]:
        """Each segment beside a picture is cut into tokens alone, so that it begins with a space."""
        first, *others = (self._ids(part) for part in text.split(PICTURE))
        return first + [token for part in others for token in [IMAGE] * self.picture + part]

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def _id(self, token: str) -> int:
        found = self.tokenizer.token_to_id(token)
        if found is None:
            raise ValueError(f"the tokenizer has no {token}")
        return found
