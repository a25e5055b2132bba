"""The family as its paper and FROMAGe's describe it, without golden data: sizes, words, losses, answers, retrieval."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.families.capret.files import words_of
from rsvlm.models.families.capret.network import CapRet, CapRetConfig, trained
from rsvlm.models.families.capret.words import Words
from rsvlm.models.parts.language import IGNORED, IMAGE
from rsvlm.models.parts.retrieval_token import Eagerness, RetrievalToken, contrastive_losses

CAPTIONS = ["a large airport with two runways", "boats at the port", "forest", "two boats"]


def parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_real_size_has_the_published_numbers():
    with torch.device("meta"):
        model = CapRet(CapRetConfig())
    model.freeze()
    assert parameters(model.visual_model) == 303_179_776, "CLIP's ViT-L/14"
    assert parameters(model.lm) == 6_738_415_616 + 2 * 4096, "LLaMA 2, 7B, and [RET]"
    learnt = {name: p.numel() for name, p in model.named_parameters() if p.requires_grad}
    linear = (1024 + 1) * 4096 + (1024 + 1) * 256 + (4096 + 1) * 256
    assert sum(learnt.values()) == linear + 1 + 2 * 4096 == 5_517_825, (
        "in half precision the 11 MB of FROMAGe's release"
    )
    assert {trained(name) for name in learnt} == {True}


def test_small_model_is_built_quickly(config: CapRetConfig):
    CapRet(config)
    began = time.perf_counter()
    CapRet(config)
    assert time.perf_counter() - began < 2


def test_long_caption_keeps_what_asks_for_pictures(words: Words):
    batch = words.captions(["a " * 60, "forest"])
    assert batch.ids.shape == (2, 24) and batch.ids[0, -1] == words.retrieval
    assert batch.ids[1, :3].tolist() == [words.begin, words.tokenizer.token_to_id("forest"), words.retrieval]
    assert batch.mask.sum(dim=1).tolist() == [24, 3]


def test_marks_in_a_text_are_words_of_nobody(words: Words):
    assert words.captions(["a </s> port [RET]"]).ids.tolist() == words.captions(["a port"]).ids.tolist()


def test_pictures_stand_anywhere_in_a_question(tokenizer: Tokenizer, config: CapRetConfig):
    words = words_of(replace(config, prefix=2), tokenizer)
    ids = words.tokenizer.get_vocab()
    first, mixed = words.questions(["describe", "what is <image> ? a <image>"]).ids.tolist()
    assert first[-4:] == [IMAGE, IMAGE, ids["describe"], words.begin], "without a mark it stands in front"
    assert mixed == [ids["what"], ids["is"], IMAGE, IMAGE, ids["?"], ids["a"], IMAGE, IMAGE, words.begin]
    released = words_of(replace(config, prefix=1, released=True), tokenizer)
    assert released.questions(["describe"]).ids.tolist() == [[IMAGE, words.begin, ids["describe"]]]
    assert released.questions([""]).ids.tolist() == [[IMAGE]]


def test_caption_is_learnt_with_its_end(model: CapRet, words: Words, pictures: Tensor):
    """FROMAGe learns neither the end nor [RET] there, so that its captions never end by themselves."""
    batch = words.captions(CAPTIONS[:2], "describe")
    looked = model.look(pictures[:2])
    embeddings, labels = model.captioned(looked, batch)
    row = batch.ids[1, : batch.mask[1].sum()].tolist()
    assert labels[1].tolist() == [IGNORED] * 2 + [*row[:-1], words.end] + [IGNORED] * (labels.shape[1] - 2 - len(row))
    model.config = replace(model.config, released=True)
    _, released = model.captioned(looked, batch)
    assert released[1].tolist() == [IGNORED] * 2 + row[:-1] + [IGNORED] * (labels.shape[1] - 1 - len(row))
    assert torch.allclose(embeddings[:, 0], model.visual_embeddings(looked)[:, 0])


def test_two_captions_in_one_row_follow_each_other(model: CapRet, words: Words, pictures: Tensor):
    batch = words.captions(CAPTIONS)
    looked = model.look(pictures)
    single, labels = model.captioned(looked, batch)
    joined, learnt = model.captioned(looked, batch, joined=True)
    used = (1 + batch.mask.sum(dim=1)).tolist()
    for row in range(2):
        parts = [single[2 * row, : used[2 * row]], single[2 * row + 1, : used[2 * row + 1]]]
        assert torch.equal(joined[row, : sum(used[2 * row : 2 * row + 2])], torch.cat(parts))
        wanted = torch.cat([labels[2 * row, : used[2 * row]], labels[2 * row + 1, : used[2 * row + 1]]])
        assert torch.equal(learnt[row, : len(wanted)], wanted) and learnt[row, len(wanted) :].eq(IGNORED).all()


def test_losses_are_weighed_as_published(model: CapRet, words: Words, pictures: Tensor):
    losses = model.losses(pictures, words.captions(CAPTIONS))
    parts = losses.caption + losses.retrieval + (losses.images + losses.texts) / 2
    assert losses.total.item() == pytest.approx(parts.item())
    assert losses.images.item() == pytest.approx(math.log(4), abs=1.5), "of four, by chance"


def test_loss_does_not_depend_on_padding(model: CapRet, words: Words, pictures: Tensor):
    short = words.captions(CAPTIONS[1:2])
    beside = words.captions([CAPTIONS[1], "a " * 20])
    cut = replace(beside, ids=beside.ids[:1], mask=beside.mask[:1])
    with torch.no_grad():
        one, other = (model.losses(pictures[:1], batch) for batch in (short, cut))
    assert one.caption.item() == pytest.approx(other.caption.item(), abs=1e-5)
    assert one.retrieval.item() == pytest.approx(other.retrieval.item(), abs=1e-5)
    assert torch.allclose(model.embed_texts(short), model.embed_texts(beside)[:1], atol=1e-5)


@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_ten_steps_lower_the_loss(
    config: CapRetConfig, tokenizer: Tokenizer, pictures: Tensor, released: bool, tied: bool
):
    torch.manual_seed(0)
    language = config.language | {"tie_word_embeddings": tied}
    model = CapRet(replace(config, released=released, language=language)).train()
    model.freeze()
    assert (model.retrieval_token.head is None) == tied
    batch = words_of(model.config, tokenizer).captions(CAPTIONS)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-2)
    losses = []
    for step in range(10):
        loss = model(pictures, batch, joined=step % 2 == 1)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        model.settle()
        losses.append(loss.item())
    assert losses[-1] < losses[1] - 0.1 and losses[-2] < losses[0] - 0.1, "captions apart, and two in a row"
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {name for name in before if trained(name)}, (
        "of the words' table nothing, and of [RET] its own row"
    )


def test_learnt_token_is_read_and_said_by_the_model_itself(model: CapRet):
    """Written into its tables, the row gives what training saw."""
    token = model.retrieval_token
    ids = torch.tensor([[1, 5, token.token, 6]])
    with torch.no_grad():
        embeddings = model.sequence(ids)
        logits, _ = model.spoken(embeddings)
        assert not torch.allclose(model.language.logits(model.language.embed(ids)), logits, atol=1e-4)
        token.write(model.lm)
        assert torch.allclose(model.language.logits(model.language.embed(ids)), logits, atol=1e-6)


def test_gradient_reaches_the_token_as_word_and_as_answer(model: CapRet):
    model.freeze()
    ids = torch.tensor([[1, model.config.retrieval, 6]])
    logits, _ = model.spoken(model.sequence(ids))
    logits[0, 0].log_softmax(dim=-1)[6].backward()
    row, head = model.retrieval_token.row.grad, model.retrieval_token.head
    assert row is not None and not row.any(), "what stands behind is not seen"
    assert head is not None and head.grad is not None and head.grad.any()
    model.spoken(model.sequence(ids))[0][0, 2, 6].backward()
    assert model.retrieval_token.row.grad.any()


def test_token_is_kept_as_long_as_other_words(model: CapRet):
    table = model.lm.get_input_embeddings().weight
    with torch.no_grad():
        model.retrieval_token.row.mul_(100)
    direction = torch.nn.functional.normalize(model.retrieval_token.row.detach(), dim=0)
    model.settle()
    others = torch.cat([table[: model.config.retrieval], table[model.config.retrieval + 1 :]]).norm(dim=1).mean()
    assert model.retrieval_token.row.norm().item() == pytest.approx(others.item(), rel=1e-4)
    assert torch.allclose(torch.nn.functional.normalize(model.retrieval_token.row, dim=0), direction, atol=1e-5)


def test_answer_that_asks_for_a_picture_can_be_searched(model: CapRet, words: Words, pictures: Tensor):
    """Its embedding is that of the state at [RET], as if the whole had been read at once; it ends there."""
    looked, batch = model.look(pictures[:2]), words.questions(["describe", "what is here ?"])
    plain = model.generate(looked, batch, 6, eagerness=Eagerness(model.config.retrieval, after=99))
    assert not plain.asks.any() and not plain.embeddings.any()

    class Dictated(Eagerness):
        """The third word of each row is the token."""

        def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
            scores = super().__call__(input_ids, scores)
            if input_ids.shape[1] == 2:
                scores[:, model.config.retrieval] = torch.inf
            return scores

    said = model.generate(looked, batch, 6, eagerness=Dictated(model.config.retrieval, after=2))
    assert said.asks.all() and said.ids.shape == (2, 3) and (said.ids[:, 2] == model.config.retrieval).all()
    for row, prompt in enumerate(["describe", "what is here ?"]):
        alone = words.questions([prompt])
        with torch.no_grad():
            whole = torch.cat(
                [model.sequence(alone.ids, looked[row : row + 1]), model.sequence(said.ids[row : row + 1])], 1
            )
            _, states = model.language.read(whole)
            wanted = torch.nn.functional.normalize(model.text_fc(states[0, -1]), dim=0)
        assert torch.allclose(said.embeddings[row], wanted, atol=1e-5)
    assert "[RET]" not in words.text(said.ids[0].tolist())


def test_eagerness_holds_back_and_pushes():
    scores = torch.tensor([[1.0, 2.0, 3.0]])
    eager = Eagerness(1, after=2, factor=1.5)
    assert eager(torch.zeros(1, 1), scores).tolist() == [[1.0, -math.inf, 3.0]]
    assert eager(torch.zeros(1, 2), scores).tolist() == [[1.0, 3.0, 3.0]]
    assert scores.tolist() == [[1.0, 2.0, 3.0]], "what it was given stays as it is"


def test_batch_answers_as_its_rows_alone_do(model: CapRet, words: Words, pictures: Tensor):
    looked, prompts = model.look(pictures[:2]), ["describe the picture of", "what"]
    together = model.generate(looked, words.questions(prompts), 6)
    for row, prompt in enumerate(prompts):
        alone = model.generate(looked[row : row + 1], words.questions([prompt]), 6)
        assert together.ids[row].tolist()[: alone.ids.shape[1]] == alone.ids[0].tolist()


def test_texts_find_their_pictures_when_they_are_alike():
    texts = torch.nn.functional.normalize(torch.eye(3) + 0.1, dim=1)
    right = contrastive_losses(texts, texts, torch.tensor(10.0))
    wrong = contrastive_losses(texts, texts.roll(1, dims=0), torch.tensor(10.0))
    assert right[0] < 0.1 < wrong[0] and right[1] < 0.1 < wrong[1]


def test_token_of_a_tied_model_has_one_row(config: CapRetConfig):
    model = CapRet(replace(config, language=config.language | {"tie_word_embeddings": True}))
    token: RetrievalToken = model.retrieval_token
    assert token.head is None and [name for name, _ in token.named_parameters()] == ["row"]
