"""Reads Constrained Baseline H.264 (ITU-T H.264) and keeps what the stream knows about each picture.

FFmpeg gives the decoded picture, motion vectors and QP. This decoder also gives prediction, residue, partitions,
coefficients and levels: see :class:`callcodec.h264.picture.Picture` and :class:`callcodec.h264.reader.Reader`.
"""
