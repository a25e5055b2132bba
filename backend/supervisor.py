"""The process that listens. Imports neither torch nor a raster library, so that it answers within a second.

`rsvlm serve` runs it; one line of JSON on standard output says where it is.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Sequence
from typing import Any

import uvicorn

from rsvlm.backend.app import create_app
from rsvlm.backend.dispatch import WORKER_COMMAND, Dispatcher
from rsvlm.backend.gate import Gate
from rsvlm.backend.home import prepare_home, start_log
from rsvlm.backend.job_object import hold_children
from rsvlm.backend.lifetime import watch_owner
from rsvlm.backend.sharing import Claim, claim_or_find
from rsvlm.protocol import PROTOCOL, VERSION

HOST = "127.0.0.1"
STREAMS_END_S = 1  # how long streams may take to send their last words when the service is stopped


def serve(parent: int, worker_command: Sequence[str] = WORKER_COMMAND) -> None:
    """Serve until the owner is gone or a signal comes; if another backend of this environment runs, name that one.

    parent: of die_with_parent, which was called before this module was even loaded: an owner may end at any moment.
    Raises RsvlmError (unavailable) if the home folder cannot be written.
    """
    folder = prepare_home()
    claim = claim_or_find(folder)
    if not isinstance(claim, Claim):
        print(json.dumps({**claim, "shared": True}), flush=True)
        return
    try:
        start_log(folder)
        hold_children()
        asyncio.run(_serve(claim, parent, worker_command))
    finally:
        claim.release()


async def _serve(claim: Claim, parent: int, worker_command: Sequence[str]) -> None:
    listener = socket.create_server((HOST, 0))
    # Only of sockets that are said to speak TCP does asyncio send small pieces at once instead of 40 ms later.
    listener = socket.socket(listener.family, listener.type, socket.IPPROTO_TCP, listener.detach())
    port = listener.getsockname()[1]
    token, token_file = claim.write_token()
    place = {"host": HOST, "port": port, "pid": os.getpid(), "token_file": str(token_file)}
    place.update(version=VERSION, protocol=PROTOCOL, python=sys.executable)
    dispatcher = Dispatcher(worker_command)
    server = _Server(Gate(create_app(dispatcher), token, port), dispatcher, claim, place)
    watch_owner(parent, server.leave)
    await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn, which says where it is once it listens, and takes the worker and its files with it."""

    def __init__(self, app: Gate, dispatcher: Dispatcher, claim: Claim, place: dict[str, Any]) -> None:
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STREAMS_END_S,
        )
        super().__init__(config)
        self._dispatcher = dispatcher
        self._claim = claim
        self._place = place

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._claim.announce(self._place)
        print(json.dumps(self._place), flush=True)
        self._dispatcher.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._claim.withdraw()
        await self._dispatcher.close()
        await super().shutdown(sockets)

    def leave(self) -> None:
        """The owner is gone. Called on another thread; uvicorn looks at the flag ten times a second."""
        logging.getLogger(__name__).info("the owner is gone")
        self.should_exit = True
