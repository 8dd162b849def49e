"""Hypothesis strategies for everything that has a place on the wire."""

from hypothesis import strategies as st

from callcodec.wire.bundle import Acknowledgement, Bundle
from callcodec.wire.face_packet import MAX_REFERENCE_DISTANCE, RUNGS, FacePacket
from callcodec.wire.report import Report

payloads = st.binary(max_size=60).map(lambda data: data.rstrip(b"\0"))

face_packets = st.builds(
    FacePacket,
    frame_number=st.integers(0, 255),
    reference_distance=st.none() | st.integers(1, MAX_REFERENCE_DISTANCE),
    rung=st.integers(0, len(RUNGS) - 1),
    quality=st.integers(0, 15),
    capture_offset_ms=st.integers(-128, 127).map(lambda steps: 5 * steps),
    payload=payloads,
    emotion=st.none() | st.integers(0, 14),
    hints=st.none() | st.binary(min_size=1, max_size=6),
    repeat=st.booleans(),
)

acknowledgements = st.builds(Acknowledgement, st.integers(0, 255), st.integers(0, 255))

reports = st.builds(Report, *[st.integers(0, 255)] * 4)

bundles = st.builds(
    Bundle,
    acknowledgement=st.none() | acknowledgements,
    faces=st.lists(face_packets, max_size=4).map(tuple),
    report=st.none() | reports,
)
