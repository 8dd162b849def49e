"""Face-to-face video calls over a link that carries only a voice call."""

__version__ = "0.1.0"
