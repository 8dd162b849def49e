"""``callcodec restore``: a badly compressed video of talking faces, restored."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callcodec.commands.options import DEVICES, RESTORERS, chosen_device

if TYPE_CHECKING:
    from callcodec.measure.restoration import RestorationReport
    from callcodec.media.video_file import VideoFile
    from models.restoration.restorer import Restorer


def add_parser(subparsers: Any) -> None:
    """Add ``restore`` to the command line."""
    parser = subparsers.add_parser(
        "restore",
        help="restore the faces of a badly compressed video",
        description="Restores the faces of a video that was compressed too much: raw H.264, MP4, MKV, WebM, or "
        "whatever else FFmpeg opens. What lies outside of the faces stays as it was decoded; the sound is carried "
        "over and helps with the lips.",
    )
    parser.add_argument("file", type=Path, metavar="IN", help="the video")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.mp4", help="the restored video")
    parser.add_argument(
        "--restorer",
        choices=RESTORERS,
        default="auto",
        help="mdvd for H.264, mmsd to enlarge by four, gavn for anything; auto: what suits the video (default auto)",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="weights of the restorer instead of those that come with it",
    )
    parser.add_argument(
        "--emotion", metavar="STATE", help="what the face expresses, such as happy-strong (mmsd)"
    )
    parser.add_argument(
        "--reference", type=Path, metavar="ORIGINAL", help="the video before compression, to compare with"
    )
    parser.add_argument(
        "--causal", action="store_true", help="use no later pictures, as a call without delay must"
    )
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="where the network runs (default %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT.mp4")


def run(arguments: argparse.Namespace) -> int:
    """Restore the file; 0 when it was written."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from callcodec.measure.restoration import restore_file
    from callcodec.media.video_file import open_video
    from callcodec.wire.emotion import EmotionState

    console = Console(stderr=True)  # everything but the result, so that --json can be piped
    emotion = None if arguments.emotion is None else int(EmotionState.from_label(arguments.emotion))
    _check_output(arguments.file, arguments.out, arguments.overwrite)
    source = open_video(arguments.file)
    reference = None if arguments.reference is None else open_video(arguments.reference)
    restorer, problem = _restorer(arguments, source)
    if problem is not None:
        console.print(f"[yellow]{problem}[/yellow]")
    _announce_compiling(console, source)
    console.print(
        f"{arguments.file} ({source.codec}, {source.width}x{source.height}) → {arguments.out}: "
        f"[bold]{restorer.name}[/bold]"
    )
    columns = (TextColumn("restoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("restoring", total=source.pictures_declared or None)
        report = restore_file(
            source,
            arguments.out,
            restorer,
            emotion=emotion,
            causal=arguments.causal,
            reference=reference,
            progress=lambda done: bar.update(task, completed=done),
        )
    _print_notes(console, report)
    print(json.dumps(_figures(report)) if arguments.json else _summary(report))
    return 0


def _restorer(arguments: argparse.Namespace, source: "VideoFile") -> "tuple[Restorer, str | None]":
    """What restores the file, and a sentence where it is not what was meant."""
    from models.restoration.registry import AUTO, create_restorer, create_suited, suited

    device = chosen_device(arguments.device)
    name: str = arguments.restorer
    if arguments.weights is not None:
        if name == AUTO:
            name = suited(source.codec, source.width, source.height)
        return create_restorer(name, device, arguments.weights), None
    if name == AUTO:
        return create_suited(source.codec, source.width, source.height, device)
    return create_restorer(name, device), None


def _check_output(source: Path, out: Path, overwrite: bool) -> None:
    if out.is_dir():
        raise ValueError(f"{out} is a folder; name a file")
    if not out.absolute().parent.is_dir():
        raise ValueError(f"there is no folder {out.absolute().parent} to write {out.name} into")
    if out.exists() and source.exists() and out.samefile(source):
        raise ValueError(f"{out} is the video that is read; name another file")
    if out.exists() and not overwrite:
        raise ValueError(f"{out} exists already; --overwrite replaces it")


def _announce_compiling(console: Any, source: "VideoFile") -> None:
    from callcodec.h264.preparation import will_compile

    if source.codec == "h264" and will_compile():
        console.print("compiling the H.264 reader, once; this takes about half a minute")


def _print_notes(console: Any, report: "RestorationReport") -> None:
    """What the person should know beside the figures."""
    if report.limitation is not None:
        console.print(
            f"[yellow]{report.limitation}: only its motion vectors and quantisers were known[/yellow]"
        )
    if report.damaged:
        console.print(f"[yellow]{report.damaged} of {report.pictures} pictures are damaged[/yellow]")
    if report.refitted:
        console.print(
            f"[yellow]{report.refitted} pictures of another size were scaled to the first one's[/yellow]"
        )
    if report.restorer != "none" and not report.with_faces:
        console.print("[yellow]no face was found: the pictures are those that were decoded[/yellow]")


def _figures(report: "RestorationReport") -> dict[str, float]:
    speed = {"frames_per_second": round(report.frames_per_second, 2)}
    if report.before is None or report.after is None:
        return speed
    return {
        "input_psnr_db": round(report.before.psnr_db, 3),
        "output_psnr_db": round(report.after.psnr_db, 3),
        "input_ssim": round(report.before.ssim, 5),
        "output_ssim": round(report.after.ssim, 5),
        **speed,
    }


def _summary(report: "RestorationReport") -> str:
    done = (
        f"{report.with_faces} of {report.pictures} pictures restored, {report.frames_per_second:.1f} a second"
    )
    if report.before is None or report.after is None:
        return done
    before, after = report.before, report.after
    return (
        f"{done}\nPSNR {before.psnr_db:.2f} → {after.psnr_db:.2f} dB, "
        f"SSIM {before.ssim:.4f} → {after.ssim:.4f} against the reference"
    )
