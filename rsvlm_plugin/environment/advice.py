"""What to do about a setup that failed, from the last words of pip, uv or venv."""

from __future__ import annotations

import re

from ..translation import tr
from .makers import PINNED_PYTHON

FULL = r"No space left|disk full|WinError 112|os error 28"
PROXY = r"\b407\b|ProxyError|[Pp]roxy"
CERTIFICATE = r"CERTIFICATE_VERIFY|[Cc]ertificate"
CLOSED = r"Permission denied|Access is denied|WinError 5\b|Read-only file system"
LONG = r"WinError 206|File name too long|path too long"
UNREACHED = (
    r"Errno -[235]\b|getaddrinfo|Failed to establish|[Cc]onnection (refused|reset|error|aborted)|[Tt]imed? ?out"
    r"|dns error|error sending request|Could not connect|Network is unreachable"
)
MISSING = r"No matching distribution|not found in the|was not found in|no wheels|unsatisfiable|conflicting dependencies"


def advice(said: str) -> str:
    """The next step for the user, in a sentence."""
    for pattern, sentence in (
        (FULL, tr("The disk is full: free some space and try again.")),
        (PROXY, tr("The proxy refused: correct it in Settings ▸ Options ▸ Network and try again.")),
        (
            CERTIFICATE,
            tr("The server's certificate is not trusted: name your network's certificates in SSL_CERT_FILE."),
        ),
        (CLOSED, tr("A file may not be written: choose another folder, or close other windows that use the backend.")),
        (LONG, tr("A path is too long: choose a shorter folder.")),
        (UNREACHED, tr("The package index was not reached: look at the network, or choose a folder with wheels.")),
        (
            MISSING,
            tr(
                "A package for this system and this Python was not found: install Python {version}, or fill the folder "
                "with wheels for just these, as the README says."
            ).format(version=PINNED_PYTHON),
        ),
    ):
        if re.search(pattern, said):
            return sentence
    return tr("Copy the log to see why; the next try takes up what is done.")
