"""The validation clips as mdvd is judged on them: encoded as a call's encoder does."""

from __future__ import annotations

import numpy as np

from callcodec.media.compression import decode_i420, encode_i420
from models.landmarks import create_landmark_detector
from models.training.cache import ClipCache
from models.training.restoration.i420_store import SharpClips
from models.training.restoration.judging import FoundLandmarks, Judged
from models.training.restoration.mdvd_data import VoiceWindows, face_pictures, read
from models.training.restoration.scores import rate_for

PAPERS = "at_27_db"  # where H.264 stood before restoration in Zhang & Wu
CONDITIONS = (PAPERS, "at_60_kbps")
LONGEST = 100  # pictures of a clip


def judged_streams(validation: ClipCache, conditions: tuple[str, ...] = CONDITIONS) -> list[Judged]:
    """Every sharp clip under every condition: at_N_db or at_N_kbps, of H.264; ending in _hevc of H.265."""
    sharp, detector = SharpClips(validation), create_landmark_detector("callcodec")
    judged = []
    for number, clip in enumerate(sharp.clips):
        count = min(clip.frames, LONGEST)
        pictures = list(sharp.pictures(number, 0, count))
        points = np.stack([sharp.cache.landmarks(clip.first_frame + k) for k in range(count)])
        voice = VoiceWindows(sharp.cache.mel(number), clip.has_voice and clip.lip_sync != "no")
        original = face_pictures(np.stack(pictures))
        for condition in conditions:
            _, value, unit, *rest = condition.split("_")
            codec = "hevc" if rest else "h264"
            kbps = float(value) if unit == "kbps" else rate_for(pictures, float(value), codec)
            packets = encode_i420(pictures, codec, kbps=kbps)
            decoded = (
                read(packets)
                if codec == "h264"
                else face_pictures(np.stack(list(decode_i420(packets, codec))))
            )
            shown = [picture.planes for picture in decoded]
            judged.append(
                Judged(
                    clip.name,
                    clip.person,
                    condition,
                    original,
                    decoded,
                    shown,
                    voice,
                    points,
                    kbps=kbps,
                    found=FoundLandmarks(detector, shown),
                )
            )
    return judged
