"""Captions that the bundled model draws while it learns, and what it learns of their worth. Knows features and ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.families.compact.decoding import Decoder, keys_and_values
from rsvlm.models.families.compact.encoder import ImageFeatures
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.families.compact.speaking import LONGEST
from rsvlm.models.families.compact.words import CAPTION, EOS, PAD
from rsvlm.models.parts.self_critical import IGNORED, draw, expected_reward_loss

SENTENCES = 5  # drawn of each picture

# Sentences of each picture, as many of each, and all that is right to say of it -> (pictures, sentences) worth of each.
Reward = Callable[[Sequence[Sequence[str]], Sequence[Sequence[str]]], np.ndarray]


def reward_loss(
    model: Compact,
    tokenizer: Tokenizer,
    reward: Reward,
    features: ImageFeatures,
    references: Sequence[Sequence[str]],
    lengths: Tensor,
    seed: int,
) -> Tensor:
    """Summed over pictures, see expected_reward_loss(). references: of each picture. seed: of what is drawn.

    lengths: (pictures,) tokens of a right caption of each, by which log-probabilities are divided: a picture weighs as much as
    in the mean over tokens that is the loss of its caption. A sentence without an end is worth nothing.
    """
    prefix = model.prefix(features)
    said = _drawn(model, prefix, seed)
    ended = (said == EOS).any(dim=1)
    each = [tokenizer.decode([token for token in ids if token not in (IGNORED, EOS)], False) for ids in said.tolist()]
    worth = reward([each[row : row + SENTENCES] for row in range(0, len(each), SENTENCES)], references)
    rewards = torch.from_numpy(worth).to(prefix.device, torch.float32) * ended.view(-1, SENTENCES)
    chances = _chances(model, prefix, said).view(-1, SENTENCES) / lengths[:, None]
    return expected_reward_loss(chances, rewards)


def _drawn(model: Compact, prefix: Tensor, seed: int) -> Tensor:
    """(pictures * SENTENCES, length), those of a picture one after the other; see draw()."""
    generator = torch.Generator(prefix.device).manual_seed(seed)
    with _at_rest(model.language), torch.no_grad():
        read = keys_and_values(model.language, prefix).repeat_interleave(SENTENCES, dim=2)
        decoder = Decoder(model.language, read, LONGEST)
        logits = decoder.read(torch.full((read.shape[2], 1), CAPTION, device=prefix.device))
        said = draw(decoder.go_on, logits, LONGEST, EOS, generator)
    torch.clear_autocast_cache()  # of weights that were cast here, without gradients
    return said


def _chances(model: Compact, prefix: Tensor, said: Tensor) -> Tensor:
    """(rows,): log-probability of each sentence, of which those of a picture stand one after the other."""
    begin = torch.full_like(said[:, :1], CAPTION)
    ids = torch.cat([begin, said[:, :-1].masked_fill(said[:, :-1] == IGNORED, PAD)], dim=1)
    hidden = model.read(prefix.repeat_interleave(SENTENCES, dim=0), ids)
    learnt = said != IGNORED
    logits = model.language.lm_head(hidden[learnt]).float()
    words = -nn.functional.cross_entropy(logits, said[learnt], reduction="none")
    return words.new_zeros(len(said)).index_add(0, learnt.nonzero()[:, 0], words)


@contextmanager
def _at_rest(network: nn.Module) -> Iterator[None]:
    """Inside, the network is as when it is used; layers in training that are to be computed again would keep no cache."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training
