"""How much of an echo the canceller takes away, in synthetic rooms: ``python -m callcodec.measure.echo``."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.media.clip import open_clip
from callcodec.media.echo import FRAME_SAMPLES, EchoCanceller, find_canceller
from callcodec.media.sound import VOICE_RATE_HZ
from callcodec.sample import sample_clip

BLOCK_SAMPLES = 2 * FRAME_SAMPLES
ECHO_GAIN = 0.4
NOISE_LEVEL = 8.0
SETTLED_S = 4.0
ROOMS: tuple[tuple[float, float], ...] = ((0.0, 0.1), (40.0, 0.3), (120.0, 0.1), (120.0, 0.3), (240.0, 0.1))


@dataclass(frozen=True)
class EchoLeft:
    """One room: the echo comes after ``delay_ms`` and rings for ``ring_s`` (to -60 dB).

    ``erle_db``: echo return loss enhancement, energy heard over energy sent, after SETTLED_S, in which only the other
    side speaks. ``near_kept_db``: energy sent over energy spoken while only this side speaks.
    """

    delay_ms: float
    ring_s: float
    erle_db: float
    near_kept_db: float


def echo_of(far: NDArray[np.float64], delay_ms: float, ring_s: float) -> NDArray[np.float64]:
    """What a microphone hears of ``far`` in a room with an exponentially decaying response of noise."""
    rng = np.random.default_rng(0)
    length = int(ring_s * VOICE_RATE_HZ)
    response = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    response /= np.sqrt((response**2).sum())
    response = np.concatenate([np.zeros(round(delay_ms * VOICE_RATE_HZ / 1000)), response])
    return np.asarray(ECHO_GAIN * np.convolve(far, response)[: len(far)])


def measure_echo(
    canceller: EchoCanceller, voice: NDArray[np.int16], delay_ms: float, ring_s: float
) -> EchoLeft:
    """The other side says ``voice`` for three times SETTLED_S; then this side speaks alone."""
    length = int(3 * SETTLED_S * VOICE_RATE_HZ)
    speech = np.resize(voice.astype(np.float64), length)
    far = np.concatenate([speech, np.zeros(length)])
    noise = NOISE_LEVEL * np.random.default_rng(1).standard_normal(2 * length)
    near = np.concatenate([np.zeros(length), speech[::-1]])
    heard = echo_of(far, delay_ms, ring_s) + near + noise
    sent = np.concatenate(
        [
            _through(canceller, far[at : at + BLOCK_SAMPLES], heard[at : at + BLOCK_SAMPLES])
            for at in range(0, 2 * length, BLOCK_SAMPLES)
        ]
    )
    settled = int(SETTLED_S * VOICE_RATE_HZ)
    echo, alone = slice(settled, length), slice(length + settled, 2 * length)
    return EchoLeft(delay_ms, ring_s, _ratio_db(heard[echo], sent[echo]), _ratio_db(sent[alone], near[alone]))


def _through(
    canceller: EchoCanceller, far: NDArray[np.float64], heard: NDArray[np.float64]
) -> NDArray[np.float64]:
    canceller.played(_pcm(far))
    return canceller.clean(_pcm(heard)).astype(np.float64)


def _pcm(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.clip(np.round(samples), -32768, 32767).astype(np.int16)


def _ratio_db(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.square(one).mean() / max(np.square(other).mean(), 1e-9)))


def main() -> int:
    """Print a line for each room."""
    voice = open_clip(sample_clip()).audio()
    if voice is None:
        raise ValueError("the bundled sample has no voice")
    for delay_ms, ring_s in ROOMS:
        canceller = find_canceller()
        if canceller is None:
            sys.stderr.write("There is no echo canceller here: pip install 'callcodec[echo]'\n")
            return 2
        left = measure_echo(canceller, voice, delay_ms, ring_s)
        print(
            f"echo after {delay_ms:3.0f} ms, ringing {ring_s:.1f} s: ERLE {left.erle_db:4.1f} dB, "
            f"own voice {left.near_kept_db:+.1f} dB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
