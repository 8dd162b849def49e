"""Session descriptions (SDP) as the two sides exchange them, whatever carries them from one to the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypedDict

MAX_SDP_BYTES = 32_768
"""Ours have about 3 KB with one network interface."""


class UnusableDescriptionError(ValueError):
    """No connection can be made with a description from the other side; says why in a sentence."""


class Description(TypedDict):
    """An offer or an answer, ready for JSON."""

    type: str
    """"offer" or "answer"."""
    sdp: str


def check_description(message: Mapping[str, object], kind: str) -> Description:
    """The description in a message from outside.

    UnusableDescriptionError unless it is a `kind` with one voice and one data section, bundled (RFC 9143).
    """
    sdp = message.get("sdp")
    if message.get("type") != kind or not isinstance(sdp, str):
        raise UnusableDescriptionError(f"The other side sent something else than an {kind}.")
    if len(sdp) > MAX_SDP_BYTES:
        raise UnusableDescriptionError(
            f"The other side's {kind} has {len(sdp)} bytes, more than {MAX_SDP_BYTES}."
        )
    session, *sections = re.split(r"^(?=m=)", sdp, flags=re.MULTILINE)
    media = [section.split()[0] for section in sections]
    if media != ["m=audio", "m=application"]:
        raise UnusableDescriptionError(
            f"The other side's {kind} describes {', '.join(media) or 'nothing'}; "
            "this program speaks m=audio and m=application, in that order."
        )
    mids = [re.findall(r"^a=mid:(\S+)$", section.replace("\r", ""), re.MULTILINE) for section in sections]
    bundles = re.findall(r"^a=group:BUNDLE (.*)$", session.replace("\r", ""), re.MULTILINE)
    if (
        [len(names) for names in mids] != [1, 1]
        or bundles != [f"{mids[0][0]} {mids[1][0]}"]
        or mids[0] == mids[1]
    ):
        raise UnusableDescriptionError(f"The other side's {kind} does not put voice and data on one path.")
    return {"type": kind, "sdp": sdp}


def without_header_extensions(sdp: str) -> str:
    """The description without its RTP header extensions (RFC 8285): each would cost 8 bytes in every packet.

    An extension is only used when both descriptions name it, so any WebRTC peer goes along; packets are told
    apart by their SSRC and payload type (RFC 8843, 9.2).
    """
    return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith("a=extmap"))
