"""Expression told from 8×8 pictures and the voice, for pictures whose sender says nothing about it.

Where the head is, the motion of the whole picture says; this says what lips and lids do there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EXPRESSION = (
    3  # mouth opening over mouth width, mouth width over distance of the eyes, lid opening over eye width
)
INNER_LIPS = ((61, 67), (62, 66), (63, 65))
OUTER_LIPS = ((49, 59), (50, 58), (51, 57), (52, 56), (53, 55))
LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
LOWER_LIP_SHARE = 0.7  # of the way when a mouth opens, since the jaw moves
UPPER_LID_SHARE = 0.85
# Where the predictor looks: along the mouth and down from it, in distances from eyes to mouth.
PLACES = (
    (-0.7, -0.5), (0.0, -0.5), (0.7, -0.5), (-0.7, 0.0), (0.0, 0.0), (0.7, 0.0), (-0.7, 0.6), (0.0, 0.6), (0.7, 0.6),
    (-0.5, -1.0), (0.5, -1.0), (0.0, -1.0),
)  # fmt: skip
CHANGES = (0.2, 0.1, 0.1)  # of the three ratios, that an output of one stands for


def expression_of(shape: Tensor) -> Tensor:
    """(B, 70, 2) → (B, 3): mouth opening, mouth width and lid opening, as ratios."""
    width = _length(shape[:, 54] - shape[:, 48])
    eyes = _length(shape[:, 42:48].mean(1) - shape[:, 36:42].mean(1))
    gap = torch.stack([_length(shape[:, a] - shape[:, b]) for a, b in INNER_LIPS]).mean(0)
    lids = torch.stack([_length(shape[:, a] - shape[:, b]) for a, b in LIDS]).mean(0)
    eye = (_length(shape[:, 39] - shape[:, 36]) + _length(shape[:, 45] - shape[:, 42])) / 2
    return torch.stack((gap / width, width / eyes, lids / eye), 1)


def with_expression(shape: Tensor, expression: Tensor) -> Tensor:
    """``shape`` (B, 70, 2) with another expression (B, 3), the rest of the face unmoved."""
    now = expression_of(shape)
    mouth = shape[:, 48:68]
    along, down = face_axes(shape)
    corners = (shape[:, 48] + shape[:, 54])[:, None] / 2
    offset = mouth - corners
    u = (offset * along[:, None]).sum(-1, keepdim=True)
    stretch = (expression[:, 1] / now[:, 1].clamp(min=0.1)).clamp(0.6, 1.6)[:, None, None]
    mouth = mouth + (stretch - 1) * u * along[:, None]
    half = _length(shape[:, 54] - shape[:, 48])[:, None, None] / 2 * stretch
    share = (1 - 0.8 * ((u * stretch / half) ** 2)).clamp(min=0.0)  # corners stay, the middle moves most
    inner = torch.tensor([a - 48 for pair in INNER_LIPS for a in pair], device=shape.device)
    share = share / share[:, inner].mean(1, keepdim=True).clamp(min=0.1)
    opened = (expression[:, 0].clamp(min=0) - now[:, 0] / stretch[:, 0, 0])[:, None, None] * 2 * half
    way = torch.zeros(20, 1, device=shape.device)
    for upper, lower in (*INNER_LIPS, *OUTER_LIPS):
        way[upper - 48], way[lower - 48] = LOWER_LIP_SHARE - 1, LOWER_LIP_SHARE
    mouth = mouth + way * share * opened * down[:, None]
    closing = 1 - (expression[:, 2] / now[:, 2].clamp(min=0.02)).clamp(0.0, 2.0)[:, None, None]
    eyes = shape[:, 36:48].clone()
    uppers = torch.tensor([a - 36 for a, _ in LIDS], device=shape.device)
    lowers = torch.tensor([b - 36 for _, b in LIDS], device=shape.device)
    gap = (eyes[:, lowers] - eyes[:, uppers]) * closing
    eyes[:, uppers] += UPPER_LID_SHARE * gap
    eyes[:, lowers] -= (1 - UPPER_LID_SHARE) * gap
    return torch.cat((shape[:, :36], eyes, mouth, shape[:, 68:]), 1)


def face_axes(shape: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vectors along the mouth and from brow to chin, (B, 2) each."""
    along = shape[:, 54] - shape[:, 48]
    along = along / _length(along)[:, None]
    return along, torch.stack((-along[:, 1], along[:, 0]), 1)


class ExpressionPredictor(nn.Module):
    """Looks at the few low-resolution pixels around mouth and eyes, here and in the identity image, and listens."""

    def __init__(self, window: int, mel_bins: int, mel_frames: int) -> None:
        super().__init__()
        self.heard = nn.Sequential(
            nn.Conv1d(mel_bins, 48, 3, padding=1), nn.ReLU(),
            nn.Conv1d(48, 48, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv1d(48, 48, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(48 * (mel_frames // 4), 48), nn.ReLU(),
        )  # fmt: skip
        self.seen = nn.Sequential(nn.Linear(len(PLACES) * 3 * (window + 1) + EXPRESSION, 96), nn.ReLU())
        out = nn.Linear(64, EXPRESSION)
        nn.init.zeros_(out.weight)
        nn.init.zeros_(out.bias)
        self.mix = nn.Sequential(nn.Linear(96 + 48, 64), nn.ReLU(), out)

    def forward(
        self, lowres: Tensor, mel: Tensor, identity_lowres: Tensor, source: Tensor, target: Tensor
    ) -> Tensor:
        """(B, 3): the expression of the last picture.

        lowres (B, 5, 3, 8, 8), mel (B, 80, 20), identity_lowres (B, 3, 8, 8); source, target: (B, 70, 2) in −1..1, the
        identity's shape and where the motion of the picture took it.
        """
        own = expression_of(source)
        before = _look(identity_lowres, source)
        window = _look(lowres.flatten(1, 2), target).reshape(len(lowres), lowres.shape[1], -1)
        seen = torch.cat(((4 * (window - before[:, None])).flatten(1), before - 0.5, own), 1)
        change: Tensor = self.mix(torch.cat((self.seen(seen), self.heard(mel)), 1))
        return own + change * torch.tensor(CHANGES, device=change.device)


def _look(pictures: Tensor, shape: Tensor) -> Tensor:
    """(B, C, 8, 8) around mouth and eyes of a shape → (B, C · places), in the face's own axes and scale."""
    along, down = face_axes(shape)
    mouth = (shape[:, 48] + shape[:, 54]) / 2
    eyes = shape[:, 36:48].mean(1)
    scale = _length(mouth - eyes)[:, None, None]  # from eyes to mouth
    axes = torch.stack((along, down), 1)
    places = mouth[:, None] + scale * (torch.tensor(PLACES, device=shape.device) @ axes)
    found = F.grid_sample(pictures, places[:, None], padding_mode="border", align_corners=False)
    return found[:, :, 0].flatten(1)


def _length(vectors: Tensor) -> Tensor:
    """Never zero, so that a face nobody found divides nothing by nothing."""
    length: Tensor = torch.linalg.vector_norm(vectors, dim=-1)
    return length.clamp(min=1e-3)
