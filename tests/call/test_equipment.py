"""Files that stand in for devices, and the sentences for what cannot be used."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from callcodec.call.equipment import Equipment, Outputs, Sound
from callcodec.call.recording import Recording
from callcodec.call.source import PairedSource, SilentSource, SoundSource
from callcodec.call.status import CallStatus
from callcodec.media.clip import open_clip
from callcodec.media.sound_card import SoundCard
from callcodec.media.window import Window
from tests.call.talking_clip import write_talking_clip
from tests.media.fakes import FakePortAudio, FakeScreen

QUIET = Sound(SoundCard(FakePortAudio()), None, lambda _: None)
PICTURE = np.full((256, 256, 3), 90, np.uint8)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talking_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", 2.0)


def test_a_clip_brings_its_own_sound_unless_told_otherwise(clip: Path) -> None:
    own, silent = Equipment(str(clip)).source(QUIET), Equipment(str(clip), "none").source(QUIET)
    assert own.voice(1.5).any()
    assert not silent.voice(1.5).any()
    assert len(own.pictures(0.1)) == len(silent.pictures(0.1)) == 3
    own.close()
    silent.close()


def test_a_sound_file_can_be_the_microphone_and_ends_a_call_without_pictures(clip: Path) -> None:
    source = Equipment("none", str(clip)).source(QUIET)
    assert source.voice(1.5).any()
    assert not source.pictures(1.5)
    assert not source.finished(1.9)
    assert source.finished(2.2)


def test_a_paired_source_ends_with_the_source_that_was_named() -> None:
    sound = SoundSource(np.ones(1600, np.int16))
    assert PairedSource(SilentSource(), sound, sound).finished(0.2)
    assert not PairedSource(SilentSource(), sound, SilentSource()).finished(0.2)


@pytest.mark.parametrize(
    ("equipment", "complaint"),
    [(Equipment("nowhere.mp4"), "nowhere.mp4"), (Equipment("none", "nowhere.wav"), "nowhere.wav is no file")],
)
def test_a_missing_file_is_a_sentence(equipment: Equipment, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        equipment.check()


def test_a_recording_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_text("precious")
    with pytest.raises(ValueError, match="exists already"):
        Recording(tmp_path / "film.mp4")
    with pytest.raises(ValueError, match=r"does not end in \.mp4"):
        Recording(tmp_path / "film.avi")
    with pytest.raises(ValueError, match="cannot write"):
        Recording(tmp_path / "none" / "film.mp4")
    assert (tmp_path / "film.mp4").read_text() == "precious"


def test_a_recording_is_finished_even_when_the_call_fails(tmp_path: Path) -> None:
    equipment = Equipment("none", "none", tmp_path / "film.mp4", window=False, speaker=False)

    def broken_call() -> None:
        with Outputs(equipment, lambda: None, lambda _: None) as outputs:
            for _ in range(25):
                outputs.show(PICTURE, None, CallStatus())
                outputs.play(np.zeros(640, np.int16))
            raise RuntimeError("the network of this machine broke")

    with pytest.raises(RuntimeError, match="broke"):
        broken_call()
    assert open_clip(tmp_path / "film.mp4").duration_s == pytest.approx(1.0, abs=0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_recordings_begin_and_end_by_key_each_in_its_own_film(tmp_path: Path) -> None:
    said: list[str] = []
    equipment = Equipment("none", "none", tmp_path / "film.mp4", window=False, speaker=False)
    with Outputs(equipment, lambda: None, said.append) as outputs:
        for typed in ("", "r", "r"):  # the named film ends, another begins
            outputs.take(typed)
            for _ in range(25):
                outputs.show(PICTURE, None, CallStatus())
        assert outputs.controls.switches.recording
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film-2.mp4", "film.mp4"]
    assert sorted(said) == [
        f"Recorded: {tmp_path / 'film-2.mp4'}.",
        f"Recorded: {tmp_path / 'film.mp4'}.",
        f"Recording to {tmp_path / 'film-2.mp4'}.",
    ]


def test_a_recording_that_cannot_begin_is_a_sentence_and_the_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.chdir(tmp_path)
    with Outputs(
        Equipment("none", "none", window=False, speaker=False), lambda: None, said.append
    ) as outputs:
        tmp_path.rmdir()
        outputs.take("r")
        assert not outputs.controls.switches.recording
    assert said[0].startswith("Not recorded: ")


def test_keys_typed_into_the_window_reach_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = FakeScreen()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("callcodec.call.equipment.Window", lambda: Window(screen))
    quits: list[str] = []
    equipment = Equipment("none", "none", window=True, speaker=False)
    with Outputs(equipment, lambda: quits.append("quit"), lambda _: None) as outputs:
        screen.keys = [ord("m"), ord("q")]
        outputs.show(PICTURE, PICTURE, CallStatus())
        assert outputs.controls.switches.muted
        outputs.show(PICTURE, PICTURE, CallStatus())
        assert quits == ["quit"]
        screen.visible = 0.0
        outputs.show(PICTURE, PICTURE, CallStatus())
        assert quits == ["quit", "quit"]


def test_the_window_lives_while_nobody_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = FakeScreen()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("callcodec.call.equipment.Window", lambda: Window(screen))

    async def wait_for_quit() -> None:
        quitting = asyncio.Event()
        with Outputs(Equipment("none", "none", window=True, speaker=False), quitting.set, print) as outputs:
            tending = asyncio.create_task(outputs.tend())
            screen.keys = [ord("q")]
            await asyncio.wait_for(quitting.wait(), 5)
            tending.cancel()

    asyncio.run(wait_for_quit())
    assert screen.shown


def test_the_window_can_be_enlarged_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = FakeScreen()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("callcodec.call.equipment.Window", lambda: Window(screen))
    with Outputs(Equipment("none", "none", window=True, speaker=False), print, print) as outputs:
        outputs.show(PICTURE, None, CallStatus())
        outputs.take("z")
        outputs.show(PICTURE, None, CallStatus())
    assert [shown.shape[1] for shown in screen.shown] == [512, 768]


@pytest.mark.parametrize(
    ("equipment", "advised"),
    [
        (Equipment("none", "mic"), True),
        (Equipment(), True),
        (Equipment("none", "mic", speaker=False), False),
        (Equipment("none", "none"), False),
        (Equipment("talk.mp4"), False),
    ],
)
def test_headphones_are_advised_where_there_can_be_an_echo(
    equipment: Equipment, advised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("callcodec.call.equipment.find_canceller", lambda: None)
    Sound.of(equipment, said.append)
    assert [sentence.startswith("Use headphones") for sentence in said] == [True] * advised
