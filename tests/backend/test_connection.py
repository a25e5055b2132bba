"""What a worker says reaches its job, however long it is."""

from __future__ import annotations

import asyncio
import sys

from rsvlm.backend.connection import Connection
from rsvlm.backend.jobs import Job

LONG = 70 * 2**20  # characters; as the outlines of a large orthophoto
WORKER = f"""
import json, sys
job = json.loads(sys.stdin.readline())["job"]
for event in ({{"event": "started"}}, {{"event": "done", "result": {{"text": "x" * {LONG}}}}}):
    print(json.dumps({{**event, "job": job}}), flush=True)
"""


def test_answer_of_many_outlines_comes_whole():
    async def answer() -> Job:
        connection = await Connection.open([sys.executable, "-c", WORKER], lambda _ready: None, lambda _said: None)
        listening = asyncio.create_task(connection.listen())
        job = Job("long", {"op": "task"})
        await asyncio.wait_for(connection.run(job), 60)
        await listening
        return job

    outcome = asyncio.run(answer()).outcome
    assert outcome is not None and outcome["event"] == "done" and len(outcome["result"]["text"]) == LONG
