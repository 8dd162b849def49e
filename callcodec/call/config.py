"""What one end of a call is made of, as configs/calls/*.yaml says it."""

from dataclasses import dataclass, field

from callcodec.call.video_settings import VideoSettings
from receiver.settings import ReceiverSettings
from sender.settings import SenderSettings


@dataclass(frozen=True)
class CallConfig:
    """One end's settings; ``carrier`` names how face packets travel (callcodec.transport.carriers).

    ``video``: H.264 in their place, and the other side's.
    """

    carrier: str
    sender: SenderSettings
    receiver: ReceiverSettings
    video: VideoSettings = field(default_factory=VideoSettings)
