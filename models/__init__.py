"""The networks. `cards` and this module import no torch; `load` and everything below parts/ and families/ do.

Whatever runs a network imports this package first: here torchvision is made importable, for all processes, and transformers
is told to draw no bars between the lines that a command prints.
"""

import os

from rsvlm.models.torchvision_beside_cpu import ensure_torchvision

ensure_torchvision()
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
