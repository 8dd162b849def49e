"""A talking face that comes with the package, and the script that made it."""

from pathlib import Path


def sample_clip() -> Path:
    """The bundled clip: nine seconds, 512×384, 25 FPS, with a synthesised voice."""
    return Path(__file__).parent / "astronaut.mp4"
