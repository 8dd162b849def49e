"""A sender that could not work for a while goes on."""

from dataclasses import replace

import numpy as np

from callcodec.call.config import CallConfig
from callcodec.config import load_config
from callcodec.transport.carriers import create_carrier
from callcodec.transport.worker import InlineWorker
from callcodec.wire import opus_padding
from callcodec.wire.bundle import Bundle
from sender.sender import Sender
from tests.call.fakes import FakeEndpoint


def test_faces_of_a_second_without_voice_go_with_the_packets_that_follow() -> None:
    config = load_config("calls/phone", CallConfig).sender
    settings = replace(config, face=replace(config.face, hints=False))
    endpoint = FakeEndpoint()
    sender = Sender(
        settings, endpoint, create_carrier("opus"), InlineWorker(), lambda: None, lambda _captured: None
    )
    picture = np.zeros((256, 256, 3), np.uint8)
    for number in range(30):
        sender.push_picture(picture, number, number * 0.04, 1.2)
    sender.push_voice(np.zeros(int(1.2 * 16_000), np.int16), 1.2)
    found = [
        (timestamp / 48_000, face)
        for payload, timestamp in endpoint.voice
        for face in Bundle.parse(opus_padding.extract(payload)[1] or Bundle().serialise()).faces
    ]
    moments = [round(start_s + face.capture_offset_ms / 1000, 2) for start_s, face in found]
    assert moments == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
