"""Jobs are served in their order, and a worker that dies costs what it had begun, and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from rsvlm.backend import dispatch
from rsvlm.backend.dispatch import MAX_DEATHS, WAITING_LIMIT, Dispatcher
from rsvlm.backend.jobs import Job
from rsvlm.protocol import RsvlmError

CHAT = "/v1/chat/completions"
DOUBLE = str(Path(__file__).with_name("worker_double.py"))


def test_killed_worker_gives_a_typed_error_and_the_next_request_is_answered(
    start: Any, serve_with_double: list[str], read_events: Any
) -> None:
    backend = start(serve_with_double)
    with backend.client.stream("POST", CHAT, json=backend.chat({"href": "/wait"}, stream=True)) as response:
        stream = read_events(response)
        next(stream), next(stream)
        backend.worker().kill()
        error = next(stream)["error"]
        assert error["code"] == "worker_died"
        assert "stopped while answering" in error["message"] and "Ask again" in error["hint"]
        assert error["request_id"] == response.headers["X-Request-Id"]
        assert list(stream) == []
    assert backend.ask({"href": "/say"}).json()["choices"][0]["message"]["content"] == "Two houses."


def test_idle_worker_that_is_killed_costs_nothing(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    first = backend.worker()
    first.kill()
    assert backend.ask({"href": "/say"}).json()["choices"][0]["message"]["content"] == "Two houses."
    assert backend.worker().pid != first.pid


def test_worker_that_no_longer_speaks_json_is_replaced(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    response = backend.ask({"href": "/odd"})
    assert (response.status_code, response.json()["error"]["code"]) == (502, "worker_died")
    assert backend.ask({"href": "/say"}).status_code == 200


def test_worker_that_dies_again_and_again_is_left_alone_for_a_while(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    codes = [backend.ask({"href": "/die"}).json()["error"]["code"] for _ in range(MAX_DEATHS)]
    assert codes == ["worker_died"] * MAX_DEATHS
    time.sleep(0.1)
    response = backend.ask({"href": "/say"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")
    assert f"stopped {MAX_DEATHS} times" in response.json()["error"]["message"]
    assert 50 < int(response.headers["Retry-After"]) <= 60
    assert backend.client.get("/v1/models").json()["device"] == "failed"
    assert backend.client.get("/health").text == "ok"


def test_stopping_the_service_ends_what_is_waiting_with_words(
    start: Any, serve_with_double: list[str], read_events: Any
) -> None:
    backend = start(serve_with_double)
    with backend.client.stream("POST", CHAT, json=backend.chat({"href": "/wait"}, stream=True)) as response:
        events = read_events(response)
        next(events), next(events)
        backend.process.terminate()
        assert next(events)["error"]["code"] == "unavailable"
    assert backend.process.wait(3) is not None


class _Kept:
    """A dispatcher in this process, with a double as its worker unless another command is named."""

    def __init__(self, *command: str) -> None:
        self.dispatcher = Dispatcher(command or (sys.executable, DOUBLE))
        self.numbers = itertools.count()

    async def __aenter__(self) -> _Kept:
        self.dispatcher.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.dispatcher.close()

    def ask(self, href: str, priority: str = "interactive") -> Job:
        message = {"op": "task", "task": "describe", "request": {"raster": {"href": href}}}
        return self.dispatcher.submit("task", f"job-{next(self.numbers)}", message, priority)

    def worker(self) -> psutil.Process:
        (worker,) = [child for child in psutil.Process().children() if DOUBLE in child.cmdline()]
        return worker

    async def until(self, condition: Callable[[], bool]) -> None:
        await asyncio.wait_for(self._until(condition), 10)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0.01)


def _states(*jobs: Job) -> list[str]:
    return [job.state for job in jobs]


def test_as_many_tasks_at_once_as_the_worker_says() -> None:
    async def run() -> None:
        async with _Kept(sys.executable, DOUBLE, "3") as kept:
            jobs = [kept.ask("/wait") for _ in range(5)]
            await kept.until(lambda: _states(*jobs) == ["running"] * 3 + ["queued"] * 2)
            assert kept.dispatcher.queue == {"running": 3, "waiting": 2}
            assert await kept.dispatcher.cancel(jobs[1].request_id)
            await kept.until(lambda: _states(*jobs) == ["running", "cancelled", "running", "running", "queued"])

    asyncio.run(run())


def test_one_of_several_places_is_kept_free_of_batch() -> None:
    async def run() -> None:
        async with _Kept(sys.executable, DOUBLE, "3") as kept:
            batch = [kept.ask("/wait", "batch") for _ in range(3)]
            await kept.until(lambda: kept.dispatcher.state == "busy" and batch[1].started)
            await asyncio.sleep(0.1)
            assert _states(*batch) == ["running", "running", "queued"]
            assert (await asyncio.wait_for(kept.ask("/say").result(), 5))["text"] == "Two houses."
            assert _states(*batch) == ["running", "running", "queued"]

    asyncio.run(run())


def test_single_place_serves_the_interactive_first_and_each_priority_in_its_order() -> None:
    async def run() -> None:
        async with _Kept() as kept:
            first = kept.ask("/wait")
            await kept.until(lambda: first.started)
            waiting = [kept.ask("/wait", priority) for priority in ("batch", "batch", "interactive", "interactive")]
            order = []
            for _ in waiting:
                running = next(job for job in [first, *waiting] if job.state == "running")
                await kept.dispatcher.cancel(running.request_id)
                await running.done.wait()
                await kept.until(lambda: any(job.state == "running" for job in waiting))
                order.append(next(waiting.index(job) for job in waiting if job.state == "running"))
            assert order == [2, 3, 0, 1]

    asyncio.run(run())


def test_many_batch_requests_do_not_lock_out_the_interactive() -> None:
    async def run() -> None:
        async with _Kept() as kept:
            first = kept.ask("/wait")
            await kept.until(lambda: first.started)
            for _ in range(WAITING_LIMIT):
                kept.ask("/wait", "batch")
            with pytest.raises(RsvlmError) as caught:
                kept.ask("/wait", "batch")
            assert caught.value.code == "busy"
            assert caught.value.details == {"waiting": WAITING_LIMIT, "retry_after_s": 1}
            asked = kept.ask("/say")
            await kept.dispatcher.cancel(first.request_id)
            assert (await asked.result())["text"] == "Two houses."

    asyncio.run(run())


def test_dying_worker_costs_what_it_had_begun_and_nothing_that_waits() -> None:
    async def run() -> None:
        async with _Kept(sys.executable, DOUBLE, "2") as kept:
            begun = [kept.ask("/wait"), kept.ask("/wait")]
            await kept.until(lambda: all(job.started for job in begun))
            waiting = [kept.ask("/say", priority) for priority in ("interactive", "batch")]
            kept.worker().kill()
            for job in begun:
                with pytest.raises(RsvlmError) as caught:
                    await job.result()
                assert caught.value.code == "worker_died"
            assert [(await job.result())["text"] for job in waiting] == ["Two houses."] * 2

    asyncio.run(run())


def test_every_reader_of_a_job_hears_all_of_it() -> None:
    async def read(job: Job) -> list[str]:
        return [event["event"] async for event in job.events(5) if event]

    async def run() -> None:
        async with _Kept() as kept:
            job = kept.ask("/say")
            early = await asyncio.gather(read(job), read(job))
            assert [*early, await read(job)] == [["text", "text", "evidence", "done"]] * 3
            assert job.message == {}, "the pictures of a finished job are let go"

    asyncio.run(run())


def test_last_words_state_and_memory_of_the_worker_are_known() -> None:
    async def run() -> None:
        async with _Kept() as kept:
            assert (kept.dispatcher.state, kept.dispatcher.device, kept.dispatcher.status) == ("starting",) * 2 + ({},)
            await kept.until(lambda: kept.dispatcher.state == "ready")
            assert (kept.dispatcher.device, kept.dispatcher.note) == ("double", None)
            await kept.ask("/mutter").result()
            assert (kept.dispatcher.device, kept.dispatcher.note) == ("cpu", "It fell back.")
            status = kept.dispatcher.status
            assert (status["models"], status["used_bytes"], status["free_bytes"]) == (
                [{"id": "double", "bytes": 7}],
                7,
                9,
            )
            kept.worker().kill()
            await kept.until(lambda: len(kept.dispatcher.stderr_lines) == 2)
            assert kept.dispatcher.stderr_lines == ["looking at ~/a.tif", "its last line"]

    asyncio.run(run())


def test_only_the_last_lines_of_a_worker_are_kept() -> None:
    async def run() -> None:
        script = "import sys; [print(n, file=sys.stderr) for n in range(99)]; sys.stderr.flush(); sys.stdin.read()"
        async with _Kept(sys.executable, "-c", script) as kept:
            await kept.until(lambda: kept.dispatcher.stderr_lines[-1:] == ["98"])
            assert kept.dispatcher.stderr_lines == [str(number) for number in range(79, 99)]

    asyncio.run(run())


def test_worker_is_started_again_later_and_later_then_left_alone_then_tried_again(
    tmp_path: Path, monkeypatch: Any
) -> None:
    """The window is shortened from a minute to four seconds."""
    monkeypatch.setattr(dispatch, "DEATH_WINDOW_S", 4.0)
    starts = tmp_path / "starts"
    script = f"import time; open({str(starts)!r}, 'a').write(f'{{time.time()}} ')"

    async def run() -> None:
        async with _Kept(sys.executable, "-c", script) as kept:
            asked = kept.ask("/say")
            await kept.until(lambda: kept.dispatcher.state == "failed")
            with pytest.raises(RsvlmError, match="stopped 4 times") as caught:
                await asked.result()
            assert caught.value.code == "unavailable" and 1 <= caught.value.details["retry_after_s"] <= 4
            times = [float(word) for word in starts.read_text().split()]
            pauses = [later - earlier for earlier, later in zip(times, times[1:])]
            assert len(times) == MAX_DEATHS and pauses[1] >= 0.5 and pauses[2] >= 1.0
            await kept.until(lambda: len(starts.read_text().split()) > MAX_DEATHS)

    asyncio.run(run())
