"""What is reached without a model: the caption that most others share, and classes from features."""

from __future__ import annotations

import torch

from rsvlm.trainer.baselines import consensus, probed


def test_caption_that_shares_most_with_the_others_is_taken():
    told = ["a dog sleeps", "many trees are near a river", "there are many trees near a river", "trees near a river"]
    assert consensus(told) == "trees near a river"  # all of its words stand in two others
    assert consensus(["a lake"]) == "a lake" and consensus(["", "a lake", "a lake"]) == "a lake"


def test_probe_tells_classes_apart_that_a_line_parts():
    generator = torch.Generator().manual_seed(1)
    classes = torch.arange(120) % 3
    centres = torch.tensor([[4.0, 0.0], [-2.0, 3.0], [-2.0, -3.0]])
    known = centres[classes] + torch.randn(120, 2, generator=generator)
    assert (probed(known[:90], classes[:90], known[90:]) == classes[90:]).float().mean() > 0.9
