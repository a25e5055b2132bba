"""The service with worker_double.py in place of the worker: run by the tests as a process. Arguments go to the double."""

import sys
from pathlib import Path

from rsvlm.backend.lifetime import die_with_parent

if __name__ == "__main__":
    parent = die_with_parent()
    from rsvlm.backend.supervisor import serve

    serve(parent, (sys.executable, str(Path(__file__).with_name("worker_double.py")), *sys.argv[1:]))
