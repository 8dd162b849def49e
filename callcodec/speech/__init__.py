"""The voice: Opus packets and the features that networks hear."""

from typing import Final

SAMPLE_RATE_HZ: Final = 16_000
"""Rate of all mono int16 PCM inside the application."""
