"""An identity image is believed only when it is whole, genuine and of a sane size."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from callcodec.transport.worker import InlineWorker
from callcodec.wire.identity import IdentityFormat, make_identity, split_identity
from receiver.identity import IdentityReceiver
from sender.identity import encode_layers


def picture() -> NDArray[np.uint8]:
    ramp = np.linspace(0, 255, 256)
    return np.stack(
        [ramp + 0 * ramp[:, None], ramp[:, None] + 0 * ramp, 128 + 0 * ramp + 0 * ramp[:, None]], -1
    ).astype(np.uint8)


def receive(messages: Sequence[bytes]) -> tuple[IdentityReceiver, list[NDArray[np.uint8]]]:
    used: list[NDArray[np.uint8]] = []
    receiver = IdentityReceiver(InlineWorker(), lambda shown, _: used.append(shown))
    for message in messages:
        receiver.receive(message)
    return receiver, used


def test_both_layers_are_shown_as_they_come() -> None:
    first, second = encode_layers(picture(), (2200, 8000), 320)
    receiver, used = receive([*first, *second])
    assert receiver.layers_complete == 2
    assert all(np.abs(shown.astype(int) - picture()).mean() < 6 for shown in used)


def test_a_changed_byte_is_refused() -> None:
    messages = encode_layers(picture(), (2200, 8000), 320)[0]
    damaged = [*messages[:-1], messages[-1][:-1] + bytes([messages[-1][-1] ^ 1])]
    receiver, used = receive(damaged)
    assert used == []
    assert len(receiver.refused) == 1


def test_a_picture_that_is_none_is_refused() -> None:
    identity = make_identity(b"\x00" * 500, 0, IdentityFormat.JPEG, 256, 256)
    receiver, used = receive(split_identity(identity.header, identity.payload, 320))
    assert used == []
    assert receiver.refused


def test_complaints_are_bounded() -> None:
    receiver, _ = receive([b"\xff" + bytes(20)] * 1000)
    assert len(receiver.refused) <= 8
