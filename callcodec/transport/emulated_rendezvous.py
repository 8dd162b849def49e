"""A rendezvous that puts an emulated bad link between the two who meet there: real programs, unchanged, over it."""

from __future__ import annotations

from callcodec.transport.description import check_description
from callcodec.transport.relay import UdpRelay
from callcodec.transport.rendezvous import Rendezvous
from callcodec.transport.signalling import parse_message, serialise_message


class EmulatedRendezvous(Rendezvous):
    """Both sides of every connection made here see the relay in the place of the other one.

    Proofs cover certificates and not addresses, so the two still know each other. For one pair on this machine.
    """

    def __init__(self, relay: UdpRelay) -> None:
        """`relay`: started, and closed, by the caller."""
        super().__init__()
        self._link = relay

    def passed_on(self, text: str) -> str:
        """See Rendezvous: descriptions lead to the relay."""
        message = parse_message(text)
        kind = message.get("type")
        if kind == "offer":
            message |= self._link.route_offer(check_description(message, "offer"))
        elif kind == "answer":
            message |= self._link.route_answer(check_description(message, "answer"))
        return serialise_message(message).decode()
