"""From what an image tower saw to the language model's embeddings.

One vector becomes a few words by a linear layer (FROMAGe, arXiv 2301.13823, section 3.1; RS-CapRet, arXiv 2402.06475);
tokens go through two layers (LLaVA 1.5, arXiv 2310.03744, section 3.3) or are joined by four before one layer (MiniGPT-v2,
arXiv 2310.09478, section 3.1; SkyEyeGPT, arXiv 2401.09712, section 3.1). Joining a 2 x 2 square instead of four tokens of
a row keeps what lies together together. Knows tokens only: nothing of towers or languages.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class LinearPrefix(nn.Linear):
    """(batch, width_in), one vector of a picture -> (batch, count, width_out): what stands before its caption."""

    def __init__(self, width_in: int, width_out: int, count: int = 1) -> None:
        super().__init__(width_in, width_out * count)
        self.count = count

    def forward(self, vectors: Tensor) -> Tensor:
        return super().forward(vectors).view(len(vectors), self.count, -1)


class MlpConnector(nn.Module):
    """(batch, tokens, width_in) -> (batch, tokens, width_out) by two layers."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(width_in, width_out)
        self.linear_2 = nn.Linear(width_out, width_out)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.linear_2(functional.gelu(self.linear_1(tokens)))


class FourTokenConcat(nn.Linear):
    """(batch, tokens, width_in) -> (batch, tokens / 4, width_out): four that follow each other in a row make one."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__(4 * width_in, width_out)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens: row by row, without a class token; their number a multiple of four."""
        batch, count, channels = tokens.shape
        return super().forward(tokens.reshape(batch, count // 4, 4 * channels))


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
