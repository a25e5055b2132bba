"""Standard input taken away from the libraries: nothing that they do with descriptor 0 can wait for who reads it.

On Windows a look at a pipe queues behind a read of it that waits, and runtimes look at descriptor 0 while they are loaded.
"""

from __future__ import annotations

import os


def take_standard_input() -> int:
    """A descriptor of what was standard input, for this process alone; descriptor 0 becomes the null device.

    To be called before anything reads. Raises OSError where standard input is closed.
    """
    taken = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    return taken
