"""The process that listens. Imports neither torch nor a raster library, so that it answers within a second.

`rsvlm serve` runs it; one line of JSON on standard output says where it is.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from rsvlm.backend.app import create_app
from rsvlm.backend.dispatch import WORKER_COMMAND, Dispatcher
from rsvlm.backend.gate import Gate
from rsvlm.backend.home import prepare_home, start_log, write_token
from rsvlm.backend.lifetime import die_with_parent, watch_owner
from rsvlm.protocol import PROTOCOL, VERSION

HOST = "127.0.0.1"
STREAMS_END_S = 1  # how long streams may take to send their last words when the service is stopped


def serve(worker_command: Sequence[str] = WORKER_COMMAND) -> None:
    """Serve until the owner is gone or a signal comes. Raises RsvlmError if the home folder cannot be written."""
    die_with_parent()
    folder = prepare_home()
    start_log(folder)
    asyncio.run(_serve(folder, worker_command))


async def _serve(folder: Path, worker_command: Sequence[str]) -> None:
    listener = socket.create_server((HOST, 0))
    port = listener.getsockname()[1]
    token, token_file = write_token(folder)
    dispatcher = Dispatcher(worker_command)
    server = _Server(Gate(create_app(dispatcher), token, port), dispatcher, port, token_file)
    await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn, which says where it is once it listens, and takes the worker and the token file with it."""

    def __init__(self, app: Gate, dispatcher: Dispatcher, port: int, token_file: Path) -> None:
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
        self._port = port
        self._token_file = token_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        where = {"host": HOST, "port": self._port, "pid": os.getpid(), "token_file": str(self._token_file)}
        print(json.dumps({**where, "version": VERSION, "protocol": PROTOCOL}), flush=True)
        watch_owner(self._owner_gone)
        self._dispatcher.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._token_file.unlink(missing_ok=True)
        await self._dispatcher.close()
        await super().shutdown(sockets)

    def _owner_gone(self) -> None:
        """Called on another thread; uvicorn looks at the flag ten times a second."""
        logging.getLogger(__name__).info("the owner is gone")
        self.should_exit = True
