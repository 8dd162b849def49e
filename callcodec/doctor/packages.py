"""Libraries that are needed, and those that add something."""

import importlib.util
from importlib import metadata

import av
import av.error

from callcodec.doctor.finding import Finding, Level

ENCODERS: tuple[tuple[str, Level, str], ...] = (
    ("libopus", Level.FAULT, "there is no voice without"),
    ("libx264", Level.LIMIT, "calls cannot be recorded without"),
    ("aac", Level.LIMIT, "calls cannot be recorded without"),
    ("libsvtav1", Level.NOTE, "identity images are WebP instead, and look worse in as many bytes"),
)
EXTRAS: tuple[tuple[str, str, str], ...] = (
    ("devices", "sounddevice", "microphone and speaker"),
    ("echo", "livekit", "an echo canceller"),
    ("train", "lightning_fabric", "training"),
    ("face", "face_alignment", "a second opinion on landmarks when networks are judged"),
)
SHOWN = ("torch", "aiortc", "aioice", "av", "opencv-python", "numba", "numpy")


def look_at_packages() -> list[Finding]:
    """Versions, encoders, and what the extras of the package add."""
    versions = ", ".join(f"{name} {_version(name)}" for name in SHOWN)
    return [Finding("packages", Level.OK, versions), *_encoders(), *_extras()]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # installed in another way than by pip
        return "of unknown version"


def _encoders() -> list[Finding]:
    findings = []
    for name, level, sentence in ENCODERS:
        try:
            av.codec.Codec(name, "w")
        except (av.error.FFmpegError, ValueError):
            findings.append(
                Finding(
                    "encoders",
                    level,
                    f"this build of PyAV has no {name}; {sentence}",
                    "use the wheel of PyPI: pip install --force-reinstall --only-binary av av",
                )
            )
    return findings or [Finding("encoders", Level.OK, ", ".join(name for name, _, _ in ENCODERS))]


def _extras() -> list[Finding]:
    there = [extra for extra, module, _ in EXTRAS if importlib.util.find_spec(module) is not None]
    missing = [(extra, use) for extra, _, use in EXTRAS if extra not in there]
    uses = "; ".join(f"{extra} ({use})" for extra, use in missing)
    findings = [Finding("extras", Level.OK, ", ".join(there) or "none installed")]
    if missing:
        names = ",".join(extra for extra, _ in missing)
        findings.append(
            Finding("extras", Level.NOTE, f"not installed: {uses}", f"pip install 'callcodec[{names}]'")
        )
    return findings
