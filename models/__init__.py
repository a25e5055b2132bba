"""The networks. `cards` and this module import no torch; `load` and everything below parts/ and families/ do.

Whatever runs a network imports this package first: here torchvision is made importable, for all processes.
"""

from rsvlm.models.torchvision_beside_cpu import ensure_torchvision

ensure_torchvision()
