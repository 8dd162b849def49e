"""The conditional discriminator of MMSD: is it a picture of a face that shows this emotion? (section 3.5)"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.restoration.mmsd_parts import EMOTIONS, one_hot

SLOPE = 0.2


class EmotionDiscriminator(nn.Module):
    """D(x, s) in the manner of IcGAN (Perarnau et al. 2016): halving convolutions; s joins after the first."""

    steps: Tensor  # how often it has learned, which says when the network begins to listen to it

    def __init__(self, channels: tuple[int, ...], side: int) -> None:
        """``channels``: after each halving; ``side``: of the pictures, in pixels."""
        super().__init__()
        first, *others = channels
        self.enter = nn.Conv2d(3, first, 4, stride=2, padding=1)
        layers: list[nn.Module] = []
        before = first + EMOTIONS
        for count in others:
            layers += [
                nn.Conv2d(before, count, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(count),
                nn.LeakyReLU(SLOPE),
            ]
            before = count
        self.rest = nn.Sequential(*layers)
        self.leave = nn.Conv2d(before, 1, side // 2 ** len(channels))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, rgb: Tensor, emotion: Tensor) -> Tensor:
        """rgb (B, 3, side, side) in 0..1, emotion: states (B,), −1 where unknown → logits (B,)."""
        seen = F.leaky_relu(self.enter(2 * rgb - 1), SLOPE)
        state = one_hot(emotion)[..., None, None].expand(-1, -1, *seen.shape[-2:])
        judged: Tensor = self.leave(self.rest(torch.cat((seen, state), 1)))
        return judged.flatten()


def fooled_loss(logits: Tensor) -> Tensor:
    """L_adv = −E[log D(G(x, s), s)] (equation 6)."""
    return F.softplus(-logits.float()).mean()


def told_apart_loss(real: Tensor, restored: Tensor) -> Tensor:
    """What the discriminator minimises: −E[log D(real)] − E[log(1 − D(restored))]."""
    return F.softplus(-real.float()).mean() + F.softplus(restored.float()).mean()
