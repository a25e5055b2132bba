"""The service with worker_double.py in place of the worker: run by the tests as a process. Arguments go to the double."""

import sys
from pathlib import Path

from rsvlm.backend.supervisor import serve

if __name__ == "__main__":
    serve((sys.executable, str(Path(__file__).with_name("worker_double.py")), *sys.argv[1:]))
