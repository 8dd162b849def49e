"""Writes packets.json anew: `python -m tests.golden.make`, after a change of the format that was meant.

The pictures are drawn with integers alone, so that every machine draws the same ones.
"""

import hashlib
import json
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.wire import lowres
from callcodec.wire.bundle import Acknowledgement, Bundle
from callcodec.wire.control import (
    Bye,
    Capability,
    Hello,
    IdentityRequest,
    Reason,
    Refusal,
    Statistics,
    serialise_control,
)
from callcodec.wire.emotion import EmotionState
from callcodec.wire.face_packet import RUNGS, FacePacket
from callcodec.wire.hints import HintReference, Hints, decode_hints, encode_hints
from callcodec.wire.identity import IdentityFormat, make_identity, split_identity
from callcodec.wire.opus_padding import embed

PACKETS = Path(__file__).with_name("packets.json")
HINTED = [(rung, t) for rung in (0, 1, 6) for t in range(4)]
CODED = [(size, quality, t) for size in (8, 16, 32) for quality in (3, 7, 11, 15) for t in range(4)]


def drawn_face(size: int, t: int) -> NDArray[np.uint8]:
    """A face-like picture (size, size, 3) at time t: an oval that sways, with a mouth that opens."""
    y, x = np.mgrid[:size, :size] * 256 // size
    x = x - 128 - 6 * t
    y = y - 128 + 3 * t
    oval = (x * x * 10 + y * y * 6) // 256
    skin = np.clip(255 - oval // 2, 60, 210)
    eyes = 40 * ((abs(abs(x) - 40) < 18) & (abs(y + 30) < 14))
    mouth = 50 * ((abs(x) < 34) & (abs(y - 55) < 8 + 4 * t))
    level = skin - eyes - mouth
    return np.stack((level, level * 3 // 4 + 10, level * 5 // 8 + 15), axis=-1).astype(np.uint8)


def coded_faces() -> dict[str, str]:
    """Payloads by "size quality t": two intra frames, then two predicted from two frames back."""
    payloads: dict[str, str] = {}
    decoded: dict[tuple[int, int, int], lowres.LowResFrame] = {}
    for size, quality, t in CODED:
        encoded = lowres.encode(drawn_face(size, t), quality, decoded.get((size, quality, t - 2)))
        decoded[size, quality, t] = encoded.reconstruction
        payloads[f"{size} {quality} {t}"] = encoded.payload.hex()
    return payloads


def moving_shape(t: int) -> NDArray[np.float32]:
    """A displacement (70, 2) at time t: the face sways and one side of it rises."""
    point = np.arange(70)
    return np.stack((3 * t + point % 5, (point % 7) * t - 4), axis=-1).astype(np.float32)


def opened(by: float, count: int, _: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mouth and eyes are ``by`` wider open than a straight line says."""
    return np.full((2, count), by, np.float32)


def coded_hints() -> dict[str, str]:
    """Payloads by "rung t": two without a reference, then two predicted from two frames back."""
    payloads: dict[str, str] = {}
    decoded: dict[tuple[int, int], Hints] = {}
    for rung, t in HINTED:
        count = RUNGS[rung].slots_per_frame - 1
        reference = hint_reference(decoded, rung, t)
        encoded = encode_hints(moving_shape(t), 5, RUNGS[rung], reference, partial(opened, 0.1 * t, count))
        assert encoded is not None
        decoded[rung, t] = encoded.decoded
        payloads[f"{rung} {t}"] = encoded.payload.hex()
    return payloads


def hint_states(coded: dict[str, str]) -> dict[str, list[int]]:
    """What the payloads decode to: origin, state, and openings in 10000ths."""
    states: dict[str, list[int]] = {}
    decoded: dict[tuple[int, int], Hints] = {}
    for rung, t in HINTED:
        payload = bytes.fromhex(coded[f"{rung} {t}"])
        hints = decode_hints(payload, RUNGS[rung], hint_reference(decoded, rung, t))
        decoded[rung, t] = hints
        openings = np.rint(hints.openings().reshape(-1) * 10000).astype(int).tolist()
        states[f"{rung} {t}"] = [hints.origin, *hints.state.tolist(), *openings]
    return states


def hint_reference(decoded: dict[tuple[int, int], Hints], rung: int, t: int) -> HintReference | None:
    """The hints of two frames back."""
    named = decoded.get((rung, t - 2))
    return None if named is None else HintReference(named, 2)


def packets() -> dict[str, str]:
    """One example of everything else that crosses the wire, by name."""
    usual = FacePacket(200, 2, 0, 5, 40, bytes.fromhex("9a1b2c3d4e5f60"))
    repeat = FacePacket(199, 2, 0, 5, -160, bytes.fromhex("81"), repeat=True)
    flagged = FacePacket(
        3, 1, 4, 9, 100, bytes.fromhex("ff00ff"), EmotionState.HAPPY_STRONG, bytes.fromhex("0102030405")
    )
    image = make_identity(b"an image", 1, IdentityFormat.AVIF, 256, 256)
    header, chunk = split_identity(image.header, image.payload, 100)
    capabilities = Capability.OPUS_CARRIER | Capability.EMOTION
    named = {
        "face": usual.serialise(),
        "face intra": FacePacket(0, None, 0, 9, 0, b"\x80").serialise(),
        "face far reference": FacePacket(17, 35, 2, 15, 635, b"").serialise(),
        "face flagged": flagged.serialise(),
        "bundle acknowledgement": Bundle(Acknowledgement(255, 0xFF)).serialise(),
        "bundle all": Bundle(Acknowledgement(9, 0x5A), (repeat, usual)).serialise(),
        "opus": embed(bytes.fromhex("58a1b2c3"), usual.serialise()),
        "identity header": header,
        "identity chunk": chunk,
        "hello": serialise_control(Hello(1, 0, capabilities, 0b111, "callcodec 0.1.0")),
        "acknowledgement": serialise_control(Acknowledgement(9, 0x5A)),
        "identity request": serialise_control(IdentityRequest(1)),
        "statistics": serialise_control(Statistics(*range(1, 12))),
        "refusal": serialise_control(Refusal(Reason.BUSY, "in another call")),
        "bye": serialise_control(Bye(Reason.USER)),
    }
    return {name: data.hex() for name, data in named.items()}


def pictures_sha256(coded: dict[str, str]) -> str:
    """SHA-256 of all pictures that the payloads decode to."""
    digest = hashlib.sha256()
    decoded: dict[tuple[int, int, int], lowres.LowResFrame] = {}
    for size, quality, t in CODED:
        payload = bytes.fromhex(coded[f"{size} {quality} {t}"])
        frame = lowres.decode(payload, size, quality, decoded.get((size, quality, t - 2)))
        decoded[size, quality, t] = frame
        digest.update(frame.rgb().tobytes())
    return digest.hexdigest()


def main() -> None:
    """Write packets.json."""
    coded = coded_faces()
    hints = coded_hints()
    golden = {
        "coded": coded,
        "pictures_sha256": pictures_sha256(coded),
        "hints": hints,
        "hint_states": hint_states(hints),
        "packets": packets(),
    }
    PACKETS.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
