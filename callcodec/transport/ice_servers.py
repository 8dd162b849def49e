"""STUN and TURN servers (RFC 8489, RFC 8656), as a person names them. None is ever contacted unless named."""

from __future__ import annotations

import re

from aiortc import RTCIceServer

PASSWORD_VARIABLE = "CALLCODEC_TURN_PASSWORD"
"""Where the password of TURN comes from: a command line can be read by everybody on the machine."""

_STUN = re.compile(r"stun:[A-Za-z0-9.-]+(:\d{1,5})?")
_TURN = re.compile(r"(turns?):([^@\s:]+)@([A-Za-z0-9.-]+(?::\d{1,5})?)")


def parse_ice_server(text: str, password: str | None) -> RTCIceServer:
    """The server in stun:HOST[:PORT], turn:USER@HOST[:PORT] or turns:USER@HOST[:PORT].

    ValueError if it is none of these, or TURN without `password`.
    """
    if _STUN.fullmatch(text):
        return RTCIceServer(urls=text)
    turn = _TURN.fullmatch(text)
    if turn is None:
        raise ValueError(f"{text!r} is neither stun:HOST:PORT nor turn:USER@HOST:PORT")
    if not password:
        raise ValueError(f"{text} needs a password in the environment variable {PASSWORD_VARIABLE}")
    scheme, user, host = turn.groups()
    return RTCIceServer(urls=f"{scheme}:{host}", username=user, credential=password)
