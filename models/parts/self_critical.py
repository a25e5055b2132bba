"""Self-critical training: of sentences that a model draws by itself, those are made likelier that are worth more than the others.

Rennie et al., arXiv 1612.00563, sections 3 and 4. What a sentence is compared with is the mean of the others of its picture
(Luo, arXiv 2003.09971), for which nothing more has to be decoded. Knows ids and tensors only; worth is told from outside.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rsvlm.models.parts.normed_beams import Step

IGNORED = -100  # in place of words behind a sentence's end; cross entropy passes over it


def draw(step: Step, logits: Tensor, most: int, end: int, generator: torch.Generator) -> Tensor:
    """Sentences as likely as the model holds them to be. logits: (rows, vocabulary) of the first word.

    Returns ids (rows, words of the longest), `end` last where it came within `most` words, then IGNORED.
    """
    found = logits.new_full((len(logits), most), IGNORED, dtype=torch.long)
    going = torch.arange(len(logits), device=logits.device)
    for place in range(most):
        words = torch.multinomial(logits.float().softmax(dim=-1), 1, generator=generator)[:, 0]
        found[going, place] = words
        open_ones = (words != end).nonzero()[:, 0]
        going = going[open_ones]
        if not len(going) or place + 1 == most:
            break
        logits = step(words[open_ones], open_ones)
    return found[:, : place + 1]


def above_others(rewards: Tensor) -> Tensor:
    """rewards: (pictures, sentences), at least two of each -> alike: how far above the mean of the picture's others."""
    sentences = rewards.shape[1]
    return (rewards - rewards.mean(dim=1, keepdim=True)) * (sentences / (sentences - 1))


def expected_reward_loss(chances: Tensor, rewards: Tensor) -> Tensor:
    """chances: (pictures, sentences) log-probabilities of what was drawn; rewards: alike, of which nothing is learnt.

    Minus the mean reward of each picture, summed over pictures; its gradient is that of the reward to be expected (REINFORCE,
    equation 5 of the paper), as estimated from these sentences.
    """
    estimate = -(above_others(rewards) * chances).mean(dim=1).sum()
    return estimate - estimate.detach() - rewards.mean(dim=1).sum()
