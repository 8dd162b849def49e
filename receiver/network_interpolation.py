"""Interpolation by networks: between two frames, or on from the last one with the voice, without waiting."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.speech.mel import MEL_BINS, MEL_WINDOW_FRAMES, mel_window
from models.interpolation import KEYS, PER_KEY, CausalPrediction, FrameInterpolation
from receiver.interpolation import Interpolated, MotionAdaptiveInterpolator, root_mean_square
from receiver.key_pictures import KeyPictures, Picture, Window

SIZE = 8  # pixels that the networks know
NEWEST = (KEYS - 1) * PER_KEY  # the output that stands at the newest frame
KEPT_RUNS = 4
REMEMBERED = 8  # predicted pictures
SAME_MOMENT_S = 0.010  # a picture of 40 ms ago is not predicted again because the clock has moved by a hair
OLDEST = 1.1  # intervals after the newest frame up to which the prediction was trained
VOICE_S = MEL_WINDOW_FRAMES / 100
VOICE_MARGIN_S = 0.01  # filters of the voice reach so far beyond the columns


@dataclass(frozen=True)
class ErrorModel:
    """Expected RMS error, fitted on train: the root of (wire · step)² + (motion · change)² + (ageing · change · age)².

    ``change``: RMS between the two newest frames that the picture rests on; ``motion`` counts in full half way between
    them and not at all at either; ``age``: intervals since the newest of them. ``wire`` of chroma is val's: colours of
    people that the network was trained on come out better (0.0019) than those of others.
    """

    wire: float
    motion: float
    ageing: float

    def expected(self, step: float, change: float, off_frame: float, age: float) -> float:
        """The error at one moment. ``off_frame``: 0 at a frame, 1 half way."""
        parts = (self.wire * step, self.motion * change * off_frame, self.ageing * change * age)
        return float(np.sqrt(sum(part * part for part in parts)))


INTERPOLATED_LUMA = ErrorModel(0.0014, 0.27, 1.0)
INTERPOLATED_CHROMA = ErrorModel(0.0031, 0.30, 0.63)
PREDICTED_LUMA = ErrorModel(0.0015, 0.0, 0.86)
PREDICTED_CHROMA = ErrorModel(0.0031, 0.0, 0.45)


class NetworkInterpolator:
    """FrameInterpolation over a sliding window of five frames; where there is none, motion-adaptive interpolation.

    It runs once for each new frame. When the next frame is late it goes on for four fifths of an interval, and holds.
    """

    def __init__(
        self, frame_interval_s: float, network: FrameInterpolation, keys: KeyPictures | None = None
    ) -> None:
        """``keys``: frames that somebody else adds."""
        self._interval_s = self._trained_s = frame_interval_s
        self._network = network
        self._keys = KeyPictures() if keys is None else keys
        self._otherwise = MotionAdaptiveInterpolator(frame_interval_s, self._keys)
        self._runs: dict[tuple[float, ...], Picture] = {}
        self._run(np.zeros((KEYS, 3, SIZE, SIZE), np.float32), 1.0)  # the first run is slow: not in the call

    @property
    def wait_s(self) -> float:
        """One frame interval: the next frame must have been captured."""
        return self._interval_s

    def add(self, media_time_s: float, picture: NDArray[np.uint8], step: float) -> None:
        """Take one decoded frame; frames older than two seconds are forgotten, another rung starts anew."""
        self._keys.add(media_time_s, picture, step)
        self._runs = {times_s: run for times_s, run in self._runs.items() if media_time_s > times_s[-1]}

    def use_interval(self, frame_interval_s: float) -> None:
        """Frames come at another rate; the network knows only the one that it was trained for."""
        self._interval_s = frame_interval_s
        self._otherwise.use_interval(frame_interval_s)

    def at(self, media_time_s: float) -> Interpolated | None:
        """The picture at a media time; None before the first frame."""
        before = self._keys.before(media_time_s)
        if before < 0:
            return None
        if self._interval_s != self._trained_s:
            return self._otherwise.at(media_time_s)
        # A second frame ahead, if it is there, is worth more than one further behind.
        window = even_window(self._keys, min(before + 2, len(self._keys.times_s) - 1), self._interval_s)
        position = None if window is None else window.position(media_time_s)
        if window is None or position is None:
            return self._otherwise.at(media_time_s)
        return self._pick(window, position, media_time_s)

    def _pick(self, window: Window, position: float, media_time_s: float) -> Interpolated:
        outputs = self._runs.get(window.times_s)
        if outputs is None:
            outputs = self._run(window.pictures, window.step)
            self._runs[window.times_s] = outputs
            while len(self._runs) > KEPT_RUNS:
                del self._runs[next(iter(self._runs))]
        output = min(position * PER_KEY, len(outputs) - 1.0)
        first = min(int(output), len(outputs) - 2)
        picture = outputs[first] + np.float32(output - first) * (outputs[first + 1] - outputs[first])
        age = max(position - (KEYS - 1), 0.0)
        key = min(int(position), KEYS - 2)
        change = root_mean_square(window.pictures[key + 1] - window.pictures[key])
        phase = min(position - key, 1.0)
        luma, chroma = (
            model.expected(window.step, change, 4 * phase * (1 - phase), age)
            for model in (INTERPOLATED_LUMA, INTERPOLATED_CHROMA)
        )
        return Interpolated(picture, luma, chroma, max(media_time_s - window.times_s[-1], 0.0))

    def _run(self, pictures: Picture, step: float) -> Picture:
        with torch.inference_mode():
            outputs = self._network(torch.from_numpy(pictures)[None], torch.tensor([step]))[0]
        return np.asarray(outputs.clamp(0, 1).numpy(), np.float32)


class CausalInterpolator:
    """Shows what a network expects of now from past frames and the voice; playout need not wait for the next frame.

    Between frames that are there it interpolates; where frames come unevenly, the newest one is held.
    """

    def __init__(
        self,
        frame_interval_s: float,
        prediction: CausalPrediction,
        interpolation: FrameInterpolation,
        voice: Callable[[float, float], NDArray[np.int16]],
    ) -> None:
        """``voice``: 16 kHz PCM between two media times, zeros where none was heard."""
        self._interval_s = self._trained_s = frame_interval_s
        self._network = prediction
        self._voice = voice
        self._keys = KeyPictures()
        self._between = NetworkInterpolator(frame_interval_s, interpolation, self._keys)
        self._encoded: tuple[tuple[float, ...], torch.Tensor] | None = None
        self._shown: list[tuple[float, Interpolated]] = []  # since the newest frame came
        nothing = Window(np.zeros((KEYS, 3, SIZE, SIZE), np.float32), (0.0,) * KEYS, 0, 1.0)
        self._predict(nothing, 0.0, np.full((MEL_BINS, MEL_WINDOW_FRAMES), -1, np.float32))  # not in the call
        self._encoded = None

    @property
    def wait_s(self) -> float:
        """Nothing is waited for."""
        return 0.0

    def add(self, media_time_s: float, picture: NDArray[np.uint8], step: float) -> None:
        """Take one decoded frame; frames older than two seconds are forgotten, another rung starts anew."""
        self._between.add(media_time_s, picture, step)
        self._encoded = None
        self._shown.clear()

    def use_interval(self, frame_interval_s: float) -> None:
        """Frames come at another rate; the network knows only the one that it was trained for."""
        self._interval_s = frame_interval_s
        self._between.use_interval(frame_interval_s)

    def at(self, media_time_s: float) -> Interpolated | None:
        """The picture at a media time; None before the first frame."""
        if self._interval_s != self._trained_s:
            return self._between.at(media_time_s)
        newest = len(self._keys.times_s) - 1
        window = even_window(self._keys, newest, self._interval_s)
        if window is None or media_time_s < window.times_s[-1]:
            return self._between.at(media_time_s)
        for time_s, shown in self._shown:
            if abs(time_s - media_time_s) < SAME_MOMENT_S:
                return shown
        age_s = media_time_s - window.times_s[-1]
        age = min(age_s / self._interval_s, OLDEST)
        pcm = self._voice(media_time_s - VOICE_S - VOICE_MARGIN_S, media_time_s + VOICE_MARGIN_S)
        mel = mel_window(pcm, VOICE_S / 2, -VOICE_MARGIN_S)
        change = root_mean_square(window.pictures[-1] - window.pictures[-2])
        luma, chroma = (
            model.expected(window.step, change, 0.0, age_s / self._interval_s)
            for model in (PREDICTED_LUMA, PREDICTED_CHROMA)
        )
        predicted = Interpolated(self._predict(window, age, mel), luma, chroma, age_s)
        self._shown = [*self._shown[1 - REMEMBERED :], (media_time_s, predicted)]
        return predicted

    def _predict(self, window: Window, age: float, mel: NDArray[np.float32]) -> Picture:
        with torch.inference_mode():
            keys = torch.from_numpy(window.pictures)[None]
            if self._encoded is None or self._encoded[0] != window.times_s:
                features = self._network.encode(keys, torch.tensor([window.step]))
                self._encoded = window.times_s, features
            voice = torch.from_numpy(mel)[None]
            predicted = self._network.predict(self._encoded[1], keys[:, -1], torch.tensor([age]), voice)
            return np.asarray(predicted[0].clamp(0, 1).numpy(), np.float32)


def even_window(keys: KeyPictures, newest: int, interval_s: float) -> Window | None:
    """What a network needs to look back from frame ``newest``; None where there is no such window."""
    if newest < 0 or keys.pictures[newest].shape != (3, SIZE, SIZE):
        return None
    return keys.window(newest, KEYS, interval_s)
