"""What `open_clip` promises of clips of every kind."""

import os
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcodec.media.clip import Clip, ClipError, open_clip
from tests.media.making import Recipe, click, click_time_ms, make_clip, number_of


def numbers(clip: Clip) -> list[int]:
    return [number_of(frame.rgb) for frame in clip.frames()]


def test_a_clip_of_25_pictures_a_second_gives_each_of_them_once(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.mp4", Recipe(range(0, 400, 40))))
    frames = list(clip.frames())
    assert [number_of(frame.rgb) for frame in frames] == list(range(10))
    assert [frame.number for frame in frames] == list(range(10))
    assert [frame.time_s for frame in frames] == pytest.approx([i * 0.04 for i in range(10)])
    assert clip.duration_s == pytest.approx(0.4)
    assert frames[0].rgb.shape == (clip.height, clip.width, 3) == (48, 64, 3)


def test_times_count_from_the_first_picture(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.mkv", Recipe(range(5000, 5200, 40))))
    assert numbers(clip) == [0, 1, 2, 3, 4]


def test_a_slower_clip_repeats_pictures(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.mkv", Recipe(range(0, 320, 80))))
    assert numbers(clip)[:7] == [0, 0, 1, 1, 2, 2, 3]


def test_a_clip_of_1000_pictures_a_second_is_decimated(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.mp4", Recipe(range(200))))
    assert 5 <= sum(1 for _ in clip.frames()) <= 6  # the last one stays for 40 ms


def test_variable_times_show_the_nearest_earlier_picture(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.mkv", Recipe([0, 10, 20, 130, 200, 300])))
    assert numbers(clip)[:8] == [0, 2, 2, 2, 3, 4, 4, 4]


def test_a_clip_of_one_picture_is_one_slot(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.mp4", Recipe([0])))
    assert numbers(clip) == [0]
    assert clip.duration_s == pytest.approx(0.04)


def test_a_stream_without_a_container_plays_at_its_nominal_rate(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.h264", Recipe(range(0, 200, 40))))
    assert numbers(clip) == [0, 1, 2, 3, 4]
    assert clip.duration_s == pytest.approx(0.2)


def test_a_recording_that_declares_no_length_is_measured(tmp_path: Path) -> None:
    recipe = Recipe(range(0, 400, 40), codec="libvpx-vp9", options={"live": "1"})
    clip = open_clip(make_clip(tmp_path / "a.webm", recipe))
    assert clip.duration_s == pytest.approx(0.4)
    assert len(numbers(clip)) == 10


@pytest.mark.parametrize(
    ("rotation_deg", "mirrored", "white_corner"),
    [
        (0, False, (0, 0)),
        (90, False, (-1, 0)),
        (180, False, (-1, -1)),
        (-90, False, (0, -1)),
        (0, True, (0, -1)),
    ],
)
def test_turned_and_mirrored_clips_come_upright(
    tmp_path: Path, rotation_deg: float, mirrored: bool, white_corner: tuple[int, int]
) -> None:
    recipe = Recipe([0, 40], rotation_deg=rotation_deg, mirrored=mirrored)
    clip = open_clip(make_clip(tmp_path / "a.mp4", recipe))
    rgb = next(clip.frames()).rgb
    assert (clip.width, clip.height) == ((64, 48) if rotation_deg in (0, 180) else (48, 64))
    corners = {(y, x): int(rgb[y, x].min()) for y in (0, -1) for x in (0, -1)}
    assert max(corners, key=lambda corner: corners[corner]) == white_corner


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.mp4", Recipe([0], pixel_aspect=Fraction(4, 3))))
    assert (clip.width, clip.height) == (85, 48)


def test_an_8k_clip_is_scaled_down_to_1920_pixels(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.mp4", Recipe([0], width=7680, height=4320)))
    assert (clip.width, clip.height) == (1920, 1080)
    assert next(clip.frames()).rgb.shape == (1080, 1920, 3)


def test_sound_is_placed_by_its_time(tmp_path: Path) -> None:
    recipe = Recipe(range(0, 2000, 40), sound=click(at_ms=500, length_ms=1500))
    pcm = open_clip(make_clip(tmp_path / "a.mp4", recipe)).audio()
    assert pcm is not None
    assert pcm.dtype == np.int16
    assert click_time_ms(pcm) == pytest.approx(500, abs=5)


def test_sound_that_starts_after_the_picture_is_preceded_by_silence(tmp_path: Path) -> None:
    recipe = Recipe(range(0, 2000, 40), sound=click(500, 1500), sound_starts_ms=300)
    pcm = open_clip(make_clip(tmp_path / "a.mkv", recipe)).audio()
    assert pcm is not None
    assert click_time_ms(pcm) == pytest.approx(800, abs=30)
    assert not pcm[: 16 * 250].any()


def test_sound_before_the_first_picture_is_left_out(tmp_path: Path) -> None:
    recipe = Recipe(range(400, 2000, 40), sound=click(500, 1500))
    pcm = open_clip(make_clip(tmp_path / "a.mkv", recipe)).audio()
    assert pcm is not None
    assert click_time_ms(pcm) == pytest.approx(100, abs=30)


def test_a_clip_without_sound_says_so_and_goes_on(tmp_path: Path) -> None:
    clip = open_clip(make_clip(tmp_path / "a.mp4", Recipe([0, 40])))
    assert not clip.has_audio
    assert clip.audio() is None
    assert clip.warnings == ("a.mp4 has no sound; the call will be silent.",)


def test_a_clip_cut_short_gives_the_pictures_so_far_and_a_warning(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "a.mp4", Recipe(range(0, 4000, 40), options={"movflags": "faststart"}))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    clip = open_clip(cut)
    count = sum(1 for _ in clip.frames())
    assert 20 < count < 90
    assert any("cut short" in warning for warning in clip.warnings)


def test_damage_in_the_middle_costs_pictures_and_not_the_clip(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "a.mp4", Recipe(range(0, 4000, 40), options={"movflags": "faststart"}))
    data = bytearray(whole.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 800] = b"\xff" * 800
    whole.write_bytes(data)
    clip = open_clip(whole)
    assert sum(1 for _ in clip.frames()) >= 90
    assert any("could not be decoded" in warning for warning in clip.warnings)


def test_clips_that_end_well_give_no_warning(tmp_path: Path) -> None:
    recipe = Recipe(range(0, 1000, 33), sound=click(500, 3000))
    for name in ("a.mp4", "a.mkv"):
        clip = open_clip(make_clip(tmp_path / name, recipe))
        assert sum(1 for _ in clip.frames()) == 26
        assert clip.audio() is not None
        assert clip.warnings == ()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"nowhere\.mp4 does not exist"):
        open_clip(tmp_path / "nowhere.mp4")


def test_a_folder_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="is a folder"):
        open_clip(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.mp4", b"", "is empty"),
        ("a.txt", b"Dear reader,\n" * 50, "is not a video"),
        ("a.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(600), "is not a video|no picture"),
        ("a.m3u8", b"#EXTM3U\n#EXTINF:1,\nhttp://localhost:1/a.ts\n#EXT-X-ENDLIST\n", "is not a video"),
    ],
)
def test_files_that_are_no_video_are_refused(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ClipError, match=sentence):
        open_clip(tmp_path / name)


def test_noise_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(np.random.default_rng(7).bytes(20_000))
    with pytest.raises(ClipError, match="is not a video"):
        open_clip(tmp_path / "a.mp4")


def test_a_clip_that_lost_its_index_is_refused(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "a.mp4", Recipe(range(0, 400, 40)))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(ClipError, match="truncated or corrupt"):
        open_clip(cut)


def test_a_clip_whose_pictures_are_all_gone_is_refused(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "a.mp4", Recipe(range(0, 400, 40), options={"movflags": "faststart"}))
    data = whole.read_bytes()
    whole.write_bytes(data[: data.index(b"mdat") + 4])
    with pytest.raises(ClipError, match="no picture that can be decoded"):
        open_clip(whole)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        block = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.int16), "s16", "mono")
        block.sample_rate, block.pts = 16_000, 0
        container.mux(stream.encode(block))
        container.mux(stream.encode(None))
    with pytest.raises(ClipError, match="holds only sound"):
        open_clip(path)


def test_absurdly_large_pictures_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", Recipe([0], width=20_000, height=16, codec="mjpeg"))
    with pytest.raises(ClipError, match="20000x16 pixels; at most 16384 a side"):
        open_clip(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Recipe([0]))
    path.chmod(0)
    with pytest.raises(ClipError, match="cannot be read"):
        open_clip(path)


def test_reading_stops_where_the_reader_stops(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Recipe(range(0, 400, 40)))
    frames = open_clip(path).frames()
    next(frames)
    path.unlink()
    assert next(frames).number == 1
    assert [name for name in os.listdir(tmp_path) if name.endswith(".mp4")] == []


def test_a_recorded_face_comes_as_its_decoder_gives_it(clips: Path) -> None:
    path = clips / "val" / "p019_02.mp4"
    clip = open_clip(path)
    with av.open(str(path)) as container:
        expected = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    shown = [frame.rgb for frame in clip.frames()]
    assert len(shown) == len(expected)
    assert all(np.array_equal(a, b) for a, b in zip(shown, expected, strict=True))


@pytest.fixture(scope="module")
def sound_clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Whole clips in three containers, to be damaged."""
    folder = tmp_path_factory.mktemp("whole")
    recipe = Recipe(range(0, 400, 40), sound=click(100, 350))
    return {
        suffix: make_clip(folder / f"a{suffix}", recipe).read_bytes() for suffix in (".mp4", ".mkv", ".ts")
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from((".mp4", ".mkv", ".ts")), st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=8)))
)
def test_any_damage_gives_pictures_or_a_clip_error(
    tmp_path: Path, sound_clips: dict[str, bytes], suffix: str, damage: list[tuple[float, bytes]]
) -> None:
    data = bytearray(sound_clips[suffix])
    for place, patch in damage:
        start = int(place * len(data))
        data[start : start + len(patch)] = patch
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(data)
    try:
        clip = open_clip(path)
        shapes = {frame.rgb.shape for frame in islice(clip.frames(), 500)}
        clip.audio()
    except ClipError:
        return
    assert shapes <= {(clip.height, clip.width, 3)}
