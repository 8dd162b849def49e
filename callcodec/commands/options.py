"""What several commands ask for, and how it is understood."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import ssl

RECONSTRUCTORS = ("compact", "bicubic", "paper")
DEVICES = ("auto", "cpu", "cuda")
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


def add_server_arguments(parser: argparse.ArgumentParser, port: int) -> None:
    """Add where to serve, and with which certificate."""
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to serve on (%(default)s)")
    parser.add_argument("--port", type=int, default=port, metavar="P", help="port to serve on (%(default)s)")
    parser.add_argument("--certificate", type=Path, metavar="F", help="TLS certificate chain, PEM")
    parser.add_argument("--key", type=Path, metavar="F", help="TLS private key, PEM")


def server_tls(certificate: Path | None, key: Path | None) -> "ssl.SSLContext | None":
    """What to serve TLS with; None without a certificate. ValueError, with a sentence, for one that cannot be used."""
    import ssl

    if (certificate is None) != (key is None):
        raise ValueError("TLS needs both --certificate and --key")
    if certificate is None:
        return None
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        tls.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"--certificate and --key cannot be used: {error}") from error
    return tls


def check_port(port: int) -> None:
    """ValueError, with a sentence, unless it can be a port; 0 lets the system choose."""
    if not 0 <= port <= 65535:
        raise ValueError(f"--port {port} is no port; 0 to 65535")


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
