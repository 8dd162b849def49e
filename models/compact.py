"""`compact`: 8×8 pictures, voice and one identity image → 256×256, live on a CPU.

In the manner of the First Order Motion Model: key points with local affine frames give a dense motion that moves cached
features of the identity image; what motion cannot explain is painted. Beyond it, the motion is made to end where
the face's shape says: lips, lids and irises land at their places, which the sender's hints name, or which are told
from the low-resolution pictures and the voice. Expensive convolutions stay at 8-64 pixels; at full size pictures are
only warped, blended and shuffled into.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.compact_parts import (
    CompactDimensions,
    IdentityEncoder,
    Residual,
    Trunk,
    VoiceAt,
    VoiceEncoder,
    zeroed,
)
from models.consistency import downsample, upsample
from models.expression import EXPRESSION, ExpressionPredictor, with_expression
from models.shape_maps import (
    SHAPE_MAPS,
    SHAPE_POINTS,
    ShapeMotion,
    flow_at,
    group_maps,
    head_motion,
    land_features,
    land_head,
    line_maps,
    line_points,
    motion_between,
    open_maps,
)
from models.warping import (
    KeyPoints,
    heat_difference,
    identity_grid,
    local_motions,
    resize_flow,
    soft_key_points,
    warp,
)

EMOTION_STATES = 15  # of MMSD (callcodec.wire.emotion)
INVERSIONS = 3  # steps of the fixed-point search for where a flow took a point
NEVER = -30.0  # logit of a motion that must not be chosen


class Identity(NamedTuple):
    """What is computed once per identity image."""

    image: Tensor  # (B, 3, 256, 256)
    features_128: Tensor
    features_64: Tensor
    embedding: Tensor  # (B, C, 32, 32), ready to be added in the trunk
    thumbnail: Tensor  # (B, 3, 32, 32)
    lowres: Tensor  # (B, 3, 8, 8)
    key_points: KeyPoints
    shape: Tensor  # (B, 70, 2) in −1..1, NaN where no face was found


class Animation(NamedTuple):
    """picture = blend · moved + (1 − blend) · enlarged low resolution + change, each (B, 3 or 1, 256, 256)."""

    picture: Tensor
    moved: Tensor
    blend: Tensor
    change: Tensor
    expression: Tensor  # (B, 3), as told from low resolution and voice; NaN where only hints were asked for


class Compact(nn.Module):
    """The network; shapes follow ``CompactDimensions``."""

    line_points: Tensor
    line_channels: Tensor

    def __init__(self, dimensions: CompactDimensions) -> None:
        super().__init__()
        d = self.dimensions = dimensions
        self.identity_encoder = IdentityEncoder(d)
        self.voice_encoder = VoiceEncoder(d)
        self.emotion = nn.Embedding(EMOTION_STATES + 1, d.voice)  # the last one: unknown
        nn.init.zeros_(self.emotion.weight)
        self.expression = ExpressionPredictor(d.window, d.mel_bins, d.mel_frames)
        self.trunk = Trunk(d)
        self.shape_32 = nn.Conv2d(6, d.at_32, 3, padding=1, bias=False)
        self.heat = nn.Conv2d(d.at_32, d.key_points, 3, padding=1)
        self.jacobian = zeroed(nn.Conv2d(d.at_32, 4 * d.key_points, 3, padding=1))
        # Motions to choose from: none, one for each key point, and that of the face's shape.
        self.dense_in = nn.Conv2d(d.at_32 + d.key_points + 3 * (d.key_points + 2), d.at_32, 3, padding=1)
        self.dense = Residual(d.at_32)
        self.dense_masks = nn.Conv2d(d.at_32, d.key_points + 2, 3, padding=1)
        self.dense_up = nn.Conv2d(d.at_32, d.at_64, 1)
        self.fine_in = nn.Conv2d(2 * d.at_64, d.at_64, 3, padding=1)
        self.shape_64 = nn.Conv2d(SHAPE_MAPS, d.at_64, 3, padding=1, bias=False)
        self.fine_voice = VoiceAt(d, d.at_64)
        self.fine = Residual(d.at_64)
        self.fine_flow = zeroed(nn.Conv2d(d.at_64, 2, 3, padding=1))
        self.gates = zeroed(nn.Conv2d(d.at_64, 1, 3, padding=1))
        self.occlusion = nn.Conv2d(d.at_64, 1, 3, padding=1)
        self.moved = nn.Conv2d(d.at_64, d.at_64, 1)
        self.paint_64 = Residual(d.at_64)
        self.to_128 = nn.Conv2d(d.at_64, 4 * 16, 3, padding=1)
        self.paint_in = nn.Conv2d(16 + d.identity_at_128 + 12, d.at_128, 3, padding=1)
        self.shape_128 = nn.Conv2d(SHAPE_MAPS, d.at_128, 3, padding=1, bias=False)
        self.paint_128 = nn.Sequential(
            nn.ReLU(), nn.Conv2d(d.at_128, 16, 3, padding=1), nn.ReLU(),
            zeroed(nn.Conv2d(16, 16, 3, padding=1)),
        )  # fmt: skip
        points, channels = line_points()
        self.register_buffer("line_points", points, persistent=False)
        self.register_buffer("line_channels", channels, persistent=False)

    def encode_identity(self, image: Tensor, shape: Tensor | None = None) -> Identity:
        """image: (B, 3, 256, 256) in 0..1; shape: (B, 70, 2) in pixels of it, NaN or None where no face was found."""
        features_128, features_64, embedding = self.identity_encoder(image)
        lowres = downsample(image, self.dimensions.low_resolution)
        # The same detector sees the identity as if it were a frame: a frame equal to it moves nothing.
        still = lowres[:, None].expand(-1, self.dimensions.window, -1, -1, -1)
        trunk = self.trunk(still, lowres, embedding, None)
        key_points = soft_key_points(self.heat(trunk), self.jacobian(trunk))
        return Identity(
            image,
            features_128,
            features_64,
            embedding,
            downsample(image, 32),
            lowres,
            key_points,
            self._normalised(shape, image),
        )

    def forward(
        self,
        lowres: Tensor,
        mel: Tensor,
        identity: Identity,
        shape: Tensor | None = None,
        emotion: Tensor | None = None,
    ) -> Tensor:
        """The picture, (B, 3, 256, 256), about 0..1, not clamped.

        lowres: (B, 5, 3, 8, 8) in 0..1. mel: (B, 80, 20). shape: (B, 70, 2), the face to be shown in pixels of 256
        (callcodec.face.shape), NaN or None where nobody said. emotion: (B,) states 0..14, −1 where unknown.
        """
        return self.animate(lowres, mel, identity, shape, emotion).picture

    def animate(
        self,
        lowres: Tensor,
        mel: Tensor,
        identity: Identity,
        shape: Tensor | None = None,
        emotion: Tensor | None = None,
    ) -> Animation:
        """The picture and the parts that it was made of, which training looks at too."""
        said = motion_between(identity.shape, self._normalised(shape, lowres))
        voice = self.voice_encoder(mel)
        if emotion is not None:
            voice = voice + self.emotion(emotion % (EMOTION_STATES + 1))
        embedding = identity.embedding + self.shape_32(group_maps(said, 32))
        trunk = self.trunk(lowres, identity.lowres, embedding, voice)
        driving = soft_key_points(self.heat(trunk), self.jacobian(trunk))
        flow_32, dense = self.dense_motion(trunk, identity, driving, said)

        flow_64 = resize_flow(flow_32, 64)
        motion, expression = self.complete(said, lowres, mel, identity, flow_64)
        flow_64 = land_head(flow_64, motion)
        dense_64 = F.interpolate(self.dense_up(dense), scale_factor=2.0, mode="bilinear", align_corners=False)
        fine = self.fine_in(torch.cat((warp(identity.features_64, flow_64), dense_64), 1))
        fine = F.relu(fine + self.shape_64(self.shape_maps(motion, flow_64, 4.0)))
        fine = self.fine(self.fine_voice(fine, voice))
        flow_64 = flow_64 + 0.1 * self.fine_flow(fine).float().permute(0, 2, 3, 1)
        gate = torch.sigmoid(self.gates(fine).float() + 3.0) * motion.known[:, :, None, None]
        gate = F.interpolate(gate, scale_factor=2.0, mode="bilinear", align_corners=False)
        flow_128 = land_features(resize_flow(flow_64, 128), motion, gate.permute(0, 2, 3, 1))
        visible = torch.sigmoid(self.occlusion(fine))
        painted = self.paint_64(fine + self.moved(warp(identity.features_64, flow_64) * visible))

        painted = F.pixel_shuffle(self.to_128(painted), 2)
        moved_128 = warp(identity.features_128, flow_128)
        moved_image = warp(identity.image, resize_flow(flow_128, 256))
        painted = self.paint_in(torch.cat((F.relu(painted), moved_128, F.pixel_unshuffle(moved_image, 2)), 1))
        painted = self.paint_128(painted + self.shape_128(self.shape_maps(motion, flow_128, 2.0)))
        painted = F.pixel_shuffle(painted, 2)
        change, blend = painted[:, :3], torch.sigmoid(painted[:, 3:] + 2.0)
        picture = blend * moved_image + (1 - blend) * upsample(lowres[:, -1], 256) + change
        return Animation(picture, moved_image, blend, change, expression)

    def dense_motion(
        self, trunk: Tensor, identity: Identity, driving: KeyPoints, said: ShapeMotion
    ) -> tuple[Tensor, Tensor]:
        """Blend the motions of key points and shape into one flow (B, 32, 32, 2), equation 8; also features."""
        with torch.autocast(trunk.device.type, enabled=False):
            whole = head_motion(said, 32)
        motions = torch.cat((local_motions(identity.key_points, driving, 32), whole[:, None]), 1)
        candidates = identity.thumbnail[:, None].expand(-1, motions.shape[1], -1, -1, -1).flatten(0, 1)
        candidates = warp(candidates, motions.flatten(0, 1)).reshape(len(trunk), -1, 32, 32)
        heat = heat_difference(identity.key_points, driving, 32)
        dense = self.dense(F.relu(self.dense_in(torch.cat((trunk, heat, candidates), 1))))
        masks = self.dense_masks(dense)
        unsaid = F.pad(NEVER * (1 - said.known), (masks.shape[1] - 1, 0))
        masks = (masks + unsaid[:, :, None, None]).softmax(dim=1)
        return (masks[..., None] * motions).sum(1), dense

    def complete(
        self, said: ShapeMotion, lowres: Tensor, mel: Tensor, identity: Identity, flow: Tensor
    ) -> tuple[ShapeMotion, Tensor]:
        """Where nobody said what the shape is: the identity's as the flow moves it, with the expression that is told.

        Neither flow nor expression learn from how well the shape served: the one has its own loss, the other pictures.
        """
        if not self.training and bool(said.known.all()):  # nobody would look at what is told
            return said, said.source.new_full((len(lowres), EXPRESSION), float("nan"))
        own = motion_between(identity.shape, identity.shape)
        with torch.autocast(flow.device.type, enabled=False):
            place, flow = own.source, flow.detach().float()
            for _ in range(INVERSIONS):
                place = place + own.source - flow_at(flow, place)
            told = self.expression(lowres.float(), mel.float(), identity.lowres.float(), own.source, place)
            place = with_expression(place, told.detach())
            target = torch.where(said.known[:, :, None] > 0, said.target, place)
        return ShapeMotion(own.source, target, own.known), told

    def shape_maps(self, motion: ShapeMotion, flow: Tensor, reach: float) -> Tensor:
        """(B, 12, S, S): lines of the face to be shown, what is open in it, what of that the flow does not bring."""
        with torch.autocast(flow.device.type, enabled=False):
            size = flow.shape[1]
            lines = line_maps(motion.target, self.line_points, self.line_channels, size, reach)
            now = open_maps(motion.target, identity_grid(size, motion.target)[None])
            brought = open_maps(motion.source, flow.float())
            maps = torch.cat((lines, now, now - brought), 1) * motion.known[:, :, None, None]
        return maps.contiguous(memory_format=torch.channels_last)

    def _normalised(self, shape: Tensor | None, like: Tensor) -> Tensor:
        """Pixels → −1..1; None → NaN."""
        if shape is None:
            return torch.full((len(like), SHAPE_POINTS, 2), float("nan"), device=like.device)
        return shape * (2 / self.dimensions.picture) - 1
