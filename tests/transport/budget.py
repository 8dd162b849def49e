"""What the packets of a typical call look like, for the tests of its bit rate."""

FACE_PERIOD_MS = 200
FACE_BUNDLE_BYTES = 20
EMBEDDING_BYTES = 2
"""Opus padding around a bundle."""


def payload_sizes(packet_ms: int, voice_bytes: int, seconds: float) -> list[int]:
    """RTP payload sizes of voice packets that carry five faces a second, each face in the next packet."""
    sizes = []
    for number in range(int(seconds * 1000 / packet_ms)):
        faces = (number + 1) * packet_ms // FACE_PERIOD_MS - number * packet_ms // FACE_PERIOD_MS
        sizes.append(voice_bytes + faces * FACE_BUNDLE_BYTES + (EMBEDDING_BYTES if faces else 0))
    return sizes
