"""A run is held against records that it never trains on, and its best moment is kept."""

from __future__ import annotations

import json
import math
import multiprocessing
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import distributed

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.learner import CompactLearner
from rsvlm.models.families.compact.lesson import CompactLesson
from rsvlm.models.weights import load_compact
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.scoring import score_file
from rsvlm.trainer.steps import Share
from rsvlm.trainer.train import Ended, Run
from rsvlm.trainer.validation import Held

Made = Callable[..., Recipe]
Events = Callable[[Path, str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def done(tuned: Made, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    folder = tmp_path_factory.mktemp("validated") / "run"
    return Run(tuned(), tiny, folder).train(), folder


def test_figures_are_those_of_the_answers_that_are_kept(done: tuple[Ended, Path], events: Events):
    ended, folder = done
    assert ended.model == folder / "best"
    state = json.loads((folder / "validation.json").read_text())
    assert [event["step"] for event in events(folder, "eval")] == [0, 2, 4]
    assert state["before"]["step"] == 0 and state["latest"]["step"] == 4
    best = max(events(folder, "eval")[1:], key=lambda event: event["CIDEr"])
    assert state["best"]["step"] == best["step"] and state["best"]["figures"]["CIDEr"] == best["CIDEr"]
    again = score_file("caption", folder / "predictions-caption.jsonl", "coco")
    assert again["n"] == 6
    for name, value in again["metrics"].items():
        assert state["best"]["figures"][name] == pytest.approx(value, abs=1e-6), name
        low, high = state["best"]["ci95"][name]
        assert low <= value <= high


def test_loss_is_the_mean_over_all_records_of_the_weights_that_are_saved(tuned: Made, tiny: Path, tmp_path: Path):
    """6 records in batches of 4: what one batch of 6 gives, with the average's weights, which last/ has."""
    told = tuned(average=0.9, validation={**tuned().validation.model_dump(), "metric": "loss"})
    Run(told, tiny, tmp_path / "run").train()
    latest = json.loads((tmp_path / "run" / "validation.json").read_text())["latest"]["figures"]
    held = Held(told, tiny, tmp_path / "run")
    learner = CompactLearner(*load_compact(tmp_path / "run" / "last"))
    with torch.no_grad():
        lesson = learner.batch([held.example(number, 64) for number in range(6)])
        expected = learner.losses(lesson, ["language"])["language"].item()
    assert latest["language"] == pytest.approx(expected, abs=2e-3), "saved in float16"
    assert latest["loss"] == latest["language"]
    assert "data:image/jpeg" in (tmp_path / "run" / "samples.html").read_text()


def test_best_survives_that_a_run_goes_on(done: tuple[Ended, Path], tuned: Made, tiny: Path, tmp_path: Path):
    """A best value that nothing reaches stays, and so do its files."""
    run = Run(tuned(max_steps=2), tiny, tmp_path / "run")
    run.train()
    path = tmp_path / "run" / "validation.json"
    state = json.loads(path.read_text())
    state["best"]["figures"]["CIDEr"] = 99.0
    path.write_text(json.dumps(state))
    kept = (tmp_path / "run" / "best" / "model.safetensors").read_bytes()
    Run(tuned(), tiny, tmp_path / "run", resume=True).train()
    assert json.loads(path.read_text())["best"]["step"] == 2
    assert (tmp_path / "run" / "best" / "model.safetensors").read_bytes() == kept
    last = load_file(tmp_path / "run" / "last" / "model.safetensors")
    straight = load_file(done[1] / "last" / "model.safetensors")
    assert all(torch.equal(last[key], straight[key]) for key in straight), "validation leaves training as it is"


def test_page_of_samples_shows_pictures_questions_answers_and_what_is_right(done: tuple[Ended, Path]):
    page = (done[1] / "samples.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 6
    rows = [json.loads(line) for line in (done[1] / "predictions-caption.jsonl").read_text().splitlines()]
    for row in rows:
        assert row["prediction"] in page and row["id"] in page and row["references"][1] in page
    assert "Describe the image." in page and "CIDEr" in page and "before training" in page
    assert "http://" not in page and "https://" not in page


def test_figure_that_is_not_measured_is_named_before_training(tuned: Made, tiny: Path, tmp_path: Path, events: Events):
    told = tuned(validation={**tuned().validation.model_dump(), "metric": "cider"})
    with pytest.raises(RsvlmError, match="no figure cider") as caught:
        Run(told, tiny, tmp_path / "run").train()
    assert "CIDEr" in caught.value.hint
    assert [event["code"] for event in events(tmp_path / "run", "error")] == ["bad_request"]
    assert events(tmp_path / "run", "step") == []


def test_validation_without_anything_that_is_learnt_is_told_before_training(tuned: Made, tiny: Path, tmp_path: Path):
    """Captions have no masks: a loss of nothing is none, and not the best there can be."""
    stages = [{**tuned().stages[0].model_dump(), "objectives": {"masks": 1.0}}]
    told = tuned(validation={**tuned().validation.model_dump(), "metric": "loss"}, stages=stages)
    with pytest.raises(RsvlmError, match="anything that this stage learns") as caught:
        Run(told, tiny, tmp_path / "run").train()
    assert caught.value.code == "bad_request" and not (tmp_path / "run" / "best").exists()


def test_every_step_learns_in_training_mode_also_after_validation(
    tuned: Made, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Validated before the first step and after the second: what is frozen stays in evaluation, so that nothing of it moves."""
    modes: list[tuple[bool, bool, bool]] = []
    plain = CompactLearner.losses

    def losses(self: CompactLearner, lesson: CompactLesson, wanted: Collection[str]) -> dict[str, torch.Tensor]:
        modes.append((torch.is_grad_enabled(), self.model.connector.training, self.model.encoder.training))
        return plain(self, lesson, wanted)

    monkeypatch.setattr(CompactLearner, "losses", losses)
    Run(tuned(), tiny, tmp_path / "run").train()
    learns, looks = (True, True, False), (False, False, False)
    assert modes == [looks, looks, learns, learns, looks, looks, learns, learns, looks, looks]


def test_killed_between_the_best_model_and_what_is_written_of_it_neither_is_lost(
    tuned: Made, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """After step 4 the model is the best one; what is killed before that is written goes on to the same end."""
    told = {"validation": {**tuned().validation.model_dump(), "metric": "loss"}}
    folder, path = tmp_path / "run", tmp_path / "run" / "validation.json"
    Run(tuned(**told, max_steps=2), tiny, folder).train()
    state = json.loads(path.read_text())
    state["best"]["figures"]["loss"] = 99.0
    path.write_text(json.dumps(state))
    before = (folder / "best" / "model.safetensors").read_bytes()

    def killed(held: Held, state: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Held, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            Run(tuned(**told), tiny, folder, resume=True).train()
    assert json.loads(path.read_text()) == state, "it still tells of the model before"
    best = (folder / "best" / "model.safetensors").read_bytes()
    assert best == (folder / "last" / "model.safetensors").read_bytes() != before
    assert Run(tuned(**told), tiny, folder, resume=True).train().model == folder / "best"
    assert json.loads(path.read_text())["best"]["step"] == 4
    assert (folder / "best" / "model.safetensors").read_bytes() == best


def test_what_is_no_number_is_never_the_best(tuned: Made, tiny: Path, tmp_path: Path):
    held = Held(tuned(validation={**tuned().validation.model_dump(), "metric": "loss"}), tiny, tmp_path)
    taken = []
    for step, loss in enumerate([math.nan, math.nan, 3.0, math.nan, math.inf, 2.0, -math.inf, 2.5]):
        state, best = held.seen(step, {"loss": loss}, {}, 6)
        held.write(state)
        taken.append(best)
    assert taken == [False, False, True, False, False, True, False, False]
    assert held.state["best"]["step"] == 5
    held.write({**held.state, "best": {"step": 1, "figures": {"loss": math.nan}}})  # as an older version kept it
    assert held.seen(8, {"loss": 4.0}, {}, 6)[1]


def test_losses_of_stages_with_other_objectives_are_not_compared(tuned: Made, tiny: Path, tmp_path: Path):
    first = tuned().stages[0].model_dump()
    stages = [first, first, {**first, "objectives": {"language": 1.0, "contrastive": 0.5}}]
    told = tuned(validation={**tuned().validation.model_dump(), "metric": "loss"}, stages=stages)
    held = Held(told, tiny, tmp_path)
    taken = []
    for step, loss in ((4, 1.2), (8, 1.3), (10, 2.0), (12, 2.1)):
        state, best = held.seen(step, {"loss": loss}, {}, 6)
        held.write(state)
        taken.append(best)
    assert taken == [True, False, True, False], "a stage is better than one before it that learns something else"


WAIT = timedelta(seconds=30)


def share(rank: int, held: Held, learner: CompactLearner, store: str, told: Any) -> None:
    """One of two processes; tells which records it looks at in which batch, whether it counts them and the other sees them."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"file://{store}", timeout=WAIT, rank=rank, world_size=2)
    trainer: Any = SimpleNamespace(
        share=Share(4, 1, 2, rank), is_fsdp_enabled=False, learner=learner,
        accelerator=SimpleNamespace(num_processes=2), args=SimpleNamespace(device="cpu"),
    )  # fmt: skip
    seen = [([one.id for one in examples], counts, alike) for examples, counts, alike in held._shared(trainer)]
    told.put((rank, seen))
    distributed.barrier()
    distributed.destroy_process_group()


def test_processes_look_at_equally_many_records_in_step_also_where_one_is_too_long(
    tuned: Made, tiny: Path, tmp_path: Path
):
    """18 records in rounds of two times two; the sixth, of the second round, has no answer that fits."""
    validation = {"data": [{"format": "archive", "path": "tiny.zip", "split": "train"}], "eval_steps": 1}
    held = Held(tuned(validation=validation), tiny, tmp_path)
    records = held.records.records[0]
    long = records[5]
    long.messages[1:] = [{"role": "assistant", "content": "many cars on a road " * 100}]
    learner = CompactLearner(*load_compact(get_card(None).folder))
    fork = multiprocessing.get_context("fork")
    told = fork.Queue()
    processes = [
        fork.Process(target=share, args=(rank, held, learner, str(tmp_path / "store"), told)) for rank in (0, 1)
    ]
    for process in processes:
        process.start()
    try:
        found = dict(told.get(timeout=60) for _ in processes)
    finally:
        for process in processes:
            process.join(10)
            process.kill()
    assert [len(ids) for ids, *_ in found[0]] == [len(ids) for ids, *_ in found[1]]
    assert [one[0] == other[0] for one, other in zip(*found.values(), strict=True)] == [alike for *_, alike in found[0]]
    counted = [name for batches in found.values() for ids, counts, _ in batches if counts for name in ids]
    assert sorted(counted) == sorted(record.id for record in records if record.id != long.id)
