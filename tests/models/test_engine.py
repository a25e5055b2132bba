"""One thread for every model call: what waits together runs together, and what nobody wants any more never runs."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from rsvlm.models.engine import MOST_JOINED, Engine
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.protocol import Cancelled


def never() -> bool:
    return False


class Recorder:
    """Work that notes each batch and the thread it ran on; doubles its rows."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: set[int] = set()

    def __call__(self, rows: Sequence[int]) -> list[int]:
        self.batches.append(list(rows))
        self.threads.add(threading.get_ident())
        return [2 * row for row in rows]


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(12) as threads:
        yield threads


class Busy:
    """Keeps an engine at work until told otherwise."""

    def __init__(self, engine: Engine, callers: ThreadPoolExecutor) -> None:
        self.free, begun = threading.Event(), threading.Event()

        def work(rows: Sequence[int]) -> Sequence[int]:
            begun.set()
            self.free.wait(30)
            return rows

        self.done = callers.submit(engine.run, "busy", work, [0], never)
        assert begun.wait(30)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_calls_that_wait_together_are_one_batch_and_each_gets_its_own(callers: ThreadPoolExecutor):
    engine, work = Engine(), Recorder()
    busy = Busy(engine, callers)
    first = callers.submit(engine.run, "a", work, [1, 2], never)
    until(lambda: len(engine._waiting) == 1)
    other = callers.submit(engine.run, "b", work, [3], never)
    until(lambda: len(engine._waiting) == 2)
    second = callers.submit(engine.run, "a", work, [4], never)
    until(lambda: len(engine._waiting) == 3)
    busy.free.set()
    assert (first.result(30), second.result(30), other.result(30)) == ([2, 4], [8], [6])
    assert work.batches == [[1, 2, 4], [3]]


def test_call_alone_runs_as_it_is_on_the_same_thread_as_all(callers: ThreadPoolExecutor):
    engine, work = Engine(), Recorder()
    assert engine.run("a", work, list(range(50)), never) == list(range(0, 100, 2))
    assert callers.submit(engine.run, "a", work, [7], never).result(30) == [14]
    assert work.batches == [list(range(50)), [7]] and len(work.threads) == 1
    assert threading.get_ident() not in work.threads


def test_joined_batches_do_not_grow_without_end(callers: ThreadPoolExecutor):
    engine, work = Engine(), Recorder()
    busy = Busy(engine, callers)
    calls = [callers.submit(engine.run, "a", work, [number] * 6, never) for number in range(6)]
    until(lambda: len(engine._waiting) == 6)
    busy.free.set()
    assert [call.result(30) for call in calls] == [[2 * number] * 6 for number in range(6)]
    assert [len(batch) for batch in work.batches] == [12, 12, 12] and MOST_JOINED == 16


def test_waiting_call_that_nobody_wants_leaves_at_once_and_never_runs(callers: ThreadPoolExecutor):
    engine, work, stop = Engine(), Recorder(), threading.Event()
    busy = Busy(engine, callers)
    call = callers.submit(engine.run, "a", work, [1], stop.is_set)
    until(lambda: len(engine._waiting) == 1)
    stop.set()
    with pytest.raises(Cancelled):
        call.result(30)
    assert not busy.done.done(), "it did not wait for its turn"
    busy.free.set()
    assert engine.run("a", work, [2], never) == [4]
    assert work.batches == [[2]]


def test_error_reaches_its_callers_and_the_engine_goes_on(callers: ThreadPoolExecutor):
    engine, work = Engine(), Recorder()

    def fail(rows: Sequence[int]) -> Sequence[int]:
        raise ValueError(f"not these: {rows}")

    with pytest.raises(ValueError, match="not these"):
        engine.run("a", fail, [1], never)
    assert engine.run("a", work, [1], never) == [2]


def test_questions_of_many_callers_are_answered_as_one_by_one(predictor: CompactPredictor, pictures: np.ndarray):
    """Joined as it comes; words equal, confidences and vectors to a thousandth."""
    many = np.concatenate([pictures, pictures[:, ::-1], pictures[:, :, ::-1]])

    def ask(picture: np.ndarray) -> tuple:
        pieces: list[str] = []
        seen = predictor.encode(picture[None])
        (caption,) = predictor.captions(seen, on_text=pieces.append)
        return caption, "".join(pieces), predictor.scene_probabilities(seen)[0], predictor.embed_images(seen)[0]

    alone = [ask(picture) for picture in many]
    with ThreadPoolExecutor(len(many)) as threads:
        together = list(threads.map(ask, many))
    for (caption, told, scenes, vector), (one, _, own_scenes, own_vector) in zip(together, alone, strict=True):
        assert told == caption.text == one.text
        assert caption.confidence == pytest.approx(one.confidence, abs=1e-3)
        np.testing.assert_allclose(scenes, own_scenes, atol=1e-3)
        np.testing.assert_allclose(vector, own_vector, atol=1e-3)


def test_one_caller_stops_and_the_others_of_its_batch_hear_all(
    predictor: CompactPredictor, pictures: np.ndarray, callers: ThreadPoolExecutor
):
    seen = predictor.encode(pictures)
    whole = [caption.text for caption in predictor.captions(seen)]
    heard: list[list[str]] = [[] for _ in pictures]
    stops = [never, lambda: len(heard[1]) >= 2, never, never]
    busy = Busy(predictor._engine, callers)
    calls = [
        callers.submit(predictor.until(stop).captions, [picture], words.append)
        for stop, picture, words in zip(stops, seen, heard, strict=True)
    ]
    until(lambda: len(predictor._engine._waiting) == 4)
    busy.free.set()
    with pytest.raises(Cancelled):
        calls[1].result(30)
    for index in (0, 2, 3):
        assert calls[index].result(30)[0].text == "".join(heard[index]) == whole[index]
    assert len(heard[1]) == 2 and whole[1].startswith("".join(heard[1]))


def test_stopped_answer_ends_within_a_step_and_frees_what_it_held(predictor: CompactPredictor, pictures: np.ndarray):
    def held() -> int:
        gc.collect()
        return sum(item.nbytes for item in gc.get_objects() if type(item) is torch.Tensor)

    stop, heard = threading.Event(), threading.Event()
    seen = predictor.encode(pictures[:1])
    before = held()
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(predictor.until(stop.is_set).captions, seen, lambda words: heard.set())
        assert heard.wait(30)
        asked = time.monotonic()
        stop.set()
        error = call.exception(30)
        took = time.monotonic() - asked
    print(f"stopped after {1000 * took:.1f} ms")
    if error is not None:  # else the sentence was finished first
        assert isinstance(error, Cancelled) and took < 2
    del call, error
    assert held() <= before
