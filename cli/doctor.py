"""`rsvlm doctor`: is everything in place, where will models run, and what went wrong lately?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from rsvlm.cli.terminal import document


def doctor(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Check the installation by describing a picture, and print a report for others: without personal names and paths.

    What is wrong comes first; then the exit code is 3.
    """
    from rsvlm.cli.report import examine

    report = examine()
    print(document(report) if as_json else "\n".join(lines(report)))
    if not report["ok"]:
        raise typer.Exit(3)


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The report for people, problems first."""
    yield from (f"PROBLEM: {problem}" for problem in report["problems"])
    if report["ok"]:
        yield "Everything is in order."
    for name, value in report.items():
        if name not in ("ok", "problems"):
            yield ""
            yield from _told(name.replace("_", " "), value, "")


def _told(name: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield f"{indent}{name}"
        for key, item in value.items():
            yield from _told(key, item, indent + "  ")
    elif isinstance(value, list) and value:
        yield f"{indent}{name}"
        yield from (f"{indent}  {_inline(item)}" for item in value)
    else:
        yield f"{indent}{name}: {_inline(value)}"


def _inline(value: Any) -> str:
    if isinstance(value, dict) and value:
        return ", ".join(f"{key} {_inline(item)}" for key, item in value.items())
    return "none" if value in (None, [], {}) else str(value)
