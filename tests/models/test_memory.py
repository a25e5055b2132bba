"""How much memory a model needs, how much there is, and what happens where it is not enough. Nothing here is pretended:
memory runs out in a child process that may have no more of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import torch

from rsvlm.models import memory
from rsvlm.models.cards import ModelCard
from rsvlm.models.ladder import climb, shortage
from rsvlm.models.memory import free_bytes, in_units, predicted_bytes
from rsvlm.models.weights import load_compact

LIMITED = """
import resource, sys
import numpy as np
from rsvlm.models.cards import get_card
from rsvlm.models.load import load_model

def limit(megabytes):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 2**20, resource.RLIM_INFINITY))

"""


def child(program: str, **environment: str) -> list[str]:
    """Lines that a process printed, with one thread each in torch and in its libraries."""
    settings = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED + program],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **settings},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_weights_are_counted_as_they_will_lie_in_memory(add_model: Callable[..., ModelCard]):
    card = add_model("mine")
    model, _ = load_compact(card.folder)
    numbers = sum(tensor.numel() for name, tensor in model.state_dict().items() if "lm_head" not in name)
    assert predicted_bytes(card) == numbers * 4 * 1.25 // 1 + 64 * 2**20


def test_large_model_takes_two_bytes_for_a_weight_where_its_family_halves_it(add_model: Callable[..., ModelCard]):
    """A file of 2.4 GB that takes no room on the disk: nothing but its head is read."""
    card, numbers = add_model("mine"), 1_200_000_000
    head = json.dumps({"w": {"dtype": "F16", "shape": [numbers], "data_offsets": [0, 2 * numbers]}}).encode()
    with (card.folder / "model.safetensors").open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        file.truncate(8 + len(head) + 2 * numbers)
    files = [
        one.model_copy(update={"size_bytes": (card.folder / one.name).stat().st_size}) for one in card.source.files
    ]
    large = card.model_copy(update={"source": card.source.model_copy(update={"files": tuple(files)})})
    for family, bytes_each in (("rsgpt4v", 2), ("geoclip", 4)):
        expected = int(numbers * bytes_each * 1.25) + 64 * 2**20
        assert predicted_bytes(large.model_copy(update={"family": family})) == expected


def test_model_that_is_not_there_is_predicted_by_its_card(add_model: Callable[..., ModelCard]):
    card = add_model("mine").model_copy(update={"memory_bytes": 123_456_789})
    (card.folder / "model.safetensors").unlink()
    assert predicted_bytes(card) == 123_456_789


def test_broken_file_does_not_stop_the_prediction(add_model: Callable[..., ModelCard]):
    card = add_model("mine")
    (card.folder / "model.safetensors").write_bytes(b"\xff" * 1000)
    assert predicted_bytes(card) > 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_prediction_holds_for_the_bundled_model():
    """Loading it and describing eight pictures takes no more than was predicted, and not less than a quarter of it."""
    program = """
