"""Talking to the backend: `Backend` for the GUI thread, `blocking` for Processing.

What the rest of the plugin uses:

    backend = Backend(parent)                      one per plugin; the process is started by the first request
    backend.state_changed(BackendState)            see state.py
    backend.state                                  the last BackendState
    backend.watch(visible)                         keep the state up to date while somebody looks at it
    backend.describe(DescribeRequest) -> Reply     finished carries an Answer
    backend.find(SegmentRequest) -> Reply          the same; also a Ground- or RefineRequest
    backend.view(Raster, model=None) -> Reply      finished carries the dict of /v1/view
    backend.models() -> Reply                      finished carries the dict of /v1/models
    backend.log() -> str                           the backend's last lines, for "Details…"
    backend.stop()                                 ends the process; the next request starts a new one

    reply.progress(int done, int total, str note)  reply.text(str delta)  reply.evidence(Evidence)
    reply.sketch(dict)                             rough outlines of more that was found, GeoJSON, for drawing only
    reply.finished(object)  reply.failed(RsvlmError)      exactly one of the two, once; cancelled = code "cancelled"
    reply.cancel()                                 at once
    reply.stop()                                   the same, but what is finished by then may still come as an Answer

    server_describe.describe(server, picture, style, source) -> ServerReply     an OpenAI-compatible server instead

Nothing here blocks the event loop, the start of the process included.
"""

from . import server_describe
from .backend import Backend
from .reply import Reply
from .server_reply import ServerReply
from .state import BackendState

__all__ = ["Backend", "BackendState", "Reply", "ServerReply", "server_describe"]
