"""A whole data set: what is left to do, done by several processes, written down as it is finished."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Protocol

import cv2

from callcodec.face.detect import create_detector
from models.training.prepare.cutting import Cut, PointFinder, Tools, cut_source, sha256_of
from models.training.prepare.layouts import find_sources
from models.training.prepare.manifest import MANIFEST, Manifest, work_key
from models.training.prepare.record import Refusal, WorkRecord
from models.training.prepare.source import PrepareError, Skipped, Source
from models.training.prepare.split import TRAIN, VALIDATION, assign_people
from models.training.prepare.table import write_tables
from models.training.prepare.tracks import TrackRules

QUEUED_PER_WORKER = 2


@dataclass(frozen=True)
class Preparation:
    """What is asked for. ``layout`` None: what the folder looks like. ``person``: who is in every clip.

    ``lip_sync``: replaces what the layout says of clips with a voice. ``points``: makes what labels pictures; a
    function of a module, since other processes call it. ``labels``: its name: work with other labels is other work.
    """

    folder: Path
    out: Path
    rules: TrackRules
    points: Callable[[], PointFinder]
    labels: str
    layout: str | None = None
    person: str | None = None
    lip_sync: str | None = None
    validation_share: float = 0.1
    workers: int = 1


@dataclass(frozen=True)
class Prepared:
    """What stands in the output folder now, of this data set."""

    layout: str
    records: tuple[WorkRecord, ...]
    skipped: tuple[Skipped, ...]
    already_done: int


class Progress(Protocol):
    """Told how far the work is, in sources."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """``done`` of ``total``; ``what``: the source that was finished last, or what is going on."""
        ...


def prepare(preparation: Preparation, progress: Progress) -> Prepared:
    """Do what is not done yet; the tables are written even when it is interrupted.

    Raises PrepareError for a folder, a layout or an output folder that cannot be used, ValueError where what labels
    pictures cannot be loaded.
    """
    layout, found = find_sources(preparation.folder, preparation.out, preparation.layout, preparation.person)
    sources = found.sources
    if preparation.lip_sync is not None:
        sources = tuple(replace(source, lip_sync=preparation.lip_sync) for source in sources)
    manifest = _open_output(preparation.out)
    data_set = str(preparation.folder.resolve())
    settled = {record.person: record.split for record in manifest.records}
    splits = assign_people((source.person for source in sources), preparation.validation_share, settled)
    progress(0, len(sources), "reading hashes")
    hashes = _file_hashes(preparation.folder, sources, preparation.workers)
    work = {source: work_key(source, hashes, preparation.rules, preparation.labels) for source in sources}
    current = set(work.values())  # work under other rules, or on files that have changed, counts no more
    others = tuple(r for r in manifest.records if r.data_set != data_set and r.work not in current)
    _check_names(sources, others)
    left = [s for s in sources if not manifest.finished(work[s], preparation.out)]
    done = len(sources) - len(left)
    progress(done, len(sources), "")
    if left:
        _points(preparation.points)  # what is wrong with it is told once, before every recording would fail
    jobs = [
        _Job(source, preparation.folder, preparation.out / splits[source.person], preparation.rules, preparation.points)
        for source in left
    ]  # fmt: skip
    try:
        for job, cut in _results(jobs, preparation.workers):
            source = job.source
            manifest.add(
                WorkRecord(
                    work=work[source],
                    data_set=data_set,
                    split=splits[source.person],
                    person=source.person,
                    corpus=source.corpus,
                    emotion=source.emotion,
                    source=source.video,
                    source_sha256=hashes[source.video],
                    start_s=source.start_s,
                    end_s=source.end_s,
                    tracks=cut.tracks,
                    refused=cut.refused,
                )
            )
            done += 1
            progress(done, len(sources), source.name)
    finally:
        records = tuple(record for record in manifest.records if record.work in current)
        write_tables(preparation.out, others + records, found.skipped)
    return Prepared(layout.name, records, found.skipped, len(sources) - len(left))


@dataclass(frozen=True)
class _Job:
    """One source for one process."""

    source: Source
    folder: Path
    out: Path
    rules: TrackRules
    points: Callable[[], PointFinder]


def _results(jobs: list[_Job], workers: int) -> Iterator[tuple[_Job, Cut]]:
    """Every job with its result, as they come."""
    if workers == 1:
        for job in jobs:
            yield job, _do(job)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start_worker) as pool:
        waiting = iter(jobs)
        running: dict[Future[Cut], _Job] = {}
        try:
            while True:
                for job in islice(waiting, workers * QUEUED_PER_WORKER - len(running)):
                    running[pool.submit(_do, job)] = job
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        except BrokenProcessPool as error:
            raise PrepareError(
                "a worker process died, perhaps for want of memory; the same command with fewer --workers goes on"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """The parent hears Ctrl-C; what a worker has begun is finished. Each worker takes one core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


def _do(job: _Job) -> Cut:
    """A recording that cannot be used is a result too."""
    tools = Tools(create_detector(), _points(job.points))
    try:
        return cut_source(job.source, job.folder, job.out, tools, job.rules)
    except (ValueError, cv2.error) as error:
        return Cut((), (Refusal(0, 0, str(error)),))


@lru_cache(maxsize=1)
def _points(create: Callable[[], PointFinder]) -> PointFinder:
    """Loaded once a process."""
    return create()


def _open_output(out: Path) -> Manifest:
    if out.exists() and not out.is_dir():
        raise PrepareError(f"{out} is a file; --out names a folder")
    manifest = Manifest(out)
    if not (out / MANIFEST).exists() and any(
        (out / f"{split}.tsv").exists() for split in (TRAIN, VALIDATION)
    ):
        raise PrepareError(
            f"{out} holds tracks that were not prepared here: {MANIFEST} is missing; choose another --out"
        )
    for split in (TRAIN, VALIDATION):
        (out / split).mkdir(parents=True, exist_ok=True)
    return manifest


def _check_names(sources: tuple[Source, ...], others: tuple[WorkRecord, ...]) -> None:
    """Several data sets may go into one folder, as long as their tracks do not overwrite each other."""
    taken = {track.name.rpartition("_")[0].lower() for record in others for track in record.tracks}
    for source in sources:
        if source.name.lower() in taken:
            raise PrepareError(
                f"another data set in --out has tracks called {source.name} already; choose another --out"
            )


def _file_hashes(root: Path, sources: tuple[Source, ...], workers: int) -> dict[str, str]:
    """SHA-256 of every file that the sources rest on; empty for one that cannot be read, which is told later."""

    def of(path: str) -> str:
        try:
            return sha256_of(root / path)
        except OSError:
            return ""

    paths = sorted({path for source in sources for path in source.files})
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        return dict(zip(paths, pool.map(of, paths), strict=True))
