"""Processes that learn together take part in what all of them exchange, whatever their own share of a batch has to learn."""

from __future__ import annotations

import copy
import multiprocessing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from rsvlm.models.families.compact.learner import CompactLearner, new
from rsvlm.models.families.geoclip.learner import GeoClipLearner
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig
from rsvlm.models.learning import Example
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.losses import NOTHING, PARTNERS, Losses

SIZES = {
    "stem": 8, "widths": [8, 16, 32], "depths": [1, 1, 1], "token_width": 32, "token_depth": 1, "heads": 2, "vocabulary": 420,
    "language_width": 32, "language_depth": 1, "language_mlp": 64, "embedding": 16, "anchors": 4,
}  # fmt: skip
SEEN = ("a river", "some trees", None, None)  # captions; of two pictures there is none
WAIT = timedelta(seconds=20)


def examples() -> list[Example]:
    pictures = np.random.default_rng(5).integers(0, 255, (4, 32, 32, 3), dtype=np.uint8)
    return [
        Example(str(number), "caption" if text else "vqa", (picture,), (("what?", text or "no"),), (text or "no",))
        for number, (picture, text) in enumerate(zip(pictures, SEEN, strict=True))
    ]


def small() -> CompactLearner:
    torch.manual_seed(3)
    learner = new(SIZES, [text or "no" for text in SEEN] * 10, ["river"])
    learner.network.eval()  # running statistics are of each process
    return learner


def gradients(network: torch.nn.Module) -> dict[str, Any]:
    return {name: weight.grad.numpy() for name, weight in network.named_parameters() if weight.grad is not None}


def share(rank: int, learner: CompactLearner, store: str, told: Any) -> None:
    """A process that has two of the four examples; tells its gradients, which DDP has averaged."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"file://{store}", timeout=WAIT, rank=rank, world_size=2)
    losses = DistributedDataParallel(Losses(learner, [PARTNERS]), find_unused_parameters=True)
    lesson = learner.batch(examples()[2 * rank : 2 * rank + 2])
    found = losses(lesson)
    # As StageTrainer weighs: by what this process counts of all, times their number.
    loss = found[PARTNERS] * lesson.counts[PARTNERS] if lesson.counts[PARTNERS] else found[NOTHING]
    loss.backward()
    told.put((rank, sorted(found), gradients(learner.network)))
    distributed.barrier()
    distributed.destroy_process_group()


def test_process_whose_share_counts_nothing_takes_part_in_what_others_learn(tmp_path: Path):
    """All that is described lies with the first of two processes; both get the gradients that one process would have."""
    learner = small()
    alone = copy.deepcopy(learner)
    Losses(alone, [PARTNERS])(alone.batch(examples()))[PARTNERS].backward()
    expected = gradients(alone.network)
    fork = multiprocessing.get_context("fork")
    told = fork.Queue()
    processes = [fork.Process(target=share, args=(rank, learner, str(tmp_path / "store"), told)) for rank in (0, 1)]
    for process in processes:
        process.start()
    try:
        found = dict((rank, rest) for rank, *rest in (told.get(timeout=60) for _ in processes))
        for process in processes:
            process.join(30)
            assert process.exitcode == 0
    finally:
        for process in processes:
            process.kill()
    assert [found[rank][0] for rank in (0, 1)] == [[PARTNERS], [NOTHING]]
    for rank in (0, 1):
        for name, gradient in expected.items():
            np.testing.assert_allclose(found[rank][1][name], gradient, atol=1e-5, err_msg=f"{rank} {name}")


def test_process_alone_skips_what_counts_nothing_and_tells_what_counts():
    learner = small()
    losses = Losses(learner, [PARTNERS, "language"])
    assert losses(learner.batch(examples())).keys() == {PARTNERS, "language"}
    assert losses(learner.batch(examples()[2:])).keys() == {"language"}
    nothing = Losses(learner, [PARTNERS])(learner.batch(examples()[2:]))
    assert nothing.keys() == {NOTHING} and nothing[NOTHING].item() == 0


def test_model_without_layers_of_transformers_cannot_compute_again_what_it_kept():
    plain = GeoClipLearner(GeoClip(GeoClipConfig.tiny()))
    with pytest.raises(RsvlmError, match="no part that can be computed again") as caught:
        Losses(plain, [PARTNERS]).activation_checkpointing_enable()
    assert "gradient_checkpointing" in caught.value.hint
