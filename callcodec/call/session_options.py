"""What a person calls with, checked before anything is opened."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.call.browser_meeting import BrowserOptions
from callcodec.call.config import CallConfig
from callcodec.call.emotion import EmotionChoice
from callcodec.call.equipment import Equipment
from callcodec.transport.ice_servers import parse_ice_server
from callcodec.transport.one_time_code import OneTimeCode
from callcodec.transport.rendezvous_client import check_room, check_url

PASTE = "paste"


@dataclass(frozen=True)
class SessionOptions:
    """What one person calls with. ``signal``: a rendezvous, or "paste". ``device``: of torch.

    ``secret``: of the file that both have; None for a code, which the listener makes and the caller types in, unless
    it is ``code``.
    ``yes``: take the call without asking. ``seconds``: hang up after so long. ``identity``: (256, 256, 3) RGB.
    ``ice_servers``: as `parse_ice_server` takes them. ``browser``: the other side is one; then there is neither a room
    nor a secret beforehand.
    """

    room: str
    secret: bytes | None
    signal: str
    equipment: Equipment
    config: CallConfig
    device: str
    yes: bool = False
    seconds: float | None = None
    emotion: EmotionChoice = None
    identity: NDArray[np.uint8] | None = None
    ice_servers: tuple[str, ...] = ()
    turn_password: str | None = None
    code: str | None = None
    browser: BrowserOptions | None = None

    @property
    def meets_again(self) -> bool:
        """Whether the two can find each other anew when their connection is lost."""
        return self.signal != PASTE and self.browser is None

    def check(self) -> None:
        """ValueError, with a sentence, for what cannot be; opens nothing."""
        if self.browser is not None:
            self.browser.check()
        elif self.signal != PASTE:
            check_url(self.signal)
            check_room(self.room)
        if self.code is not None:
            OneTimeCode(self.code)
        for name in self.ice_servers:
            parse_ice_server(name, self.turn_password)
        self.equipment.check()
