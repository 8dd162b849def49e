"""The messages of the reliable control channel: hello, statistics, bye and a few more.

A message is one type byte and fields of fixed length. A longer message is read up to the fields known here,
so that a later minor version can append fields; another major version is refused before anything else of it
is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum, IntFlag

from callcodec.wire.bundle import Acknowledgement

PROTOCOL_VERSION = (1, 0)
MAX_CONTROL_BYTES = 512
MAX_TEXT_BYTES = 200
IDENTITY_TAG_BYTES = 8
MAX_IDENTITY_TAGS = 8
_MAGIC = b"CC"


class VersionMismatch(ValueError):  # noqa: N818 - a state of affairs that callers handle by name
    """The other side speaks another major version of the protocol."""


class Capability(IntFlag):
    """What a side can do; unknown bits are kept and ignored."""

    OPUS_CARRIER = 1
    CHANNEL_CARRIER = 2
    EMOTION = 4
    HINTS = 8
    H264 = 16
    IDENTITY_AV1 = 32
    IDENTITY_AVIF = 64
    IDENTITY_WEBP = 128
    IDENTITY_JPEG = 256
    REPORTS = 512


class Reason(IntEnum):
    """Why a side leaves or refuses."""

    USER = 0
    VERSION = 1
    CAPABILITIES = 2
    TIMEOUT = 3
    BUSY = 4
    ERROR = 5


_NO_CAPABILITIES = Capability(0)


@dataclass(frozen=True)
class Hello:
    """First message of each side. rungs: bit i: can decode rung i. software: name and version."""

    major: int = PROTOCOL_VERSION[0]
    minor: int = PROTOCOL_VERSION[1]
    capabilities: Capability = _NO_CAPABILITIES
    rungs: int = 1
    software: str = ""


@dataclass(frozen=True)
class IdentityRequest:
    """Ask for the identity image again, from `layer` (0 or 1) on."""

    layer: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError where there is no such layer."""
        if self.layer not in (0, 1):
            raise ValueError(f"an identity has layers 0 and 1, not {self.layer}")


@dataclass(frozen=True)
class Statistics:
    """What a side received since its last statistics. All counts are 0..65535, all times whole milliseconds.

    voice_lost counts voice packets that never came; round_trip_ms is 0 while unknown; echo_ms is the
    sender's own clock modulo 65536 and echoed_ms the newest echo_ms that it received, echo_delay_ms ago:
    from these the other side works out the round trip.
    """

    voice_received: int = 0
    voice_lost: int = 0
    faces_received: int = 0
    faces_undecodable: int = 0
    received_bytes_per_s: int = 0
    playout_delay_ms: int = 0
    jitter_ms: int = 0
    round_trip_ms: int = 0
    echo_ms: int = 0
    echoed_ms: int = 0
    echo_delay_ms: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError where a count does not fit into 16 bits."""
        for item in fields(self):
            if not 0 <= getattr(self, item.name) < 65536:
                raise ValueError(f"the statistic {item.name} is 0 to 65535, not {getattr(self, item.name)}")


@dataclass(frozen=True)
class Refusal:
    """The call is refused; `text` says why to a person."""

    reason: Reason
    text: str = ""


@dataclass(frozen=True)
class Bye:
    """The side leaves on purpose."""

    reason: Reason = Reason.USER


@dataclass(frozen=True)
class Holding:
    """Said over a connection that took the place of another, after the hello: what need not come again.

    identities: the first IDENTITY_TAG_BYTES of the SHA-256 of each of the other side's identity images that is here.
    """

    identities: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where there are too many, or one is of another length."""
        if len(self.identities) > MAX_IDENTITY_TAGS:
            raise ValueError(
                f"a side holds at most {MAX_IDENTITY_TAGS} identities, not {len(self.identities)}"
            )
        if any(len(tag) != IDENTITY_TAG_BYTES for tag in self.identities):
            raise ValueError(f"an identity is named by {IDENTITY_TAG_BYTES} bytes")


Control = Hello | Acknowledgement | IdentityRequest | Statistics | Refusal | Bye | Holding

_HELLO, _ACKNOWLEDGEMENT, _IDENTITY_REQUEST, _STATISTICS, _REFUSAL, _BYE, _HOLDING = 1, 2, 3, 4, 5, 6, 7


