"""``callcodec loopback``: a recorded clip goes through a real call and comes back as 256×256 video."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from callcodec.call.config import CallConfig
    from callcodec.transport.link import LinkProfile

CARRIERS = ("opus", "channel")


def add_parser(subparsers: Any) -> None:
    """Add ``loopback`` to the command line."""
    parser = subparsers.add_parser(
        "loopback",
        help="send a recorded clip through a call on this machine and score what comes back",
        description="Sends a clip from one process to another over WebRTC on this machine, as 8x8 pictures inside "
        "the voice, and writes DIR/received.mp4, DIR/side_by_side.mp4 and DIR/report.json. With --video h264 the "
        "picture is sent as a conventional call does it, and restored; side_by_side.mp4 then shows what was captured, "
        "decoded and restored.",
    )
    parser.add_argument(
        "clip", nargs="?", type=Path, metavar="CLIP", help="any video (default the bundled sample)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("callcodec-loopback"),
        metavar="DIR",
        help="where to write (default %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what DIR holds")
    parser.add_argument("--json", action="store_true", help="print the report as JSON instead of a table")
    parser.add_argument("--seconds", type=positive, metavar="N", help="send only the first N seconds")
    parser.add_argument(
        "--config",
        default="calls/phone",
        metavar="NAME",
        help="calls/phone, calls/frugal or a .yaml (default calls/phone)",
    )
    parser.add_argument("--reconstructor", choices=RECONSTRUCTORS, help="what makes the picture")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="of the reconstructor, instead of shipped ones"
    )
    parser.add_argument("--carrier", choices=CARRIERS, help="how face packets travel")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where the network runs")
    parser.add_argument("--voice-kbps", type=positive, metavar="N", help="voice bitrate, 6 to 64")
    parser.add_argument("--packet-ms", type=int, choices=(20, 40, 60, 120), help="length of a voice packet")
    parser.add_argument("--dtx", action="store_true", help="send no voice in pauses")
    parser.add_argument(
        "--emotion",
        metavar="STATE",
        help="emotion state sent along, such as happy-strong; auto: what the face shows, when that is sure",
    )
    parser.add_argument(
        "--identity", type=Path, metavar="IMAGE", help="identity image (default the best of the first second)"
    )
    parser.add_argument("--duplex", action="store_true", help="both sides send the clip")
    parser.add_argument(
        "--video",
        choices=VIDEO_CODECS,
        default="lowres",
        help="what the picture is sent as (default %(default)s)",
    )
    add_video_arguments(parser.add_argument_group("H.264 (--video h264)"))
    link = parser.add_argument_group("emulated link, the same in both directions")
    link.add_argument("--rate-kbps", type=positive, metavar="N", help="capacity for whole IP packets")
    link.add_argument(
        "--loss", type=_fraction, default=0.0, metavar="F", help="fraction of packets lost, 0 to 1"
    )
    link.add_argument("--delay-ms", type=_not_negative, default=0.0, metavar="N", help="delay one way")
    link.add_argument(
        "--jitter-ms", type=_not_negative, default=0.0, metavar="N", help="further delay, 0 to N"
    )
    link.add_argument("--seed", type=int, default=0, metavar="N", help="of the losses and delays")
    link.add_argument(
        "--simulated", action="store_true", help="simulated clock and link: the same result every time"
    )


def run(arguments: argparse.Namespace) -> int:
    """Make the call; 0 when a report was written."""
    from rich.console import Console

    from callcodec.measure.loopback import LoopbackOptions, check_outputs, run_loopback
    from callcodec.measure.summary import CallProgress, summary_table
    from callcodec.media.clip import open_clip
    from callcodec.sample import sample_clip

    # Everything but the result goes to stderr, so that --json can be piped.
    console = Console(stderr=True)
    clip = arguments.clip or sample_clip()
    check_outputs(arguments.out, arguments.overwrite)
    probe = open_clip(clip)
    for warning in probe.warnings:
        console.print(f"[yellow]{warning}[/yellow]")
    device = chosen_device(arguments.device)
    options = LoopbackOptions(
        clip=clip,
        out=arguments.out,
        config=_config(arguments),
        link=_link(arguments),
        device=device,
        seconds=arguments.seconds,
        simulated=arguments.simulated,
        duplex=arguments.duplex,
        emotion=emotion_choice(arguments.emotion),
        identity=identity_picture(arguments.identity),
        overwrite=arguments.overwrite,
    )
    video = options.config.video
    how = f"restoring H.264 at {video.kbps:g} kbps" if video.sends else "reconstructing"
    made_by = video.restorer if video.sends else options.config.receiver.reconstructor
    console.print(
        f"{clip.name} → {arguments.out}: {how} with [bold]{made_by}[/bold] on [bold]{device}[/bold]"
    )
    length_s = min(probe.duration_s, arguments.seconds or probe.duration_s)
    with CallProgress(console, length_s) as progress:
        report = run_loopback(options, progress)
    for warning in report.warnings:
        console.print(f"[yellow]{warning}[/yellow]")
    if arguments.json:
        sys.stdout.write(report.to_json())
    else:
        Console().print(summary_table(report))
    return 0


def _config(arguments: argparse.Namespace) -> "CallConfig":
    from callcodec.call.config import CallConfig
    from callcodec.config import load_config

    config = load_config(arguments.config, CallConfig)
    voice = config.sender.voice
    if arguments.voice_kbps is not None:
        voice = replace(voice, bitrate_bps=round(arguments.voice_kbps * 1000))
    if arguments.packet_ms is not None:
        voice = replace(voice, packet_ms=arguments.packet_ms)
    if arguments.dtx:
        voice = replace(voice, dtx=True)
    receiver = config.receiver
    if arguments.reconstructor is not None:
        receiver = replace(receiver, reconstructor=arguments.reconstructor)
    if arguments.weights is not None:
        receiver = replace(receiver, weights=arguments.weights)
    return CallConfig(
        arguments.carrier or config.carrier,
        replace(config.sender, voice=voice),
        receiver,
        video_settings(config.video, arguments, arguments.video),
    )


def _link(arguments: argparse.Namespace) -> "LinkProfile":
    from callcodec.transport.link import LinkProfile

    return LinkProfile(
        rate_kbps=arguments.rate_kbps,
        delay_ms=arguments.delay_ms,
        jitter_ms=arguments.jitter_ms,
        loss=arguments.loss,
        seed=arguments.seed,
    )


def _not_negative(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return value


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value
