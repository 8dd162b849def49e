"""The finder of shapes that calls use: the shipped landmark network."""

from callcodec.face.shape_finder import ShapeFinder
from models.landmarks import create_landmark_detector

LIVE_DETECTOR = "callcodec"  # a few milliseconds a picture; others take a second


def create_shape_finder() -> ShapeFinder:
    """Loads the network. Raises WeightsError (a ValueError)."""
    return ShapeFinder(create_landmark_detector(LIVE_DETECTOR))
