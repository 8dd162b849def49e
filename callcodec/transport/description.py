"""Session descriptions (SDP) as the two sides exchange them, whatever carries them from one to the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

MAX_SDP_BYTES = 32_768
"""Ours have about 3 KB with one network interface."""


class Description(TypedDict):
    """An offer or an answer, ready for JSON."""

    type: str
    """"offer" or "answer"."""
    sdp: str


def check_description(message: Mapping[str, object], kind: str) -> Description:
    """The description in a message from outside. ValueError unless it is a `kind` with voice and channels."""
    sdp = message.get("sdp")
    if message.get("type") != kind or not isinstance(sdp, str):
        raise ValueError(f"The other side sent something else than an {kind}.")
    if len(sdp) > MAX_SDP_BYTES:
        raise ValueError(f"The other side's {kind} has {len(sdp)} bytes, more than {MAX_SDP_BYTES}.")
    lines = [line.split(" ")[0] for line in sdp.splitlines() if line.startswith("m=")]
    if lines != ["m=audio", "m=application"]:
        raise ValueError(
            f"The other side's {kind} describes {', '.join(lines) or 'nothing'}; "
            "this program speaks m=audio and m=application, in that order."
        )
    return {"type": kind, "sdp": sdp}


def without_header_extensions(sdp: str) -> str:
    """The description without its RTP header extensions (RFC 8285): each would cost 8 bytes in every packet.

    An extension is only used when both descriptions name it, so any WebRTC peer goes along; packets are told
    apart by their SSRC and payload type (RFC 8843, 9.2).
    """
    return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith("a=extmap"))
