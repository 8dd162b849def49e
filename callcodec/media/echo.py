"""Takes the other side's voice out of what the microphone hears: WebRTC's canceller (AEC3), from the livekit package.

In synthetic rooms whose echo comes after 0-240 ms it takes away 31-43 dB of it once it has settled, and 0.3 dB of the
own voice (`python -m callcodec.measure.echo`), for 0.3 ms of one core every 10 ms.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callcodec.media.sound import VOICE_RATE_HZ

FRAME_SAMPLES = VOICE_RATE_HZ // 100
"""The canceller works on 10 ms."""
STREAM_DELAY_MS = 20
"""From giving a block to a sound card to hearing it, at the least: the canceller finds out by itself what it is more
(0-240 ms tried), but does not look for less."""

Pcm = NDArray[np.int16]


def find_canceller() -> EchoCanceller | None:
    """A canceller, or None where the package is not installed (``pip install 'callcodec[echo]'``)."""
    try:
        processing = importlib.import_module("livekit.rtc.apm")
        frames = importlib.import_module("livekit.rtc")
    except (ImportError, OSError):
        return None
    return EchoCanceller(processing.AudioProcessingModule, frames.AudioFrame)


class EchoCanceller:
    """Told what is played, it cleans what is heard; mono int16, 16 kHz. Both are called on the card's threads."""

    def __init__(self, create_module: Any, create_frame: Any) -> None:
        self._module = create_module(echo_cancellation=True, high_pass_filter=True)
        self._create_frame = create_frame

    def played(self, pcm: Pcm) -> None:
        """A block of whole frames that goes to the speaker now, silence too."""
        for frame in self._frames(pcm):
            self._module.process_reverse_stream(frame)

    def clean(self, pcm: Pcm) -> Pcm:
        """The block that the microphone brings now, without its echo; as long as it was."""
        heard = []
        for frame in self._frames(pcm):
            self._module.set_stream_delay_ms(STREAM_DELAY_MS)
            self._module.process_stream(frame)
            heard.append(np.frombuffer(bytes(frame.data), np.int16))
        return np.concatenate([*heard, pcm[len(heard) * FRAME_SAMPLES :]])

    def _frames(self, pcm: Pcm) -> list[Any]:
        return [
            self._create_frame(
                bytearray(pcm[at : at + FRAME_SAMPLES].tobytes()), VOICE_RATE_HZ, 1, FRAME_SAMPLES
            )
            for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
        ]