import psutil
from rsvlm.models.memory import predicted_bytes
card = get_card(None)
first = load_model(card, "cpu")  # stays, so that nothing of its memory is taken again
first.embed_texts(["warm"])  # what libraries take once
before = psutil.Process().memory_info().rss
predictor = load_model(card, "cpu")
predictor.captions(predictor.encode(np.random.default_rng(0).integers(0, 255, (8, 128, 128, 3), dtype=np.uint8)))
print(psutil.Process().memory_info().rss - before, predicted_bytes(card))
"""
    taken, predicted = map(int, child(program)[0].split())
    assert predicted / 4 <= taken <= predicted


def test_free_memory_is_what_the_system_says_and_less_when_taken():
    free = free_bytes("cpu")
    assert 0 < free <= psutil.virtual_memory().total
    block = bytearray(os.urandom(2**20) * 400)
    assert free_bytes("cpu") < free - len(block) // 4 or psutil.virtual_memory().available > free
    del block


@pytest.mark.parametrize(
    ("files", "left"),
    [
        ({"memory.max": "1000", "memory.current": "700", "memory.stat": "anon 1\ninactive_file 200\n"}, 500),
        ({"memory.max": "max", "memory.current": "700", "memory.stat": "inactive_file 200\n"}, float("inf")),
        (
            {
                "memory.limit_in_bytes": "1000",
                "memory.usage_in_bytes": "900",
                "memory.stat": "inactive_file 7\ntotal_inactive_file 50\n",
            },
            150,
        ),
        ({}, float("inf")),
    ],
)
def test_limit_of_a_container_counts(tmp_path: Path, files: dict[str, str], left: float):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert memory._left_bytes(tmp_path) == left


def test_sizes_are_said_in_units():
    assert [in_units(size) for size in (64 * 2**20, 999e6, 2.44e9)] == ["67 MB", "999 MB", "2.4 GB"]


@pytest.mark.parametrize("ask", [lambda: torch.empty(2**48), lambda: torch.empty(2**46, dtype=torch.float32)])
def test_torch_that_cannot_have_memory_is_understood(ask: Callable[[], object]):
    with pytest.raises(RuntimeError) as caught:
        ask()
    error = shortage(caught.value, "cpu")
    assert error and error.code == "out_of_memory"
    assert error.details["needed_bytes"] in (2**50, 2**48) and 0 < error.details["free_bytes"] < 2**48
    assert "needs" in error.message and error.message.count(". ") == 0 and "Allocator" not in error.message


def test_numpy_that_cannot_have_memory_is_understood():
    import numpy as np

    with pytest.raises(MemoryError) as caught:
        np.ones(2**50, np.uint8)
    error = shortage(caught.value, "cpu", "This request")
    assert error and error.details["needed_bytes"] == 2**50 and error.message.startswith("This request needs ")


def test_other_errors_are_no_shortage():
    assert shortage(RuntimeError("shapes do not fit"), "cpu") is None
    assert shortage(ValueError("out of memory"), "cpu") is None


def test_error_that_is_no_shortage_passes_at_once():
    tried: list[int] = []

    def fail(rows: list[int]) -> list[int]:
        tried.append(len(rows))
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        climb(fail, [1, 2], lambda: tried.append(-1), "cpu")
    assert tried == [2]


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is kept to on Linux only")
def test_ladder_frees_then_retries_then_halves():
    program = """
import torch
from rsvlm.models.ladder import climb
held, tried = [], []
def work(rows):
    tried.append(len(rows))
    torch.ones(len(rows), 25 * 2**20)  # 100 MiB a row
    return [2 * row for row in rows]
def relieve():
    tried.append("relieve")
    held.clear()
torch.ones(8)
limit(600)
held.append(torch.ones(75 * 2**20))  # 300 MiB that can be had again
print(climb(work, [1, 2, 3, 4], relieve, "cpu"), tried)
held, tried[:] = [], []
print(climb(work, list(range(8)), relieve, "cpu"), tried)
"""
    freed, halved = child(program)
    assert freed == "[2, 4, 6, 8] [4, 'relieve', 4]"
    assert halved == "[0, 2, 4, 6, 8, 10, 12, 14] [8, 'relieve', 8, 4, 4]"


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is kept to on Linux only")
def test_pictures_too_many_are_seen_in_smaller_batches_and_one_too_large_is_told_with_figures():
    """The real encoder, with room for some of the pictures but not for all of them at once."""
    program = """
from rsvlm.models.pool import Models
from rsvlm.protocol import RsvlmError

pictures = np.random.default_rng(0).integers(0, 255, (16, 384, 384, 3), dtype=np.uint8)
predictor = Models("cpu", cache_bytes=0).get(None)
alone = [predictor.embed_images(predictor.encode(pictures[row : row + 1]))[0] for row in (0, 15)]
before = vars(predictor.captions(predictor.encode(pictures[:1]))[0])
sizes = []
encode = predictor._encode

def noted(pictures):  # before anything of a batch takes memory
    sizes.append(len(pictures))
    return encode(pictures)

predictor._encode = noted
large = np.zeros((1, 4096, 4096, 3), np.uint8)
limit(320)
vectors = predictor.embed_images(predictor.encode(pictures))
print(sizes)
try:
    predictor.encode(large)
except RsvlmError as error:
    print(error.code, error.details["needed_bytes"] > 0, error.details["free_bytes"] > 0)
print(vars(predictor.captions(predictor.encode(pictures[:1]))[0]) == before)
print(max(abs(vectors[0] - alone[0]).max(), abs(vectors[15] - alone[1]).max()))
"""
    sizes, told, answered, difference = child(program)
    tried = json.loads(sizes)
    assert tried[:3] == [16, 16, 8], "retried once, then halved"
    assert told == "out_of_memory True True"
    assert answered == "True", "the next request is served"
    assert float(difference) < 1e-4
