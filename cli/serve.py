"""`rsvlm serve`: the local service that QGIS and other programs talk to."""

from __future__ import annotations


def serve() -> None:
    """Serve models on 127.0.0.1 until the program that started this ends; the first line printed says where.

    If a backend of this environment is running already, that line names it and says "shared": true.
    """
    from rsvlm.backend.lifetime import die_with_parent

    parent = die_with_parent()
    from rsvlm.backend import supervisor

    supervisor.serve(parent)
