"""Session descriptions (SDP) as the two sides exchange them, whatever carries them from one to the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypedDict

MAX_SDP_BYTES = 32_768
"""Ours have about 3 KB with one network interface."""

CALL_MEDIA = ("audio", "application")
"""The sections of a call between two of these programs."""


class UnusableDescriptionError(ValueError):
    """No connection can be made with a description from the other side; says why in a sentence."""


class Description(TypedDict):
    """An offer or an answer, ready for JSON."""

    type: str
    """"offer" or "answer"."""
    sdp: str


def check_description(
    message: Mapping[str, object], kind: str, media: tuple[str, ...] = CALL_MEDIA
) -> Description:
    """The description in a message from outside.

    UnusableDescriptionError unless it is a `kind` with these `media` sections in this order, bundled (RFC 9143). One
    video section may stand among them in any case.
    """
    sdp = message.get("sdp")
    if message.get("type") != kind or not isinstance(sdp, str):
        raise UnusableDescriptionError(f"The other side sent something else than an {kind}.")
    if len(sdp) > MAX_SDP_BYTES:
        raise UnusableDescriptionError(
            f"The other side's {kind} has {len(sdp)} bytes, more than {MAX_SDP_BYTES}."
        )
    session, *sections = re.split(r"^(?=m=)", sdp, flags=re.MULTILINE)
    described = tuple(section.split()[0].removeprefix("m=") for section in sections)
    without_video = tuple(section for section in described if section != "video")
    if described != media and (without_video != media or len(described) != len(media) + 1):
        raise UnusableDescriptionError(
            f"The other side's {kind} describes {', '.join(described) or 'nothing'}; "
            f"this program speaks {', '.join(media)}, in that order."
        )
    mids = [re.findall(r"^a=mid:(\S+)$", section.replace("\r", ""), re.MULTILINE) for section in sections]
    bundles = re.findall(r"^a=group:BUNDLE (.*)$", session.replace("\r", ""), re.MULTILINE)
    names = [name for section_names in mids for name in section_names]
    if (
        any(len(section_names) != 1 for section_names in mids)
        or bundles != [" ".join(names)]
        or len(set(names)) != len(described)
    ):
        raise UnusableDescriptionError(f"The other side's {kind} does not put everything on one path.")
    return {"type": kind, "sdp": sdp}


def without_header_extensions(sdp: str) -> str:
    """The description without its RTP header extensions (RFC 8285): each would cost 8 bytes in every packet.

    An extension is only used when both descriptions name it, so any WebRTC peer goes along; packets are told
    apart by their SSRC and payload type (RFC 8843, 9.2).
    """
    return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith("a=extmap"))


def has_video(description: Mapping[str, object]) -> bool:
    """Whether it has a video section."""
    return re.search(r"^m=video ", str(description.get("sdp")), re.MULTILINE) is not None
