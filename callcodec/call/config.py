"""What one end of a call is made of, as configs/calls/*.yaml says it."""

from dataclasses import dataclass

from receiver.settings import ReceiverSettings
from sender.settings import SenderSettings


@dataclass(frozen=True)
class CallConfig:
    """One end's settings; ``carrier`` names how face packets travel (callcodec.transport.carriers)."""

    carrier: str
    sender: SenderSettings
    receiver: ReceiverSettings
