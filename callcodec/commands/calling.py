"""What ``callcodec listen`` and ``callcodec call`` have in common: all but who begins."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from callcodec.commands.options import (
    DEVICES,
    RECONSTRUCTORS,
    VIDEO_CODECS,
    add_video_arguments,
    chosen_device,
    emotion_choice,
    identity_picture,
    positive,
    video_settings,
)

if TYPE_CHECKING:
    from callcodec.call.browser_meeting import BrowserOptions
    from callcodec.transport.authentication import Role

KEYS = (
    "Keys during the call, in the window or, on Linux and macOS, at the terminal: m mute, c camera, r record, i new "
    "identity image, e emotion, t push to talk (hold the space bar), z larger window, q quit."
)
DEFAULT_CONFIG, BROWSER_CONFIG = "calls/phone", "calls/browser"


def add_call_arguments(parser: argparse.ArgumentParser) -> None:
    """Add everything that a person calls with."""
    parser.add_argument("--room", default="", metavar="NAME", help="where to meet; both name the same")
    parser.add_argument(
        "--secret-file", type=Path, metavar="F", help="made by callcodec secret, on both sides"
    )
    parser.add_argument(
        "--signal",
        default="ws://127.0.0.1:8765",
        metavar="URL",
        help="rendezvous, ws:// or wss:// (default %(default)s), or paste: carry the lines over by hand",
    )
    parser.add_argument(
        "--ice-server",
        action="append",
        default=[],
        metavar="S",
        help="stun:HOST:PORT or turn:USER@HOST:PORT (password in CALLCODEC_TURN_PASSWORD); may be repeated. "
        "Without one, only addresses of this machine are offered",
    )
    parser.add_argument(
        "--video", default="camera", metavar="V", help="camera, none or a FILE (default camera)"
    )
    parser.add_argument(
        "--audio", metavar="A", help="mic, none or a FILE (default the sound of the --video FILE, else mic)"
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="OUT.mp4",
        help="keep what is seen and heard, from the start; key r ends a recording and begins the next",
    )
    parser.add_argument("--no-window", action="store_true", help="show no picture")
    parser.add_argument("--no-speaker", action="store_true", help="play no voice")
    parser.add_argument(
        "--config",
        metavar="NAME",
        help=f"{DEFAULT_CONFIG}, calls/frugal, {BROWSER_CONFIG} or a .yaml (default {DEFAULT_CONFIG}, with a browser "
        f"{BROWSER_CONFIG})",
    )
    parser.add_argument("--reconstructor", choices=RECONSTRUCTORS, help="what makes the picture")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="of the reconstructor, instead of shipped ones"
    )
    video = parser.add_argument_group(
        "H.264, which any WebRTC client understands, in place of low resolution"
    )
    video.add_argument("--codec", choices=VIDEO_CODECS, help="what this side's picture is sent as")
    add_video_arguments(video)
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where the network runs")
    parser.add_argument(
        "--emotion",
        metavar="STATE",
        help="emotion state sent along, such as happy-strong; auto: what the face shows, when that is sure",
    )
    parser.add_argument(
        "--identity", type=Path, metavar="IMAGE", help="identity image (default the best of the first second)"
    )
    parser.add_argument(
        "--seconds",
        type=positive,
        metavar="N",
        help="hang up after N seconds; a --video FILE that ends does so, too",
    )


def run_call(
    arguments: argparse.Namespace, role: "Role", yes: bool = False, browser: "BrowserOptions | None" = None
) -> int:
    """Hold one call, with a browser if that is wanted; 0 when it came about, or was declined here."""
    import asyncio

    import torch
    from rich.console import Console

    from callcodec.call.config import CallConfig
    from callcodec.call.end import picture_threads
    from callcodec.call.equipment import Equipment
    from callcodec.call.memory import keep_freed_memory
    from callcodec.call.session import hold_call
    from callcodec.call.session_options import PASTE, SessionOptions
    from callcodec.call.terminal import Terminal
    from callcodec.config import load_config
    from callcodec.transport.ice_servers import PASSWORD_VARIABLE
    from callcodec.transport.secret import load_secret

    if browser is None and (arguments.secret_file is None) == (arguments.code is None):
        raise ValueError("say who may be on the other side: either --secret-file FILE or --code")
    if browser is None and not arguments.room and arguments.signal != PASTE:
        raise ValueError("--room NAME says where to meet; the other side names the same")
    named = arguments.config or (DEFAULT_CONFIG if browser is None else BROWSER_CONFIG)
    config = load_config(named, CallConfig)
    codec = arguments.codec or config.video.codec
    config = replace(config, video=video_settings(config.video, arguments, codec))
    if arguments.reconstructor is not None:
        config = replace(config, receiver=replace(config.receiver, reconstructor=arguments.reconstructor))
    if arguments.weights is not None:
        config = replace(config, receiver=replace(config.receiver, weights=arguments.weights))
    options = SessionOptions(
        room=arguments.room,
        secret=None if arguments.secret_file is None else load_secret(arguments.secret_file),
        code=arguments.code or None,
        browser=browser,
        signal=arguments.signal,
        equipment=Equipment(
            video=arguments.video,
            audio=arguments.audio,
            record=arguments.record,
            window=not arguments.no_window,
            speaker=not arguments.no_speaker,
        ),
        config=config,
        device=chosen_device(arguments.device),
        yes=yes,
        seconds=arguments.seconds,
        emotion=emotion_choice(arguments.emotion),
        identity=identity_picture(arguments.identity),
        ice_servers=tuple(arguments.ice_server),
        turn_password=os.environ.get(PASSWORD_VARIABLE),
    )
    keep_freed_memory()
    torch.set_num_threads(picture_threads())
    asyncio.run(hold_call(options, role, Terminal(Console(stderr=True))))
    return 0
