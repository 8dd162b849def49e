"""A code that one person reads out to the other, good for one attempt, in place of a shared secret file.

Its eight digits are 27 bits: far too few for an HMAC, which anybody who has recorded one could try codes on until one
fits. So the two sides agree on a key by SPAKE2 (RFC 9382 describes it; Abdalla & Pointcheval, "Simple Password-Based
Encrypted Key Exchange Protocols", CT-RSA 2005), from which nobody learns more than whether the one code that they
tried was right: one chance in 100,000,000. The key then takes the place of the secret in `authentication`, whose
proofs bind it to roles, nonces and DTLS fingerprints.

The library does not compute in constant time. An observer would have to measure the one computation made with a code
that is worth nothing afterwards.
"""

from __future__ import annotations

import re
import secrets

from spake2 import SPAKE2_A, SPAKE2_B, SPAKEError
from spake2.ed25519_basic import NotOnCurve

from callcodec.transport.authentication import AuthenticationError, Role

DIGITS = 8
MESSAGE_BYTES = 33
"""The side, and an element of the group of Ed25519."""

_NAMES = {"idA": b"callcodec 1 call", "idB": b"callcodec 1 listen"}


class WrongCodeError(AuthenticationError):
    """Somebody tried a code that is not the listener's; says so in a sentence. The code is used up."""


class OneTimeCode:
    """One code on one side, for one attempt: `begin`, `finish`, and `confirmed` once the other side's proof is right.

    The key that came of it is then as good as a secret file for the rest of the call.
    """

    def __init__(self, text: str) -> None:
        """The code as a person typed it, spaces and dashes wherever they like. ValueError if it is none."""
        digits = re.sub(r"[\s-]", "", text)
        if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits):
            raise ValueError(f"{text!r} is no code: it has {DIGITS} digits, such as 4829-1736")
        self._digits = digits
        self._exchange: SPAKE2_A | SPAKE2_B | None = None
        self._used = False
        self._key: bytes | None = None

    @classmethod
    def fresh(cls) -> OneTimeCode:
        """A new random code."""
        return cls(f"{secrets.randbelow(10**DIGITS):0{DIGITS}}")

    def __str__(self) -> str:
        """As it is read out: two groups of four digits."""
        return f"{self._digits[:4]}-{self._digits[4:]}"

    @property
    def key(self) -> bytes | None:
        """256 bits that this side and the other one share; None before the other side has proved that it has them."""
        return self._key

    def begin(self, role: Role) -> bytes:
        """This side's message. AuthenticationError if the code was used before."""
        if self._used:
            raise AuthenticationError("A code is good for one attempt only: ask for a new one.")
        self._used = True
        side = SPAKE2_A if role is Role.CALL else SPAKE2_B
        self._exchange = side(self._digits.encode(), **_NAMES)
        return bytes(self._exchange.start())

    def finish(self, message: bytes) -> bytes:
        """The key, 32 bytes, from the other side's message; only a right proof shows that both have the same.

        AuthenticationError if that is no message of the other role, or was made of this side's own.
        """
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            raise AuthenticationError("A code is good for one attempt only: ask for a new one.")
        if len(message) != MESSAGE_BYTES:
            raise AuthenticationError(
                f"A message about a code has {MESSAGE_BYTES} bytes, the other side's has {len(message)}."
            )
        try:
            return bytes(exchange.finish(message))
        except (SPAKEError, NotOnCurve, ValueError) as error:
            raise AuthenticationError("The other side's message about the code is none.") from error

    def confirmed(self, key: bytes) -> None:
        """The other side has proved that it has `key`."""
        self._key = key
