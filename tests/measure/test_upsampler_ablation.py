"""What is taken away from a call, and what it is compared with."""

from __future__ import annotations

import pytest
import torch

from callcodec.measure.upsampler.ablation import richer, variants
from callcodec.measure.upsampler.delivery import Wire
from callcodec.measure.upsampler.hints import hints_channels
from callcodec.measure.upsampler.methods import Voice
from callcodec.measure.upsampler.scene import Scene
from models.compact import Compact
from models.compact_parts import CompactDimensions
from models.reconstructor import CompactReconstructor
from models.training.cache import ClipCache
from tests.measure.drawn_face import DrawnFace, drawn_shapes


@pytest.fixture
def cache() -> ClipCache:
    return DrawnFace()  # type: ignore[return-value]


def test_each_variant_is_compared_with_what_differs_in_one_thing(cache: ClipCache) -> None:
    scene = Scene(cache, 0, lambda _: drawn_shapes()[0])
    compact = CompactReconstructor(Compact(CompactDimensions()), torch.device("cpu"))
    rows = {row.name: row for row in variants(compact, Wire(5, 5), hints_channels(), [scene])}
    assert rows["as in a call"].channel is not None
    assert rows["as in a call"].against is None
    assert rows["voice: silence"].against == "as in a call"
    assert rows["no hints"].channel is None
    assert rows["no hints, voice: silence"].against == "no hints"
    assert rows["no hints, voice: silence"].switches.voice is Voice.SILENCE
    assert rows["no hints, their bytes in low resolution"].wire.quality >= 5


def test_quality_takes_up_the_bytes_that_hints_cost(cache: ClipCache) -> None:
    scene, wire = Scene(cache, 0, lambda _: None), Wire(5, 5)
    now = scene.delivery(wire).payload_bytes
    more = scene.delivery(richer([scene], wire, 4.0)).payload_bytes
    assert more == pytest.approx(now + 4, abs=1.5)
