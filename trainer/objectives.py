"""What the model is asked to learn from a batch, one function a lesson. Knows tensors only."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rsvlm.models.families.compact.network import PAD, Compact


def caption_loss(logits: Tensor, targets: Tensor, smoothing: float = 0.05) -> Tensor:
    """Mean cross entropy of (batch, length, vocabulary) against (batch, length) next tokens, padding left out."""
    return nn.functional.cross_entropy(
        logits.flatten(0, 1).float(), targets.flatten(), ignore_index=PAD, label_smoothing=smoothing
    )


def contrastive_loss(images: Tensor, texts: Tensor, same: Tensor, log_scale: Tensor) -> Tensor:
    """Images and texts that belong together are near, both ways, with several right answers.

    images, texts: (batch, width), unit length; same: (batch, batch) bool. Radford et al., arXiv 2103.00020, with the
    targets shared equally among the positives (Khosla et al., arXiv 2004.11362).
    """
    logits = images.float() @ texts.float().T * log_scale.clamp(max=4.6).exp()
    target = same.float()
    rows = nn.functional.cross_entropy(logits, target / target.sum(dim=1, keepdim=True))
    columns = nn.functional.cross_entropy(logits.T, target.T / target.T.sum(dim=1, keepdim=True))
    return (rows + columns) / 2


class Distillation(nn.Module):
    """The encoder's grid, projected, resembles the teacher's map of the same view. Lives only while training."""

    def __init__(self, width: int, channels: int, side: int = 4) -> None:
        super().__init__()
        self.project = nn.Linear(width, channels)
        self.side = side

    def forward(self, tokens: Tensor, grid: tuple[int, int], target: Tensor) -> Tensor:
        """tokens: (batch, H * W, width); target: (batch, channels, side, side) -> mean squared error of map and mean."""
        batch, _, width = tokens.shape
        squares = tokens.transpose(1, 2).reshape(batch, width, *grid).float()
        squares = nn.functional.interpolate(squares, size=(self.side, self.side), mode="bilinear", antialias=True)
        guess = self.project(squares.flatten(2).transpose(1, 2)).float()
        wanted = target.flatten(2).transpose(1, 2).float()
        return nn.functional.mse_loss(guess, wanted) + 4 * nn.functional.mse_loss(guess.mean(dim=1), wanted.mean(dim=1))


class Lessons(nn.Module):
    """The model together with what only training needs; its forward returns the weighted loss and its parts."""

    _keys_to_ignore_on_save = None  # Trainer asks for it when it resumes

    def __init__(self, model: Compact, weights: dict[str, float], teacher_channels: int) -> None:
        super().__init__()
        self.model = model
        self.weights = weights
        self.distillation = Distillation(model.config.token_width, teacher_channels)

    def forward(
        self, pixels: Tensor, ids: Tensor, texts: Tensor, scenes: Tensor, teacher: Tensor, same: Tensor
    ) -> dict[str, Tensor]:
        """pixels: (batch, 3, H, W); ids: task token, words, <eos>, padding; texts: words, [RET], padding; scenes: (batch,)."""
        features = self.model.encoder(pixels)
        parts = {
            "caption": caption_loss(self.model.caption_logits(features, ids[:, :-1]), ids[:, 1:]),
            "scene": nn.functional.cross_entropy(
                self.model.scene_head(features.pooled).float(), scenes, label_smoothing=0.05
            ),
            "contrastive": contrastive_loss(
                self.model.embed_images(features), self.model.embed_texts(texts), same, self.model.log_scale
            ),
            "distillation": self.distillation(features.tokens, features.grid, teacher),
        }
        loss = torch.stack([self.weights[name] * value for name, value in parts.items()]).sum()
        return {"loss": loss, **{name: value.detach() for name, value in parts.items()}}
