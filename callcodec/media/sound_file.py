"""A file that stands in for the microphone: any sound track, with or without pictures beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.media.container import ClipError, DecodeTally, open_container, sound_stream
from callcodec.media.sound import decode_voice


def read_voice(path: Path) -> NDArray[np.int16]:
    """The sound of `path`, int16 (samples,) mono at 16 kHz. ClipError if the file has none that can be decoded."""
    with open_container(path) as container:
        stream = sound_stream(container)
        begins_s = 0.0
        if stream is not None and stream.start_time is not None and stream.time_base is not None:
            begins_s = float(stream.start_time * stream.time_base)
        pcm = None if stream is None else decode_voice(container, stream, begins_s, DecodeTally())
    if pcm is None:
        raise ClipError(f"{path} has no sound that can be decoded")
    return pcm
