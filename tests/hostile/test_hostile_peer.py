"""A peer that means harm crashes nothing, fills nothing, and is told of once for each kind of fault.

corpus/ holds messages of every type, KIND-NAME.bin, and broken ones that were once worth keeping; new finds go there.
"""

import logging
import random
from pathlib import Path

import pytest

from callcodec.call.guard import Allowance, Complaints, Limit
from callcodec.measure.links.hostile import Kind, Victim, mutated, seeds
from callcodec.measure.links.hostile_row import hostile_row
from callcodec.transport.endpoint import Channel
from callcodec.transport.worker import Worker
from receiver.identity import IdentityReceiver
from tests.call.fakes import make_end

CORPUS = Path(__file__).with_name("corpus")
COPIES = 6


def corpus() -> list[tuple[str, Kind, bytes]]:
    found = sorted(CORPUS.glob("*.bin"))
    return [(path.stem, Kind(path.stem.partition("-")[0]), path.read_bytes()) for path in found]


def test_the_corpus_has_every_type_of_message() -> None:
    names = {name.partition("-")[2] for name, _, _ in corpus()}
    assert names >= set(seeds())
    assert all(len(data) <= 2048 for _, _, data in corpus())


@pytest.mark.parametrize("carrier", ["opus", "channel"])
def test_broken_messages_of_every_type_end_no_call(carrier: str) -> None:
    dice = random.Random(carrier)
    messages = corpus()
    others = [data for _, _, data in messages]
    victim, now_s = Victim(carrier), 0.0
    for _, kind, data in messages:
        for copy in range(COPIES):
            now_s += 0.02
            broken = data if copy == 0 else mutated(data, dice, others)
            victim.hear(kind if any(broken) else Kind.VOICE, broken, now_s)
            victim.step(now_s)
    assert victim.participant.malformed > 0


def test_each_kind_of_fault_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    victim = Victim()
    with caplog.at_level(logging.WARNING):
        for number in range(500):
            victim.hear(Kind.CONTROL, b"\xff" * 700, number * 0.2)
            victim.hear(Kind.BUNDLE, b"\x05\x80\x80", number * 0.2)
    assert len(caplog.records) == 2
    assert victim.participant.dropped == {"malformed control messages": 500, "malformed bundles": 500}


def test_ten_thousand_messages_a_second_are_cut_to_a_few() -> None:
    victim = Victim()
    hello = seeds()["control_identity_request"][1]
    for number in range(20_000):
        victim.hear(Kind.CONTROL, hello, number / 10_000)
    dropped = victim.participant.dropped
    assert dropped["control messages beyond the limit"] > 19_900
    assert victim.endpoint.sent_bytes < 100


def test_after_a_flood_the_other_side_is_heard_again() -> None:
    allowance = Allowance(Limit(10, 20))
    assert sum(allowance.grants(1.0) for _ in range(1000)) == 20
    assert not allowance.grants(1.05)
    assert allowance.grants(1.5)


def test_kinds_are_counted_apart() -> None:
    complaints = Complaints()
    for kind in ("a", "b", "a"):
        complaints.note(kind, "why")
    assert complaints.counts == {"a": 2, "b": 1}
    assert complaints.total == 3


class LazyWorker(Worker):
    """Never gets round to anything."""

    def __init__(self) -> None:
        self.submitted = 0

    def submit(self, work: object, done: object) -> None:  # noqa: ARG002
        self.submitted += 1


def test_identity_images_do_not_queue_up() -> None:
    worker = LazyWorker()
    receiver = IdentityReceiver(worker, lambda *_: None)
    messages = [data for kind, data in seeds().values() if kind is Kind.IDENTITY]
    for _ in range(200):
        for message in messages:
            receiver.receive(message)
    assert worker.submitted == 1


def test_an_identity_is_not_sent_for_every_request(tmp_path: Path) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    request = seeds()["control_identity_request"][1]
    for number in range(30):
        endpoint.hear_message(Channel.CONTROL, request, 1.0 + number * 0.1)
    assert end.dropped["identity requests beyond the limit"] > 20


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hostile_peer_for_minutes() -> None:
    assert hostile_row(10.0).holds
