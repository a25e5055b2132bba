"""From image tokens to the language model's embeddings.

Four neighbouring tokens are concatenated and projected, after SkyEyeGPT (arXiv 2401.09712, section 3.1) and MiniGPT-v2,
which join four consecutive tokens of a row; joining a 2 x 2 square keeps what lies together together.
"""

from __future__ import annotations

from torch import Tensor, nn


class SquareConcat(nn.Module):
    """(batch, H * W, width_in) -> (batch, H / 2 * W / 2, width_out), row by row; H and W even."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.project = nn.Linear(4 * width_in, width_out)

    def forward(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """grid: H, W of the incoming tokens."""
        height, width = grid
        batch, _, channels = tokens.shape
        squares = tokens.view(batch, height // 2, 2, width // 2, 2, channels).permute(0, 1, 3, 2, 4, 5)
        return self.project(squares.reshape(batch, height * width // 4, 4 * channels))
