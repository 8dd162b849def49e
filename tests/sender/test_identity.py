"""The identity image leaves piece by piece, and never more than one piece is under way."""

import numpy as np

from callcodec.media.still import decode_still
from callcodec.wire.identity import IdentityAssembler
from sender.identity import IdentityChooser, IdentityStream, encode_layers


def test_the_choice_falls_after_the_given_time() -> None:
    chooser = IdentityChooser(1.0)
    picture = np.full((256, 256, 3), 100, np.uint8)
    choices = [chooser.offer(picture, i * 0.04) for i in range(26)]
    assert choices[:-1] == [None] * 25
    assert choices[-1] is not None


def test_the_sharper_picture_is_chosen() -> None:
    generator = np.random.default_rng(3)
    sharp = generator.integers(0, 256, (256, 256, 3), dtype=np.uint8)
    flat = np.full((256, 256, 3), 128, np.uint8)
    chooser = IdentityChooser(0.4)
    choices = [chooser.offer(sharp if i == 3 else flat, i * 0.04) for i in range(11)]
    assert choices[-1] is not None
    assert np.array_equal(choices[-1].picture, sharp)


def test_layers_keep_their_budgets_and_the_second_is_closer_to_the_picture() -> None:
    generator = np.random.default_rng(5)
    noise = generator.normal(0, 1, (16, 16, 3)).repeat(16, 0).repeat(16, 1)
    picture = np.clip(128 + 30 * noise + generator.normal(0, 6, (256, 256, 3)), 0, 255).astype(np.uint8)
    assembler = IdentityAssembler()
    errors = []
    for budget, messages in zip((2200, 8000), encode_layers(picture, (2200, 8000), 320), strict=True):
        identity = [assembler.add(message) for message in messages][-1]
        assert identity is not None
        assert len(identity.payload) <= budget
        header = identity.header
        decoded = decode_still(header.format, identity.payload, header.width, header.height)
        errors.append(float(np.mean((decoded.astype(float) - picture) ** 2)))
    assert errors[1] < errors[0]


def test_one_chunk_is_under_way_at_a_time() -> None:
    sent: list[bytes] = []
    under_way = [0]
    stream = IdentityStream(sent.append, lambda: under_way[0], gap_s=0.06)
    stream.replace([b"a", b"b", b"c"])
    stream.tick(0.0)
    under_way[0] = 1
    stream.tick(1.0)
    assert sent == [b"a"]
    under_way[0] = 0
    stream.tick(1.01)
    stream.tick(1.03)
    assert sent == [b"a", b"b"]
    stream.tick(1.08)
    assert sent == [b"a", b"b", b"c"]
    assert stream.done


def test_a_new_image_takes_the_place_of_what_still_waits() -> None:
    sent: list[bytes] = []
    stream = IdentityStream(sent.append, lambda: 0, gap_s=0.0)
    stream.replace([b"old 1", b"old 2"])
    stream.tick(0.0)
    stream.replace([b"new"])
    stream.tick(0.1)
    stream.tick(0.2)
    assert sent == [b"old 1", b"new"]
