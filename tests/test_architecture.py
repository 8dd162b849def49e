"""The house keeps its order: data flows one way, and light rooms stay light."""

import ast
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

OURS = ("callcodec", "sender", "receiver", "models", "configs")
HEAVY = {
    "torch",
    "numba",
    "scipy",
    "av",
    "cv2",
    "sounddevice",
    "aiortc",
    "aioice",
    "aiohttp",
    "torchmetrics",
    "safetensors",
    "lightning_fabric",
}

# room → (own rooms that it may import, heavy packages that it may import)
MAY_IMPORT: dict[str, tuple[set[str], set[str]]] = {
    "callcodec.wire": (set(), {"numba"}),
    "callcodec.h264": (set(), {"numba"}),
    "callcodec.speech": (set(), {"scipy", "av"}),
    "callcodec.media": (set(), {"av", "cv2", "sounddevice"}),
    "callcodec.face": (set(), {"cv2"}),
    "callcodec.transport": ({"callcodec.wire"}, {"aiortc", "aioice", "aiohttp", "av"}),
    "models.training": (
        {
            "models",
            "callcodec.wire",
            "callcodec.media",
            "callcodec.face",
            "callcodec.speech",
            "callcodec.h264",
        },
        {"torch", "cv2", "scipy", "torchmetrics", "safetensors", "lightning_fabric"},
    ),
    "models": ({"callcodec.speech", "callcodec.h264"}, {"torch", "safetensors"}),
    "sender": (
        {
            "callcodec.wire",
            "callcodec.speech",
            "callcodec.media",
            "callcodec.face",
            "callcodec.transport",
            "models",
        },
        set(),
    ),
    "receiver": (
        {
            "callcodec.wire",
            "callcodec.speech",
            "callcodec.media",
            "callcodec.face",
            "callcodec.h264",
            "callcodec.transport",
            "models",
        },
        {"torch", "cv2"},
    ),
}
EVERYTHING_BELOW = set(MAY_IMPORT)
MAY_IMPORT |= {
    "callcodec.sample": ({"callcodec.media"}, {"cv2", "av"}),
    "callcodec.call": (EVERYTHING_BELOW, {"cv2"}),
    "callcodec.measure": (EVERYTHING_BELOW | {"callcodec.call", "callcodec.sample"}, HEAVY),
    "callcodec.doctor": (EVERYTHING_BELOW | {"callcodec.call", "callcodec.measure"}, {"av", "torch"}),
    "callcodec.commands": (
        EVERYTHING_BELOW | {"callcodec.call", "callcodec.doctor", "callcodec.measure", "callcodec.sample"},
        HEAVY,
    ),
    "callcodec.cli": ({"callcodec.commands"}, set()),
}


def room_of(module: str) -> str | None:
    """The longest room that the dotted ``module`` lies in; None for the foundation."""
    rooms = [room for room in MAY_IMPORT if module == room or module.startswith(room + ".")]
    return max(rooms, key=len) if rooms else None


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def our_files() -> list[Path]:
    """Every Python file that is installed."""
    return [path for folder in OURS for path in sorted((REPOSITORY / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", our_files(), ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_a_room_imports_only_what_the_design_allows(path: Path) -> None:
    module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
    room = room_of(module)
    if room is None:
        return
    rooms, heavy = MAY_IMPORT[room]
    for name in imports_of(path):
        package = name.split(".")[0]
        target = room_of(name)
        if package in OURS and target is not None:
            assert target == room or target in rooms, f"{module} imports {name}"
        if package in HEAVY:
            assert package in heavy, f"{module} imports {name}"


def test_every_package_is_listed_in_pyproject() -> None:
    listed = set(tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        ".".join(path.parent.relative_to(REPOSITORY).parts)
        for path in our_files()
        if path.name == "__init__.py"
    }
    assert listed == found


def test_the_wire_loads_without_torch() -> None:
    modules = "callcodec.wire.lowres, callcodec.wire.bundle, callcodec.wire.identity, callcodec.wire.control"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_help_answers_in_under_300_ms() -> None:
    def seconds() -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "callcodec", "--help"], check=True, capture_output=True)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.3
