"""What a report must not tell: where somebody keeps things, who they are, what their computer is called, their passwords."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

_SECRET = re.compile(r"token|key|secret|password", re.IGNORECASE)
_NAME = r"[^/\\:;,'\"“”<>|()\[\]\n]+"  # of a folder; it may hold spaces
_PATH = re.compile(rf"(?<![\w~/])(?:~|[A-Za-z]:)?[/\\](?:{_NAME}[/\\])+[^\s/\\:;,'\"“”<>|()\[\]]+")
_USER_INFO = re.compile(r"(?<=://)[^\s/@]+@")


def public(value: Any) -> Any:
    """A report (strings, lists, dicts) with the home folder as ~, and without user and host names and passwords."""
    if isinstance(value, dict):
        return {key: public(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [public(item) for item in value]
    return _public_text(value) if isinstance(value, str) else value


def file_names(text: str) -> str:
    """A line of a log with paths cut down to their last part."""
    return _PATH.sub(lambda path: "…/" + re.split(r"[/\\]", path.group())[-1], text)


def settings() -> dict[str, str]:
    """The variables RSVLM_* of this process; of those that hold a secret only that they are set."""
    names = sorted(name for name in os.environ if name.startswith("RSVLM_"))
    return {name: "(set)" if _SECRET.search(name) else os.environ[name] for name in names}


def _public_text(text: str) -> str:
    text = _USER_INFO.sub("", text)
    home = str(Path.home())
    if len(home) > 1:
        for written in {home, home.replace("\\", "/")}:
            text = re.sub(re.escape(written) + r"(?![\w-])", "~", text, flags=re.IGNORECASE)
    host = platform.node()
    for name, instead in [(user, "<user>") for user in _users()] + [(host, "<host>"), (host.split(".")[0], "<host>")]:
        if len(name) > 1 and name.lower() != "localhost":
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", instead, text, flags=re.IGNORECASE)
    return text


def _users() -> set[str]:
    return {Path.home().name, *(os.environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME"))}
