"""The bundled sample: a portrait in the public domain that talks."""

from importlib import resources
from pathlib import Path


def sample_clip() -> Path:
    """Where the sample lies; `make.py` beside it says how it was made."""
    return Path(str(resources.files(__name__))) / "astronaut.mp4"
