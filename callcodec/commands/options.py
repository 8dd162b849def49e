"""What several commands ask for, and how it is understood."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import ssl

    from callcodec.call.video_settings import VideoSettings

RECONSTRUCTORS = ("compact", "bicubic", "paper")
DEVICES = ("auto", "cpu", "cuda")
VIDEO_CODECS = ("lowres", "h264")
RESTORERS = ("auto", "mdvd", "mmsd", "gavn", "none")
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


def add_server_arguments(parser: "argparse._ActionsContainer", port: int) -> None:
    """Add where to serve, and with which certificate."""
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="H", help="address to serve on (default %(default)s)"
    )
    parser.add_argument(
        "--port", type=int, default=port, metavar="P", help="port to serve on (default %(default)s)"
    )
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


def add_video_arguments(parser: "argparse._ActionsContainer") -> None:
    """Add how H.264 is sent and restored."""
    parser.add_argument("--kbps", type=positive, metavar="N", help="rate of H.264, 30 to 200 (default 60)")
    parser.add_argument(
        "--restorer",
        choices=RESTORERS,
        help="what restores the other side's H.264 (default auto, what suits it)",
    )
    parser.add_argument(
        "--max-kbps",
        type=positive,
        metavar="N",
        help="ask the other side to send no more H.264 than that; without it, nothing is asked",
    )


def video_settings(settings: "VideoSettings", arguments: argparse.Namespace, codec: str) -> "VideoSettings":
    """``settings`` with what the arguments of ``add_video_arguments`` change. ValueError for what cannot be."""
    if codec != "h264" and arguments.kbps is not None:
        raise ValueError("--kbps is the rate of H.264, which is not sent; --voice-kbps is the voice's")
    return replace(
        settings,
        codec=codec,
        kbps=settings.kbps if arguments.kbps is None else arguments.kbps,
        restorer=arguments.restorer or settings.restorer,
        limit_kbps=settings.limit_kbps if arguments.max_kbps is None else arguments.max_kbps,
    )


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
