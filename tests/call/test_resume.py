"""What the two ends tell each other when a new connection has taken the place of the one before."""

from pathlib import Path

from callcodec.call.source import ClipSource
from callcodec.transport.endpoint import Channel
from callcodec.wire.control import IDENTITY_TAG_BYTES, Hello, Holding, parse_control, serialise_control
from callcodec.wire.identity import IdentityHeader
from tests.call.fakes import FakeEndpoint, make_end
from tests.call.talking_clip import write_talking_clip


def identity_messages(endpoint: FakeEndpoint) -> list[bytes]:
    return [data for channel, data in endpoint.messages if channel is Channel.IDENTITY]


def tags(messages: list[bytes]) -> tuple[bytes, ...]:
    headers = (IdentityHeader.parse(data) for data in messages if data[0] == 1)
    return tuple(header.sha256[:IDENTITY_TAG_BYTES] for header in headers)


def sent_after_a_change(folder: Path, kept_layers: int) -> tuple[list[bytes], list[bytes]]:
    """Identity messages before and after a change of connection; the other side has that many layers by then."""
    clip = write_talking_clip(folder / "clip.mp4", 6.0)
    endpoint, end = make_end(folder / "end", ClipSource(clip))
    end.start(0.0)
    for step in range(400):
        end.tick(step * 0.01)
    before = identity_messages(endpoint)
    end.resume()
    holding = Holding(tags(before)[:kept_layers])
    endpoint.hear_message(Channel.CONTROL, serialise_control(holding), 4.0)
    for step in range(400, 580):
        end.tick(step * 0.01)
    return before, identity_messages(endpoint)[len(before) :]


def test_an_identity_that_is_there_is_not_sent_again(tmp_path: Path) -> None:
    before, after = sent_after_a_change(tmp_path, kept_layers=2)
    assert len(tags(before)) == 2
    assert after == []


def test_a_layer_that_is_not_there_is_sent_again(tmp_path: Path) -> None:
    before, after = sent_after_a_change(tmp_path, kept_layers=1)
    assert tags(after) == tags(before)[1:]


def test_nothing_of_the_identity_is_sent_before_the_other_side_has_said_what_it_has(tmp_path: Path) -> None:
    clip = write_talking_clip(tmp_path / "clip.mp4", 4.0)
    endpoint, end = make_end(tmp_path / "end", ClipSource(clip))
    end.start(0.0)
    for step in range(120):
        end.tick(step * 0.01)
    end.resume()
    count = len(identity_messages(endpoint))
    for step in range(120, 220):
        end.tick(step * 0.01)
    assert len(identity_messages(endpoint)) == count


def test_an_end_names_the_identity_that_it_has(tmp_path: Path) -> None:
    clip = write_talking_clip(tmp_path / "clip.mp4", 4.0)
    sending, sender = make_end(tmp_path / "one", ClipSource(clip))
    sender.start(0.0)
    for step in range(390):
        sender.tick(step * 0.01)
    receiving, receiver = make_end(tmp_path / "other")
    receiver.start(0.0)
    for message in identity_messages(sending):
        receiving.hear_message(Channel.IDENTITY, message, 1.0)
    receiver.resume()
    hello, holding = (parse_control(data) for _, data in receiving.messages[-2:])
    assert isinstance(hello, Hello)
    assert isinstance(holding, Holding)
    assert set(holding.identities) == set(tags(identity_messages(sending)))
