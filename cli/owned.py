"""`python -m rsvlm.cli.owned WORDS...` is `rsvlm WORDS...` for a program that reads along and may want it to stop.

Progress stands on standard error, a line of JSON for each step. The end of standard input is a wish to stop, as SIGTERM is: it
comes when the owner closes it and when the owner is gone, on Windows too, where a program hears no SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress

from rsvlm.backend.standard_input import take_standard_input
from rsvlm.cli.main import main
from rsvlm.cli.terminal import Terminal


def begin() -> None:
    """Run the command. Ctrl-C in the owner's terminal is left to the owner, who asks for a stop by itself."""
    if sys.platform != "win32" and os.getpgrp() != os.getpid():
        os.setsid()
    threading.Thread(target=_watch_owner, args=(take_standard_input(),), name="owner", daemon=True).start()
    Terminal.for_programs = True
    main()


def _watch_owner(stdin: int) -> None:
    with suppress(OSError):  # standard input that cannot be read any more has no owner either
        while os.read(stdin, 4096):
            continue
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    begin()
