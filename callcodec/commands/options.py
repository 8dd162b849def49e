"""What several commands ask for, and how it is understood."""

import argparse
from pathlib import Path
from typing import Any, Literal

RECONSTRUCTORS = ("compact", "bicubic", "paper")
DEVICES = ("auto", "cpu", "cuda")


def positive(text: str) -> float:
    """A number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def chosen_device(name: str) -> str:
    """The torch device for "auto", "cpu" or "cuda". ValueError when it is not there."""
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: this machine or this build of torch has no CUDA; --device cpu works")
    return name


def emotion_choice(name: str | None) -> int | Literal["auto"] | None:
    """The emotion state of that label, or "auto" as it is. ValueError if there is none."""
    from callcodec.wire.emotion import EmotionState

    if name is None or name == "auto":
        return None if name is None else "auto"
    return int(EmotionState.from_label(name))


def identity_picture(path: Path | None) -> Any:
    """The face in an image file, (256, 256, 3) uint8 RGB. ValueError if it cannot be read."""
    from callcodec.face.crop import FaceCropper
    from callcodec.media.clip import open_clip

    if path is None:
        return None
    picture = next(open_clip(path).frames())
    return FaceCropper().crop(picture.rgb, 0).rgb
