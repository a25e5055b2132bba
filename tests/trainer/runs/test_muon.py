"""Muon turns the matrices of hidden layers, and is AdamW for all else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.muon import Muon, hidden_matrices, orthogonal
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.train import Run

RATE, DECAY = 0.01, 0.1


class Small(nn.Module):
    """Words that are read and said with the same weights, a convolution, linear layers, one of them narrow."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.words = nn.Embedding(30, 24)
        self.seen = nn.Conv2d(16, 24, 3)
        self.between = nn.Linear(24, 24)
        self.narrow = nn.Linear(24, 3)
        self.said = nn.Linear(24, 30, bias=False)
        self.said.weight = self.words.weight

    def loss(self, ids: Tensor) -> Tensor:
        pictures = torch.linspace(-1, 1, 16 * 25).reshape(1, 16, 5, 5).sin()
        seen = self.seen(pictures).mean(dim=(2, 3))
        hidden = self.between(self.words(ids) + seen).relu()
        return self.said(hidden).logsumexp(-1).mean() + self.narrow(hidden).square().mean()


def stepped(network: Small, optimisers: list[torch.optim.Optimizer], steps: int, first: int = 0) -> dict[str, Tensor]:
    for number in range(first, first + steps):
        for optimiser in optimisers:
            optimiser.zero_grad()
        network.loss(torch.arange(number, number + 4)).backward()
        for optimiser in optimisers:
            optimiser.step()
    return {name: weight.detach().clone() for name, weight in network.named_parameters()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
def test_layer_of_no_classes_is_no_hidden_matrix():
    assert not list(hidden_matrices(nn.Linear(24, 0)))
    assert list(hidden_matrices(nn.Linear(24, 24)))


def test_words_and_narrow_layers_are_no_hidden_matrices():
    assert [name for name, _ in hidden_matrices(Small())] == ["seen.weight", "between.weight"]


def test_linear_layers_step_as_those_of_torch_and_all_else_as_with_adamw(monkeypatch: pytest.MonkeyPatch):
    """Of three steps in a row, in bfloat16 as torch's are everywhere; torch has no Muon for convolutions."""
    monkeypatch.setattr("rsvlm.trainer.muon.bfloat16_is_fast", lambda device: True)
    ours, theirs = Small(), Small()
    decayed = {name for name, _ in ours.named_parameters() if not name.endswith("bias")}
    found = stepped(ours, [Muon(ours, RATE, DECAY, decayed)], 3)
    weights = dict(theirs.named_parameters())
    plain = torch.optim.Muon(
        [weights.pop("between.weight")], lr=RATE, weight_decay=DECAY, adjust_lr_fn="match_rms_adamw"
    )
    seen = Muon(theirs.seen, RATE, DECAY, {"weight"})
    del weights["seen.weight"], weights["seen.bias"]
    groups = [
        {"params": [weight], "weight_decay": DECAY if name in decayed else 0.0} for name, weight in weights.items()
    ]
    assert same(found, stepped(theirs, [plain, seen, torch.optim.AdamW(groups, lr=RATE)], 3))


@pytest.mark.parametrize("fast", [True, False], ids=["bfloat16", "float32"])
@pytest.mark.parametrize("shape", [(24, 90), (90, 24), (40, 40)])
def test_update_has_the_directions_of_the_gradient_and_no_sizes(
    shape: tuple[int, int], fast: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("rsvlm.trainer.muon.bfloat16_is_fast", lambda device: fast)
    left, _, right = torch.linalg.svd(
        torch.randn(shape, generator=torch.Generator().manual_seed(7)), full_matrices=False
    )
    gradient = left @ torch.diag(torch.logspace(0, -1.5, min(shape))) @ right
    found = orthogonal(gradient)
    assert found.shape == shape and found.dtype == torch.float32
    along = left.T @ found @ right.T
    assert ((along.diagonal() > 0.6) & (along.diagonal() < 1.25)).all(), "as large in each direction"
    assert (along - along.diagonal().diag()).abs().max() < (0.2 if fast else 1e-3), "and in no other"


def test_convolution_moves_equally_far_in_all_directions():
    """And as far as AdamW would, 0.2 of the rate in each weight, whatever its gradient is like."""
    layer = nn.Conv2d(16, 24, 3, bias=False)
    before = layer.weight.detach().clone()
    torch.manual_seed(6)
    layer.weight.grad = torch.randn_like(layer.weight) * torch.logspace(0, -1.5, 24)[:, None, None, None]
    uneven = torch.linalg.svdvals(layer.weight.grad.flatten(1))
    Muon(layer, RATE, 0.0, ()).step()
    moved = (layer.weight.detach() - before).flatten(1)
    sizes = torch.linalg.svdvals(moved)
    assert uneven.max() > 10 * uneven.min() and sizes.max() < 3 * sizes.min()
    assert 0.15 * RATE < moved.square().mean().sqrt() < 0.25 * RATE


def test_what_is_frozen_and_what_has_no_gradient_stays():
    network = Small()
    network.seen.requires_grad_(False)
    optimiser = Muon(network, RATE, DECAY, {"between.weight"})
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(list(network.parameters())) - 2
    before = {name: weight.detach().clone() for name, weight in network.named_parameters()}
    optimiser.step()
    assert same(before, dict(network.named_parameters()))


def test_state_that_was_saved_is_gone_on_with(tmp_path: Path):
    straight = Small()
    expected = stepped(straight, [Muon(straight, RATE, DECAY, ())], 4)
    network = Small()
    optimiser = Muon(network, RATE, DECAY, ())
    stepped(network, [optimiser], 2)
    torch.save(optimiser.state_dict(), tmp_path / "state.pt")
    again = Muon(network, RATE, DECAY, ())
    again.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert same(expected, stepped(network, [again], 2, first=2))


def test_run_with_muon_goes_on_to_the_bit(tuned: Callable[..., Recipe], tiny: Path, tmp_path: Path):
    stage = {**tuned().stages[0].model_dump(), "adapters": None}
    told: dict[str, Any] = {"validation": None, "stages": [stage], "weight_decay": 0.05}
    Run(tuned(**told, optim="muon"), tiny, tmp_path / "straight").train()
    Run(tuned(**told, optim="muon", max_steps=2), tiny, tmp_path / "run").train()
    Run(tuned(**told, optim="muon"), tiny, tmp_path / "run", resume=True).train()
    Run(tuned(**told), tiny, tmp_path / "adamw").train()
    one, other, plain = (
        load_file(tmp_path / run / "last" / "model.safetensors") for run in ("straight", "run", "adamw")
    )
    assert same(one, other) and not same(one, plain)


@pytest.mark.parametrize("way", ["FSDP", "DEEPSPEED"])
def test_muon_is_refused_where_matrices_are_shared_out(
    tuned: Callable[..., Recipe], tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
):
    monkeypatch.setenv(f"ACCELERATE_USE_{way}", "true")
    monkeypatch.setenv("FSDP_VERSION", "2")
    with pytest.raises(RsvlmError, match="Muon needs whole matrices") as caught:
        Run(tuned(optim="muon"), tiny, tmp_path / "run")
    assert caught.value.exit_code == 2 and not (tmp_path / "run").exists()