def serialise_control(message: Control) -> bytes:
    """The message's bytes. ValueError where a field has no place on the wire."""
    match message:
        case Hello():
            head = bytes((_HELLO,)) + _MAGIC + bytes((message.major, message.minor))
            offers = int(message.capabilities).to_bytes(4, "big") + message.rungs.to_bytes(2, "big")
            data = head + offers + _text(message.software)
        case Acknowledgement():
            data = bytes((_ACKNOWLEDGEMENT, message.frame_number, message.received))
        case IdentityRequest():
            data = bytes((_IDENTITY_REQUEST, message.layer))
        case Statistics():
            values = (getattr(message, item.name) for item in fields(message))
            data = bytes((_STATISTICS,)) + b"".join(value.to_bytes(2, "big") for value in values)
        case Refusal():
            data = bytes((_REFUSAL, message.reason)) + _text(message.text)
        case Bye():
            data = bytes((_BYE, message.reason))
        case Holding():
            data = bytes((_HOLDING, len(message.identities))) + b"".join(message.identities)
    return data


def parse_control(data: bytes) -> Control:
    """The message in `data`. VersionMismatch for a hello of another major version, ValueError for garbage."""
    if len(data) > MAX_CONTROL_BYTES:
        raise ValueError(f"a control message of {len(data)} bytes is too long")
    if not data:
        raise ValueError("an empty control message")
    if data[0] not in _PARSERS:
        raise ValueError(f"there is no control message of type {data[0]}")
    return _PARSERS[data[0]](data)


def _parse_hello(data: bytes) -> Hello:
    if data[1:3] != _MAGIC or len(data) < 5:
        raise ValueError("the other side does not speak callcodec's protocol")
    major, minor = data[3], data[4]
    if major != PROTOCOL_VERSION[0]:
        raise VersionMismatch(
            f"the other side speaks version {major}.{minor} of the protocol and this side "
            f"{PROTOCOL_VERSION[0]}.{PROTOCOL_VERSION[1]}: update the older of the two"
        )
    if len(data) < 12:
        raise ValueError("the hello is cut off")
    capabilities = Capability(int.from_bytes(data[5:9], "big"))
    return Hello(major, minor, capabilities, int.from_bytes(data[9:11], "big"), _parse_text(data[11:]))


def _take(body: bytes, count: int, name: str) -> tuple[int, ...]:
    if len(body) < count:
        raise ValueError(f"the {name} is cut off")
    return tuple(body[:count])


def _reason(value: int) -> Reason:
    """A reason of a later minor version counts as an error of the other side."""
    return Reason(value) if value in set(Reason) else Reason.ERROR


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) > MAX_TEXT_BYTES:
        raise ValueError(f"a text of {len(data)} bytes is too long for a control message")
    return bytes((len(data),)) + data


def _parse_acknowledgement(data: bytes) -> Acknowledgement:
    return Acknowledgement(*_take(data[1:], 2, "acknowledgement"))


def _parse_identity_request(data: bytes) -> IdentityRequest:
    return IdentityRequest(*_take(data[1:], 1, "identity request"))


def _parse_statistics(data: bytes) -> Statistics:
    count = len(fields(Statistics))
    body = bytes(_take(data[1:], 2 * count, "statistics message"))
    return Statistics(*(int.from_bytes(body[2 * i : 2 * i + 2], "big") for i in range(count)))


def _parse_refusal(data: bytes) -> Refusal:
    (reason,) = _take(data[1:], 1, "refusal")
    return Refusal(_reason(reason), _parse_text(data[2:]))


def _parse_bye(data: bytes) -> Bye:
    (reason,) = _take(data[1:], 1, "bye")
    return Bye(_reason(reason))


def _parse_holding(data: bytes) -> Holding:
    (count,) = _take(data[1:], 1, "holding")
    tags = bytes(_take(data[2:], IDENTITY_TAG_BYTES * count, "holding"))
    return Holding(tuple(tags[i : i + IDENTITY_TAG_BYTES] for i in range(0, len(tags), IDENTITY_TAG_BYTES)))


def _parse_text(data: bytes) -> str:
    if not data:
        raise ValueError("the control message ends before its text")
    length = data[0]
    if length > MAX_TEXT_BYTES or len(data) < 1 + length:
        raise ValueError("the text of the control message is cut off")
    try:
        return data[1 : 1 + length].decode()
    except UnicodeDecodeError:
        raise ValueError("the text of the control message is not UTF-8") from None


_PARSERS: dict[int, Callable[[bytes], Control]] = {
    _HELLO: _parse_hello,
    _ACKNOWLEDGEMENT: _parse_acknowledgement,
    _IDENTITY_REQUEST: _parse_identity_request,
    _STATISTICS: _parse_statistics,
    _REFUSAL: _parse_refusal,
    _BYE: _parse_bye,
    _HOLDING: _parse_holding,
}
